"""What people do when they look at their phones in the evening: they answer what the bot has posted."""

import hashlib
from datetime import date, datetime, time
from typing import Any

from simcord.actors import MemberActor

from bot.demo.cast import VillageCast
from bot.demo.day_hands import DayHands
from bot.demo.hands import answer, private_ids, standing_in
from bot.demo.letter_hands import LetterHands
from bot.demo.meeting_hands import MeetingHands
from bot.demo.on_paper import OnPaper
from bot.demo.own_polls import OwnPolls
from bot.demo.register_hands import RegisterHands
from bot.demo.stage import Stage
from bot.demo.world import MessageRecord
from bot.discord_render import arguments
from bot.domain.ballots import CONCERN
from bot.domain.calendar import local
from bot.domain.milestones import milestone_days, milestones_of
from bot.messages.poll_drafts import KINDS
from bot.services.places import SECRETARIAT

MOOD = 0.9


class Evenings:
    """Answers in every village and group, the same in every run."""

    def __init__(self, year: Stage) -> None:
        self._year, self._own_polls, self._on_paper = year, OwnPolls(year), OnPaper(year)
        self._letters = LetterHands(year)
        self.register, self._meetings = RegisterHands(year), MeetingHands(year)
        self.days = DayHands(year)
        self._looked_at: dict[int, datetime] = {}
        self._asked = False
        self._answered: set[tuple[int, int]] = set()
        self._bodies: dict[int, tuple[str, ...]] = {}
        self._receipt = str(
            year.app.services.context.texts("poll.receipt", answers="…", closes_at=year.discord.now())
        )

    async def answer(self) -> None:
        """Let everybody answer what is new, and record what was decided."""
        for cast in self._year.villages:
            for record in self._new(cast.channel_id):
                await self._village(cast, record)
            await self._decide(cast)
        for group in self._year.groups:
            for record in self._new(group.channel_id):
                for _, _args, custom_id in _parts(record, "vote")[:1]:
                    await self._vote(group.people, record, custom_id)
                for _, _args, custom_id in _parts(record, "vote_many"):
                    await self._choose(group.people, record, custom_id)
        desk = (await self._year.app.services.places.channel_ids())[SECRETARIAT]
        for record in self._new(desk):
            for _, args, custom_id in _parts(record, "letter_open"):
                await self._letters.approve(record, custom_id, str(args[1]))
            for _, args, _id in _parts(record, "letter_receipt"):
                await self._letters.told(str(args[1]), desk)
        await self._meetings.evening()
        await self._ask_once()

    def _new(self, channel_id: int) -> list[MessageRecord]:
        since = self._looked_at.get(channel_id)
        now = self._year.discord.now()
        self._looked_at[channel_id] = now
        return self._year.discord.messages(channel_id, since=since, until=now)

    async def _village(self, cast: VillageCast, record: MessageRecord) -> None:
        hands = self._year.hands
        for action, args, custom_id in _parts(record):
            if action == "rsvp" and args[1] == 1 and (cast.village_id, args[0]) not in self._answered:
                self._answered.add((cast.village_id, args[0]))
                for actor in cast.who("steering_lead", "panel")[:2]:
                    await hands.press(actor, record, custom_id)
            elif action == "pick_date" and cast.village_id % 2 == 0:
                await self._pick(cast, record, custom_id, str(args[0]))
            elif action == "vote":
                await self._press_answer(cast, record, custom_id, args)
            elif action == "vote_many":
                await self._choose(await self._voters(cast, int(args[0])), record, custom_id)
            elif action == "ballot":
                for actor in await self._voters(cast, int(args[0])):
                    mood = chance(actor.id, args[0], "steps")
                    self._count(await self._own_polls.answer_by_steps(actor, record, custom_id, mood))
            elif action == "vote_why" and args[1] == CONCERN:
                for actor in (await self._voters(cast, int(args[0])))[:1]:
                    self._count(await self._own_polls.say_why(actor, record, custom_id))
            elif action == "poll_meeting":
                await self._own_polls.meet(cast.lead, record, custom_id)
            elif action == "write_options":
                await self._write_answers(cast, record, custom_id)
            elif action == "join_panel":
                for actor in cast.who("panel"):
                    shown = await hands.press(actor, record, custom_id)
                    if shown.response is not None:
                        await actor.click(shown.response, custom_id=f"b:panel_yes:{cast.village_id}:")
            elif action == "next_steps" and record.content.startswith("**") and cast.village_id % 2:
                shown = await hands.press(cast.lead, record, custom_id)
                ticks = [c for c in private_ids(shown) if ":tick_step:" in c]
                if shown.response is not None and ticks:
                    await cast.lead.click(shown.response, custom_id=ticks[0])
            elif action == "print" and cast is self._year.villages[0]:
                await self._print(cast, record, custom_id, str(args[1]))
            elif action == "milestones" and not record.content.startswith("**") and cast.village_id % 2 == 0:
                await self._tick(cast, record, custom_id)
            elif action == "hand_board" and await self._on_paper.wanted(record, int(args[0])):
                await self._on_paper.enter(cast, record, custom_id, int(args[0]))
            elif action == "hand_look":
                await self._on_paper.confirm(cast.who("steering")[0], record, custom_id)
            elif action == "decision_object":
                await self.register.recorded(cast, record, int(args[0]), chance(cast.village_id, *args))
            elif action == "decision_keep":
                await self.register.keep(cast, record, custom_id, int(args[0]))
            elif action == "enrol" and cast.village_id not in self._year.enrolled and cast.village_id % 3:
                await self._meetings.enrol(cast, record, custom_id)
            elif action == "meeting_day":
                await self.days.met(cast, record, custom_id, int(args[0]))
            elif action == "share":
                await self.days.share(cast, record, custom_id)
            elif action == "decision_done":
                await self.register.done(cast, record, custom_id, int(args[0]))
            elif action == "decide":
                await self._decide_poll(cast, record, custom_id, int(args[0]))

    async def _print(self, cast: VillageCast, record: MessageRecord, custom_id: str, letter: str) -> None:
        """Let a neighbour of the first village get a letter on paper."""
        shown = await self._year.hands.press(cast.who("villager")[0], record, custom_id)
        files = shown.response.attachments if shown.response is not None else ()
        self._year.sheets[letter] += sum(str(file.filename).endswith(".pdf") for file in files)

    async def _pick(self, cast: VillageCast, record: MessageRecord, custom_id: str, code: str) -> None:
        """Let the lead choose a day in the middle, and the hour too when there are several."""
        days = _choices(record, custom_id)
        day = days[len(days) // 2]
        shown = await self._year.hands.choose(cast.lead, record, custom_id, [day])
        dated = next(one for one in self._year.dated if one.meeting.id == code)
        at = dated.starts_at.astimezone(self._year.zone).timetz().replace(tzinfo=None)
        if hours := [c for c in private_ids(shown) if ":pick_hour:" in c]:
            chosen = hours[cast.village_id % len(hours)]
            minutes = int(arguments(chosen.split(":")[2])[-1])
            at = time(minutes // 60, minutes % 60)
            await cast.lead.click(answer(shown), custom_id=chosen)
        picked = local(date.fromisoformat(day), at, self._year.zone)
        if dated.meeting.one_village_at_a_time:  # of a day with one hour left nobody is asked which
            picked = (await self._year.own_times(cast))[code]
        self._year.picks[cast.village_id, code] = (self._year.discord.now(), picked)

    async def _voters(self, cast: VillageCast, poll_id: int) -> list[MemberActor]:
        if poll_id not in self._bodies:
            self._bodies[poll_id] = (await self._year.app.services.polls.view(poll_id)).voters
        return cast.voters(self._bodies[poll_id])

    async def _press_answer(
        self, cast: VillageCast, record: MessageRecord, custom_id: str, args: list[Any]
    ) -> None:
        """Let those vote for this answer whose choice it is; buttons come one by one."""
        buttons = [found for found in _parts(record, "vote") if found[1][0] == args[0]]
        voters = await self._voters(cast, int(args[0]))
        others = [action for action, *_ in _parts(record) if action not in ("vote", "hand_board")]
        if others:  # a short poll that rides along: some let it pass
            voters = [actor for actor in voters if chance(actor.id, args[0], "pulse") < MOOD]
        for actor in voters:
            mine = int(chance(actor.id, args[0]) ** 2 * len(buttons))
            if buttons[mine][2] == custom_id:
                self._count(await self._year.hands.press(actor, record, custom_id))

    async def _vote(self, people: list[MemberActor], record: MessageRecord, custom_id: str) -> None:
        for actor in people:
            self._count(await self._year.hands.press(actor, record, custom_id))

    async def _choose(self, people: list[MemberActor], record: MessageRecord, custom_id: str) -> None:
        values, most = _choices(record, custom_id), _most(record, custom_id)
        for actor in people:
            start = int(chance(actor.id, custom_id.split(":")[2]) ** 2 * len(values))
            mine = (values[start:] + values[:start])[: max(1, min(most, 2))]
            for chosen in (
                mine,
                mine[:1],
            ):  # one alone, when an answer that goes with no other was among them
                if self._count(await self._year.hands.choose(actor, record, custom_id, chosen)):
                    break

    def _count(self, result: Any) -> bool:
        """Count a ballot by the receipt the voter got to see. Returns whether there was one."""
        shown = result.response.content if result.response is not None else ""
        counted = shown[:12] == self._receipt[:12]
        self._year.ballots += counted
        return counted

    async def _write_answers(self, cast: VillageCast, record: MessageRecord, custom_id: str) -> None:
        shown = await self._year.hands.press(cast.lead, record, custom_id)
        if shown.modal is not None:
            lines = f"Flere træer i {cast.name}\nEt mødested for alle\nTryg vej til skolen"
            await cast.lead.submit_modal(shown, _filled(shown, {0: lines}))

    async def _decide_poll(
        self, cast: VillageCast, record: MessageRecord, custom_id: str, poll_id: int
    ) -> None:
        view = await self._year.app.services.polls.view(poll_id)
        template = self._year.plan.content.programme.polls.get(view.code or "")
        code = template.decision if template else None
        if not view.binding or code is None or (cast.village_id, code) in self._year.decided:
            return
        shown = await self._year.hands.press(cast.secretary, record, custom_id)
        await self._fill(cast, cast.secretary, shown, code)

    async def _decide(self, cast: VillageCast) -> None:
        """Record the standard decisions whose milestone is due."""
        programme = self._year.plan.content.programme
        today = self._year.discord.now().astimezone(self._year.zone).date()
        for template in programme.decisions.values():
            if (cast.village_id, template.id) in self._year.decided or not self._due(
                template.milestone, today
            ):
                continue
            by_secretariat = template.recorded_by == "secretariat"
            actor = self._year.secretariat if by_secretariat else cast.secretary
            if template.recorded_by == "steering_lead":
                actor = cast.lead
            shown = await self._year.hands.command(
                actor, cast.channel_id, "decision.record", standard=template.id
            )
            await self._fill(cast, actor, shown, template.id)

    def _due(self, milestone_id: str | None, today: date) -> bool:
        programme = self._year.plan.content.programme
        milestone = programme.milestones.get(milestone_id or "")
        days = milestone_days(programme, milestone, self._year.plan.start_year) if milestone else None
        return days is not None and today >= days[0]

    async def _fill(self, cast: VillageCast, actor: MemberActor, shown: Any, code: str) -> None:
        if shown.modal is None:
            return
        await actor.submit_modal(shown, _filled(shown, {2: "Ved håndsoprækning på mødet"}))
        self._year.decided.add((cast.village_id, code))
        self._year.reach(cast.village_id, milestones_of(self._year.plan.content.programme, code, None))

    async def _tick(self, cast: VillageCast, record: MessageRecord, custom_id: str) -> None:
        """Let the lead tick the first milestone that waits for a tick."""
        shown = await self._year.hands.press(cast.lead, record, custom_id)
        menus = [c for c in private_ids(shown) if ":tick_milestone:" in c]
        if shown.response is not None and menus:
            code = _choices(shown.response, menus[0])[0]
            await cast.lead.select(shown.response, [code], custom_id=menus[0])
            self._year.reach(cast.village_id, [code])

    async def _ask_once(self) -> None:
        """Start a quick poll of their own in every village and in the coordinators' channel, half way.

        One of them comes again by itself.
        """
        dated = self._year.dated
        half_way = dated[len(dated) // 2].starts_at
        if self._asked or self._year.discord.now() < half_way:
            return
        self._asked = True
        self._year.own_polls = len(self._year.villages) + len(self._year.groups) + len(KINDS) + 1
        for cast in self._year.villages:
            await self._year.hands.command(
                cast.lead, cast.channel_id, "poll.start", question="Skal vi holde sommerfest i år?",
                answers="Ja; Nej; Ved ikke", voters="all", secret=True, hours=48.0,
            )  # fmt: skip
        for number, cast in enumerate(self._year.villages):
            await self._own_polls.ask_all(cast, self._own_polls.kinds_of(number))
        for group in self._year.groups:
            await self._year.hands.command(
                group.people[0], group.channel_id, "poll.start", question="Mødes vi også på gåben til foråret?",
                answers="Ja; Nej", hours=48.0,
            )  # fmt: skip
        place = (await self._year.app.services.places.channel_ids())[SECRETARIAT]
        letter = list(self._year.plan.content.programme.newsletters)[-1]
        await self._year.hands.command(self._year.secretariat, place, "newsletter.try", letter=letter)


def _parts(record: MessageRecord, wanted: str | None = None) -> list[tuple[str, list[Any], str]]:
    found = []
    for custom_id in record.custom_ids:
        kind, action, args, _mark = [*custom_id.split(":"), "", "", ""][:4]
        if kind in ("b", "m") and wanted in (None, action):
            found.append((action, arguments(args), custom_id))
    return found


def _menu(record: Any, custom_id: str) -> dict[str, Any]:
    for row in record.components:
        for part in row.get("components", ()):
            if part.get("custom_id") == custom_id:
                return dict(part)
    raise LookupError(custom_id)


def _choices(record: Any, custom_id: str) -> list[str]:
    return [str(option["value"]) for option in _menu(record, custom_id)["options"]]


def _most(record: MessageRecord, custom_id: str) -> int:
    return int(_menu(record, custom_id).get("max_values", 1))


def _filled(shown: Any, own: dict[int, str]) -> dict[str, Any]:
    """Fill a form as a person does: what stands there already is kept, some boxes by their place are changed."""
    return {key: own.get(i, there) for i, (key, there) in enumerate(standing_in(shown).items())}


def chance(*parts: object) -> float:
    """Return a number from 0 to 1 that is always the same for the same parts."""
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
