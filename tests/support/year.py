"""A programme year with a few villages on the embedded Discord, opened and ready for a story."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.demo.cast import VillageCast
from bot.demo.stage import Plan
from bot.demo.world import MessageRecord
from bot.demo.year import ProgrammeYear
from bot.services.village_list import VillageRow
from tests.support.world import loaded

ROWS = (VillageRow(2, "Næstved", "Sønder Ørslev"), VillageRow(3, "Tønder", "Nyby"))


@asynccontextmanager
async def opened(database_url: str, rows: tuple[VillageRow, ...] = ROWS) -> AsyncIterator[ProgrammeYear]:
    """Open the year 2027/28 with these villages, everybody in place."""
    year = ProgrammeYear(Plan(loaded(), rows, 2027, database_url))
    async with year.discord:
        await year.open()
        yield year
        await year.close()


def posts(year: ProgrammeYear, cast: VillageCast) -> list[MessageRecord]:
    """Return what stands in a village's channel, oldest first."""
    return year.discord.messages(cast.channel_id)


def starting(year: ProgrammeYear, cast: VillageCast, text: str) -> list[MessageRecord]:
    """Return the posts in a village's channel that begin with a text."""
    return [record for record in posts(year, cast) if record.content.startswith(text)]


def said(result: Any) -> str:
    """Return what a person got to see in answer to an action."""
    return str(result.response.content) if result.response is not None else ""


def part(record: MessageRecord, action: str) -> str:
    """Return the id of the first button or menu with an action under a post."""
    return next(custom_id for custom_id in record.custom_ids if custom_id.split(":")[1] == action)
