"""A programme of many villages whose channels stand on the loopback Discord already."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.app import App, build, content_of
from bot.domain.access import Actor, Role, RoleHeld
from bot.domain.calendar import next_start_year
from bot.services.context import Facts
from bot.services.places import village_key
from bot.services.village_list import VillageRow
from bot.storage import upgrade as migrations
from bot.storage.models import DiscordPlace
from tests.support.approval import approve_all

SECRETARIAT = Actor(None, "Sekretariatet", frozenset({RoleHeld(Role.SECRETARIAT)}))
LETTER = "NL-V01"
VILLAGES_A_MUNICIPALITY = 48


@asynccontextmanager
async def programme(channel_ids: Sequence[int]) -> AsyncIterator[tuple[App, int]]:
    """Give the bot of such a programme, and its cohort: a village for each channel, nothing planned."""
    rows = [
        VillageRow(number + 2, f"Kommune {number // VILLAGES_A_MUNICIPALITY}", f"Landsby {number}")
        for number in range(len(channel_ids))
    ]
    with TemporaryDirectory(prefix="blup-bench-") as folder:
        app = build(f"sqlite+aiosqlite:///{Path(folder) / 'bench.sqlite3'}", content_of(None),
                    Facts("12 34 56 78", "BLUP-sekretariatet"))  # fmt: skip
        await migrations.upgrade(app.database.engine)
        services = app.services
        start_year = next_start_year(services.context.programme, services.context.now())
        await services.cohorts.import_villages(rows, start_year)
        cohort = await services.cohorts.cohort(start_year)
        villages = await services.cohorts.villages()
        async with app.database.transaction() as session:
            await services.calendar.materialise(session, cohort, [])
            session.add_all(
                DiscordPlace(key=village_key(village.id), discord_id=channel)
                for village, channel in zip(villages, channel_ids, strict=True)
            )
        await approve_all(services.context, cohort.id)
        yield app, cohort.id
        await app.stop()
