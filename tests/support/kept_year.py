"""A programme year whose opening is kept: journeys begin where it ended, each on a copy of its own.

Opening takes a hundred acts of people. What they leave behind lies in two places: the database, which is copied
as a file or a template, and the simulated Discord, whose world is frozen here. A journey's bot is started on both,
as after any restart.
"""

import io
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import simcord

from bot.demo.hands import Hands
from bot.demo.stage import Plan
from bot.demo.year import ProgrammeYear
from bot.services.village_list import VillageRow
from tests.support.approval import approve_all
from tests.support.world import loaded

ROWS = (VillageRow(2, "Næstved", "Sønder Ørslev"), VillageRow(3, "Tønder", "Nyby"))

_OF_THE_RUN = {"subscribers", "http_requests", "transcript", "faults"}  # who listens, and the logs
_OF_THE_STAGE = ("villages", "groups", "secretariat", "cohort_id", "slots")


class _Freezer(pickle.Pickler):
    """Leaves out what belongs to one run: people's hands point at it."""

    def persistent_id(self, found: object) -> str | None:
        return "env" if isinstance(found, simcord.Env) else None


class _Thawer(pickle.Unpickler):
    """Puts the new run in its place."""

    def __init__(self, frozen: bytes, env: simcord.Env) -> None:
        super().__init__(io.BytesIO(frozen))
        self._env = env

    def persistent_load(self, _: object) -> simcord.Env:
        return self._env


async def keep_opening(database_url: str) -> bytes:
    """Open the year 2027/28 on an empty database, and return the world that stands then."""
    year = _planned(database_url)
    async with year.discord:
        await year.open()
        await approve_all(year.app.services.context, year.cohort_id)
        await year.close()
        world = vars(year.discord.env.backend)
        frozen = io.BytesIO()
        _Freezer(frozen).dump(
            (
                {name: value for name, value in world.items() if name not in _OF_THE_RUN},
                year.discord._guilds,
                {name: getattr(year, name) for name in _OF_THE_STAGE},
            )
        )
    return frozen.getvalue()


@asynccontextmanager
async def begun(frozen: bytes, database_url: str) -> AsyncIterator[ProgrammeYear]:
    """Go on from the opening, on a copy of its database."""
    year = _planned(database_url)
    async with year.discord:
        world, guilds, stage = _Thawer(frozen, year.discord.env).load()
        vars(year.discord.env.backend).update(world)
        year.discord._guilds.update(guilds)
        vars(year).update(stage)
        year.app = year.build_app()
        year.hands = Hands(year.discord, year.app.services.context.texts)
        await year.discord.start_bot(year.app.bot())
        assert year.app.failure is None
        yield year
        await year.close()


def _planned(database_url: str) -> ProgrammeYear:
    return ProgrammeYear(Plan(loaded(), ROWS, 2027, database_url))
