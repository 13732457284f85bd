"""Cohorts and their villages: set up a year, import a list, record agreements, find a village by its name."""

import difflib
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, require
from bot.domain.errors import Conflict, NotFound
from bot.messages.message import Choice
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.places import running_cohorts
from bot.services.village_import import ImportReport, VillageImport, agree
from bot.services.village_list import VillageRow, name_key
from bot.storage.models import AuditEntry, Cohort, Municipality, Village

SUPPLIES: Mapping[str, frozenset[str]] = {
    "error_people.village_not_found": frozenset({"text", "suggestion"}),
    "error_people.village_gone": frozenset(),
    "error_people.which_village": frozenset({"text", "choices"}),
    "error_people.already_agreed": frozenset({"village"}),
    "people.default_group": frozenset({"title"}),
}
OPERATOR = "operator"
_AFTER_Z = str.maketrans({"æ": "\U0010fff0", "ø": "\U0010fff1", "å": "\U0010fff2"})


class Cohorts:
    """The use-cases around cohorts, municipalities and villages."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def ensure(self, start_year: int) -> Cohort:
        """Return the cohort that begins in a year, made from the programme's patterns if need be (S01)."""
        async with self._context.database.transaction() as session:
            return await self._ensure(session, start_year)

    async def _ensure(self, session: AsyncSession, start_year: int) -> Cohort:
        query = select(Cohort).where(Cohort.start_year == start_year).with_for_update()
        cohort = await session.scalar(query)
        if cohort is None:
            programme, end = self._context.programme, start_year + 1
            years = {"start": start_year, "end": end, "end_short": f"{end % 100:02d}"}
            code, title = programme.cohort.code.format(**years), programme.cohort.title.format(**years)
            try:
                async with session.begin_nested():
                    session.add(
                        Cohort(code=code, title=title, start_year=start_year, programme_id=programme.id,
                               created_at=self._context.now())
                    )  # fmt: skip
            except IntegrityError:
                pass  # somebody else has just made it: it is found below
            cohort = (await session.scalars(query)).one()
        return cohort

    async def import_villages(self, rows: Sequence[VillageRow], start_year: int) -> ImportReport:
        """Take a checked list into the cohort of a year, all of it in one transaction (S13, S15, S16)."""
        async with self._context.database.transaction() as session:
            cohort = await self._ensure(session, start_year)
            report = await VillageImport(session, self._context, cohort).run(rows)
            if report.created or report.updated:
                subject = f"cohort:{cohort.code} +{len(report.created)} ~{len(report.updated)}"
                session.add(AuditEntry(at=self._context.now(), person_id=None, role=OPERATOR,
                                       action="villages.import", subject=subject))  # fmt: skip
            return report

    async def active(self, *, upcoming: bool = False) -> list[Cohort]:
        """Return the cohorts whose programme runs today, oldest first; with `upcoming`, also those to come.

        In August and September there are two of them (S54).
        """
        async with self._context.database.transaction() as session:
            return await running_cohorts(session, self._context, upcoming=upcoming)

    async def cohort(self, start_year: int | None = None) -> Cohort:
        """Return the cohort of a start year, or the oldest that still runs or is to come. Raises NotFound."""
        async with self._context.database.transaction() as session:
            cohorts = (await session.scalars(select(Cohort).order_by(Cohort.start_year))).all()
        if start_year is not None:
            wanted = [c for c in cohorts if c.start_year == start_year]
        else:
            wanted = await self.active(upcoming=True) or list(cohorts)[-1:]
        if not wanted:
            raise NotFound("error.not_found.cohort")
        return wanted[0]

    async def cohort_of(self, municipality: Municipality, start_year: int | None = None) -> Cohort:
        """Return the cohort a municipality takes part in: that of a year, or the newest that is not over.

        Raises NotFound when it takes part in none.
        """
        running = [c.start_year for c in await self.active(upcoming=True)]
        years = {
            v.cohort.start_year: v.cohort
            for v in await self.villages()
            if v.municipality_id == municipality.id
        }
        wanted = [start_year] if start_year is not None else sorted(running, reverse=True)
        for year in wanted:
            if year in years:
                return years[year]
        raise NotFound("error.not_found.municipality", text=municipality.name)

    async def find_municipality(self, text: str) -> Municipality:
        """Return a municipality by its name. Raises NotFound."""
        found = {name_key(v.municipality.name): v.municipality for v in await self.villages()}
        municipality = found.get(name_key(text))
        if municipality is None:
            raise NotFound("error.not_found.municipality", text=text)
        return municipality

    async def villages(self, cohort_id: int | None = None) -> list[Village]:
        """Return the villages of one cohort, or of all, by municipality and name."""
        query = select(Village)
        if cohort_id is not None:
            query = query.where(Village.cohort_id == cohort_id)
        async with self._context.database.transaction() as session:
            found = (await session.scalars(query)).all()
        return sorted(
            found, key=lambda v: (alphabetical(v.municipality.name), alphabetical(v.name), v.cohort_id)
        )

    async def municipalities(self, cohort: Cohort) -> list[Municipality]:
        """Return the municipalities that have villages in a cohort, by name."""
        found = {v.municipality_id: v.municipality for v in await self.villages(cohort.id)}
        return sorted(found.values(), key=lambda m: alphabetical(m.name))

    async def municipality_choices(self) -> list[Choice]:
        """Return the municipalities a newcomer may choose from: those with a village that can be joined."""
        found = {v.municipality_id: v.municipality.name for v in await self._joinable()}
        return [Choice(str(key), name) for key, name in found.items()]

    async def village_choices(self, municipality_id: int) -> list[Choice]:
        """Return the villages of a municipality a newcomer may choose from; cohorts tell twins apart."""
        found = [v for v in await self._joinable() if v.municipality_id == municipality_id]
        keys = [v.key for v in found]
        return [
            Choice(str(v.id), f"{v.name} ({v.cohort.title})" if keys.count(v.key) > 1 else v.name)
            for v in found
        ]

    async def _joinable(self) -> list[Village]:
        cohorts = {cohort.id for cohort in await self.active(upcoming=True)}
        return [v for v in await self.villages() if v.cohort_id in cohorts and v.on_discord]

    async def find_village(self, text: str, cohort_id: int | None = None) -> Village:
        """Return the village somebody means by "name", "name, municipality" or "name, municipality, code".

        Raises NotFound with the nearest name as suggestion, Conflict naming the choices when several fit.
        """
        labels: dict[str, list[Village]] = {}
        shown: dict[str, str] = {}
        for village in await self.villages(cohort_id):
            here = f"{village.name}, {village.municipality.name}"
            for label in (village.name, here, f"{here}, {village.cohort.code}"):
                labels.setdefault(name_key(label), []).append(village)
                shown.setdefault(name_key(label), label)
        found = labels.get(name_key(text), [])
        if len(found) > 1:
            several = len({v.cohort_id for v in found}) > 1
            names = [
                f"{v.name}, {v.municipality.name}" + (f", {v.cohort.code}" if several else "") for v in found
            ]
            raise Conflict("error_people.which_village", text=text, choices=" · ".join(names))
        if not found:
            near = difflib.get_close_matches(name_key(text), list(labels), n=1)
            raise NotFound(
                "error_people.village_not_found", text=text, suggestion=shown[near[0]] if near else ""
            )
        return found[0]

    async def record_agreement(self, actor: Actor, village_id: int) -> Village:
        """Let an invited village be agreed, and get its channel (S15, S16). Raises Conflict when it is."""
        async with self._context.database.transaction() as session:
            village = await village_in(session, village_id)
            require(actor, Action.RECORD_AGREEMENT, where(village))
            if village.agreed_at is not None:
                raise Conflict("error_people.already_agreed", village=village.name)
            await agree(session, self._context, [village])
            await audit(session, self._context, actor, "village.agreed", f"village:{village.id}")
            return village

    async def use_discord(self, actor: Actor, municipality_id: int, uses: bool) -> Municipality:
        """Note whether a municipality uses Discord; one that does not reads on paper and by e-mail."""
        require(actor, Action.RECORD_AGREEMENT, Where(municipality_id=municipality_id))
        async with self._context.database.transaction() as session:
            found = await session.get_one(Municipality, municipality_id)
            if found.discord is not uses:
                found.discord = uses
                action = "municipality.on_discord" if uses else "municipality.off_discord"
                await audit(session, self._context, actor, action, f"municipality:{found.id}")
            return found

    async def open_to_coordinator(self, actor: Actor, village_id: int, open: bool) -> Village:
        """Let a village show its channel to its coordinators, or close it again (DOMAIN section 4)."""
        async with self._context.database.transaction() as session:
            village = await village_in(session, village_id)
            require(actor, Action.OPEN_CHANNEL_TO_COORDINATOR, where(village))
            if village.open_to_coordinator is not open:
                village.open_to_coordinator = open
                action = "village.opened" if open else "village.closed"
                await audit(session, self._context, actor, action, f"village:{village.id}")
            return village


async def village_in(session: AsyncSession, village_id: int) -> Village:
    """Return a village, locked until the transaction ends. Raises NotFound."""
    query = select(Village).where(Village.id == village_id).with_for_update(of=Village)
    village = (await session.scalars(query)).one_or_none()
    if village is None:
        raise NotFound("error_people.village_gone")
    return village


def where(village: Village) -> Where:
    """Return a village as the table of rights sees it."""
    return Where(village.id, village.municipality_id, village.cohort_id)


def alphabetical(name: str) -> str:
    """Return what a name is sorted by: æ, ø and å stand after z."""
    return name_key(name).translate(_AFTER_Z)
