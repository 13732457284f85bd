"""A letter for the notice board, from the button under it; and the way in that stands on it."""

from datetime import UTC, datetime
from typing import Any

from simcord.actors import MemberActor

from bot.demo.year import ProgrammeYear
from bot.services.places import SECRETARIAT, village_key
from tests.support.polls_world import SECRETARY
from tests.support.year import part, said, starting

LETTER_DAY = datetime(2027, 10, 14, 8, 0, tzinfo=UTC)


async def test_a_villager_gets_the_letter_as_a_sheet_with_a_way_in_that_is_made_anew_when_it_is_gone(
    year: ProgrammeYear,
) -> None:
    cast, neighbour = year.villages[:2]
    villager, hands, services = cast.who("villager")[0], year.hands, year.app.services
    office = (await services.places.channel_ids())[SECRETARIAT]
    invites = year.discord.env.backend.invites

    async def command(who: MemberActor, channel_id: int, **options: str) -> Any:
        return await hands.command(who, channel_id, "print", **options)

    async def way_in() -> str:
        printed, _ = await services.letter_sheets.printed(SECRETARY, village_key(cast.village_id), "NL-V01")
        return printed.invitation

    assert "Der er ikke kommet noget brev" in said(await command(villager, cast.channel_id))
    await year.discord.advance_to(LETTER_DAY)
    (letter,) = starting(year, cast, "**Nyhedsbrev 1")
    sheet = await hands.press(villager, letter, part(letter, "print"))
    assert "som ét ark" in said(sheet) and sheet.response is not None
    (file,) = sheet.response.attachments
    assert file.filename.startswith("nyhedsbrev-1-hvem-skal-med")
    (code,) = invites
    assert await way_in() == f"https://discord.gg/{code}"
    await command(villager, cast.channel_id)
    assert list(invites) == [code], "it is kept as long as it stands"
    del invites[code]
    await command(villager, cast.channel_id)
    (new,) = invites
    assert new != code and await way_in() == f"https://discord.gg/{new}"

    assert "ikke sendt endnu" in said(await command(villager, cast.channel_id, letter="NL-V02"))
    assert "hvilken landsby" in said(await command(year.secretariat, office))
    label = f"{neighbour.name}, {neighbour.municipality}"
    ahead = await command(year.secretariat, office, letter="NL-V02", village=label)
    assert "som ét ark" in said(ahead)
