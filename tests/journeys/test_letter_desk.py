"""The secretariat at its desk: a letter taken back, written on, checked, held, approved and sent, all by buttons."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.demo.hands import Hands, answer, private_ids
from bot.demo.year import ProgrammeYear
from bot.services.places import SECRETARIAT
from tests.support.year import said, starting

LETTER_COMES = datetime(2027, 10, 14, 8, tzinfo=UTC)
TITLE = "**Nyhedsbrev 1: Hvem skal med?**"


def _part(shown: Any, action: str) -> str:
    return next(custom_id for custom_id in private_ids(shown) if custom_id.split(":")[1] == action)


async def test_a_letter_goes_from_draft_over_edited_to_approved_and_sent(year: ProgrammeYear) -> None:
    """S05: a letter leads up to each circle, and never half done."""
    who, desk = year.secretariat, (await year.app.services.places.channel_ids())[SECRETARIAT]

    async def press(shown: Any, action: str) -> Any:
        return await who.click(answer(shown), custom_id=_part(shown, action))

    refused = await year.hands.command(year.villages[0].lead, year.villages[0].channel_id, "newsletter.list")
    assert "Du har ikke gjort noget forkert" in said(refused)
    board = await year.hands.command(who, desk, "newsletter.list")
    assert "»Nyhedsbrev 1: Hvem skal med?« – godkendt." in said(board)
    card = await who.select(answer(board), ["NL-V01"], custom_id=_part(board, "letter_open"))
    assert "Status: godkendt. Brevet sendes torsdag den 14. oktober kl. 10.00" in said(card)
    card = await press(card, "letter_reopen")
    assert "Status: klar" in said(card) and "Mangler godkendelse" in said(card)

    form = await press(card, "letter_edit")
    body = Hands.filled(form, {})["body"]
    broken = Hands.filled(form, {"body": body.replace("{{ village }}", "{{ landsby }}")})
    saved = await who.submit_modal(form, broken)
    assert "gemt som udgave 1" in said(saved) and "Jeg kender ikke feltet »landsby«" in said(saved)
    refused = await press(await press(saved, "letter_open"), "letter_approve")
    assert "skal rettes, før brevet kan godkendes" in said(refused)

    await year.discord.advance_to(LETTER_COMES + timedelta(minutes=1))
    assert not any(starting(year, cast, TITLE) for cast in year.villages)
    held = year.discord.messages(desk)[-1]
    assert "Ingen har godkendt det, så jeg holder det tilbage" in held.content
    card = await year.hands.press(who, held, next(c for c in held.custom_ids if ":letter_open:" in c))
    assert "Status: holdes tilbage" in said(card)
    form = await press(card, "letter_edit")
    saved = await who.submit_modal(form, Hands.filled(form, {"body": f"{body}\n\nTag gerne en nabo med."}))
    assert "gemt som udgave 2" in said(saved)
    changed = await press(await press(saved, "letter_open"), "letter_versions")
    shown = await who.select(answer(changed), ["0"], custom_id=_part(changed, "letter_diff"))
    assert "- Tag gerne en nabo med." in said(shown)
    assert [file.filename for file in answer(shown).attachments] == ["forskel-0-2.txt"]

    slots = await press(await press(saved, "letter_open"), "letter_videos")
    form = await press(slots, "video_new")
    film = {"title": "Bare spørg", "url": "https://example.org/film", "minutes": "4", "subtitles": "Ja"}
    kept = await who.submit_modal(form, film)
    assert "»Bare spørg« er gemt. Jeg kunne ikke se, om linket virker." in said(kept)
    slots = await press(kept, "letter_videos")
    filled = await who.select(answer(slots), ["1"], custom_id=_part(slots, "video_fill"))
    assert "Linket er sat ind" in said(filled)
    shown = await press(await press(slots, "video_library"), "video_check")
    assert "Ét link kunne jeg ikke se på lige nu" in said(shown)

    doubted = await press(await press(saved, "letter_open"), "letter_approve")
    assert "Video 2 mangler et link" in said(doubted) and "Video 1" not in said(doubted)
    form = await press(doubted, "letter_why")
    approved = await who.submit_modal(form, Hands.filled(form, {"because": "Videoerne kommer senere."}))
    assert "2 kanaler har ventet på det og får det nu" in said(approved)
    await year.discord.advance_to(LETTER_COMES + timedelta(minutes=2))
    for cast in year.villages:
        (letter,) = starting(year, cast, TITLE)
        assert cast.name in letter.content and "Tag gerne en nabo med." in letter.content
        assert "[Bare spørg](https://example.org/film)" in letter.content
    sent = said(await press(approved, "letter_open"))
    assert "Status: sendt" in sent and "Begrundelse: Videoerne kommer senere." in sent
