"""Read the register of decisions: records with all that was written about them, and a searched page (S30, S43, S63).

A register is short, so a place's is read as a whole: where a record stands follows from what came after it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.decisions import DecisionPage, DecisionView, Details, Kind, Objection, Renewal, Status
from bot.domain.errors import NotFound
from bot.domain.register import Entry
from bot.domain.search import folded, stem, words_of
from bot.services.decision_chain import number_of
from bot.services.places import SECRETARIAT, Place, place_of
from bot.storage.models import CoordinatorGroup, Decision, Register, RegisterEntry, Village

PAGE = 5
SEARCH_LONGEST = 60


async def views_of(session: AsyncSession, place: Place) -> list[DecisionView]:
    """Return every record of a place, oldest first."""
    letters = await session.scalar(select(Register.letters).where(Register.scope_key == place.key))
    if letters is None:
        return []
    query = select(Decision).where(Decision.scope_key == place.key).order_by(Decision.id)
    rows = (await session.scalars(query)).all()
    written: dict[int, list[RegisterEntry]] = defaultdict(list)
    links = select(RegisterEntry).where(RegisterEntry.scope_key == place.key)
    for entry in await session.scalars(links.order_by(RegisterEntry.position)):
        written[entry.decision_id].append(entry)
    newer = {row.replaces_id: row for row in rows if row.replaces_id is not None}
    details: dict[int, Details] = {}
    polls: dict[int, int | None] = {}
    views = []
    for row in rows:
        before = details.get(row.replaces_id or 0, Details())
        details[row.id] = _details(before, written[row.id])
        polls[row.id] = row.poll_id or polls.get(row.replaces_id or 0)
        view = _view(row, place_name(place), letters, newer.get(row.id), written[row.id])
        views.append(replace(view, details=details[row.id], first_poll=polls[row.id]))
    numbers = {view.id: view.ref for view in views}
    replaced = {row.id: numbers.get(row.replaces_id or 0) for row in rows}
    return [replace(view, replaces=replaced[view.id]) for view in views]


async def decision_view(
    session: AsyncSession, row: Decision, settled: Sequence[str] = (), place: Place | None = None
) -> DecisionView:
    """Show a record with the numbers of the one it replaces and the one that replaced it."""
    place = place or await place_of(session, row.scope_key)
    view = next(view for view in await views_of(session, place) if view.id == row.id)
    return replace(view, settled=tuple(settled))


async def newest_of(session: AsyncSession, row: Decision) -> Decision:
    """Return the record that holds now: the last of those that replaced one another."""
    while True:
        newer = await session.scalar(select(Decision).where(Decision.replaces_id == row.id))
        if newer is None:
            return row
        row = newer


async def decided_by(session: AsyncSession, poll_id: int) -> Decision | None:
    """Return the record that holds of what a poll led to; None when there is none, or it was withdrawn."""
    query = select(Decision).where(Decision.poll_id == poll_id).order_by(Decision.id.desc()).limit(1)
    last = await session.scalar(query)
    newest = await newest_of(session, last) if last is not None else None
    return newest if newest is not None and newest.kind != Kind.WITHDRAWAL else None


async def full_number_of(session: AsyncSession, row: Decision) -> str:
    """Return a record's full number."""
    letters = await session.scalar(select(Register.letters).where(Register.scope_key == row.scope_key))
    return number_of(str(letters), row)


