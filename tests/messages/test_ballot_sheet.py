"""Ballots on paper: what stands on them, and how many fit on a page."""

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from bot.domain.ballots import Kind
from bot.domain.poll_view import AnswerView, PollView
from bot.messages.ballot_sheet import ballots
from tests.messages.test_polls import OPEN, TEXTS

LONG = "Et fælles værksted i den gamle brugs, hvor unge og ældre kan mødes om aftenen nu"


def pages(view: PollView) -> list[str]:
    (file,) = ballots(TEXTS, view, "Sønder Ørslev", "da", view.opens_at).files
    assert file.name == "stemmesedler.pdf"
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(file.data)).pages]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": Kind.YES_NO}, "Sæt ét kryds."),
        ({"kind": Kind.CONSENT}, "Sæt ét kryds."),
        ({"fewest": 2, "pick": 3}, "Sæt mellem 2 og 3 krydser."),
        ({"pick": 2}, "Sæt op til 2 krydser."),
        ({"kind": Kind.DATES, "pick": 0}, "Sæt kryds ved alle de tider, hvor du kan."),
        ({"kind": Kind.POINTS, "points": 4}, "Du har 4 point."),
        ({"kind": Kind.RATING}, "Sæt ring om et tal ved hvert svar."),
        ({"kind": Kind.RANKED}, "Skriv 1 ved det svar, du helst vil have"),
    ],
)
def test_a_ballot_says_how_it_is_filled_in_and_several_stand_on_a_page(
    changes: dict[str, object], words: str
) -> None:
    (page,) = pages(replace(OPEN, **changes))  # type: ignore[arg-type]
    assert page.count(words) > 1 and page.count("Sønder Ørslev: stemmeseddel") > 1
    assert "senest onsdag den 3. november kl. 10.00" in page
    assert ("1 2 3 4 5" in page) is (changes.get("kind") is Kind.RATING)
    assert (f"A. {OPEN.answers[0].text}" in page) is (changes.get("kind") is Kind.RANKED)


def test_a_secret_polls_ballot_says_so() -> None:
    (page,) = pages(replace(OPEN, secret=True))
    assert "Afstemningen er hemmelig, så fold sedlen." in page
    assert "hemmelig" not in pages(OPEN)[0]


def test_the_longest_ballot_runs_over_its_page_and_is_whole() -> None:
    answers = tuple(AnswerView(n, f"{n} {LONG}"[:80]) for n in range(1, 26))
    told = pages(replace(OPEN, question=f"Hvad nu? {LONG * 3}", answers=answers, pick=0))
    assert len(told) == 2 and "25 Et fælles værksted" in told[1] and "Skriv ikke dit navn" in told[1]
