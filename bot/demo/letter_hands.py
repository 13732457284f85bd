"""What the secretariat does with letters through the year: read when brought up, some written on, and approved.

One is corrected after it went out, and one is written outside the calendar.
"""

from typing import Any

from bot.demo.hands import Hands, answer, private_ids
from bot.demo.stage import Stage
from bot.demo.world import MessageRecord
from bot.domain.programme import VILLAGE_CIRCLE

WHY = "Videoerne er ikke klar endnu. Brevet siger det selv."
MORE = "Tag gerne en nabo med."
WRITTEN_ON = 3  # every third letter
CORRECTED, EXTRA_AFTER = (
    3,
    5,
)  # the third letter that was sent is corrected, after the fifth an extra one is written
RIGHT = "Mødet er i forsamlingshuset. Det stod ikke i brevet før."
EXTRA = {
    "title": "En hilsen fra sekretariatet",
    "body": "Kære {{ village }}. Tak for jeres arbejde i efteråret.",
}


class LetterHands:
    """The secretariat at its desk."""

    def __init__(self, year: Stage) -> None:
        self._year, self._hands = year, year.hands
        self._seen: set[str] = set()
        self._sent: list[str] = []

    async def approve(self, record: MessageRecord, custom_id: str, code: str) -> None:
        """Open a letter that was brought up, and approve it; each only once."""
        if code in self._seen:
            return
        self._seen.add(code)
        who = self._year.secretariat
        shown = await self._hands.press(who, record, custom_id)
        if len(self._seen) % WRITTEN_ON == 0:
            shown = await self._write(shown, MORE)
        await self._let_go(shown)

    async def told(self, code: str, desk: int) -> None:
        """Read in the secretariat's channel that a letter of the villages' has been sent."""
        circle = self._year.plan.content.programme.circle_of(code)
        if circle is None or circle.kind != VILLAGE_CIRCLE or code in self._sent:
            return
        self._sent.append(code)
        if len(self._sent) == CORRECTED:
            await self._correct(code, desk)
        elif len(self._sent) == EXTRA_AFTER:
            await self._write_extra(desk)

    async def _correct(self, code: str, desk: int) -> None:
        who = self._year.secretariat
        board = await self._hands.command(who, desk, "newsletter.list")
        menu = _part(private_ids(board), "letter_open")
        shown = await self._write(await who.select(answer(board), [code], custom_id=menu), RIGHT)
        await self._let_go(shown)
        asked = await self._hands.command(who, desk, "newsletter.correct", letter=code)
        await who.click(answer(asked), custom_id=_part(private_ids(asked), "correct_letter"))
        self._year.corrected = code

    async def _write_extra(self, desk: int) -> None:
        who = self._year.secretariat
        form = await self._hands.command(who, desk, "newsletter.extra")
        kept = await who.submit_modal(form, Hands.filled(form, EXTRA))
        opened = await who.click(answer(kept), custom_id=_part(private_ids(kept), "letter_open"))
        done = await self._let_go(opened)
        seen = await who.click(answer(done), custom_id=_part(private_ids(done), "letter_forecast"))
        await who.click(answer(seen), custom_id=_part(private_ids(seen), "send_extra"))
        self._year.extra_letters += 1

    async def _write(self, shown: Any, more: str) -> Any:
        """Add words to a letter that is open. Returns its card."""
        who = self._year.secretariat
        form = await who.click(answer(shown), custom_id=_part(private_ids(shown), "letter_edit"))
        written = Hands.filled(form, {})
        saved = await who.submit_modal(form, {**written, "body": f"{written['body']}\n\n{more}"})
        return await who.click(answer(saved), custom_id=_part(private_ids(saved), "letter_open"))

    async def _let_go(self, shown: Any) -> Any:
        """Approve a letter that is open, with a reason when there are doubts. Returns what came of it."""
        who = self._year.secretariat
        done = await who.click(answer(shown), custom_id=_part(private_ids(shown), "letter_approve"))
        anyway = [part for part in private_ids(done) if ":letter_why:" in part]
        if anyway:
            form = await who.click(answer(done), custom_id=anyway[0])
            done = await who.submit_modal(form, Hands.filled(form, {"because": WHY}))
        return done


def _part(ids: list[str], action: str) -> str:
    return next(custom_id for custom_id in ids if f":{action}:" in custom_id)
