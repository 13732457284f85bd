"""What people do to meetings in the demo's year: one is moved, one called off, and one has a waiting list."""

from datetime import datetime, timedelta

from bot.demo.cast import VillageCast
from bot.demo.hands import answer, private_ids
from bot.demo.stage import Stage
from bot.demo.world import MessageRecord
from bot.domain.calendar import DatedMeeting
from bot.domain.programme import PUBLIC, VILLAGE_CIRCLE, Scope
from bot.services.places import SECRETARIAT

WHY = "Formanden er syg."


class MeetingHands:
    """The secretariat moves the second circle; a lead calls the village's own meeting off; a course is full."""

    def __init__(self, year: Stage) -> None:
        self._year = year
        dated = year.dated
        circles = [one for one in dated if one.meeting.kind == VILLAGE_CIRCLE]
        own = [one for one in dated if one.meeting.scope is Scope.VILLAGE and one.meeting.window is not None]
        self._circle = circles[1] if len(circles) > 1 else None
        self._full = next((d for d in dated if d.meeting.gathering and d.meeting.window is None), None)
        self._off = next((d for d in own if "info_meeting" in d.meeting.reminders), None)
        self._limited = self._freed = self._shared = False
        self._public = next((d for d in dated if PUBLIC in d.meeting.audience), None)

    async def evening(self) -> None:
        """Do what this evening brings."""
        now = self._year.discord.now()
        if self._circle and not self._year.moved and _soon(self._circle, now, days=4):
            await self._move(self._circle)
        if self._full and not self._limited and _soon(self._full, now, days=30):
            self._limited = True
            await self._limit(self._full)
        if self._full and not self._freed and _soon(self._full, now, days=5):
            self._freed = True
            await self._free(self._full)
        if self._public and not self._shared and _soon(self._public, now, days=20):
            self._shared = True
            await self._come_from_outside(self._public)
        if self._off and not self._year.called_off and _soon(self._off, now, days=6):
            await self._call_off(self._off)

    async def _move(self, dated: DatedMeeting) -> None:
        """Put a circle off by a day; its letter has gone out."""
        to = dated.starts_at + timedelta(days=1)
        place = await self._secretariat()
        day = f"{to.astimezone(self._year.zone):%d-%m-%Y}"
        await self._year.hands.command(
            self._year.secretariat, place, "date.move", meeting=dated.meeting.id, day=day
        )
        self._year.moved[dated.meeting.id] = (self._year.discord.now(), to)

    async def _limit(self, dated: DatedMeeting) -> None:
        """Let there be one seat less than people who will say yes: two from each village."""
        seats = 2 * len(self._year.villages) - 1
        await self._year.hands.command(
            self._year.secretariat, await self._secretariat(), "date.seats", meeting=dated.meeting.id, seats=seats
        )  # fmt: skip

    async def _free(self, dated: DatedMeeting) -> None:
        """Let one who had a seat be prevented: the first of the waiting list gets it."""
        cast = self._year.villages[0]
        post = self._latest(cast.channel_id, "rsvp", dated.meeting.title)
        if post is not None:
            no = next(
                c for c in post.custom_ids if c.startswith("b:rsvp:") and c.split(":")[2].endswith(",0")
            )
            await self._year.hands.press(cast.lead, post, no)

    async def _come_from_outside(self, dated: DatedMeeting) -> None:
        """Let a neighbour without an account fill in the page that a village has shared."""
        services, cast = self._year.app.services, self._year.villages[0]
        place = await services.places.of_channel(cast.channel_id)
        upcoming = await services.calendar.upcoming(place, 100)
        event_id = next(view.event_id for view in upcoming if view.code == dated.meeting.id)
        page = await services.guests.invited(event_id)
        assert page is not None and page.open, "the page is not there"
        await services.guests.sign_up(event_id, page.key, "Kaj fra Storby", "2", str(cast.village_id))

    async def _call_off(self, dated: DatedMeeting) -> None:
        """Let the lead of a village that picked no day call its meeting off, by its card."""
        for cast in self._year.villages:
            if (cast.village_id, dated.meeting.id) in self._year.picks:
                continue
            post = self._latest(cast.channel_id, "meeting_card", dated.meeting.title)
            if post is None:
                continue
            about = next(c for c in post.custom_ids if ":meeting_card:" in c)
            card = await self._year.hands.press(cast.lead, post, about)
            off = next(c for c in private_ids(card) if ":event_off:" in c)
            assert card.response is not None, "the card did not come"
            form = await cast.lead.click(card.response, custom_id=off)
            await cast.lead.submit_modal(form, self._year.hands.filled(form, {"why": WHY}))
            self._year.called_off[cast.village_id, dated.meeting.id] = self._year.discord.now()
            return

    async def enrol(self, cast: VillageCast, record: MessageRecord, custom_id: str) -> None:
        """Let a lead sign the village up: with how many, and every second one presents."""
        shown = await self._year.hands.press(cast.lead, record, custom_id)
        menu = next(c for c in private_ids(shown) if ":enrol_people:" in c)
        shown = await cast.lead.select(answer(shown), [str(4 + cast.village_id % 5)], custom_id=menu)
        said = f",{cast.village_id % 2}"
        button = next(
            c for c in private_ids(shown) if ":enrol_presents:" in c and c.split(":")[2].endswith(said)
        )
        await cast.lead.click(answer(shown), custom_id=button)
        self._year.enrolled.add(cast.village_id)

    async def _secretariat(self) -> int:
        return (await self._year.app.services.places.channel_ids())[SECRETARIAT]

    def _latest(self, channel_id: int, action: str, title: str) -> MessageRecord | None:
        """Return the latest post about a meeting that has such a button."""
        for record in reversed(self._year.discord.messages(channel_id)):
            if title in record.content and any(f":{action}:" in c for c in record.custom_ids):
                return record
        return None


def _soon(dated: DatedMeeting, now: datetime, *, days: int) -> bool:
    return dated.starts_at - timedelta(days=days) <= now < dated.starts_at
