"""What the secretariat does with letters through the year: brought up, they are read, some written on, and approved."""

from bot.demo.hands import Hands, answer, private_ids
from bot.demo.stage import Stage
from bot.demo.world import MessageRecord

WHY = "Videoerne er ikke klar endnu. Brevet siger det selv."
MORE = "Tag gerne en nabo med."
WRITTEN_ON = 3  # every third letter


class LetterHands:
    """The secretariat at its desk."""

    def __init__(self, year: Stage) -> None:
        self._year, self._hands = year, year.hands
        self._seen: set[str] = set()

    async def approve(self, record: MessageRecord, custom_id: str, code: str) -> None:
        """Open a letter that was brought up, and approve it; each only once."""
        if code in self._seen:
            return
        self._seen.add(code)
        who = self._year.secretariat
        shown = await self._hands.press(who, record, custom_id)
        if len(self._seen) % WRITTEN_ON == 0:
            form = await who.click(answer(shown), custom_id=_part(private_ids(shown), "letter_edit"))
            written = Hands.filled(form, {})
            shown = await who.submit_modal(form, {**written, "body": f"{written['body']}\n\n{MORE}"})
            shown = await who.click(answer(shown), custom_id=_part(private_ids(shown), "letter_open"))
        done = await who.click(answer(shown), custom_id=_part(private_ids(shown), "letter_approve"))
        anyway = [part for part in private_ids(done) if ":letter_why:" in part]
        if anyway:
            form = await who.click(answer(done), custom_id=anyway[0])
            await who.submit_modal(form, Hands.filled(form, {"because": WHY}))


def _part(ids: list[str], action: str) -> str:
    return next(custom_id for custom_id in ids if f":{action}:" in custom_id)
