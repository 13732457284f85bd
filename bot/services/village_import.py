"""Take a checked list of villages into a cohort: what is new, what has changed, and what stands already."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.context import Context
from bot.services.places import village_key
from bot.services.village_list import VillageRow, name_key
from bot.storage.models import Cohort, CoordinatorGroup, MilestoneState, Municipality, Village
from bot.storage.repositories.milestones import REACHED

INVITED = "invited"
DEFAULT_GROUP_KEY = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, as "village, municipality" in the order of the list."""

    created: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()


async def agree(session: AsyncSession, context: Context, villages: Sequence[Village]) -> None:
    """Let villages be agreed: both contacts and the agreement are in place, so their channels may exist.

    Lives up to the hard gate of DOMAIN section 5 (S15, S16): the milestones it waits for are reached today.
    """
    now, today = context.now(), context.now().astimezone(ZoneInfo(context.programme.timezone)).date()
    keys = [village_key(village.id) for village in villages]
    rows = await session.scalars(select(MilestoneState).where(MilestoneState.scope_key.in_(keys)))
    known = {(row.scope_key, row.code): row for row in rows}
    for village in villages:
        village.state, village.agreed_at = context.programme.phases[0].state, now
        for code in context.programme.rules.village_channel_after:
            row = known.get((village_key(village.id), code))
            if row is None:
                row = MilestoneState(cohort_id=village.cohort_id, village_id=village.id,
                                     scope_key=village_key(village.id), code=code)  # fmt: skip
                session.add(row)
            row.state, row.reached_on = REACHED, today


class VillageImport:
    """One import into one cohort, inside the caller's transaction."""

    def __init__(self, session: AsyncSession, context: Context, cohort: Cohort) -> None:
        self._session, self._context, self._cohort = session, context, cohort
        self._municipalities: dict[str, Municipality] = {}
        self._groups: dict[str, CoordinatorGroup] = {}
        self._villages: dict[tuple[int, str], Village] = {}

    async def run(self, rows: Sequence[VillageRow]) -> ImportReport:
        """Create and update villages; a second run with the same rows changes nothing."""
        await self._look_up()
        created: list[str] = []
        updated: list[str] = []
        unchanged: list[str] = []
        agreed: list[Village] = []
        for row in rows:
            municipality = await self._municipality(row.municipality)
            village = self._villages.get((municipality.id, name_key(row.village)))
            label = f"{row.village}, {municipality.name}"
            if village is None:
                village = await self._create(row, municipality)
                created.append(label)
            else:
                changed = await self._update(village, row) or _newly_agreed(village, row)
                (updated if changed else unchanged).append(label)
            if _newly_agreed(village, row):
                agreed.append(village)
        await self._session.flush()
        await agree(self._session, self._context, agreed)
        return ImportReport(tuple(created), tuple(unchanged), tuple(updated))

    async def _look_up(self) -> None:
        here = self._cohort.id
        municipalities = await self._session.scalars(select(Municipality))
        self._municipalities = {row.key: row for row in municipalities}
        groups = await self._session.scalars(
            select(CoordinatorGroup).where(CoordinatorGroup.cohort_id == here)
        )
        self._groups = {row.key: row for row in groups}
        villages = await self._session.scalars(select(Village).where(Village.cohort_id == here))
        self._villages = {(row.municipality_id, row.key): row for row in villages}

    async def _municipality(self, name: str) -> Municipality:
        key = name_key(name)
        if key not in self._municipalities:
            self._municipalities[key] = Municipality(name=name, key=key)
            self._session.add(self._municipalities[key])
            await self._session.flush()
        return self._municipalities[key]

    async def _group(self, name: str) -> CoordinatorGroup:
        default = self._context.texts("people.default_group", title=self._cohort.title)
        key = name_key(name) if name and name_key(name) != name_key(default) else DEFAULT_GROUP_KEY
        if key not in self._groups:
            group = CoordinatorGroup(cohort_id=self._cohort.id, name=name or str(default), key=key,
                                     created_at=self._context.now())  # fmt: skip
            self._session.add(group)
            await self._session.flush()
            self._groups[key] = group
        return self._groups[key]

    async def _create(self, row: VillageRow, municipality: Municipality) -> Village:
        village = Village(
            cohort=self._cohort,
            municipality=municipality,
            coordinator_group_id=(await self._group(row.coordinator_group or "")).id,
            name=row.village,
            key=name_key(row.village),
            local_council=row.local_council or None,
            contact_person=row.contact_person or None,
            state=INVITED,
            created_at=self._context.now(),
        )
        village.cohort_id, village.municipality_id = self._cohort.id, municipality.id
        self._session.add(village)
        self._villages[municipality.id, village.key] = village
        return village

    async def _update(self, village: Village, row: VillageRow) -> bool:
        """Bring a village up to the list; a column the list does not have leaves what is known."""
        wanted: dict[str, object] = {"name": row.village}
        if row.local_council is not None:
            wanted["local_council"] = row.local_council or None
        if row.contact_person is not None:
            wanted["contact_person"] = row.contact_person or None
        if row.coordinator_group is not None:
            wanted["coordinator_group_id"] = (await self._group(row.coordinator_group)).id
        changes = {key: value for key, value in wanted.items() if getattr(village, key) != value}
        for key, value in changes.items():
            setattr(village, key, value)
        return bool(changes)


def _newly_agreed(village: Village, row: VillageRow) -> bool:
    """Tell whether the list brings an agreement; it never takes one back."""
    return village.agreed_at is None and not row.invited
