"""A programme with other phases, counts, names and words is lived through by giving another folder."""

from pathlib import Path

from sqlalchemy import select

from bot.cli.checked import report_on
from bot.content.load import load
from bot.demo.own_polls import LINES
from bot.demo.stage import Plan
from bot.demo.year import ProgrammeYear
from bot.services.village_list import VillageRow
from bot.storage.models import Delivery
from tests.support.databases import sqlite_url
from tests.support.short_programme import MARK, short_programme

ROWS = (VillageRow(2, "Kent", "Great Marsh"),)


async def test_another_folder_is_another_programme_in_words_of_its_own(tmp_path: Path) -> None:
    content = load(short_programme(tmp_path / "content"))
    assert report_on(content).faults == []
    year = ProgrammeYear(Plan(content, ROWS, 2029, sqlite_url(tmp_path / "year.sqlite3")))
    async with year.discord:
        await year.open()
        await year.live()
        account = await year.count()
        guild = year.discord.guilds()[0]
        channels = [c for category in year.discord.categories(guild) for c in category.channels]
        said = [record for c in channels for record in year.discord.messages(c.id) if record.content]
        noticed = await tampered_with(year)
        await year.close()
    assert noticed == {"reminder": (1, 0), "poll_open": (1, 0), "decision": (1, 0), "newsletter": (1, 0),
                       "moved": (1, 1), "doubled": (0, 1)}  # fmt: skip
    assert (account.missing, account.duplicates, account.newsletters_posted) == (0, 0, 3 + 2)
    assert "start-here" in {channel.name for channel in channels}
    letters = {letter.title for letter in content.programme.newsletters.values()}
    strange = [r.content for r in said if MARK not in r.content and not any(t in r.content for t in letters)]
    assert strange == []
    unmarked = {label for r in said for label in r.button_labels if MARK not in label}
    answers = {text for poll in content.programme.polls.values() for text in poll.options}
    own = {"Ja", "Nej", "Ved ikke", *LINES.splitlines()}
    assert unmarked <= answers | own, "the villagers' own polls ask in their words"


async def tampered_with(year: ProgrammeYear) -> dict[str, tuple[int, int]]:
    """Return what the account finds (missing, doubled) when one post of a kind is gone, elsewhere or there twice."""
    database, here = year.app.database, year.villages[0].channel_id
    elsewhere = year.groups[0].channel_id
    messages = year.discord.env.backend.messages
    noticed = {}
    for kind in ("reminder", "poll_open", "decision", "newsletter", "moved", "doubled"):
        async with database.transaction() as session:
            stored = "reminder" if kind in ("moved", "doubled") else kind
            wanted = select(Delivery).where(Delivery.kind == stored, Delivery.channel_id == here)
            row = (
                await session.scalars(
                    wanted.where(Delivery.message_id.is_not(None)).order_by(Delivery.id).limit(1)
                )
            ).one()
        assert row.message_id is not None
        post = messages[here].pop(row.message_id)
        if kind == "moved":
            messages[elsewhere][row.message_id] = post
        if kind == "doubled":
            messages[here] |= {row.message_id: post, row.message_id + 1: post}
        account = await year.count()
        noticed[kind] = (account.missing, account.duplicates)
        messages[elsewhere].pop(row.message_id, None)
        messages[here].pop(row.message_id + 1, None)
        messages[here][row.message_id] = post
    return noticed
