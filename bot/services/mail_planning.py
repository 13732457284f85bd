"""Which mails there shall be: one for every letter and invitation of a place and every reader of its mail list.

Planned in the transaction that plans the posts they repeat, and as safe to plan again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.context import Context
from bot.services.places import group_key, village_key
from bot.storage.database import PLANNED
from bot.storage.models import Mail, MailRecipient, Village
from bot.storage.repositories import mails
from bot.storage.repositories.deliveries import Post

_OF_CALENDAR = ("newsletter", "reminder")  # kinds that follow the calendar
_MOVABLE = ("pending", "held", "cancelled", "stale")
_STANDS = (Mail.id, Mail.key, Mail.kind, Mail.state, Mail.due_at, Mail.useful_until, Mail.place_key)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever reads a place's posts by e-mail; one of a municipality reads what is common, not a village's own."""

    recipient_id: int
    of_municipality: bool
    since: datetime

    def reads(self, post: Post, own_events: Collection[int]) -> bool:
        """Tell whether a post is for this reader; who comes late still gets the letter, but no old reminders."""
        if self.of_municipality and post.event_id in own_events:
            return False
        return post.kind == "newsletter" or post.due_at >= self.since


Readers = Mapping[str, Sequence[Reader]]


class MailPlanning:
    """Let mails follow the posts they repeat."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def readers(self, session: AsyncSession, cohort_id: int) -> Readers:
        """Return who reads which place's posts by e-mail.

        A municipality's readers get the letters of its villages once, with the first of them, and those of its
        coordinators' group.
        """
        found: dict[str, list[Reader]] = defaultdict(list)
        for row in (await session.scalars(_on_the_lists(cohort_id))).all():
            if row.scope_key.startswith("village:"):
                found[row.scope_key].append(Reader(row.id, False, row.added_at))
                continue
            villages = await agreed(session, cohort_id, int(row.scope_key.split(":")[1]))
            if villages:
                for key in (village_key(villages[0].id), group_key(villages[0].coordinator_group_id)):
                    found[key].append(Reader(row.id, True, row.added_at))
        return found

    async def plan(
        self,
        session: AsyncSession,
        cohort_id: int,
        readers: Readers,
        posts: Iterable[Post],
        own_events: Collection[int],
        place_key: str | None = None,
    ) -> int:
        """Let there be a mail for every post and reader; what has been sent is never touched. Returns how many changed.

        `own_events` are meetings of one village alone, which are no business of a municipality's readers. Their mails
        may come from any of its places: a plan of one place alone cancels none of them.
        """
        wanted: dict[str, tuple[Post, int]] = {}
        for post in posts:
            for reader in readers.get(post.place_key, ()):
                if reader.reads(post, own_events):
                    key = mails.key_of(post, reader.recipient_id, of_municipality=reader.of_municipality)
                    wanted.setdefault(
                        key, (post, reader.recipient_id)
                    )  # a village's before its coordinators'
        query = select(*_STANDS).where(Mail.cohort_id == cohort_id)
        if place_key is not None:
            common = [key for key in wanted if mails.is_of_municipality(key)]
            query = query.where(or_(Mail.place_key == place_key, Mail.key.in_(common)))
        known = {row.key: row for row in await session.execute(query)}
        changes = await self._settle(session, cohort_id, wanted, known)
        for key, row in known.items():
            if place_key is not None and mails.is_of_municipality(key):
                continue
            if row.state in ("pending", "held") and row.kind in _OF_CALENDAR and key not in wanted:
                await _change(session, row.id, state="cancelled")
                changes += 1
        return _planned(session, changes)

    async def plan_letter(self, session: AsyncSession, cohort_id: int, posts: Sequence[Post]) -> int:
        """Let there be a mail of a letter outside the calendar for every reader of the places it goes to.

        A municipality's reader gets it with the first of its villages that does, else with its coordinators' group.
        """
        there = {post.place_key: post for post in posts}
        wanted = {
            mails.key_of(there[key], reader_id, of_municipality=common): (there[key], reader_id)
            for reader_id, key, common in await self.readers_of(session, cohort_id, there)
        }
        query = select(*_STANDS).where(Mail.key.in_(wanted))
        known = {row.key: row for row in await session.execute(query)}
        return _planned(session, await self._settle(session, cohort_id, wanted, known))

    async def readers_of(
        self, session: AsyncSession, cohort_id: int, place_keys: Collection[str]
    ) -> list[tuple[int, str, bool]]:
        """Return who reads what goes to these places: each reader once, with which place, and whether in common."""
        found = []
        for row in (await session.scalars(_on_the_lists(cohort_id))).all():
            keys, common = [row.scope_key], not row.scope_key.startswith("village:")
            if common:
                villages = await agreed(session, cohort_id, int(row.scope_key.split(":")[1]))
                keys = [
                    *(village_key(found.id) for found in villages),
                    *(group_key(found.coordinator_group_id) for found in villages[:1]),
                ]
            with_place = next((key for key in keys if key in place_keys), None)
            if with_place is not None:
                found.append((row.id, with_place, common))
        return found

    async def _settle(
        self,
        session: AsyncSession,
        cohort_id: int,
        wanted: Mapping[str, tuple[Post, int]],
        known: Mapping[str, Any],
    ) -> int:
        """Insert the mails that are missing, and let the others follow their posts. Returns how many changed."""
        now, changes = self._context.now(), 0
        missing: list[dict[str, object]] = []
        for key, (post, recipient_id) in wanted.items():
            useless = post.useful_until is not None and post.useful_until <= now
            row = known.get(key)
            if row is None and not useless:
                missing.append(_mail(key, post, recipient_id, cohort_id))
            elif row is not None and _follows(row, post, useless):
                state = "cancelled" if useless else "pending"
                values = {
                    "due_at": post.due_at,
                    "useful_until": post.useful_until,
                    "place_key": post.place_key,
                }
                await _change(session, row.id, **values, state=state)
                changes += 1
        if missing:
            await session.execute(insert(Mail), missing)
        return changes + len(missing)


def _planned(session: AsyncSession, changes: int) -> int:
    if changes:
        session.info[PLANNED] = True
    return changes


def _on_the_lists(cohort_id: int) -> Select[MailRecipient]:
    """Return the question for the readers of a cohort whose address works."""
    query = select(MailRecipient).where(
        MailRecipient.cohort_id == cohort_id, MailRecipient.bounced_at.is_(None)
    )
    return query.order_by(MailRecipient.id)


async def agreed(session: AsyncSession, cohort_id: int, municipality_id: int) -> Sequence[Village]:
    """Return the villages of a municipality that take part, the first first."""
    query = select(Village).where(Village.cohort_id == cohort_id, Village.agreed_at.is_not(None))
    return (
        await session.scalars(query.where(Village.municipality_id == municipality_id).order_by(Village.id))
    ).all()


async def comes_anyway(session: AsyncSession, row: Mail, reader: MailRecipient) -> bool:
    """Tell whether the same address gets what a municipality's reader is to get from one of its villages' lists, too."""
    if not mails.is_of_municipality(row.key) or reader.fingerprint is None:
        return False
    villages = await agreed(session, row.cohort_id, int(reader.scope_key.partition(":")[2]))
    own = mails.in_the_village(row).join(MailRecipient, Mail.recipient_id == MailRecipient.id)
    own = own.where(
        MailRecipient.fingerprint == reader.fingerprint,
        MailRecipient.scope_key.in_([village_key(found.id) for found in villages]),
    )
    return await session.scalar(own.limit(1)) is not None


async def _change(session: AsyncSession, mail_id: int, **values: object) -> None:
    """Change a mail, unless somebody has it in hand meanwhile."""
    change = update(Mail).where(Mail.id == mail_id, Mail.state.in_(_MOVABLE)).values(**values)
    await session.execute(change.execution_options(synchronize_session=False))


def _follows(row: Any, post: Post, useless: bool) -> bool:
    if row.state not in _MOVABLE:
        return False
    stands = (row.due_at, row.useful_until, row.place_key)
    moved = stands != (post.due_at, post.useful_until, post.place_key)
    return moved or (row.state == "cancelled" and not useless)


def _mail(key: str, post: Post, recipient_id: int, cohort_id: int) -> dict[str, object]:
    return {
        "key": key, "recipient_id": recipient_id, "cohort_id": cohort_id, "place_key": post.place_key,
        "kind": post.kind, "event_id": post.event_id, "payload": post.payload, "due_at": post.due_at,
        "useful_until": post.useful_until,
    }  # fmt: skip
