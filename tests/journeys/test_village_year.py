"""Stories of a village's year: what people see when letters come, dates move, polls close and the bot dies."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.client import CompanionBot
from bot.delivery.dispatcher import nonce_of
from bot.delivery.gateway import DiscordMessages
from bot.demo.year import ProgrammeYear
from bot.services.places import SECRETARIAT
from tests.support.databases import BACKENDS
from tests.support.year import filled, part, posts, said, starting

on_both = pytest.mark.parametrize("backend", BACKENDS, indirect=True)
"""What locks and times: the other stories play on SQLite alone, for every service has its own on both databases."""

LETTER = "**Nyhedsbrev 1: Hvem skal med?**"
LETTER_DAY = datetime(2027, 10, 14, 8, 0, tzinfo=UTC)  # Thursday at 10.00 in Denmark


@on_both
async def test_the_first_letter_comes_on_its_thursday_and_its_steps_can_be_ticked(
    year: ProgrammeYear,
) -> None:
    cast = year.villages[0]
    await year.discord.advance_to(LETTER_DAY - timedelta(minutes=1))
    assert not starting(year, cast, LETTER)
    await year.discord.advance_to(LETTER_DAY)
    (letter,) = starting(year, cast, LETTER)
    assert f"Kære alle i {cast.name}" in letter.content
    assert "Vi ses tirsdag den 26. oktober kl. 19.00-20.30" in letter.content
    assert [custom_id.split(":")[1] for custom_id in letter.custom_ids] == [
        "rsvp",
        "rsvp",
        "rsvp",
        "meeting_card",
        "next_steps",
        "print",
        "ics",
    ]
    shown = await year.hands.command(cast.lead, cast.channel_id, "next")
    assert "1. Se den første video" in said(shown)
    assert shown.response is not None
    tick = next(p["custom_id"] for row in shown.response.components for p in row["components"])
    await cast.lead.click(shown.response, custom_id=tick)
    villager = cast.who("villager")[0]
    seen = await year.hands.command(villager, cast.channel_id, "next")
    assert "1. Se den første video (klar)" in said(seen)
    assert seen.response is not None
    assert not seen.response.components, (
        "a villager reads the steps; the panel and the steering group tick them"
    )


async def test_a_moved_circle_takes_letter_reminders_and_polls_along(year: ProgrammeYear) -> None:
    cast, places = year.villages[0], await year.app.services.places.channel_ids()
    await year.discord.advance_to(LETTER_DAY)
    assert len(starting(year, cast, LETTER)) == 1
    refused = await year.hands.command(
        cast.lead, cast.channel_id, "date.move", meeting="VC01", day="28-10-2027"
    )
    assert "sekretariatet" in said(refused).casefold() or "andre, der tager sig af" in said(refused)
    moved = await year.hands.command(
        year.secretariat, places[SECRETARIAT], "date.move", meeting="VC01", day="28-10-2027", time="18.30"
    )
    assert "torsdag den 28. oktober 2027 kl. 18.30" in said(moved)
    await year.discord.advance_to(datetime(2027, 10, 30, 12, tzinfo=UTC))
    assert len(starting(year, cast, LETTER)) == 1, "what was sent is not sent again"
    told = [r for r in posts(year, cast) if "er flyttet" in r.content]
    assert len(told) == 1 and "tirsdag den 26. oktober kl. 19.00" in told[0].content
    zone = year.zone
    reminders = [r for r in starting(year, cast, "**Studiekreds 1: Hvem skal med?") if "Vi ses" in r.content]
    assert [r.created_at.astimezone(zone).strftime("%d %H.%M") for r in reminders] == ["21 10.00", "27 17.00"]
    assert "Vi ses i morgen, torsdag den 28. oktober kl. 18.30" in reminders[-1].content
    hour = [r for r in starting(year, cast, "**Studiekreds 1") if "Om lidt begynder vi" in r.content]
    assert [r.created_at.astimezone(zone).strftime("%d %H.%M") for r in hour] == ["28 17.30"]


@on_both
async def test_a_vote_counts_until_the_second_the_poll_ends_though_nothing_wakes_the_bot(
    year: ProgrammeYear,
) -> None:
    cast = year.villages[0]
    await year.discord.advance_to(datetime(2027, 8, 3, 9, tzinfo=UTC))  # after the quiet weeks of summer
    await year.hands.command(
        cast.lead, cast.channel_id, "poll.start", question="Kaffe eller te?", answers="Kaffe; Te", hours=2.0
    )
    poll = next(r for r in posts(year, cast) if "Kaffe eller te?" in r.content)
    coffee, tea = [c for c in poll.custom_ids if c.split(":")[1] == "vote"]
    villager, panel = cast.who("villager")[0], cast.who("panel")[0]
    assert "Du valgte: Kaffe" in said(await year.hands.press(villager, poll, coffee))
    assert "Du valgte: Te" in said(await year.hands.press(villager, poll, tea)), "a vote may be changed"
    stranger = year.villages[1].who("villager")[0]
    with pytest.raises(Exception, match="not visible to this user"):
        await year.hands.press(stranger, poll, tea)
    await year.discord.stop_bot()
    await year.app.let_go()
    await year.discord.advance_to(year.discord.now() + timedelta(hours=2))
    year.app = year.build_app()
    await year.discord.start_bot(year.app.bot())
    late = await year.hands.press(panel, poll, coffee)
    assert "Du valgte" not in said(late)
    results = [r for r in posts(year, cast) if "Kaffe eller te?" in r.content and "slut" in r.content]
    assert len(results) == 1
    assert "- Te: 1" in results[0].content and "- Kaffe: 0" in results[0].content


@on_both
async def test_only_the_minute_taker_and_the_lead_record_decisions_and_all_can_find_them(
    year: ProgrammeYear,
) -> None:
    cast = year.villages[0]
    for actor, allowed in ((cast.who("villager")[0], False), (cast.secretary, True)):
        shown = await year.hands.command(actor, cast.channel_id, "decision.record")
        if not allowed:
            assert shown.modal is None and "Det kan kun referenten" in said(shown)
            continue
        day = year.discord.now().astimezone(year.zone)
        answer = await actor.submit_modal(
            shown,
            filled(shown, "Ny bænk ved søen", "Vi sætter en bænk.", "Håndsoprækning", f"{day:%d-%m-%Y}"),
        )
        assert "Skrevet ned" in said(answer)
    recorded = [r for r in posts(year, cast) if "Skrevet ned" in r.content]
    assert len(recorded) == 1
    villager = cast.who("villager")[0]
    assert "Ny bænk" in said(
        await year.hands.command(villager, cast.channel_id, "decisions", search="BÆNK VED SØ")
    )
    assert "Ny bænk" not in said(
        await year.hands.command(villager, cast.channel_id, "decisions", search="legeplads")
    )


@on_both
async def test_the_secretariat_sends_a_letter_now_and_gets_an_account(year: ProgrammeYear) -> None:
    channel = (await year.app.services.places.channel_ids())[SECRETARIAT]
    await year.hands.command(year.secretariat, channel, "newsletter.try", letter="NL-V01")
    assert [r for r in year.discord.messages(channel) if r.content.startswith(LETTER)]
    assert not any(starting(year, cast, LETTER) for cast in year.villages), "a try reaches nobody else"
    asked = await year.hands.command(year.secretariat, channel, "newsletter.send", letter="NL-V01")
    assert "2 kanaler" in said(asked)
    assert asked.response is not None
    yes = next(p["custom_id"] for row in asked.response.components for p in row["components"])
    await year.secretariat.click(asked.response, custom_id=yes)
    await year.discord.advance_to(year.discord.now() + timedelta(seconds=5))
    assert all(len(starting(year, cast, LETTER)) == 1 for cast in year.villages)
    account = await year.hands.command(year.secretariat, channel, "newsletter.receipt", letter="NL-V01")
    assert "2 kanaler har fået det" in said(account)
    again = await year.hands.command(year.secretariat, channel, "newsletter.send", letter="NL-V01")
    assert "sender jeg det ikke igen" in said(again)
    await year.discord.advance_to(LETTER_DAY + timedelta(hours=1))
    assert all(len(starting(year, cast, LETTER)) == 1 for cast in year.villages), "nor on its own Thursday"


async def test_somebody_sees_their_data_and_is_erased(year: ProgrammeYear) -> None:
    cast = year.villages[0]
    villager = cast.who("villager")[0]
    assert cast.name in said(await year.hands.command(villager, cast.channel_id, "my_data"))
    asked = await year.hands.command(villager, cast.channel_id, "erase_me")
    assert asked.response is not None
    ids = [p["custom_id"] for row in asked.response.components for p in row["components"]]
    await villager.click(asked.response, custom_id=next(i for i in ids if "erase_yes" in i))
    actor = await year.app.services.people.actor(villager.id, "x")
    assert actor.person_id is None and not actor.roles


async def test_an_unknown_button_is_answered_kindly(year: ProgrammeYear) -> None:
    cast = year.villages[0]
    bot = year.discord.env.bot
    assert isinstance(bot, CompanionBot)
    bot.handlers.pop("calendar")
    await year.discord.advance_to(datetime(2027, 10, 1, 12, tzinfo=UTC))
    opening = starting(year, cast, "**Kursusmodul 1")[0]
    answer = await year.hands.press(cast.lead, opening, part(opening, "calendar"))
    assert "Skriv /hjælp" in said(answer)


@on_both
async def test_a_kill_between_claim_send_and_receipt_neither_loses_nor_doubles_a_letter(
    year: ProgrammeYear,
) -> None:
    await year.discord.advance_to(LETTER_DAY - timedelta(minutes=1))
    bot = year.discord.env.bot
    assert year.app.alarm is not None
    await year.app.alarm.stop()  # this process does nothing more by itself: we take its steps for it
    await year.discord.advance_to(LETTER_DAY)
    with year.discord.inside_bot():
        batch = await year.app.services.outbox.claim("the one that dies")
        first = batch.ready[0]
        await DiscordMessages(bot).send(first.channel_id, first.message, first.delivery_id, nonce_of(first))
    assert len(batch.ready) == 2
    assert sum(len(starting(year, cast, LETTER)) for cast in year.villages) == 1
    await year.crash(timedelta(minutes=30))
    assert [len(starting(year, cast, LETTER)) for cast in year.villages] == [1, 1]
    letter = starting(year, year.villages[0], LETTER)[0]
    answer = await year.hands.press(year.villages[0].lead, letter, part(letter, "rsvp"))
    assert "Tak" in said(answer), "buttons from before the crash answer"


async def test_after_a_long_absence_stale_reminders_are_dropped_and_the_secretariat_is_told(
    year: ProgrammeYear,
) -> None:
    cast = year.villages[0]
    await year.discord.advance_to(datetime(2027, 10, 26, 9, tzinfo=UTC))
    await year.crash(timedelta(hours=26))
    texts = [r.content for r in posts(year, cast)]
    assert not any("Om lidt begynder vi" in text and "Studiekreds 1" in text for text in texts)
    assert any("Tak for sidst" in text for text in texts), "thanks are still of use a day later"
    channel = (await year.app.services.places.channel_ids())[SECRETARIAT]
    told = [r.content for r in year.discord.messages(channel) if "kom for sent" in r.content]
    assert len(told) == 1 and "3 beskeder" in told[0], (
        "an hour before, in two villages and the coordinators' channel"
    )


async def test_the_steering_group_is_reminded_of_milestones_and_its_lead_ticks_one(
    year: ProgrammeYear,
) -> None:
    cast = year.villages[0]
    await year.discord.advance_to(datetime(2027, 11, 17, 12, tzinfo=UTC))
    (reminder,) = [
        r for r in starting(year, cast, "Kære styregruppe.") if "tirsdag den 30. november" in r.content
    ]
    assert "- Liste over frivillige, der har sagt ja" in reminder.content
    villager = cast.who("villager")[0]
    seen = await year.hands.press(villager, reminder, part(reminder, "milestones"))
    assert "**Milepæle: Kursusmodul 1: Mobilisering**" in said(seen)
    assert "- Liste over frivillige, der har sagt ja, gerne inden tirsdag den 30. november" in said(seen)
    assert seen.response is not None and "tick_milestone" not in str(seen.response.components)
    shown = await year.hands.press(cast.lead, reminder, part(reminder, "milestones"))
    assert shown.response is not None
    menu = next(
        p["custom_id"]
        for row in shown.response.components
        for p in row["components"]
        if "tick" in p["custom_id"]
    )
    ticked = await cast.lead.select(shown.response, ["M1-05"], custom_id=menu)
    assert "- Liste over frivillige, der har sagt ja (klar)" in str(
        ticked.response.content if ticked.response else ""
    )
    await year.discord.advance_to(datetime(2027, 12, 21, 12, tzinfo=UTC))
    last = starting(year, cast, "Kære styregruppe. I dag")[-1]
    assert last.created_at.day == 20 and "- Online informationsmøde holdt for landsbyen" in last.content
    assert "Liste over frivillige" not in last.content, "what is reached is not asked for again"
