"""What people do on a meeting's day in the demo's year: they count who came, and one village shares and takes notes."""

from bot.demo.cast import VillageCast
from bot.demo.hands import private_ids
from bot.demo.stage import Stage
from bot.demo.world import MessageRecord

COUNTING = 2  # villages
ADVICE = ("Spørg én ad gangen, og spørg dem ved navn.", "Tag kage med, så bliver folk siddende.")
AGREED = "Ring til tre naboer"


class DayHands:
    """Acts on the posts around a meeting, the same in every run, and keeps what was done for the account."""

    def __init__(self, year: Stage) -> None:
        self._year = year
        self.counted: dict[tuple[int, int], int] = {}  # by village and meeting
        self._shared_from: MessageRecord | None = None

    async def met(self, cast: VillageCast, record: MessageRecord, custom_id: str, event_id: int) -> None:
        """Let the lead of a few villages count who came, once for each meeting that has begun."""
        if cast not in self._year.villages[:COUNTING] or (cast.village_id, event_id) in self.counted:
            return
        people = 8 + (cast.village_id + event_id) % 9
        if not await self._press(cast, record, custom_id, "head_count", {"people": str(people)}):
            return
        view = await self._seen(cast, event_id)
        if view is None:
            return  # it has not begun
        self.counted[cast.village_id, event_id] = people
        if self._shared_from is None:
            self._shared_from = record
            await self._press(cast, record, custom_id, "share_open")

    async def share(self, cast: VillageCast, record: MessageRecord, custom_id: str) -> None:
        """Let two people give advice, and the minute-taker gather it."""
        hands = self._year.hands
        for actor, words in zip(cast.who("villager", "panel"), ADVICE, strict=False):
            form = await hands.press(actor, record, custom_id)
            await actor.submit_modal(form, hands.filled(form, {"words": words}))
        if self._shared_from is not None:
            day = next(c for c in self._shared_from.custom_ids if ":meeting_day:" in c)
            shown = await hands.press(cast.secretary, self._shared_from, day)
            assert shown.response is not None, "the day's panel did not come"
            edit = next(c for c in private_ids(shown) if ":notes_edit:" in c)
            form = await cast.secretary.click(shown.response, custom_id=edit)
            await cast.secretary.submit_modal(form, hands.filled(form, {"steps": AGREED}))

    async def head_counts(self) -> dict[tuple[int, int], int]:
        """Return the head counts that the bot has."""
        found = {}
        for cast in self._year.villages[:COUNTING]:
            for village_id, event_id in self.counted:
                if village_id == cast.village_id and (people := await self._seen(cast, event_id)) is not None:
                    found[village_id, event_id] = people
        return found

    async def _seen(self, cast: VillageCast, event_id: int) -> int | None:
        services = self._year.app.services
        place = await services.places.of_channel(cast.channel_id)
        actor = await services.people.actor(cast.lead.id, cast.lead.name)
        return (await services.meeting_day.view(actor, place, event_id)).people

    async def _press(
        self,
        cast: VillageCast,
        record: MessageRecord,
        custom_id: str,
        action: str,
        written: dict[str, str] | None = None,
    ) -> bool:
        """Open the panel and press one of its buttons; False where it is not offered."""
        shown = await self._year.hands.press(cast.lead, record, custom_id)
        found = [one for one in private_ids(shown) if f":{action}:" in one]
        if shown.response is None or not found:
            return False
        form = await cast.lead.click(shown.response, custom_id=found[0])
        if written is not None:
            await cast.lead.submit_modal(form, self._year.hands.filled(form, written))
        return True
