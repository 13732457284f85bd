"""A programme with other phases, counts, names and words is lived through by giving another folder."""

from pathlib import Path

from bot.cli.checked import report_on
from bot.content.load import load
from bot.demo.stage import Plan
from bot.demo.year import ProgrammeYear
from bot.services.village_list import VillageRow
from tests.support.short_programme import MARK, short_programme

ROWS = (VillageRow(2, "Kent", "Great Marsh"),)


async def test_another_folder_is_another_programme_in_words_of_its_own(tmp_path: Path) -> None:
    content = load(short_programme(tmp_path / "content"))
    assert report_on(content).faults == []
    year = ProgrammeYear(Plan(content, ROWS, 2029, f"sqlite+aiosqlite:///{tmp_path / 'year.sqlite3'}"))
    async with year.discord:
        await year.open()
        await year.live()
        account = await year.count()
        guild = year.discord.guilds()[0]
        channels = [c for category in year.discord.categories(guild) for c in category.channels]
        said = [record for c in channels for record in year.discord.messages(c.id) if record.content]
        await year.close()
    assert (account.missing, account.duplicates, account.newsletters_posted) == (0, 0, 3 + 2)
    assert "start-here" in {channel.name for channel in channels}
    letters = {letter.title for letter in content.programme.newsletters.values()}
    strange = [r.content for r in said if MARK not in r.content and not any(t in r.content for t in letters)]
    assert strange == []
    unmarked = {label for r in said for label in r.button_labels if MARK not in label}
    answers = {text for poll in content.programme.polls.values() for text in poll.options}
    assert unmarked <= answers | {"Ja", "Nej", "Ved ikke"}, "the villagers' own poll asks in their words"
