"""The ledger of every post, for operators and for accounts: what was sent where, when, and what went wrong.

An operator at the machine reads it, so no right is checked here; services that show it to people check theirs.
"""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.receipts import PostReceipt
from bot.services.context import Context
from bot.services.places import channel_ids, place_names
from bot.storage.models import Delivery
from bot.storage.repositories import deliveries, edits
from bot.storage.repositories import ledger as ledger_table

PAGE = 2000


@dataclass(frozen=True, slots=True)
class SentPosts:
    """What was sent to one place: keys by mark, and since when it may have stood there."""

    keys: dict[int, str]
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of ours."""

    place_key: str
    name: str
    discord_id: int


class Ledger:
    """Read what became of posts."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._zone = ZoneInfo(context.programme.timezone)

    async def read(
        self,
        *,
        letter: str | None = None,
        changes: bool = False,
        cohort_id: int | None = None,
        failed: bool = False,
    ) -> AsyncIterator[PostReceipt]:
        """Yield every post in the order they were planned, or only a letter's, a cohort's, those that failed.

        With `changes`, a letter's corrections instead of the letter.

        Only a page is held at a time, and no transaction while the reader is busy with it.
        """
        async with self._context.database.transaction() as session:
            names = await place_names(session)
        of = (edits.of_letter if changes else deliveries.of_letter)(letter) if letter is not None else None
        after = 0
        while True:
            async with self._context.database.transaction() as session:
                rows = await ledger_table.page(
                    session, after, PAGE, of=of, cohort_id=cohort_id, failed=failed
                )
                stands = await edits.where_it_stands(session, rows)
            for row in rows:
                yield self._receipt(row, names, stands.get(row.edits_id or row.id))
            if len(rows) < PAGE:
                return
            after = rows[-1].id

    def _receipt(self, row: Delivery, names: dict[str, str], edited: tuple[int, int] | None) -> PostReceipt:
        channel_id, message_id = edited or (row.channel_id, row.message_id)
        return PostReceipt(
            row.key, names.get(row.place_key, row.place_key), row.kind, row.due_at.astimezone(self._zone),
            row.sent_at.astimezone(self._zone) if row.sent_at else None, row.state, channel_id,
            message_id, row.attempts, row.last_error,
        )  # fmt: skip

    async def channels(self) -> list[Channel]:
        """Return every channel of ours that stands on Discord, by name."""
        async with self._context.database.transaction() as session:
            ids, names = await channel_ids(session), await place_names(session)
        found = [Channel(key, names[key], ids[key]) for key in ids if key in names]
        return sorted(found, key=lambda channel: channel.name)

    async def sent_to(self, place_key: str) -> SentPosts:
        """Return what was sent to a place."""
        async with self._context.database.transaction() as session:
            rows = await ledger_table.sent_to(session, place_key)
        since = min((row.due_at for row in rows), default=None)
        return SentPosts({row.id: row.key for row in rows}, since)

    async def may_stand(self, place_key: str, marks: Collection[int]) -> dict[int, str]:
        """Return which of these marks may stand in a place's channel, with their keys: sent, or on their way."""
        async with self._context.database.transaction() as session:
            return await ledger_table.under_way(session, place_key, marks)
