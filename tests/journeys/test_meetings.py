"""A village's own meeting on the embedded Discord: chosen, answered, called off and held after all, by buttons alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.demo.hands import answer, private_ids
from bot.demo.year import ProgrammeYear
from tests.support.year import part, posts, said

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def button(shown: Any, action: str) -> str:
    """Return the id of a part of a private answer."""
    return next(found for found in private_ids(shown) if found.split(":")[1] == action)


async def test_a_village_dates_its_information_meeting_answers_calls_it_off_and_holds_it_after_all(
    year: ProgrammeYear,
) -> None:
    """S31: the day and hour by buttons, Jeg kommer with how many, the card, and a lead who has fallen ill."""
    cast, other = year.villages
    lead, villager = cast.lead, cast.who("villager")[0]
    await year.discord.advance_to(datetime(2027, 11, 9, 12, tzinfo=UTC))
    asked = [r for r in posts(year, cast) if "Nu kan I vælge dag til »Online informationsmøde" in r.content][
        -1
    ]
    refused = await year.hands.choose(villager, asked, part(asked, "pick_date"), ["2027-12-02"])
    assert "kun referenten og tovholderen" in said(refused)
    hours = await year.hands.choose(lead, asked, part(asked, "pick_date"), ["2027-12-02"])
    assert "Hvornår skal det være torsdag den 2. december?" in said(hours)
    late = [found for found in private_ids(hours) if ":pick_hour:" in found][-1]
    assert "torsdag den 2. december kl. 19.30" in said(await lead.click(answer(hours), custom_id=late))
    (told,) = [r for r in posts(year, cast) if "har valgt dag" in r.content]
    assert "torsdag den 2. december kl. 19.30" in told.content
    assert not [r for r in posts(year, other) if "har valgt dag" in r.content]

    yes = await year.hands.press(villager, told, part(told, "rsvp"))
    assert "du kommer torsdag den 2. december" in said(yes)
    three = await villager.select(answer(yes), ["3"], custom_id=button(yes, "rsvp_people"))
    assert "I kommer 3 torsdag den 2. december" in said(three)
    seen = await year.hands.press(villager, told, part(told, "meeting_card"))
    for words in (
        "kl. 19.30-21.00",
        "På nettet",
        "For: alle i landsbyen",
        "- Etablering af borgerpanel",
        "3 kommer.",
    ):
        assert words in said(seen), words
    assert not [found for found in private_ids(seen) if ":event_" in found], "a villager changes nothing"

    card = await year.hands.press(lead, told, part(told, "meeting_card"))
    form = await lead.click(answer(card), custom_id=button(card, "event_off"))
    off = await lead.submit_modal(form, year.hands.filled(form, {"why": "Jeg er blevet syg."}))
    assert "er aflyst" in said(off)
    (notice,) = [r for r in posts(year, cast) if "er aflyst" in r.content]
    assert "Der står: Jeg er blevet syg." in notice.content and len(notice.attachments) == 1
    assert "(aflyst)" in said(await year.hands.command(villager, cast.channel_id, "calendar"))
    await year.discord.advance_to(datetime(2027, 11, 19, 12, tzinfo=UTC))
    assert not [r for r in posts(year, cast) if "I er inviteret torsdag den 2. december" in r.content]
    card = await year.hands.press(lead, told, part(told, "meeting_card"))
    await lead.click(answer(card), custom_id=button(card, "event_back"))
    assert [r for r in posts(year, cast) if "bliver holdt alligevel" in r.content]
    await year.discord.advance_to(datetime(2027, 12, 2, 18, tzinfo=UTC))
    reminded = [
        r
        for r in posts(year, cast)
        if "**Online informationsmøde" in r.content and "Vi ses i morgen" in r.content
    ]
    assert len(reminded) == 1 and "kl. 19.30" in reminded[0].content
