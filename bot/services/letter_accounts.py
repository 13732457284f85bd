"""How a letter, or the latest change of it, has fared: in every channel, and by e-mail (S05)."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.access import Action, Actor, Where, require
from bot.domain.receipts import MailCount, PostReceipt
from bot.services.context import Context
from bot.services.ledger import Ledger
from bot.services.letter_receipts import LETTER
from bot.services.newsletters import Newsletters
from bot.storage.repositories import mails


@dataclass(frozen=True, slots=True)
class LetterAccount:
    """What became of a letter's posts, one for each channel by name, and of its mails."""

    title: str
    posts: Sequence[PostReceipt]
    by_mail: MailCount


class LetterAccounts:
    """Give such accounts."""

    def __init__(self, context: Context, newsletters: Newsletters, ledger: Ledger) -> None:
        self._context, self._newsletters, self._ledger = context, newsletters, ledger

    async def of(self, actor: Actor, cohort_id: int, code: str, of: str = LETTER) -> LetterAccount:
        """Return the account of a letter, or of its latest change ("correction", "withdrawal"). Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        title, letter = (
            await self._newsletters.title(cohort_id, code),
            self._newsletters.find(code).id,
        )
        rows = self._ledger.read(letter=letter, cohort_id=cohort_id, changes=of != LETTER)
        latest = {row.place: row async for row in rows}
        async with self._context.database.transaction() as session:
            states = await mails.fared(session, cohort_id, letter, None if of == LETTER else of)
        return LetterAccount(title, [latest[place] for place in sorted(latest)], MailCount.of(states))
