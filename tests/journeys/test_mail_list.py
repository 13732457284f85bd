"""Somebody without Discord is put on the list by a form, gets the letter, and is taken off by a press."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.delivery.mailer import Mailer, SmtpServer
from bot.demo.year import ProgrammeYear
from bot.services.places import SECRETARIAT
from bot.storage.seal import Seal
from tests.journeys.test_polls_by_buttons import choose, fill, press
from tests.support.smtp import smtp_house
from tests.support.world import KEY
from tests.support.year import part, said, starting

LETTER_DAY = datetime(2027, 10, 14, 8, 0, tzinfo=UTC)
SENDER = "brev@blup.example"


async def test_a_village_lists_a_neighbour_who_then_reads_the_letter_by_mail(year: ProgrammeYear) -> None:
    cast, hands = year.villages[0], year.hands
    context = year.app.services.context
    object.__setattr__(context, "facts", replace(context.facts, mail_from=SENDER))
    object.__setattr__(context, "seal", Seal((KEY,)))
    await year.discord.advance_to(LETTER_DAY)
    (letter,) = starting(year, cast, "**Nyhedsbrev 1")
    villager = cast.who("villager")[0]
    sheet = await hands.press(villager, letter, part(letter, "print"))
    assert "mail_list" not in str(sheet.response and sheet.response.components)
    assert "styregruppen" in said(await hands.command(villager, cast.channel_id, "mail_list"))

    sheet = await hands.press(cast.secretary, letter, part(letter, "print"))
    shown = await press(cast.secretary, sheet, "mail_list")
    assert "Der er ingen på listen endnu" in said(shown)
    form = await press(cast.secretary, shown, "mail_add")
    wrong = await fill(cast.secretary, form, "ida@", "sagde ja i telefonen")
    assert "ikke en e-mailadresse" in said(wrong)
    form = await press(cast.secretary, shown, "mail_add")
    added = await fill(cast.secretary, form, "ida_hansen@example.dk", "sagde ja i telefonen")
    assert "Én ny adresse" in said(added)
    async with smtp_house() as house:
        server = SmtpServer(f"smtp://127.0.0.1:{house.port}", SENDER)
        with year.discord.inside_bot():
            await Mailer(year.app.services.mail_outbox, server, SENDER).send_due()
        (mail,) = house.to("ida_hansen@example.dk")
        assert mail["Subject"].startswith("Nyhedsbrev 1")
    one = await choose(cast.secretary, added, "mail_one", "1")
    assert "sagde ja i telefonen" in said(one)
    assert "ingen på listen" in said(await press(cast.secretary, one, "mail_remove"))

    office = (await year.app.services.places.channel_ids())[SECRETARIAT]
    answers = {}
    for who in (cast.lead, year.secretariat):
        where = office if who is year.secretariat else cast.channel_id
        asked = await hands.command(
            who, where, "municipality.discord", municipality=cast.municipality, uses=False
        )
        answers[who is year.secretariat] = said(asked)
    assert "Du har ikke gjort noget forkert" in answers[False]
    assert f"{cast.municipality} er med uden Discord" in answers[True]
