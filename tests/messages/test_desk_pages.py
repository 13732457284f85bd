"""The secretariat's lists when a year has more letters and videos than a menu holds (S05, S06)."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.messages import letter_desk, videos
from bot.messages.message import Message
from tests.messages.test_polls import TEXTS

AT = datetime(2029, 3, 1, 9, tzinfo=UTC)
LINES = [
    letter_desk.Line(f"X-{n}", f"Ekstra brev {n}: ærligt og kort", AT, 3, "draft", True, 0, 0)
    for n in range(30)
]
FILMS = [videos.Seen(n, f"Film {n}", "https://film.example/a", 5, subtitles=True) for n in range(30)]


@pytest.mark.parametrize(
    ("build", "turn", "last"),
    [
        (lambda page: letter_desk.board(TEXTS, "BLUP", 1, LINES, page), "letter_board", "X-29"),
        (lambda page: videos.library(TEXTS, FILMS, 1, page), "video_library", "29"),
    ],
)
def test_every_letter_and_video_can_be_chosen_page_by_page(
    build: Callable[[int], Message], turn: str, last: str
) -> None:
    first, second = build(0), build(1)
    chosen = [choice.value for message in (first, second) for choice in message.menus[0].choices]
    assert len(chosen) == len(set(chosen)) == 30 and chosen[-1] == last
    assert (turn, (1, 1)) in [(button.action, button.args) for button in first.buttons]
    assert (turn, (1, 0)) in [(button.action, button.args) for button in second.buttons]


@pytest.mark.parametrize(
    ("code", "standing", "says", "press"),
    [
        ("NL-V07", "approved", "Det sendes torsdag den 1. marts kl. 10.00.", None),
        ("NL-V07", "sent", "Tryk på Ret, hvor det står", "letter_correct"),
        ("X-7", "approved", "Det går først ud, når du trykker på Hvem får det?", "letter_forecast"),
        ("X-7", "planned", "Det sendes torsdag den 1. marts kl. 10.00.", None),
    ],
)
def test_an_approval_says_what_brings_the_letter_out(
    code: str, standing: str, says: str, press: str | None
) -> None:
    line = letter_desk.Line(code, "Nyt fra Ærø", AT, 3, standing, False, 0, 0)
    message = letter_desk.approved(TEXTS, line, 0, complete=False, cohort_id=1)
    assert says in message.text
    assert message.buttons[0].action == (press or "letter_open")
    card = letter_desk.card(
        TEXTS, line, letter_desk.Card(1, AT, "Åse", AT, "Åse", "", asks=True), cohort_id=1
    )
    assert ("Mangler et ja til at sende." in card.text) is (press == "letter_forecast")
