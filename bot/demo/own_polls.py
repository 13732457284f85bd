"""Polls that the villages think of themselves: every kind of them, written as drafts and answered by buttons."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from simcord.actors import MemberActor

from bot.demo.cast import VillageCast
from bot.demo.hands import Hands, answer, private_ids
from bot.demo.stage import Stage
from bot.demo.world import MessageRecord
from bot.domain.ballots import FIXED_ANSWERS, Kind
from bot.domain.poll_repeats import Repeat
from bot.messages.poll_drafts import KINDS

LINES = "En bænk ved søen\nEn fælles grill\nFlere træer"
WHETHER = "Skal vi holde en fælles arbejdsdag til foråret?"
WHEN = "Hvornår skal vi holde en fælles arbejdsdag?"
WHAT = "Hvad skal vi gøre sammen til foråret?"
DAYS = "3"
MEETING = {"title": "Fælles arbejdsdag", "venue": "Forsamlingshuset"}
COMES_AGAIN = Kind.CHOICE  # one that opens a second time by itself
MANY = 4  # kinds of poll that one village asks in a month
_ANSWERED_IN = 30  # presses at most: a ballot that asks for more does not end


class OwnPolls:
    """Ask, and answer what is not answered by one press under the post."""

    def __init__(self, year: Stage) -> None:
        self._year, self._hands = year, year.hands

    def kinds_of(self, village: int) -> list[Kind]:
        """Return the kinds that a village asks, counted from 0: together the villages ask all of them."""
        return [kind for number, kind in enumerate(KINDS) if number % len(self._year.villages) == village]

    async def ask_all(self, cast: VillageCast, kinds: Sequence[Kind]) -> None:
        """Let the lead ask in all these ways; before very many, the village's rules are made to allow it."""
        if len(kinds) > MANY:
            await self._allow_any_number(cast)
        for kind in kinds:
            await self._ask(cast, kind)

    async def _allow_any_number(self, cast: VillageCast) -> None:
        shown = await self._hands.command(cast.lead, cast.channel_id, "decisions")
        for button in ("poll_all", "rules_show"):
            shown = await cast.lead.click(answer(shown), custom_id=_part(shown, button))
        menu = next(found for found in private_ids(shown) if ":rules_set:monthly" in found)
        await cast.lead.select(answer(shown), ["0"], custom_id=menu)

    async def _ask(self, cast: VillageCast, kind: Kind) -> None:
        """Let the lead write a draft, look at it, and open it."""
        lead, later = cast.lead, self._year.discord.now() + timedelta(days=21)
        shown = await self._hands.command(lead, cast.channel_id, "poll.new")
        shown = await lead.select(answer(shown), [str(kind)], custom_id=_part(shown, "poll_kind"))
        days = "\n".join(f"{later + timedelta(days=n):%d-%m-%Y} kl. 19" for n in range(3))
        question = WHETHER if kind in FIXED_ANSWERS else WHEN if kind is Kind.DATES else WHAT
        written = {"question": question, "days": DAYS}
        written["lines"] = days if kind is Kind.DATES else LINES
        shown = await lead.submit_modal(shown, Hands.filled(shown, written))
        if kind is COMES_AGAIN:
            shown = await self._once_more(lead, shown)
        await lead.click(answer(shown), custom_id=_part(shown, "draft_open"))

    async def _once_more(self, lead: MemberActor, shown: Any) -> Any:
        """Let a draft come again a week later. Returns the draft as the person sees it then."""
        shown = await lead.click(answer(shown), custom_id=_part(shown, "draft_more"))
        weekly = [Repeat.WEEKLY]
        shown = await lead.select(answer(shown), weekly, custom_id=_part(shown, "draft_repeat"))
        until = self._year.discord.now() + timedelta(days=10)
        shown = await lead.submit_modal(shown, Hands.filled(shown, {"until": f"{until:%d-%m-%Y}"}))
        return await lead.click(answer(shown), custom_id=_part(shown, "draft_back"))

    async def answer_by_steps(
        self, actor: MemberActor, record: MessageRecord, custom_id: str, mood: float
    ) -> Any:
        """Fill in a ballot press by press. Returns what the person saw last."""
        shown = await self._hands.press(actor, record, custom_id)
        for _ in range(_ANSWERED_IN):
            steps = [
                c
                for c in private_ids(shown)
                if c.startswith("b:ballot_step:") and not c.split(":")[2].endswith(",")
            ]
            if not steps:
                break
            shown = await actor.click(answer(shown), custom_id=steps[int(mood * len(steps))])
        return shown

    async def say_why(self, actor: MemberActor, record: MessageRecord, custom_id: str) -> Any:
        """Be concerned, and say why unless the poll is over. Returns what the person saw last."""
        shown = await self._hands.press(actor, record, custom_id)
        if shown.modal is None:
            return shown
        return await actor.submit_modal(
            shown, Hands.filled(shown, {"why": "Der skal også være nogen til at rydde op"})
        )

    async def meet(self, actor: MemberActor, record: MessageRecord, custom_id: str) -> None:
        """Make the date that was found a meeting."""
        shown = await self._hands.press(actor, record, custom_id)
        if shown.modal is not None:
            await actor.submit_modal(shown, Hands.filled(shown, MEETING))


def _part(shown: Any, action: str) -> str:
    return next(custom_id for custom_id in private_ids(shown) if custom_id.split(":")[1] == action)
