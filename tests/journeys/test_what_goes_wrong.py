"""Stories of what goes wrong: two people at one form, a dead channel, a long absence, a date of nowhere."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType
from simcord.results import InteractionResult, ResponseMessage
from sqlalchemy.exc import OperationalError

from bot.client import Ask
from bot.demo.year import ProgrammeYear
from bot.services.places import SECRETARIAT, WELCOME
from bot.services.planning import Planning
from tests.support.year import filled, part, posts, said, starting

LETTER = "**Nyhedsbrev 1: Hvem skal med?**"
IN_AUGUST = datetime(2027, 8, 10, 9, tzinfo=UTC)
DECISION = ("Ny bænk ved søen", "Vi sætter en bænk.", "Håndsoprækning", "09-08-2027")


@pytest.fixture(autouse=True)
async def in_august(year: ProgrammeYear) -> None:
    """The summer is over."""
    await year.discord.advance_to(IN_AUGUST)


def answer_to(shown: InteractionResult) -> ResponseMessage:
    """Return the private message a person got."""
    assert shown.response is not None
    return shown.response


def first_part(shown: InteractionResult) -> str:
    """Return the id of the first button or menu of that message."""
    rows = answer_to(shown).components
    return next(str(part["custom_id"]) for row in rows for part in row["components"])


async def secretariat(year: ProgrammeYear, key: str, **options: Any) -> str:
    channel = (await year.app.services.places.channel_ids())[SECRETARIAT]
    return said(await year.hands.command(year.secretariat, channel, key, **options))


async def told(year: ProgrammeYear, words: str) -> list[str]:
    """Return what stands in the secretariat's channel with these words."""
    channel = (await year.app.services.places.channel_ids())[SECRETARIAT]
    return [record.content for record in year.discord.messages(channel) if words in record.content]


async def test_two_forms_open_at_once_and_one_open_during_a_restart_all_count(year: ProgrammeYear) -> None:
    here, there = year.villages
    forms = [
        await year.hands.command(cast.secretary, cast.channel_id, "decision.record") for cast in (here, there)
    ]
    for cast, form in zip((here, there), forms, strict=True):
        answer = await cast.secretary.submit_modal(form, filled(form, *DECISION))
        assert f"-2027-001: {cast.name}" in said(answer)
    form = await year.hands.command(here.lead, here.channel_id, "decision.record")
    await year.crash(timedelta(minutes=1))
    assert "Skrevet ned som SØND-2027-002" in said(
        await here.lead.submit_modal(form, filled(form, *DECISION))
    )
    form = await year.hands.command(here.lead, here.channel_id, "decision.record")
    answer = await here.lead.submit_modal(form, filled(form, *DECISION[:3], "i går"))
    assert "Jeg kan ikke læse »i går«" in said(answer), "it cannot be used"
    assert "Vi sætter en bænk." in said(answer), "but nobody has to write it twice"


