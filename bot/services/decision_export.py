"""Hand registers out: a village's, a municipality's or a cohort's, as PDF, CSV or JSON (S30, S63).

In Discord only those who may: a village's minute-taker and lead its own, a group's coordinators its own and the
agreements of their municipality (S15), the secretariat all. The command line is the operator's.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Role, Where, may, require
from bot.domain.decisions import DecisionView, Link, Minutes
from bot.domain.errors import NotFound
from bot.domain.programme import Programme
from bot.domain.register import Entry
from bot.messages import minutes as build
from bot.messages.message import Choice, File
from bot.services.audit import audit
from bot.services.cohorts import alphabetical
from bot.services.context import Context
from bot.services.decision_chain import recorded_as
from bot.services.decision_follow_up import export_right
from bot.services.decision_register import place_name, views_of
from bot.services.places import SECRETARIAT, Place, group_key, place_of, village_key
from bot.storage.models import Cohort, CoordinatorGroup, Municipality, RegisterEntry, Village


class Format(StrEnum):
    """How a register can be handed out."""

    PDF = "pdf"
    CSV = "csv"
    JSON = "json"


class Part(StrEnum):
    """Which registers: the channel's own, the agreements of a coordinator's municipality, or those chosen by number."""

    CHANNEL = "channel"
    AGREEMENTS = "agreements"
    MUNICIPALITY = "municipality"
    COHORT = "cohort"


CHOSEN = frozenset({Part.MUNICIPALITY, Part.COHORT})


class RegisterExport:
    """The use-cases of handing out."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def hand_out(
        self, actor: Actor, place: Place, wanted: str, part: str = Part.CHANNEL, number: int = 0
    ) -> File:
        """Return registers as a file; in the secretariat's channel the running cohort's, or those that were chosen.

        Raises NotPermitted, NotFound.
        """
        require(actor, _right(place, Part(part)), Where() if part in CHOSEN else place.where)
        async with self._context.database.transaction() as session:
            if part == Part.AGREEMENTS:
                found = await self._agreements(session, actor, place)
            elif part in CHOSEN:
                found = await self._all(session, await _keys(session, **{f"{part}_id": number}))
            elif place.key != SECRETARIAT:
                found = [await self._minutes(session, place.key)]
            elif place.running is not None:
                found = await self._all(session, await _keys(session, cohort_id=place.running.id))
            else:
                raise NotFound("error.not_found.place")
            if not any(minutes.decisions for minutes in found):
                raise NotFound("error_register.nothing_to_hand_out")
            subject = f"{part}:{number}" if part in CHOSEN else place.key
            await audit(session, self._context, actor, "register.export", subject)
        return await self.file(found, Format(wanted))

    async def parts(self, actor: Actor) -> list[Choice]:
        """Return what the secretariat can choose from: every cohort, the newest first, and every municipality."""
        require(actor, Action.EXPORT_REGISTER, Where())
        async with self._context.database.transaction() as session:
            cohorts = await session.scalars(select(Cohort).order_by(Cohort.start_year.desc(), Cohort.id))
            towns = (await session.scalars(select(Municipality))).all()
            return [
                *(Choice(f"{Part.COHORT}:{row.id}", row.title) for row in cohorts),
                *(
                    Choice(f"{Part.MUNICIPALITY}:{row.id}", row.name)
                    for row in sorted(towns, key=lambda row: alphabetical(row.name))
                ),
            ]

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

    async def _agreements(self, session: AsyncSession, actor: Actor, place: Place) -> list[Minutes]:
        """Return the agreements of the villages of a coordinator's municipalities, and nothing else of them."""
        mine = {
            held.municipality_id
            for held in actor.roles
            if held.role is Role.COORDINATOR and held.cohort_id == place.where.cohort_id
        }
        query = select(Village.id).where(
            Village.cohort_id == place.where.cohort_id, Village.municipality_id.in_(mine - {None})
        )
        codes = agreements(self._context.programme)
        found = await self._all(session, [village_key(id) for id in await session.scalars(query)])
        return [
            replace(minutes, decisions=kept, chain=(), excerpt=True)
            for minutes in found
            if (kept := tuple(_bare(view) for view in minutes.decisions if view.code in codes))
        ]

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


def may_take_agreements(actor: Actor, place: Place) -> bool:
    """Tell whether somebody may take their municipality's agreements out here."""
    return place.group is not None and may(actor, Action.EXPORT_AGREEMENTS, place.where)


def agreements(programme: Programme) -> set[str]:
    """Return the decisions that the secretariat records before the programme begins: agreements and contacts."""
    preludes = {phase.id for phase in programme.phases if phase.number == 0}
    return {
        template.id
        for template in programme.decisions.values()
        if template.recorded_by == Role.SECRETARIAT and template.phase in preludes
    }


def _right(place: Place, part: Part) -> Action:
    if part is Part.AGREEMENTS:
        return Action.EXPORT_AGREEMENTS
    return Action.EXPORT_REGISTER if part in CHOSEN else export_right(place)


def _bare(view: DecisionView) -> DecisionView:
    """Return a decision without what people of the village said about it."""
    return replace(view, objections=())


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
