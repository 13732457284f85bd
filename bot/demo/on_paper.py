"""Those in a village who are not on Discord: the secretary enters their votes, somebody else looks them through."""

from typing import Any

from simcord.actors import MemberActor

from bot.demo.cast import VillageCast
from bot.demo.hands import Hands, answer, private_ids
from bot.demo.own_polls import WHAT, WHETHER
from bot.demo.stage import Stage
from bot.demo.world import MessageRecord
from bot.domain.ballots import Kind

OFF, ON_PAPER = 4, 3
RANKINGS = f"{ON_PAPER - 1} x CBA\nAB"


class OnPaper:
    """Press what the minute-taker and the second person press."""

    def __init__(self, year: Stage) -> None:
        self._year, self._hands = year, year.hands

    async def wanted(self, record: MessageRecord, poll_id: int) -> bool:
        """Tell whether votes on paper came in for a poll: for a village's own that decide, and those that rank."""
        if poll_id in self._year.on_paper or not record.content.startswith((f"**{WHETHER}**", f"**{WHAT}**")):
            return False
        return record.content.startswith(f"**{WHETHER}**") or await self._ranks(poll_id)

    async def _ranks(self, poll_id: int) -> bool:
        return (await self._year.app.services.polls.view(poll_id)).kind is Kind.RANKED

    async def enter(self, cast: VillageCast, record: MessageRecord, custom_id: str, poll_id: int) -> None:
        """Let the secretary say how many are not on Discord, and enter three ballots: two alike, and another one."""
        secretary = cast.secretary
        shown = await self._hands.press(secretary, record, custom_id)
        form = await secretary.click(answer(shown), custom_id=_part(shown, "off_discord"))
        off = dict.fromkeys(Hands.filled(form, {}), str(OFF))
        shown = await secretary.submit_modal(form, off)
        form = await secretary.select(answer(shown), ["paper"], custom_id=_part(shown, "hand_way"))
        counted = {"turnout": str(ON_PAPER), "n1": str(ON_PAPER - 1), "n2": "1"}
        if await self._ranks(poll_id):
            counted = {"turnout": str(ON_PAPER), "lines": RANKINGS}
        await secretary.submit_modal(form, Hands.filled(form, counted))
        self._year.on_paper[poll_id] = ON_PAPER

    async def confirm(self, member: MemberActor, record: MessageRecord, custom_id: str) -> None:
        """Let somebody else of the steering group look the numbers through."""
        shown = await self._hands.press(member, record, custom_id)
        await member.click(answer(shown), custom_id=_part(shown, "hand_confirm"))


def _part(shown: Any, action: str) -> str:
    return next(custom_id for custom_id in private_ids(shown) if custom_id.split(":")[1] == action)
