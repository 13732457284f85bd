"""What mails say of letters: the letter as its reader gets it, what was corrected in it, that it was taken back (S05)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.programme import is_extra
from bot.messages import mail as build
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.letter_audience import audience_of, places_of
from bot.services.letters import Letters
from bot.services.mail_planning import agreed
from bot.services.places import Place, group_key, place_of, village_key
from bot.storage.models import Mail, MailRecipient, Village
from bot.storage.repositories import edits
from bot.storage.repositories import letters as letters_table
from bot.storage.repositories.deliveries import LETTERS

KINDS = (*LETTERS, *edits.KINDS)


@dataclass(frozen=True, slots=True)
class Written:
    """A mail about a letter, and hashes of the lines of the letter that its reader then has."""

    message: Message
    lines: list[str]


class MailLetters:
    """The composer of mails about letters."""

    def __init__(self, context: Context, letters: Letters) -> None:
        self._context, self._letters = context, letters

    async def may_go(self, session: AsyncSession, row: Mail) -> bool:
        """Tell whether somebody has approved what a mail says, where that is needed."""
        if row.kind not in LETTERS:
            return True
        return await self._letters.may_go(session, row.cohort_id, _code(row))

    async def compose(
        self, session: AsyncSession, row: Mail, reader: MailRecipient, original: Mail | None
    ) -> Written | None:
        """Write a letter, or what is to be said of one that its reader has; None when it is no longer needed."""
        if row.kind == edits.WITHDRAWAL:
            title = (await self._letters.published(session, row.cohort_id, _code(row))).title
            said = build.withdrawn(self._context.texts, title, self._context.facts.phone)
            return Written(said, [])
        standing = await letters_table.find(session, row.cohort_id, _code(row))
        released = await self._letters.released(session, row.cohort_id, _code(row))
        where = await self._where(session, row, reader)
        if released is None or where is None or (standing is not None and standing.withdrawn_at is not None):
            return None
        place, named = where
        text = await self._letters.text(session, released[0], place, named)
        lines = text.splitlines()
        have = _hashes(lines)
        if original is None:
            return Written(build.letter(text), have)
        if original.lines == have:
            return None
        known = set(original.lines or ())
        new = [line for line, found in zip(_worth(lines), have, strict=True) if found not in known]
        less = original.lines is not None and not known <= set(have) and not new
        said = build.corrected(
            self._context.texts, text, new if original.lines is not None else (), less=less
        )
        return Written(said, have)

    async def _where(
        self, session: AsyncSession, row: Mail, reader: MailRecipient
    ) -> tuple[Place, str] | None:
        """Return the place whose letter a reader gets, and its villages' names where it stands for several.

        None when the place of an extra letter is no longer among those it is for.
        """
        code, villages = _code(row), list[Village]()
        place = await place_of(session, row.place_key)
        if reader.scope_key.startswith("municipality:"):
            villages = list(await agreed(session, row.cohort_id, int(reader.scope_key.partition(":")[2])))
        if is_extra(code):
            audience = await audience_of(session, row.cohort_id, code)
            meant = set(await places_of(session, self._context, row.cohort_id, audience))
            groups = {group_key(found.coordinator_group_id) for found in villages}
            villages = [found for found in villages if village_key(found.id) in meant]
            still = bool(villages) or not meant.isdisjoint({row.place_key} | groups)
            if not still and row.kind in LETTERS:
                return None
            if villages and row.place_key not in meant:
                place = await place_of(session, village_key(villages[0].id))
        named = (
            build.names(self._context.texts, [found.name for found in villages])
            if place.village and villages
            else ""
        )
        return place, named


def _code(row: Mail) -> str:
    return str(row.payload["newsletter"])


def _worth(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def _hashes(lines: Sequence[str]) -> list[str]:
    """Return what tells lines apart; their words are not kept with a mail."""
    return [hashlib.sha256(line.encode()).hexdigest()[:12] for line in _worth(lines)]
