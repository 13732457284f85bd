"""A letter that stands in the channels is corrected and taken back, and one is written outside the calendar (S05)."""

from datetime import timedelta
from typing import Any

from bot.demo.hands import Hands, answer, private_ids
from bot.demo.year import ProgrammeYear
from bot.services.places import SECRETARIAT
from tests.support.year import part, said, starting

TITLE = "**Nyhedsbrev 1: Hvem skal med?**"
LINK = "https://example.org/film"


def _part(shown: Any, action: str) -> str:
    return next(custom_id for custom_id in private_ids(shown) if custom_id.split(":")[1] == action)


async def test_a_letter_is_approved_sent_corrected_and_withdrawn_and_an_extra_one_is_told_of_beforehand(
    year: ProgrammeYear,
) -> None:
    who, desk = year.secretariat, (await year.app.services.places.channel_ids())[SECRETARIAT]

    async def press(shown: Any, action: str) -> Any:
        return await who.click(answer(shown), custom_id=_part(shown, action))

    seen = await year.hands.command(who, desk, "newsletter.send", letter="NL-V01")
    assert "går til 2 kanaler, hvor" in said(seen) and "Det tager under et minut." in said(seen)
    await press(seen, "send_letter")
    await year.discord.advance_to(year.discord.now() + timedelta(minutes=2))
    (letter,) = starting(year, year.villages[0], TITLE)
    told = year.discord.messages(desk)[-1]
    assert told.content == "»Nyhedsbrev 1: Hvem skal med?« er sendt. 2 kanaler har fået det."
    account = await year.hands.press(who, told, part(told, "letter_receipt"))
    assert "2 kanaler har fået det" in said(account)

    saved = await year.hands.command(who, desk, "newsletter.video", letter="NL-V01", slot=1, link=LINK)
    asked = await press(saved, "letter_correct")
    assert "står i 2 kanaler. Skal jeg rette det nu?" in said(asked)
    await press(asked, "correct_letter")
    await year.discord.advance_to(year.discord.now() + timedelta(minutes=2))
    for cast in year.villages:
        (corrected,) = starting(year, cast, TITLE)
        assert LINK in corrected.content and "\n\nRettet " in corrected.content
    assert corrected.custom_ids == starting(year, year.villages[1], TITLE)[0].custom_ids
    assert starting(year, year.villages[0], TITLE)[0].custom_ids == letter.custom_ids, (
        "its mark is the original's"
    )

    refused = await year.hands.command(
        year.villages[0].lead, year.villages[0].channel_id, "newsletter.withdraw", letter="NL-V01"
    )
    assert "Du har ikke gjort noget forkert" in said(refused)
    await press(
        await year.hands.command(who, desk, "newsletter.withdraw", letter="NL-V01"), "withdraw_letter"
    )
    await year.discord.advance_to(year.discord.now() + timedelta(minutes=2))
    for cast in year.villages:
        assert not starting(year, cast, TITLE)
        assert len(starting(year, cast, "Sekretariatet har trukket brevet »Nyhedsbrev 1")) == 1

    form = await year.hands.command(who, desk, "newsletter.extra", to="coordinators")
    kept = await who.submit_modal(
        form, Hands.filled(form, {"title": "Hilsen", "body": "Kære {{ landsby }}."})
    )
    assert "går til én kanal" in said(kept) and "ikke godkendt endnu" in said(kept)
    opened = await press(kept, "letter_open")
    assert "Jeg kender ikke feltet »landsby«" in said(await press(opened, "letter_approve"))
