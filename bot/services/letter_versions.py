"""Write a letter anew: every version is kept with who and when, and nothing anybody typed is lost (S05)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, require
from bot.domain.errors import NotFound
from bot.domain.letter_diff import DiffLine, compare
from bot.domain.programme import Newsletter
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.letters import APPROVED, READY, Letters, forget, written
from bot.services.places import group_key, village_key
from bot.storage.models import CoordinatorGroup, Letter, LetterVersion, NextStepDone, Person, Village
from bot.storage.repositories import letters as letters_table


@dataclass(frozen=True, slots=True)
class Saved:
    """A version that was stored; `aside` when somebody else had saved one since it was opened."""

    number: int
    aside: bool
    other: int


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in a letter's history; number 0 is the content's own and has no writer."""

    number: int
    title: str
    written_at: datetime | None
    writer: str
    aside: bool
    current: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Two versions held against each other."""

    title: str
    before: int
    after: int
    lines: Sequence[DiffLine]


class LetterVersions:
    """The text of letters and its history."""

    def __init__(self, context: Context, letters: Letters) -> None:
        self._context, self._letters = context, letters

    async def text_of(self, actor: Actor, cohort_id: int, code: str) -> tuple[Newsletter, int]:
        """Return a letter as it stands now and the number of its version, to be written on. Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            letter = await self._letters.current(session, cohort_id, code)
            return letter, await self._letters.version(session, cohort_id, code)

    async def save(
        self,
        actor: Actor,
        cohort_id: int,
        code: str,
        base: int,
        title: str,
        body: str,
        next_steps: Sequence[str],
    ) -> Saved:
        """Store a version written on top of `base`; one that somebody else has overtaken is put aside.

        Whatever it says is stored: it is checked before it may go out, not here. Raises NotFound.
        """
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        steps = [line.strip() for line in next_steps if line.strip()]
        text = body.replace("\r\n", "\n").strip("\n")
        async with self._context.database.transaction() as session:
            row = await letters_table.made(session, cohort_id, self._template(code).id)
            stands = await self._letters.current(session, cohort_id, code)
            number = await self._letters.version(session, cohort_id, code)
            if (stands.title, stands.body.strip("\n"), list(stands.next_steps)) == (
                title.strip(),
                text,
                steps,
            ):
                return Saved(number, aside=False, other=number)
            aside = base != number
            new = LetterVersion(
                letter_id=row.id, number=await _next_number(session, row), title=title.strip(), body=text,
                next_steps=steps, aside=aside, written_by_id=actor.person_id, written_at=self._context.now(),
            )  # fmt: skip
            await self._add(session, actor, row, new, stands)
            return Saved(new.number, aside, number)

    async def take(self, actor: Actor, cohort_id: int, code: str, number: int) -> Saved:
        """Let an older version, one put aside, or the content's own be the newest again. Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            row = await letters_table.made(session, cohort_id, self._template(code).id)
            stands = await self._letters.current(session, cohort_id, code)
            wanted = await self._version(session, cohort_id, code, number)
            new = LetterVersion(
                letter_id=row.id, number=await _next_number(session, row), title=wanted.title, body=wanted.body,
                next_steps=list(wanted.next_steps), aside=False, written_by_id=actor.person_id,
                written_at=self._context.now(),
            )  # fmt: skip
            await self._add(session, actor, row, new, stands)
            return Saved(new.number, aside=False, other=number)

    async def history(self, actor: Actor, cohort_id: int, code: str) -> list[VersionLine]:
        """Return every version, the newest first and the content's own last. Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            template = self._template(code)
            current = await self._letters.version(session, cohort_id, code)
            rows = await letters_table.versions(session, cohort_id, code)
            writers = {row.written_by_id for row in rows if row.written_by_id is not None}
            people = await session.execute(
                select(Person.id, Person.display_name).where(Person.id.in_(writers))
            )
            names = {id: name or "" for id, name in people}
            own = VersionLine(0, template.title, None, "", aside=False, current=current == 0)
            return [
                *(
                    VersionLine(row.number, row.title, row.written_at, names.get(row.written_by_id or 0, ""),
                                row.aside, row.number == current)
                    for row in reversed(rows)
                ),
                own,
            ]  # fmt: skip

    async def compare(
        self, actor: Actor, cohort_id: int, code: str, before: int, after: int | None = None
    ) -> Difference:
        """Hold a version against another, or against what goes out now. Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            number = await self._letters.version(session, cohort_id, code) if after is None else after
            old = await self._version(session, cohort_id, code, before)
            new = await self._version(session, cohort_id, code, number)
            return Difference(new.title, before, number, compare(_lines(old), _lines(new)))

    async def _add(
        self, session: AsyncSession, actor: Actor, row: Letter, new: LetterVersion, stands: Newsletter
    ) -> None:
        session.add(new)
        if not new.aside:
            row.state = READY if row.state == APPROVED else row.state
            if self._context.programme.rules.newsletter_approval is None:  # else its approval does it
                await keep_ticks(session, row, stands.next_steps, new.next_steps)
        await session.flush()
        forget(session)
        await audit(session, self._context, actor, "newsletter.edit", f"{row.code} {new.number}")

    async def _version(self, session: AsyncSession, cohort_id: int, code: str, number: int) -> Newsletter:
        template = self._template(code)
        if number == 0:
            return template
        for row in await letters_table.versions(session, cohort_id, code):
            if row.number == number:
                return written(template, row)
        raise NotFound()

    def _template(self, code: str) -> Newsletter:
        try:
            return self._context.programme.letter(code)
        except KeyError:
            raise NotFound("error.not_found.newsletter", text=code) from None


async def _next_number(session: AsyncSession, row: Letter) -> int:
    rows = await letters_table.versions(session, row.cohort_id, row.code)
    return max((version.number for version in rows), default=0) + 1


async def keep_ticks(session: AsyncSession, row: Letter, before: Sequence[str], after: Sequence[str]) -> None:
    """Let what was ticked stay with its words; a step that is gone takes its ticks with it."""
    if list(before) == list(after):
        return
    villages = await session.scalars(select(Village.id).where(Village.cohort_id == row.cohort_id))
    groups = await session.scalars(
        select(CoordinatorGroup.id).where(CoordinatorGroup.cohort_id == row.cohort_id)
    )
    places = {*map(village_key, villages), *map(group_key, groups)}
    ticks = await session.scalars(select(NextStepDone).where(NextStepDone.newsletter == row.code))
    of_cohort = [tick for tick in ticks if tick.place_key in places]
    kept = [
        NextStepDone(place_key=t.place_key, newsletter=t.newsletter, step=after.index(before[t.step]), done_at=t.done_at)
        for t in of_cohort if t.step < len(before) and before[t.step] in after
    ]  # fmt: skip
    ids = [tick.id for tick in of_cohort]
    for start in range(0, len(ids), 500):
        await session.execute(delete(NextStepDone).where(NextStepDone.id.in_(ids[start : start + 500])))
    session.add_all(kept)


def _lines(letter: Newsletter) -> list[str]:
    return [letter.title, "", *letter.body.strip("\n").splitlines(), "", *letter.next_steps]
