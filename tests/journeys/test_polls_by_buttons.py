"""Every kind of poll from draft to final decision, by buttons, menus and forms alone, as somebody on a phone does it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simcord.actors import MemberActor

from bot.demo.cast import VillageCast
from bot.demo.hands import private_ids
from bot.demo.world import MessageRecord
from bot.demo.year import ProgrammeYear
from bot.services.places import SECRETARIAT
from tests.support.year import filled, part, posts, said

ANSWERS = "Ved skolen\nVed kirken\nVed havnen"


def private_part(shown: Any, action: str, label: str = "") -> str:
    """Return the id of a button or menu in a private answer, by its action and label."""
    for row in shown.response.components:
        for one in row["components"]:
            if one.get("custom_id", "").split(":")[1] == action and label in (one.get("label"), ""):
                return str(one["custom_id"])
    raise LookupError(f"{action} {label} is not in {said(shown)}")


async def press(actor: MemberActor, shown: Any, action: str, label: str = "") -> Any:
    """Press a button in a private answer."""
    return await actor.click(shown.response, custom_id=private_part(shown, action, label))


async def choose(actor: MemberActor, shown: Any, action: str, value: str) -> Any:
    """Choose in a menu of a private answer."""
    return await actor.select(shown.response, [value], custom_id=private_part(shown, action))


async def fill(actor: MemberActor, shown: Any, *values: str) -> Any:
    """Fill in a form, box by box."""
    return await actor.submit_modal(shown, filled(shown, *values))


async def asked(
    year: ProgrammeYear,
    cast: VillageCast,
    kind: str,
    *form: str,
    voters: str = "steering",
    secret: bool = False,
) -> MessageRecord:
    """Let the lead write a poll for the steering group, look at it, and open it. Returns its post."""
    lead, hands = cast.lead, year.hands
    shown = await hands.command(lead, cast.channel_id, "decisions")
    shown = await press(lead, shown, "poll_new", "Ny afstemning")
    shown = await choose(lead, shown, "poll_kind", kind)
    shown = await fill(lead, shown, "Hvor skal bænken stå?", *form)
    assert "Hvor skal bænken stå?" in said(shown) and "Kun du kan se den nu" in said(shown)
    shown = await choose(lead, shown, "draft_voters", voters)
    assert ("Styregruppen kan" if voters == "steering" else "Alle i landsbyen kan") in said(shown)
    if secret:
        shown = await choose(lead, shown, "draft_secrecy", "secret")
        assert "hemmelig" in said(shown)
    before = len(posts(year, cast))
    await press(lead, shown, "draft_open", "Åbn afstemningen")
    await year.discord.settle()
    (post,) = posts(year, cast)[before:]
    return post


async def result(year: ProgrammeYear, cast: VillageCast) -> MessageRecord:
    """Let the poll end, and the next morning come. Returns its result."""
    await year.discord.advance_to(year.discord.now() + timedelta(days=3))
    return [post for post in posts(year, cast) if "Afstemningen er slut" in post.content][-1]


async def becomes_final(year: ProgrammeYear, cast: VillageCast, told: MessageRecord) -> None:
    """Let the minute-taker write down what a result proposes, and the two days pass in which one can object."""
    form = await cast.secretary.click(year.discord.clickable(told), custom_id=part(told, "decide"))
    written = {key: there or "-" for key, there in filled(form).items()}
    await cast.secretary.submit_modal(form, written)
    await year.discord.advance_to(year.discord.now() + timedelta(days=3))
    post = [record for record in posts(year, cast) if "Er det rigtigt forstået?" in record.content][-1]
    seen = await year.hands.press(cast.who("villager")[0], post, part(post, "decision_open"))
    assert "Endelig siden" in said(seen)


@pytest.fixture
def voters(year: ProgrammeYear) -> list[MemberActor]:
    """The steering group of the first village."""
    return year.villages[0].who("steering", "steering_secretary", "steering_lead")


async def test_yes_or_no_that_two_out_of_three_must_say_yes_to(
    year: ProgrammeYear, voters: list[MemberActor]
) -> None:
    cast, lead = year.villages[0], year.villages[0].lead
    shown = await year.hands.command(lead, cast.channel_id, "decisions")
    shown = await choose(lead, await press(lead, shown, "poll_new"), "poll_kind", "yes_no")
    shown = await fill(lead, shown, "Skal vi købe en bænk?", "2")
    shown = await choose(lead, shown, "draft_rule", "two_thirds")
    assert "mindst halvdelen stemmer, og mindst to ud af tre siger ja" in said(shown)
    shown = await fill(lead, await press(lead, shown, "draft_edit"), "Skal vi købe to bænke?", "2")
    assert "mindst to ud af tre siger ja" in said(shown) and "to bænke" in said(shown)
    await press(lead, shown, "draft_open")
    await year.discord.settle()
    post = posts(year, cast)[-1]
    assert "Skal vi købe to bænke?" in post.content
    for voter in voters:
        done = await voter.click(year.discord.clickable(post), label="Ja")
        assert "din stemme er talt med" in said(done)
    told = await result(year, cast)
    assert f"Ja: {len(voters)}" in told.content
    assert "Det er vedtaget, for der var ja-stemmer nok" in told.content
    await becomes_final(year, cast, told)


async def test_consent_asks_why_and_the_reason_stands_without_a_name(
    year: ProgrammeYear, voters: list[MemberActor]
) -> None:
    cast = year.villages[0]
    post = await asked(year, cast, "consent", "2")
    asking = await voters[0].click(year.discord.clickable(post), label="Jeg har en bekymring")
    done = await fill(voters[0], asking, "Den står i vejen for sneploven")
    assert "Du valgte: Jeg har en bekymring" in said(done)
    for voter in voters[1:]:
        await voter.click(year.discord.clickable(post), label="Jeg er enig")
    told = await result(year, cast)
    assert "- Den står i vejen for sneploven" in told.content and voters[0].name not in told.content
    await becomes_final(year, cast, told)


async def test_points_are_shared_a_press_at_a_time(year: ProgrammeYear, voters: list[MemberActor]) -> None:
    cast = year.villages[0]
    post = await asked(year, cast, "points", ANSWERS, "2", "3")
    for voter in voters:
        shown = await voter.click(year.discord.clickable(post), custom_id=part(post, "ballot"))
        assert "Du har 3 point tilbage" in said(shown)
        shown = await press(voter, shown, "ballot_step", "Ved havnen")
        shown = await press(voter, shown, "ballot_step", "Ved skolen")
        assert "Indtil nu: Ved skolen (1 point), Ved havnen (1 point)" in said(shown)
        done = await press(voter, shown, "ballot_step", "Ved havnen")
        assert "Ved havnen (2 point)" in said(done)
    post = await result(year, cast)
    told = post.content
    assert f"Ved havnen: {2 * len(voters)} point" in told and "Flest point fik: Ved havnen" in told
    (picture,) = post.attachments
    assert f"Ved havnen: Flest point: {2 * len(voters)} point" in picture["description"]
    await becomes_final(year, cast, post)


async def test_a_secret_ranking_is_pressed_best_first_and_can_be_begun_again(
    year: ProgrammeYear, voters: list[MemberActor]
) -> None:
    cast = year.villages[0]
    voters = [*voters, *cast.who("panel")]
    post = await asked(year, cast, "ranked", ANSWERS, "2", voters="all", secret=True)
    for voter in voters:
        shown = await voter.click(year.discord.clickable(post), custom_id=part(post, "ballot"))
        shown = await press(voter, shown, "ballot_step", "Ved kirken")
        shown = await press(voter, shown, "ballot_step", "Begynd forfra")
        assert "Hvad er bedst?" in said(shown)
        shown = await press(voter, shown, "ballot_step", "Ved skolen")
        done = await press(voter, shown, "ballot_step", "Ved havnen")
        assert "nr. 1 Ved skolen, nr. 2 Ved havnen, nr. 3 Ved kirken" in said(done)
    told = await result(year, cast)
    assert "Øverst endte: Ved skolen" in told.content and "- Nr. 2: Ved havnen" in told.content
    assert len(voters) < 10 and "viser kun rækkefølgen" in told.content
    await becomes_final(year, cast, told)


async def test_each_answer_is_rated_and_a_date_is_found(
    year: ProgrammeYear, voters: list[MemberActor]
) -> None:
    cast = year.villages[0]
    post = await asked(year, cast, "rating", ANSWERS, "2")
    for voter in voters:
        shown = await voter.click(year.discord.clickable(post), custom_id=part(post, "ballot"))
        shown = await press(voter, shown, "ballot_step", "5")
        shown = await press(voter, shown, "ballot_step", "Ved ikke")
        done = await press(voter, shown, "ballot_step", "2")
        assert "Ved skolen (5 ud af 5), Ved havnen (2 ud af 5)" in said(done)
    told = await result(year, cast)
    assert f"Ved skolen: 5,0 ud af 5 ({len(voters)} har svaret)" in told.content
    assert "Højest endte: Ved skolen" in told.content
    await becomes_final(year, cast, told)

    post = await asked(year, cast, "dates", "26-10-2027 kl. 19\n20-10-2027 kl. 9.30", "2")
    for voter in voters:
        menu = part(post, "vote_many")
        done = await voter.select(year.discord.clickable(post), ["2"], custom_id=menu)
        assert "Tirsdag den 26. oktober kl. 19.00" in said(done)
    found = await result(year, cast)
    assert "Flest kan: Tirsdag den 26. oktober kl. 19.00" in found.content
    await becomes_final(year, cast, found)

    lead = cast.lead
    refused = await cast.who("panel")[0].click(year.discord.clickable(found), label="Gør datoen til et møde")
    assert "Det kan kun referenten og tovholderen" in said(refused)
    form = await lead.click(year.discord.clickable(found), label="Gør datoen til et møde")
    done = await fill(lead, form, "Arbejdsdag", "Ved skolen", "120")
    assert "»Arbejdsdag« står nu i kalenderen tirsdag den 26. oktober kl. 19.00" in said(done)
    await year.discord.settle()
    post = posts(year, cast)[-1]
    assert "Dagen er fundet: Vi mødes tirsdag den 26. oktober kl. 19.00, Ved skolen" in post.content
    assert [one["filename"] for one in post.attachments] == ["kalender.ics"]
    assert "du kommer" in said(await voters[0].click(year.discord.clickable(post), label="Jeg kommer"))
    again = await lead.click(year.discord.clickable(found), label="Gør datoen til et møde")
    assert "står allerede" in said(again)
    shown = await year.hands.command(lead, cast.channel_id, "calendar")
    shown = await press(lead, shown, "meeting_change", "Ret Arbejdsdag")
    form = await press(lead, shown, "meeting_call_off")
    assert "er aflyst" in said(await fill(lead, form, ""))
    await year.discord.settle()
    assert "er aflyst" in posts(year, cast)[-1].content


async def test_a_poll_opens_on_its_day_and_is_cancelled_with_a_reason_that_the_channel_reads(
    year: ProgrammeYear, voters: list[MemberActor]
) -> None:
    cast, lead = year.villages[0], year.villages[0].lead
    shown = await year.hands.command(lead, cast.channel_id, "decisions")
    shown = await choose(lead, await press(lead, shown, "poll_new"), "poll_kind", "yes_no")
    shown = await fill(lead, shown, "Skal vi købe en bænk?", "3")
    day = year.discord.now() + timedelta(days=2)
    shown = await fill(lead, await press(lead, shown, "draft_when"), f"{day:%d-%m-%Y} kl. 10")
    assert "Den åbner af sig selv" in said(shown)
    shown = await press(lead, shown, "draft_open", "Åbn den på dagen")
    assert "åbner af sig selv" in said(shown) and private_part(shown, "poll_cancel", "Aflys den")
    await year.discord.advance_to(day + timedelta(hours=6))
    (post,) = [one for one in posts(year, cast) if "Skal vi købe en bænk?" in one.content]
    await voters[0].click(year.discord.clickable(post), label="Ja")

    shown = await year.hands.command(lead, cast.channel_id, "decisions")
    shown = await press(lead, shown, "poll_all", "Vis afstemninger")
    shown = await choose(lead, shown, "poll_show", part(post, "vote").split(":")[2].split(",")[0])
    assert "Indtil nu har 1 stemt" in said(shown)
    done = await fill(lead, await press(lead, shown, "poll_cancel"), "Vi har fået en bænk")
    assert "er aflyst" in said(done)
    await year.discord.settle()
    assert "Grunden er: Vi har fået en bænk" in posts(year, cast)[-1].content
    late = await voters[1].click(year.discord.clickable(post), label="Nej")
    assert "Den afstemning er aflyst" in said(late)


async def test_a_village_sets_its_rules_and_in_a_tie_the_lead_chooses(
    year: ProgrammeYear, voters: list[MemberActor]
) -> None:
    cast, lead = year.villages[0], year.villages[0].lead
    shown = await year.hands.command(lead, cast.channel_id, "decisions")
    shown = await press(lead, await press(lead, shown, "poll_all"), "rules_show", "Jeres faste regler")
    assert "Hvad skal der til? Svaret er et råd til styregruppen" in said(shown)
    shown = await choose(lead, shown, "rules_set", "panel")
    assert "Hvem kan stemme? Borgerpanelet" in said(shown)
    shown = await press(lead, shown, "rules_deciding", "Når I beslutter")
    for menu, value in ((3, "lead"), (1, "none")):
        page: Any = shown.response
        parts = [row["components"][0]["custom_id"] for row in page.components]
        shown = await lead.select(page, [value], custom_id=parts[menu])
    assert "lige mange stemmer? Så afgør tovholderen det" in said(shown)

    shown = await year.hands.command(lead, cast.channel_id, "decisions")
    shown = await choose(lead, await press(lead, shown, "poll_new"), "poll_kind", "choice")
    shown = await fill(lead, shown, "Hvor skal bænken stå?", ANSWERS, "2", "1")
    assert "Borgerpanelet kan stemme" in said(shown)
    shown = await press(lead, await choose(lead, shown, "draft_rule", "most"), "draft_more", "Flere regler")
    assert "Er der lige mange stemmer, afgør tovholderen det" in said(shown)
    await press(lead, await press(lead, shown, "draft_back"), "draft_open")
    await year.discord.settle()
    post = posts(year, cast)[-1]
    for voter, label in zip(voters[:2], ("Ved skolen", "Ved havnen"), strict=True):
        await voter.click(year.discord.clickable(post), label=label)
    told = await result(year, cast)
    assert "Så vælger tovholderen" in told.content
    member = next(one for one in cast.who("steering") if one is not lead)
    refused = await member.click(year.discord.clickable(told), label="Ved havnen")
    assert "Her er det tovholderen, der afgør det" in said(refused)
    form = await lead.click(year.discord.clickable(told), label="Ved havnen")
    assert "Tovholderen valgte: Ved havnen" in str(form.modal)

    shown = await press(lead, await year.hands.command(lead, cast.channel_id, "decisions"), "poll_all")
    shown = await choose(lead, shown, "poll_show", part(post, "vote").split(":")[2].split(",")[0])
    shown = await press(lead, shown, "poll_copy", "Brug den igen")
    assert "Hvor skal bænken stå?" in said(shown) and "Kun du kan se den nu" in said(shown)
    shown = await choose(lead, await press(lead, shown, "draft_more"), "draft_repeat", "monthly")
    shown = await fill(lead, shown, "31-12-2027")
    assert "igen hver måned til og med fredag den 31. december 2027" in said(shown)
    shown = await press(lead, await press(lead, shown, "draft_back"), "draft_open")
    await year.discord.advance_to(year.discord.now() + timedelta(days=40))
    again = [
        one for one in posts(year, cast) if one.content.startswith("**Hvor skal bænken stå?**\nStyregruppen")
    ]
    assert len(again) == 3, "the first, the one used again, and that one a month later"


async def test_a_villager_gets_no_button_to_ask_with(year: ProgrammeYear) -> None:
    cast = year.villages[0]
    shown = await year.hands.command(cast.who("villager")[0], cast.channel_id, "decisions")
    with pytest.raises(LookupError):
        private_part(shown, "poll_new")
    refused = await year.hands.command(cast.who("villager")[0], cast.channel_id, "poll.new")
    assert "styregruppen" in said(refused).casefold()


async def test_votes_on_paper_are_entered_by_the_secretary_looked_through_by_another_and_told_apart(
    year: ProgrammeYear, voters: list[MemberActor]
) -> None:
    cast = year.villages[0]
    post = await asked(year, cast, "yes_no", "2")
    told = await cast.who("panel")[0].click(year.discord.clickable(post), label="Papir og telefon")
    assert "De kan stemme på papir" in said(told) and not private_ids(told)
    shown = await cast.secretary.click(year.discord.clickable(post), label="Papir og telefon")
    shown = await fill(cast.secretary, await press(cast.secretary, shown, "off_discord"), "4")
    assert "4 kan stemme uden at være på Discord" in said(shown)
    sheets = await press(cast.secretary, shown, "hand_sheet", "Stemmesedler til print")
    assert [file.filename for file in sheets.response.attachments] == ["stemmesedler.pdf"]
    form = await choose(cast.secretary, shown, "hand_way", "paper")
    refused = await fill(cast.secretary, form, "3", "2", "2", "")
    assert "Tallene passer ikke sammen: 3 har stemt, og svarene giver 4" in said(refused)
    done = await fill(
        cast.secretary, await choose(cast.secretary, shown, "hand_way", "paper"), "3", "1", "2", ""
    )
    assert "når en anden har set dem efter" in said(done)
    await year.discord.settle()
    waiting = posts(year, cast)[-1]
    assert (
        "På papir: 3 har stemt (Ja 1, Nej 2, Jeg stemmer blankt 0). De er ikke talt med endnu"
        in waiting.content
    )
    mine = await cast.secretary.click(year.discord.clickable(waiting), custom_id=part(waiting, "hand_look"))
    assert "når en anden fra styregruppen" in said(mine)
    looked = await cast.lead.click(year.discord.clickable(waiting), custom_id=part(waiting, "hand_look"))
    assert "- Nej: 2" in said(looked)
    assert "Nu er stemmerne talt med" in said(await press(cast.lead, looked, "hand_confirm"))
    for voter in voters:
        await voter.click(year.discord.clickable(post), label="Ja")
    told_all = (await result(year, cast)).content
    assert f"Her på Discord: {len(voters)} har stemt" in told_all and "Lagt sammen:" in told_all
    assert f"- Ja: {len(voters) + 1}" in told_all and "- Nej: 2" in told_all


async def test_rankings_on_paper_are_written_as_a_line_of_letters_for_each_ballot(
    year: ProgrammeYear, voters: list[MemberActor]
) -> None:
    cast = year.villages[0]
    post = await asked(year, cast, "ranked", ANSWERS, "2")
    shown = await cast.secretary.click(year.discord.clickable(post), label="Papir og telefon")
    shown = await fill(cast.secretary, await press(cast.secretary, shown, "off_discord"), "9")
    form = await choose(cast.secretary, shown, "hand_way", "paper")
    assert form.modal is not None
    box = form.modal["components"][1]["component"]["value"]
    assert box.startswith("A = Ved skolen\nB = Ved kirken\n") and "Tre ens sedler = 3 x CBA" in box
    refused = await fill(cast.secretary, form, "9", f"{box}8 x BC\nBAB")
    assert "Jeg kan ikke læse linjen »BAB«" in said(refused) and "8 x BC" in said(refused)
    form = await choose(cast.secretary, shown, "hand_way", "paper")
    await fill(cast.secretary, form, "9", f"{box}8 x BC\nBA")
    await year.discord.settle()
    waiting = posts(year, cast)[-1]
    assert "På papir: 9 har stemt (sat først: Ved skolen 0, Ved kirken 9, Ved havnen 0)" in waiting.content
    looked = await cast.lead.click(year.discord.clickable(waiting), custom_id=part(waiting, "hand_look"))
    assert "B: Ved kirken" in said(looked) and "- 8 x BC" in said(looked) and "- 1 x BA" in said(looked)
    await press(cast.lead, looked, "hand_confirm")
    for voter in voters:
        shown = await voter.click(year.discord.clickable(post), custom_id=part(post, "ballot"))
        shown = await press(voter, shown, "ballot_step", "Ved skolen")
        await press(voter, shown, "ballot_step", "Ved havnen")
    told = (await result(year, cast)).content
    assert f"Her på Discord: {len(voters)} har stemt" in told and "Øverst endte: Ved kirken" in told


async def test_in_a_secret_poll_the_second_person_counts_the_ballots_and_is_shown_no_numbers(
    year: ProgrammeYear,
) -> None:
    cast = year.villages[0]
    post = await asked(year, cast, "yes_no", "2", voters="all", secret=True)
    shown = await cast.secretary.click(year.discord.clickable(post), label="Papir og telefon")
    form = await press(cast.secretary, shown, "off_discord")
    shown = await fill(cast.secretary, form, *(["4"] * len(form.modal["components"])))
    form = await choose(cast.secretary, shown, "hand_way", "paper")
    await fill(cast.secretary, form, "3", "1", "2", "")
    await year.discord.settle()
    waiting = posts(year, cast)[-1]
    looked = await cast.lead.click(year.discord.clickable(waiting), custom_id=part(waiting, "hand_look"))
    assert "jeg viser ikke tallene" in said(looked) and "Nej" not in said(looked)
    form = await press(cast.lead, looked, "hand_recount", "Tæl sedlerne efter")
    assert "Nu er stemmerne talt med" in said(await fill(cast.lead, form, "3", "1", "2", ""))


async def test_the_secretariat_enters_what_villages_answered_at_the_first_meeting_from_its_task(
    year: ProgrammeYear,
) -> None:
    channel = (await year.app.services.places.channel_ids())[SECRETARIAT]
    await year.discord.advance_to(datetime(2027, 10, 1, 12, tzinfo=UTC))
    task = [r for r in year.discord.messages(channel) if "Hvad er vigtigst for jer" in r.content][-1]
    assert "Tryk herunder for at skrive svarene ind" in task.content
    shown = await year.secretariat.click(year.discord.clickable(task), label="Skriv svarene ind")
    assert "Svar fra 0 af 2 landsbyer" in said(shown)
    place = await year.app.services.places.of_channel(year.villages[0].channel_id)
    assert place.village is not None
    form = await choose(year.secretariat, shown, "meeting_poll_village", str(place.village.id))
    lines = form.modal["components"][1]["component"]["value"].replace("fællesskab: 0", "fællesskab: 4")
    shown = await fill(year.secretariat, form, "4", lines)
    assert "4 svarede på mødet" in said(shown) and "- Stærkere fællesskab: 4" in said(shown)
    ticked = await press(year.secretariat, shown, "meeting_poll_tick")
    assert "Forventningsafstemning begyndt" in said(ticked)
    form = await press(year.secretariat, shown, "decide", "Skriv aftalen ned")
    noted = {box: there or "Aftalenotat" for box, there in filled(form).items()}
    assert "Skrevet ned" in said(await year.secretariat.submit_modal(form, noted))


async def test_sixty_answers_stand_on_pages_and_a_reason_is_asked_for_at_the_end(
    year: ProgrammeYear, voters: list[MemberActor]
) -> None:
    cast, lead = year.villages[0], year.villages[0].lead
    shown = await year.hands.command(lead, cast.channel_id, "decisions")
    shown = await choose(lead, await press(lead, shown, "poll_new"), "poll_kind", "choice")
    many = "\n".join(f"Forslag {number}" for number in range(1, 61))
    shown = await fill(lead, shown, "Hvad skal vi lave?", many, "2", "3")
    shown = await choose(lead, shown, "draft_why", "required")
    await press(lead, shown, "draft_open")
    await year.discord.settle()
    post = posts(year, cast)[-1]
    for voter in voters:
        shown = await voter.click(year.discord.clickable(post), label="Stem")
        assert "Side 1 af 3" in said(shown)
        shown = await choose(voter, shown, "page_pick", "7")
        shown = await press(voter, shown, "page_turn", "Næste side")
        shown = await press(voter, shown, "page_turn", "Næste side")
        shown = await choose(voter, shown, "page_pick", "60")
        assert "Du har valgt 2: Forslag 7, Forslag 60" in said(shown)
        form = await press(voter, shown, "page_done", "Færdig")
        done = await fill(voter, form, "Det har vi brug for")
        assert "Du valgte: Forslag 7, Forslag 60" in said(done)
    told = await result(year, cast)
    assert f"- Forslag 7: {len(voters)}" in told.content and "- Det har vi brug for" in told.content
    await becomes_final(year, cast, told)


async def test_who_chose_it_is_reminded_privately_and_votes_there(
    year: ProgrammeYear, voters: list[MemberActor]
) -> None:
    cast, (one, other) = year.villages[0], voters[:2]
    for voter in (one, other):
        shown = await year.hands.command(voter, cast.channel_id, "my_data")
        done = await press(voter, shown, "remind_me", "Mind mig privat")
        assert "skriver jeg til dig i en privat besked" in said(done)
    post = await asked(year, cast, "yes_no", "3", voters="all", secret=True)
    await other.click(year.discord.clickable(post), label="Ja")
    await year.discord.advance_to(year.discord.now() + timedelta(days=2, hours=5))
    assert "Mind mig privat" in posts(year, cast)[-1].button_labels
    letterboxes = year.discord.env.backend.dm_channels
    assert set(letterboxes) & {one.id, other.id} == {one.id}
    (reminder,) = year.discord.messages(letterboxes[one.id])
    assert cast.name in reminder.content and "Hvor skal bænken stå?" in reminder.content
    alone = one.user  # whoever reads private messages is no server's member there
    done = await alone.click(year.discord.clickable(reminder), label="Nej")
    assert "din stemme er talt med" in said(done)
    done = await alone.click(year.discord.clickable(reminder), custom_id=part(reminder, "remind_me"))
    assert "minder jeg kun om afstemninger i kanalen" in said(done)
