"""The picture of a result: it tells what the text may tell, in words too, and no more."""

import re
from dataclasses import replace

import pytest

from bot.domain.ballots import Kind
from bot.domain.poll_view import AnswerView, PollView
from bot.domain.polls import Shown
from bot.messages.message import Picture
from bot.messages.poll_pictures import result_picture
from bot.messages.poll_results import poll_result
from bot.printing.picture import png
from tests.messages.test_polls import CLOSED, RULES, TEXTS

LONG = "Et fælles værksted i den gamle brugs, hvor unge og ældre kan mødes om aftenen nu"


def picture(view: PollView) -> Picture:
    found = result_picture(TEXTS, view)
    assert found is not None
    return found


def test_the_picture_rides_on_the_result_and_its_words_say_the_same() -> None:
    (drawn,) = poll_result(TEXTS, CLOSED, RULES).pictures
    assert drawn.name == "resultat.png"
    assert [(row["answer"], row["share"], row["first"]) for row in drawn.values["rows"]] == [
        ("Ja", 1.0, True), ("Nej", 2 / 3, False),
    ]  # fmt: skip
    assert "5 har stemt. Ja: Flest valgte det: 3 stemmer. Nej: 2 stemmer." in drawn.description
    assert png(drawn.template, **drawn.values).startswith(b"\x89PNG")


def test_a_small_secret_poll_shows_its_ranking_without_bars_or_numbers() -> None:
    view = replace(
        CLOSED, secret=True, shown=Shown.RANKING, turnout=7, winners=(2,),
        answers=(AnswerView(1, "Ja", None, 2), AnswerView(2, "Nej", None, 1)),
    )  # fmt: skip
    drawn = picture(view)
    assert [row["answer"] for row in drawn.values["rows"]] == ["Nej", "Ja"]
    assert all(row["share"] is None for row in drawn.values["rows"])
    assert not re.search(r"\d stemme", drawn.description)


def test_what_may_not_be_told_nobody_voted_in_or_rides_along_has_no_picture() -> None:
    hidden = replace(CLOSED, secret=True, shown=Shown.NOTHING, winners=())
    for view in (hidden, replace(CLOSED, turnout=0, winners=()), replace(CLOSED, pulse=True)):
        assert poll_result(TEXTS, view, RULES).pictures == ()


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_drawn_with_25_long_answers_and_described_in_the_room_there_is(kind: Kind) -> None:
    answers = tuple(AnswerView(n, f"{n} {LONG}"[:80], n, 26 - n, 25) for n in range(1, 26))
    view = replace(CLOSED, kind=kind, answers=answers, turnout=25, winners=(25,), last_round={25: 14, 24: 11})
    drawn = picture(view)
    assert 900 < len(drawn.description) <= 1024 and "svar mere" in drawn.description
    assert png(drawn.template, **drawn.values)


def test_a_rating_tells_averages_and_a_ranking_its_last_round() -> None:
    answers = (
        AnswerView(1, "Bænk", 44, 1, 10),
        AnswerView(2, "Grill", 30, 2, 9),
        AnswerView(3, "Træ", 9, 3, 3),
    )
    rated = picture(replace(CLOSED, kind=Kind.RATING, answers=answers, winners=(1,), turnout=10))
    assert "Bænk: Højest: 4,4 ud af 5" in rated.description and "Træ: 3,0 ud af 5" in rated.description
    assert rated.values["rows"][0]["share"] == pytest.approx(0.88)
    ranked = picture(replace(CLOSED, kind=Kind.RANKED, answers=answers, last_round={1: 6, 2: 4}, turnout=10))
    assert "Øverst: nr. 1 med 6 stemmer. Grill: Nr. 2 med 4 stemmer. Træ: Nr. 3." in ranked.description
    assert [row["share"] for row in ranked.values["rows"]] == [1.0, pytest.approx(2 / 3), None]


def test_signs_that_no_picture_may_hold_are_left_out() -> None:
    view = replace(CLOSED, answers=(AnswerView(1, "Ja\x1b[31m\ufffe 🎉", 3, 1), AnswerView(2, "Nej", 2, 2)))
    drawn = picture(view)
    assert png(drawn.template, **drawn.values).startswith(b"\x89PNG")
