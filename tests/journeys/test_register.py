"""A decision from recorded to done, by buttons, menus and forms alone."""

from datetime import timedelta

from bot.demo.hands import private_ids, standing_in
from bot.demo.world import MessageRecord
from bot.demo.year import ProgrammeYear
from tests.journeys.test_polls_by_buttons import choose, fill, press
from tests.support.year import filled, part, posts, said


async def test_a_decision_is_objected_to_kept_final_reminded_of_and_done(year: ProgrammeYear) -> None:
    cast, hands = year.villages[0], year.hands
    villager, other, minute_taker = cast.who("villager")[0], cast.who("panel")[0], cast.secretary

    def latest(words: str) -> MessageRecord:
        return [record for record in posts(year, cast) if words in record.content][-1]

    day = year.discord.now().astimezone(year.zone)
    shown = await hands.command(minute_taker, cast.channel_id, "decisions")
    shown = await press(minute_taker, shown, "decision_begin")
    saved = await fill(
        minute_taker, shown, "Ny bænk ved søen", "Vi sætter en bænk.", "Håndsoprækning", f"{day:%d-%m-%Y}"
    )
    form = await choose(
        minute_taker, await press(minute_taker, saved, "decision_follow_up"), "decision_agree", "steering"
    )
    due = day + timedelta(days=8)
    await fill(minute_taker, form, f"{due:%d-%m-%Y}", "")
    await choose(minute_taker, await press(minute_taker, saved, "decision_goals"), "decision_goals", "11")
    await year.discord.advance_to(year.discord.now() + timedelta(minutes=1))

    post = latest("Er det rigtigt forstået?")
    form = await hands.press(villager, post, part(post, "decision_object"))
    assert "Din indsigelse står nu" in said(await fill(villager, form, "Det var to bænke."))
    await year.discord.advance_to(year.discord.now() + timedelta(hours=28))
    told = latest("Der er en indsigelse")
    assert "»Det var to bænke.«" in told.content
    refused = await hands.press(other, told, part(told, "decision_keep"))
    assert "Det kan kun referenten" in said(refused)
    kept = await hands.press(minute_taker, told, part(told, "decision_keep"))
    assert "bliver stående" in said(kept)

    await year.crash(timedelta(hours=22))
    late = await hands.press(other, post, part(post, "decision_object"))
    assert "Man kunne sige til" in said(late)
    seen = said(await hands.press(villager, post, part(post, "decision_open")))
    for words in ("Endelig siden", "Ansvarlig: styregruppen", "Verdensmål: 11", "Den er besvaret"):
        assert words in seen
    again = await hands.press(minute_taker, post, part(post, "decision_open"))
    assert not [c for c in private_ids(again) if "follow_up" in c], "what is final takes nothing more"

    await year.discord.advance_to(due + timedelta(hours=12))
    reminder = latest("Fristen er")
    form = await hands.press(minute_taker, reminder, part(reminder, "decision_renew"))
    days = hands.filled(form, {"deadline": f"{due + timedelta(days=30):%d-%m-%Y}"})
    assert "Det står nu ved" in said(await minute_taker.submit_modal(form, days))
    assert "Godt gået!" in said(await hands.press(minute_taker, reminder, part(reminder, "decision_done")))
    status = await hands.command(minute_taker, cast.channel_id, "decision.standing")
    assert "Her mangler ikke noget" in said(status)
    shown = await hands.command(minute_taker, cast.channel_id, "decisions")
    handed = await press(minute_taker, shown, "decision_export")
    assert handed.response.attachments and "regneark" in str(handed.response.components)
    shown = await hands.command(villager, cast.channel_id, "decisions")
    assert not [c for c in private_ids(shown) if "export" in c]


async def test_a_menu_in_the_form_tells_what_a_decision_settles(year: ProgrammeYear) -> None:
    cast, hands = year.villages[0], year.hands
    minute_taker, words = cast.secretary, ("Regler", "Vi følger dem.", "Enighed")
    for chosen, settled in (("-", False), ("d:D08", True)):
        form = await hands.command(minute_taker, cast.channel_id, "decision.record", standard="D08")
        there = standing_in(form)
        assert there["settles"] == ["d:D08"], "what was asked for is chosen beforehand"
        answer = await minute_taker.submit_modal(form, {**there, **filled(form, *words), "settles": [chosen]})
        assert ("Fast beslutning i forløbet: Forretningsorden vedtaget." in said(answer)) is settled
    await year.discord.advance_to(year.discord.now() + timedelta(minutes=1))
    post = posts(year, cast)[-1]
    seen = said(await hands.press(cast.who("villager")[0], post, part(post, "decision_open")))
    assert "Milepæl: Forretningsorden vedtaget." in seen
    milestones = await hands.command(minute_taker, cast.channel_id, "decision.record")
    assert milestones.modal is not None and "settles" not in standing_in(milestones), (
        "there is nothing to choose"
    )
