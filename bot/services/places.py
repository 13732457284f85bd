"""Keys of places on Discord ("village:7"), and from a channel back to the village or group it belongs to."""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Where
from bot.domain.calendar import programme_days
from bot.domain.errors import NotFound
from bot.services.context import Context
from bot.storage.models import Cohort, CoordinatorGroup, DiscordPlace, Municipality, Village

SECRETARIAT = "secretariat"
WELCOME = "welcome"
_PERSON = "person:"


def village_key(village_id: int) -> str:
    """Return the key of a village's channel; its role is "role:" before it."""
    return f"village:{village_id}"


def group_key(group_id: int) -> str:
    """Return the key of a coordinator group's channel."""
    return f"group:{group_id}"


def person_key(person_id: int) -> str:
    """Return the key of one person alone, who is written to in private messages."""
    return f"{_PERSON}{person_id}"


def is_person(key: str) -> bool:
    """Tell whether a key is one person's, and not a channel's."""
    return key.startswith(_PERSON)


@dataclass(frozen=True)
class Place:
    """Where something is said: exactly one of village and group, or the secretariat, or the welcome channel.

    The secretariat's channel looks at the cohort that runs: `running`.
    """

    key: str
    village: Village | None = None
    group: CoordinatorGroup | None = None
    running: Cohort | None = None

    @property
    def cohort(self) -> Cohort | None:
        """The cohort the place belongs to, or looks at."""
        owner = self.village or self.group
        return owner.cohort if owner else self.running

    @property
    def where(self) -> Where:
        """The place as the table of rights sees it."""
        if self.village:
            return Where(self.village.id, self.village.municipality_id, self.village.cohort_id)
        if self.group:
            return Where(cohort_id=self.group.cohort_id, group_id=self.group.id)
        return Where()


async def running_cohorts(session: AsyncSession, context: Context, *, upcoming: bool = False) -> list[Cohort]:
    """Return the cohorts whose programme runs today, oldest first; with `upcoming`, also those to come.

    In August and September there are two of them (S54).
    """
    today = context.now().astimezone(ZoneInfo(context.programme.timezone)).date()
    found = []
    for cohort in await session.scalars(select(Cohort).order_by(Cohort.start_year)):
        first, last = programme_days(context.programme, cohort.start_year)
        if last >= today and (upcoming or first <= today):
            found.append(cohort)
    return found


async def place_of(session: AsyncSession, key: str) -> Place:
    """Return the place under a key. Raises NotFound when its village or group is gone."""
    kind, _, number = key.partition(":")
    if kind == "village":
        village = await session.get(Village, int(number))
        if village is not None:
            return Place(key, village=village)
    elif kind == "group":
        group = await session.get(CoordinatorGroup, int(number))
        if group is not None:
            return Place(key, group=group)
    elif key in (SECRETARIAT, WELCOME):
        return Place(key)
    raise NotFound("error.not_found.place")


async def place_names(session: AsyncSession) -> dict[str, str]:
    """Return the name of every place that has a channel; a village's with its municipality."""
    villages = select(Village.id, Village.name, Municipality.name).join(
        Municipality, Municipality.id == Village.municipality_id
    )
    groups = select(CoordinatorGroup.id, CoordinatorGroup.name)
    return {
        SECRETARIAT: SECRETARIAT,
        WELCOME: WELCOME,
        **{village_key(i): f"{name} ({where})" for i, name, where in await session.execute(villages)},
        **{group_key(i): name for i, name in await session.execute(groups)},
    }


async def channel_ids(session: AsyncSession) -> dict[str, int]:
    """Return the Discord id of every place, roles and categories included."""
    return {row.key: row.discord_id for row in await session.scalars(select(DiscordPlace))}


class Places:
    """Find the place behind a Discord channel."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def of_channel(self, channel_id: int, parent_id: int | None = None) -> Place:
        """Return the place of a channel, or of the one that a thread hangs on. Raises NotFound when it is not ours."""
        async with self._context.database.transaction() as session:
            ids = [one for one in (channel_id, parent_id) if one is not None]
            row = await session.scalar(select(DiscordPlace).where(DiscordPlace.discord_id.in_(ids)))
            if row is None:
                raise NotFound("error.not_found.place")
            place = await place_of(session, row.key)
            if place.key != SECRETARIAT:
                return place
            cohorts = await running_cohorts(session, self._context, upcoming=True)
            return replace(place, running=cohorts[0] if cohorts else None)

    async def of_village(self, village_id: int) -> Place:
        """Return a village's place, with or without a channel. Raises NotFound when the village is gone."""
        async with self._context.database.transaction() as session:
            return await place_of(session, village_key(village_id))

    async def named(self, key: str) -> Place:
        """Return the place under a key. Raises NotFound."""
        async with self._context.database.transaction() as session:
            return await place_of(session, key)

    async def channel_ids(self) -> dict[str, int]:
        """Return the Discord id of every place."""
        async with self._context.database.transaction() as session:
            return await channel_ids(session)