def page_of(place: Place, found: Sequence[DecisionView], search: str | None, page: int) -> DecisionPage:
    """Return one page of decisions, the newest first.

    Every word of `search` must stand in the title, the text, the background, how it was decided, or the number. It is
    searched here and not in the database, so that letters mean the same on every database.
    """
    views = sorted(found, key=lambda view: (view.recorded_at, view.id), reverse=True)
    words = words_of((search or "")[:SEARCH_LONGEST])
    hits = [view for view in views if all(_holds(view, word) for word in words)]
    pages = max(1, -(-len(hits) // PAGE))
    page = min(max(page, 1), pages)
    shown = tuple(hits[(page - 1) * PAGE : page * PAGE])
    said = " ".join((search or "").split())[:SEARCH_LONGEST]
    return DecisionPage(place.key, place_name(place), shown, page, pages, len(hits), said)


async def hold(session: AsyncSession, place: Place) -> Village | CoordinatorGroup:
    """Lock a place's row until the transaction ends, so that numbers follow on without gaps or doubles."""
    owner = place.village or place.group
    assert owner is not None
    kind = type(owner)
    await session.execute(select(kind.id).where(kind.id == owner.id).with_for_update())
    return await session.get_one(kind, owner.id, populate_existing=True)


async def found(session: AsyncSession, decision_id: int) -> Decision:
    """Return a record. Raises NotFound."""
    row = await session.get(Decision, decision_id)
    if row is None:
        raise NotFound("error_polls.decision_missing")
    return row


async def held(session: AsyncSession, decision_id: int) -> tuple[Decision, Place]:
    """Return a record and its place, locked until the transaction ends. Raises NotFound."""
    row = await found(session, decision_id)
    place = await place_of(session, row.scope_key)
    await hold(session, place)
    return await session.get_one(Decision, row.id, populate_existing=True), place


def told_at(place: Place) -> str:
    """Return whose channel is told of a decision: a village that is only invited, or not on Discord, has none."""
    return SECRETARIAT if place.village and not place.village.on_discord else place.key


def place_name(place: Place) -> str:
    """Return the name of the village or group that decides."""
    owner = place.village or place.group
    return owner.name if owner else ""


def _holds(view: DecisionView, word: str) -> bool:
    """Tell whether a record has a word; a bare number is its own, its year, or stands in the text."""
    said = f"{view.title} {view.text} {view.details.background} {view.how} {view.code or ''}"
    if stem(word) in folded(said) or word in (str(view.number), f"{view.number:03}", view.ref.split("-")[1]):
        return True
    return not word.isdecimal() and word in folded(view.ref)


def _view(
    row: Decision, name: str, letters: str, newer: Decision | None, entries: Sequence[RegisterEntry]
) -> DecisionView:
    final = next((entry.at for entry in entries if entry.kind == Entry.FINAL), None)
    return DecisionView(
        id=row.id,
        number=row.number,
        place_key=row.scope_key,
        place_name=name,
        kind=Kind(row.kind),
        title=row.title,
        text=row.text,
        how=row.how,
        decided_on=row.decided_on,
        recorded_by=row.recorded_by_role,
        recorded_at=row.recorded_at,
        code=row.code,
        milestone=row.milestone,
        poll_id=row.poll_id,
        replaced_by=number_of(letters, newer) if newer else None,
        replaced_kind=Kind(newer.kind) if newer else None,
        ref=number_of(letters, row),
        status=_status(newer, was_final=final is not None),
        final_at=final,
        done_at=next((entry.at for entry in entries if entry.kind == Entry.DONE), None),
        objections=_objections(entries),
        renewals=tuple(Renewal(entry.at, entry.role) for entry in entries if entry.kind == Entry.RENEWED),
    )


def _status(newer: Decision | None, *, was_final: bool) -> Status:
    if newer is None:
        return Status.FINAL if was_final else Status.PROPOSED
    if newer.kind == Kind.WITHDRAWAL:
        return Status.WITHDRAWN
    return Status.REPLACED if was_final else Status.CORRECTED


def _objections(entries: Sequence[RegisterEntry]) -> tuple[Objection, ...]:
    answers = [entry.position for entry in entries if entry.kind == Entry.ANSWERED]
    last = max(answers, default=0)
    return tuple(
        Objection(entry.at, entry.words, entry.position < last)
        for entry in entries
        if entry.kind == Entry.OBJECTION
    )


def _details(before: Details, entries: Sequence[RegisterEntry]) -> Details:
    found = before
    for entry in entries:
        said = entry.content
        if entry.kind == Entry.RENEWED:
            found = replace(found, deadline=_day(said["deadline"]), review=_day(said["review"]))
        elif entry.kind == Entry.FOLLOW_UP:
            found = replace(
                found, responsible=said["responsible"], deadline=_day(said["deadline"]), review=_day(said["review"])
            )  # fmt: skip
        elif entry.kind == Entry.GOALS:
            found = replace(found, goals=tuple(said["goals"]))
        elif entry.kind == Entry.BACKGROUND:
            found = replace(found, background=said["background"], links=tuple(said["links"]))
    return found


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