async def test_after_a_slow_look_a_button_opens_the_form(
    year: ProgrammeYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = year.villages[0]

    @asynccontextmanager
    async def at_an_end(ask: Ask) -> AsyncIterator[None]:
        await ask._hold()  # the two seconds have passed
        yield

    with monkeypatch.context() as slowly:
        slowly.setattr(Ask, "patience", at_an_end)
        shown = await year.hands.command(cast.lead, cast.channel_id, "decision.record")
    assert shown.modal is None and "Tryk på knappen" in said(shown)
    again = await cast.lead.click(answer_to(shown), custom_id=first_part(shown))
    answer = await cast.lead.submit_modal(again, filled(again, *DECISION))
    assert "Skrevet ned som SØND-2027-001" in said(answer)


async def test_who_is_erased_and_comes_back_has_still_one_secret_vote(year: ProgrammeYear) -> None:
    cast = year.villages[0]
    await year.hands.command(
        cast.lead, cast.channel_id, "poll.start", question="Kaffe eller te?", answers="Kaffe; Te", secret=True,
        hours=100.0,
    )  # fmt: skip
    poll = next(r for r in posts(year, cast) if "Kaffe eller te?" in r.content)
    coffee, tea = [c for c in poll.custom_ids if c.split(":")[1] == "vote"]
    villager = cast.who("villager")[0]
    await year.hands.press(villager, poll, coffee)
    asked = await year.hands.command(villager, cast.channel_id, "erase_me")
    await villager.click(answer_to(asked), custom_id=first_part(asked))
    welcome = (await year.app.services.places.channel_ids())[WELCOME]
    await year.hands.join(villager, welcome, cast.municipality_id, cast.village_id)
    assert "Du valgte: Te" in said(await year.hands.press(villager, poll, tea))
    for actor in [cast.lead, cast.secretary, *cast.who("panel", "steering")]:
        await year.hands.press(actor, poll, tea)
    await year.discord.advance_to(IN_AUGUST + timedelta(hours=101))
    (result,) = [r.content for r in posts(year, cast) if "Afstemningen er slut" in r.content]
    assert "8 har stemt" in result and "Flest valgte: Te" in result


async def test_somebody_leaves_and_nobody_is_erased_while_their_roles_cannot_be_taken(
    year: ProgrammeYear,
) -> None:
    cast = year.villages[0]
    villager, guild = cast.who("villager")[0], year.discord.guilds()[0]
    asked = await year.hands.command(villager, cast.channel_id, "erase_me")
    for _ in range(6):
        year.discord.env.inject_error("GET", f"/guilds/{guild.id}/members/{villager.id}", status=503)
    assert "ikke slettet noget endnu" in said(
        await villager.click(answer_to(asked), custom_id=first_part(asked))
    )
    assert (await year.app.services.people.actor(villager.id, "x")).roles
    leaver = cast.who("panel")[0]
    shown = await year.hands.command(leaver, cast.channel_id, "leave")
    answer = await leaver.select(answer_to(shown), [str(cast.village_id)], custom_id=first_part(shown))
    assert f"ikke længere med i {cast.name}" in said(answer)
    with pytest.raises(Exception, match="Missing Access"):
        await year.hands.command(leaver, cast.channel_id, "help")


async def test_the_secretariats_slips_are_refused_and_change_nothing(year: ProgrammeYear) -> None:
    for day, answer in (
        ("31-12-9999", "Jeg kan ikke læse"),
        ("26-10-2107", "uden for forløbet"),
        ("01-08-2027", "Den dag er gået"),
    ):
        assert answer in await secretariat(year, "date.move", meeting="VC01", day=day)
    link = "https://example.org/" + "a" * 370
    await secretariat(year, "newsletter.video", letter="nl-v01", slot=1, link=link)
    answer = await secretariat(year, "newsletter.video", letter="nl-v01", slot=2, link=link)
    assert "Linket er for langt" in answer
    assert "Velkommen til BLUP" in await secretariat(year, "newsletter.show", letter="NL-V01")
    await year.crash(timedelta(minutes=1))
    assert year.app.failure is None
    shown = await secretariat(year, "calendar")
    assert "Kalender: BLUP 2027/28" in shown and "Studiekreds 1" in shown
    assert "Optakt" in await secretariat(year, "phase")
    (moved,) = [
        meeting.starts_at
        for meeting in await year.app.services.calendar.upcoming(
            await year.app.services.places.of_channel(year.villages[0].channel_id)
        )
        if meeting.code == "VC01"
    ]
    assert moved.astimezone(year.zone).strftime("%d-%m-%Y") == "26-10-2027"


async def test_a_meeting_moved_back_and_forth_at_night_is_told_once_and_rightly(year: ProgrammeYear) -> None:
    cast = year.villages[0]
    await year.discord.advance_to(datetime(2027, 10, 19, 20, tzinfo=UTC))  # the letter has told of the 26th
    for day in ("28-10-2027", "26-10-2027", "27-10-2027"):
        await secretariat(year, "date.move", meeting="VC01", day=day)
    assert not [r for r in posts(year, cast) if "er flyttet" in r.content], "nobody is woken at 22"
    await year.discord.advance_to(datetime(2027, 10, 20, 12, tzinfo=UTC))
    (notice,) = [r for r in posts(year, cast) if "er flyttet" in r.content]
    assert "Det er nu onsdag den 27. oktober" in notice.content
    assert notice.created_at.astimezone(year.zone).hour == 8


async def test_a_letter_one_channel_refused_is_told_of_and_sent_again_there_alone(
    year: ProgrammeYear,
) -> None:
    reached, refused = year.villages
    path = f"/channels/{refused.channel_id}/messages"
    await year.discord.advance_to(datetime(2027, 10, 14, 7, tzinfo=UTC))
    year.discord.env.inject_error("POST", path, status=403, code=50013, message="Missing Permissions")
    await year.discord.advance_to(datetime(2027, 10, 14, 9, tzinfo=UTC))
    account = await secretariat(year, "newsletter.receipt", letter="NL-V01")
    _, counts, failed, arrived = account.split("\n")
    assert counts == "Én kanal har fået det, og 1 har ikke fået det."
    assert failed.startswith("- Nyby (Tønder): ikke fået det. Jeg må ikke skrive i kanalen.")
    assert "skulle være sendt torsdag den 14. oktober kl. 10.00. Jeg har prøvet én gang." in failed
    (letter,) = starting(year, reached, LETTER)
    place = f"{year.discord.guilds()[0].id}/{reached.channel_id}/{letter.id}"
    assert arrived.startswith("- Sønder Ørslev (Næstved): fået det torsdag den 14. oktober kl. 10.00.")
    assert f"(https://discord.com/channels/{place})" in arrived
    again = await secretariat(year, "newsletter.send_again", letter="nl-v01")
    assert "går ud igen til én kanal" in again
    await year.discord.advance_to(year.discord.now() + timedelta(minutes=1))
    assert [len(starting(year, cast, LETTER)) for cast in year.villages] == [1, 1]
    assert "2 kanaler har fået det." in await secretariat(year, "newsletter.receipt", letter="NL-V01")
    assert "intet at sende igen" in await secretariat(year, "newsletter.send_again", letter="NL-V01")


async def test_only_the_secretariat_asks_for_receipts_and_gets_every_channel_as_a_file(
    year: ProgrammeYear,
) -> None:
    cast, channel = year.villages[0], (await year.app.services.places.channel_ids())[SECRETARIAT]
    for key in ("newsletter.receipt", "newsletter.send_again"):
        refused = await year.hands.command(cast.lead, cast.channel_id, key, letter="NL-V01")
        assert "Du har ikke gjort noget forkert" in said(refused)
    shown = await year.hands.command(year.secretariat, channel, "newsletter.receipt", letter="NL-V01")
    assert "0 kanaler har fået det, 2 venter." in said(shown)
    assert "venter. Brevet skal sendes torsdag den 14. oktober kl. 10.00." in said(shown)
    assert [file.filename for file in answer_to(shown).attachments] == ["kvittering.csv"]


async def test_a_letter_due_while_the_bot_was_away_waits_for_the_morning(year: ProgrammeYear) -> None:
    cast = year.villages[0]
    await year.discord.advance_to(datetime(2027, 10, 14, 7, tzinfo=UTC))
    await year.crash(timedelta(hours=17))  # back at two in the night
    assert not starting(year, cast, LETTER)
    await year.discord.advance_to(datetime(2027, 10, 15, 7, tzinfo=UTC))
    (letter,) = starting(year, cast, LETTER)
    assert letter.created_at.astimezone(year.zone).strftime("%d %H") == "15 08"


async def test_back_just_before_a_meeting_only_its_last_reminder_comes(year: ProgrammeYear) -> None:
    cast = year.villages[0]
    await year.discord.advance_to(datetime(2027, 10, 14, 7, tzinfo=UTC))
    await year.crash(timedelta(days=12, hours=9, minutes=30))  # Tuesday the 26th at 18.30
    reminders = [r.content for r in posts(year, cast) if r.content.startswith("**Studiekreds 1:")]
    assert len(reminders) == 1 and "Om lidt begynder vi" in reminders[0]
    assert len(starting(year, cast, LETTER)) == 1
    assert await told(year, "kom for sent")


async def test_a_welcome_channel_made_again_has_its_way_in_and_an_open_poll_its_buttons(
    year: ProgrammeYear,
) -> None:
    cast, places = year.villages[0], await year.app.services.places.channel_ids()
    await year.hands.command(
        cast.lead, cast.channel_id, "poll.start", question="Kaffe eller te?", answers="Kaffe; Te", hours=100.0
    )
    backend = year.discord.env.backend
    for channel_id in (places[WELCOME], cast.channel_id):
        backend.delete_channel(channel_id)
    await year.discord.advance_to(year.discord.now() + timedelta(minutes=1))
    places = await year.app.services.places.channel_ids()
    (welcome,) = year.discord.messages(places[WELCOME])
    assert part(welcome, "start")
    (poll,) = year.discord.messages(places[f"village:{cast.village_id}"])
    answer = await year.hands.press(cast.lead, poll, part(poll, "vote"))
    assert "Du valgte: Kaffe" in said(answer)
    assert len(await told(year, "Lavet igen")) == 1


async def test_a_channel_somebody_renames_or_opens_is_put_right_at_once(year: ProgrammeYear) -> None:
    cast = year.villages[0]
    backend, guild = year.discord.env.backend, year.discord.guilds()[0]
    backend.edit_channel(cast.channel_id, {"name": "hygge"})
    backend.set_overwrite(cast.channel_id, Overwrite(guild.id, OverwriteType.ROLE, 1024, 0))
    await year.discord.advance_to(year.discord.now() + timedelta(minutes=1))
    assert backend.get_channel(cast.channel_id).name == "sønder-ørslev"
    stranger = year.discord.add_member(guild, "Fremmed")
    assert not backend.compute_permissions(guild.id, stranger.id, cast.channel_id) & 1024
    assert await told(year, "#sønder-ørslev")


async def test_a_right_taken_from_the_bot_does_not_stop_a_programme_that_runs(year: ProgrammeYear) -> None:
    cast = year.villages[0]
    backend, guild = year.discord.env.backend, year.discord.guilds()[0]
    own = next(role for role in backend.get_guild(guild.id).roles.values() if role.managed)
    backend.edit_role(guild.id, own.id, {"permissions": own.permissions & ~(1 << 13)})
    await year.crash(timedelta(hours=1))
    assert year.app.failure is None
    assert await told(year, "Manage Messages")
    await year.discord.advance_to(datetime(2027, 10, 14, 9, tzinfo=UTC))
    assert len(starting(year, cast, LETTER)) == 1


async def test_a_start_that_the_database_breaks_off_is_tried_again(
    year: ProgrammeYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(_: Planning) -> int:
        monkeypatch.undo()
        raise OperationalError("SELECT 1", {}, ConnectionError("server closed the connection"))

    monkeypatch.setattr(Planning, "refresh", gone)
    await year.crash(timedelta(hours=1))
    assert year.app.failure is None
    await year.discord.advance_to(datetime(2027, 10, 14, 9, tzinfo=UTC))
    assert len(starting(year, year.villages[0], LETTER)) == 1


async def test_a_village_that_agrees_late_still_gets_the_letter_before_its_circle(
    year: ProgrammeYear,
) -> None:
    from bot.services.village_list import VillageRow

    await year.discord.advance_to(datetime(2027, 10, 16, 9, tzinfo=UTC))
    await year.app.services.cohorts.import_villages([VillageRow(2, "Tønder", "Senby", invited=True)], 2027)
    assert "Nu laver jeg landsbyens kanal" in await secretariat(
        year, "village.agreed", village="Senby, Tønder"
    )
    await year.discord.advance_to(datetime(2027, 10, 16, 10, tzinfo=UTC))
    places = await year.app.services.places.channel_ids()
    channel = max(
        (key for key in places if key.startswith("village:")), key=lambda key: int(key.split(":")[1])
    )
    letters = [r.content for r in year.discord.messages(places[channel]) if r.content.startswith(LETTER)]
    assert len(letters) == 1 and "Kære alle i Senby" in letters[0]
