"""Read the register of decisions: one record, what replaced it, and a searched page (S30, S43, S63)."""

import unicodedata
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.decisions import DecisionPage, DecisionView, Kind
from bot.domain.errors import NotFound
from bot.services.places import Place, place_of
from bot.storage.models import CoordinatorGroup, Decision, Village

PAGE = 5
SEARCH_LONGEST = 60


async def decision_view(
    session: AsyncSession, row: Decision, settled: Sequence[str] = (), place: Place | None = None
) -> DecisionView:
    """Show a record with its number's neighbours: the one it replaces and the one that replaced it."""
    place = place or await place_of(session, row.scope_key)
    older = await session.get(Decision, row.replaces_id) if row.replaces_id is not None else None
    newer = await session.scalar(select(Decision).where(Decision.replaces_id == row.id))
    return _view(row, place_name(place), older, newer, settled)


async def newest_of(session: AsyncSession, row: Decision) -> Decision:
    """Return the record that holds now: the last of those that replaced one another."""
    while True:
        newer = await session.scalar(select(Decision).where(Decision.replaces_id == row.id))
        if newer is None:
            return row
        row = newer


async def page_of(session: AsyncSession, place: Place, search: str | None, page: int) -> DecisionPage:
    """Return one page of a place's decisions, newest first.

    Every word of `search` must stand in the title, the text, how it was decided, or be the number. A register
    is short, so it is searched here: letter case then means the same for æ, ø and å on every database.
    """
    older = aliased(Decision)
    query = (
        select(Decision, older)
        .outerjoin(older, older.id == Decision.replaces_id)
        .where(Decision.scope_key == place.key)
        .order_by(Decision.number.desc())
    )
    rows = (await session.execute(query)).all()
    replaced_by = {row.replaces_id: row for row, _ in rows if row.replaces_id is not None}
    words = [word.removeprefix("#") for word in _folded((search or "")[:SEARCH_LONGEST]).split()]
    hits = [(row, old) for row, old in rows if all(_holds(row, word) for word in words)]
    pages = max(1, -(-len(hits) // PAGE))
    page = min(max(page, 1), pages)
    shown = hits[(page - 1) * PAGE : page * PAGE]
    name = place_name(place)
    views = tuple(_view(row, name, old, replaced_by.get(row.id)) for row, old in shown)
    return DecisionPage(
        place.key, name, views, page, pages, len(hits), " ".join((search or "").split())[:SEARCH_LONGEST]
    )


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


def place_name(place: Place) -> str:
    """Return the name of the village or group that decides."""
    owner = place.village or place.group
    return owner.name if owner else ""


def _holds(row: Decision, word: str) -> bool:
    return word == str(row.number) or word in _folded(f"{row.title} {row.text} {row.how} {row.code or ''}")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _view(
    row: Decision, name: str, older: Decision | None, newer: Decision | None, settled: Sequence[str] = ()
) -> DecisionView:
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
        replaces=older.number if older else None,
        replaced_by=newer.number if newer else None,
        replaced_kind=Kind(newer.kind) if newer else None,
        settled=tuple(settled),
    )
