"""Write in a place's register, link by link, and check the whole chain (S22, S30).

Whoever writes holds the place's row, so that links follow on without gaps or doubles.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import register as rules
from bot.domain.decisions import DecisionView
from bot.domain.register import Entry
from bot.services.context import Context
from bot.services.places import Place
from bot.storage.models import Cohort, CoordinatorGroup, Decision, Register, RegisterEntry, Village


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at a chain found: how long it is, its last hash, and what is broken first, if anything.

    `broken` is the number of the first record that does not fit, or "-" when it has none any more.
    """

    place_key: str
    name: str
    entries: int
    head: str
    broken: str | None = None
    why: str = ""


async def register_of(session: AsyncSession, place: Place) -> Register:
    """Return a place's register, begun with letters of its own if it has none."""
    found = await session.scalar(select(Register).where(Register.scope_key == place.key))
    if found is not None:
        return found
    cohort_id = place.where.cohort_id or 0
    await session.execute(select(Cohort.id).where(Cohort.id == cohort_id).with_for_update())
    taken = set(await session.scalars(select(Register.letters)))
    letters = rules.letters_for(*await _names(session, place, cohort_id), taken)
    found = Register(
        scope_key=place.key, cohort_id=cohort_id, letters=letters, entries=0, head=rules.BEGINNING
    )
    session.add(found)
    await session.flush()
    return found


async def _names(session: AsyncSession, place: Place, cohort_id: int) -> tuple[str, str, list[str]]:
    """Return a place's name, its municipality's, and the names of the others in its cohort."""
    owner = place.village or place.group
    assert owner is not None, "only a village or a group has a register"
    others: list[str] = []
    for table in (Village, CoordinatorGroup):
        query = select(table.id, table.name).where(table.cohort_id == cohort_id)
        others += [
            name for id, name in await session.execute(query) if (table, id) != (type(owner), owner.id)
        ]
    return owner.name, place.village.municipality.name if place.village else "", others


async def append(
    session: AsyncSession,
    context: Context,
    place: Place,
    decision: Decision,
    kind: Entry,
    role: str,
    content: Mapping[str, Any] | None = None,
    *,
    person_id: int | None = None,
    words: str | None = None,
) -> RegisterEntry:
    """Add a link about a decision; `words` are somebody's own and can be erased. The caller holds the place's row."""
    register = await register_of(session, place)
    said = dict(content or {})
    salt = None
    if words is not None:
        salt, said["words"] = rules.sealed(words)
    row = RegisterEntry(
        scope_key=place.key, position=register.entries + 1, decision_id=decision.id, kind=str(kind), content=said,
        at=context.now(), role=role, previous=register.head, person_id=person_id, words=words, salt=salt,
    )  # fmt: skip
    whole = said if kind is not Entry.RECORDED else await _recorded(session, register.letters, decision)
    row.hash = link_of(row, number_of(register.letters, decision), whole)
    register.entries, register.head = row.position, row.hash
    session.add(row)
    await session.flush()
    return row


async def _recorded(session: AsyncSession, letters: str, decision: Decision) -> dict[str, Any]:
    older = await session.get(Decision, decision.replaces_id) if decision.replaces_id else None
    return recorded(decision, number_of(letters, older) if older else None)


def number_of(letters: str, row: Decision) -> str:
    """Return a record's full number."""
    return rules.full_number(letters, row.year, row.number)


def recorded(row: Decision, replaces: str | None) -> dict[str, Any]:
    """Return what a record says, as its hash covers it: no person, and no number that only the database knows."""
    return {
        "kind": row.kind, "title": row.title, "text": row.text, "how": row.how,
        "decided_on": row.decided_on.isoformat(), "code": row.code, "milestone": row.milestone,
        "by_poll": row.poll_id is not None, "replaces": replaces,
    }  # fmt: skip


def recorded_as(view: DecisionView) -> dict[str, Any]:
    """Return the same of a record that was read before."""
    return {
        "kind": str(view.kind), "title": view.title, "text": view.text, "how": view.how,
        "decided_on": view.decided_on.isoformat(), "code": view.code, "milestone": view.milestone,
        "by_poll": view.poll_id is not None, "replaces": view.replaces,
    }  # fmt: skip


def link_of(row: RegisterEntry, number: str, content: Mapping[str, Any]) -> str:
    """Return the hash that an entry must have."""
    return rules.link(row.previous, row.position, row.kind, number, row.at, row.role, content)


async def verify(session: AsyncSession, place_key: str, name: str) -> Verdict:
    """Check a place's chain from its beginning to the end that its register tells."""
    register = await session.scalar(select(Register).where(Register.scope_key == place_key))
    rows = await session.scalars(
        select(Decision).where(Decision.scope_key == place_key).order_by(Decision.id)
    )
    decisions = {row.id: row for row in rows}
    query = select(RegisterEntry).where(RegisterEntry.scope_key == place_key).order_by(RegisterEntry.position)
    entries = (await session.scalars(query)).all()
    if register is None:
        broken = ("-", "the register's own row is missing") if entries or decisions else (None, "")
        return Verdict(place_key, name, len(entries), rules.BEGINNING, *broken)
    fault = _first_fault(register, entries, decisions)
    return Verdict(place_key, name, len(entries), register.head, *(fault or (None, "")))


def _first_fault(
    register: Register, entries: Sequence[RegisterEntry], decisions: Mapping[int, Decision]
) -> tuple[str, str] | None:
    head, told = rules.BEGINNING, set()
    for place, row in enumerate(entries, start=1):
        decision = decisions.get(row.decision_id)
        number = number_of(register.letters, decision) if decision else "-"
        if decision is None:
            return number, f"the record of entry {row.position} is missing"
        if row.position != place:
            return number, f"an entry before it is missing: {place}"
        older = decisions.get(decision.replaces_id or 0)
        told.add(row.decision_id)
        content = row.content
        if row.kind == Entry.RECORDED:
            content = recorded(decision, number_of(register.letters, older) if older else None)
            if (row.at, row.role, row.content) != (decision.recorded_at, decision.recorded_by_role, {}):
                return number, f"when or by whom it was recorded is not what entry {place} says"
        if row.previous != head or row.hash != link_of(row, number, content):
            return number, f"entry {place} ({row.kind}) is not what was written"
        if row.words is not None and row.content.get("words") != rules.seal(row.salt or "", row.words):
            return number, f"the words of entry {place} ({row.kind}) are not what was written"
        head = row.hash
    for id, decision in decisions.items():
        if id not in told:
            return number_of(register.letters, decision), "it is not in the chain"
    if (register.entries, register.head) != (len(entries), head):
        return "-", f"the register ends with entry {register.entries}, the chain with {len(entries)}"
    return None
