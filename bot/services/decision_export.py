"""Hand a register out whole: a village's, a municipality's or a cohort's, as PDF, CSV or JSON (S30, S63).

In Discord only those who may; the command line is the operator's.
"""

import asyncio
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Actor, require
from bot.domain.decisions import Link, Minutes
from bot.domain.errors import NotFound
from bot.domain.register import Entry
from bot.messages import minutes as build
from bot.messages.message import File
from bot.services.audit import audit
from bot.services.cohorts import alphabetical
from bot.services.context import Context
from bot.services.decision_chain import recorded_as
from bot.services.decision_follow_up import export_right
from bot.services.decision_register import place_name, views_of
from bot.services.places import SECRETARIAT, Place, group_key, place_of, village_key
from bot.storage.models import CoordinatorGroup, RegisterEntry, Village


class Format(StrEnum):
    """How a register can be handed out."""

    PDF = "pdf"
    CSV = "csv"
    JSON = "json"


class RegisterExport:
    """The use-cases of handing out."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def of_channel(self, actor: Actor, place: Place, wanted: str) -> File:
        """Return a place's register as a file; in the secretariat's channel the running cohort's.

        Raises NotPermitted, NotFound.
        """
        require(actor, export_right(place), place.where)
        async with self._context.database.transaction() as session:
            if place.key != SECRETARIAT:
                found = [await self._minutes(session, place.key)]
            elif place.running is not None:
                found = await self._all(session, await _keys(session, cohort_id=place.running.id))
            else:
                raise NotFound("error.not_found.place")
            await audit(session, self._context, actor, "register.export", place.key)
        return await self.file(found, Format(wanted))

    async def of_village(self, village_id: int) -> list[Minutes]:
        """Return one village's register."""
        async with self._context.database.transaction() as session:
            return [await self._minutes(session, village_key(village_id))]

    async def of_municipality(self, municipality_id: int) -> list[Minutes]:
        """Return the registers of a municipality's villages, by name."""
        async with self._context.database.transaction() as session:
            return await self._all(session, await _keys(session, municipality_id=municipality_id))

    async def of_cohort(self, cohort_id: int) -> list[Minutes]:
        """Return the registers of a cohort's villages and groups, by name."""
        async with self._context.database.transaction() as session:
            return await self._all(session, await _keys(session, cohort_id=cohort_id))

    async def file(self, found: Sequence[Minutes], wanted: Format) -> File:
        """Write registers out."""
        context = self._context
        if wanted is Format.CSV:
            return build.spreadsheet(context.texts, context.programme, found)
        if wanted is Format.JSON:
            return build.data(context.texts, context.programme, found, context.now())
        return await asyncio.to_thread(build.paper, context.texts, context.programme, found, context.now())

    async def _all(self, session: AsyncSession, keys: Sequence[str]) -> list[Minutes]:
        found = [await self._minutes(session, key) for key in keys]
        written = [minutes for minutes in found if minutes.decisions]
        return sorted(written, key=lambda one: (alphabetical(one.place), one.cohort))

    async def _minutes(self, session: AsyncSession, key: str) -> Minutes:
        place = await place_of(session, key)
        views = tuple(await views_of(session, place))
        said = {view.id: recorded_as(view) for view in views}
        numbers = {view.id: view.ref for view in views}
        query = select(RegisterEntry).where(RegisterEntry.scope_key == key).order_by(RegisterEntry.position)
        chain = tuple(
            Link(
                row.position, row.kind, numbers[row.decision_id], row.at, row.role,
                said[row.decision_id] if row.kind == Entry.RECORDED else row.content, row.previous, row.hash,
            )
            for row in await session.scalars(query)
        )  # fmt: skip
        municipality = place.village.municipality.name if place.village else ""
        cohort = place.cohort.title if place.cohort else ""
        return Minutes(place_name(place), municipality, cohort, views, chain)


async def _keys(
    session: AsyncSession, *, cohort_id: int | None = None, municipality_id: int | None = None
) -> list[str]:
    villages = select(Village.id)
    if municipality_id is not None:
        return [
            village_key(id)
            for id in await session.scalars(villages.where(Village.municipality_id == municipality_id))
        ]
    groups = select(CoordinatorGroup.id).where(CoordinatorGroup.cohort_id == cohort_id)
    return [
        *(village_key(id) for id in await session.scalars(villages.where(Village.cohort_id == cohort_id))),
        *(group_key(id) for id in await session.scalars(groups)),
    ]
