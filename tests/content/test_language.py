"""Sentences, words and LIX are counted as a reader would count them."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.language import lix, plain_line, sentences, words
from bot.content.manners import Manners, unknown_commands
from bot.content.tone import Banned, Bold, Forbidden, Kind, Tone

SHORT = ("kl", "f.eks", "ca")
WORD = st.text("abcdefghijklmnopqrstuvwxyzæøå", min_size=1, max_size=12)
SENTENCE = st.lists(WORD, min_size=1, max_size=12).map(lambda ws: " ".join(ws).capitalize() + ".")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Vi ses kl. 19.00. Kom i god tid!", ["Vi ses kl. 19.00.", "Kom i god tid!"]),
        ("Vi ses den 26. oktober.", ["Vi ses den 26. oktober."]),
        ("Tag f.eks. kage med. Eller brød.", ["Tag f.eks. kage med.", "Eller brød."]),
        ("Vi er 4. Kom bare.", ["Vi er 4.", "Kom bare."]),
        ("»Hvad ved vi?« Det er svært.", ["»Hvad ved vi?«", "Det er svært."]),
        ("De spørger: Hvem er I?", ["De spørger:", "Hvem er I?"]),
        ("- Kaffe\n- Kage\n\n**Godt at vide**", ["Kaffe", "Kage", "Godt at vide"]),
        ("1. Se den første video. Den er kort.", ["Se den første video.", "Den er kort."]),
        ("Se [hele planen](https://a.dk/b.c?d=1). Tak!", ["Se hele planen.", "Tak!"]),
        ("Tryk på **Jeg kommer**. Tak!", ["Tryk på Jeg kommer.", "Tak!"]),
        ("👋\n---\n", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, wanted: list[str]) -> None:
    assert [s.text for s in sentences(text, SHORT)] == wanted


def test_a_link_is_read_by_its_name_and_marks_are_not_read() -> None:
    assert plain_line("2. **Se** [kalenderen](https://x.dk/?a=1) *nu* \\_her\\_") == "Se kalenderen nu _her_"
    assert words("kl. 19.00-20.30 i BLUP-huset") == ("kl", "19.00-20.30", "i", "BLUP-huset")


def test_lix_of_a_known_text() -> None:
    # 10 words in 2 sentences, 2 of them longer than six letters: 5 + 20
    assert lix("Vi mødes online i aften. Kommunen kommer med kaffekanden nu.") == 25.0
    assert lix("") == 0.0


@given(st.lists(SENTENCE, min_size=1, max_size=8))
def test_sentences_in_a_row_are_counted_one_by_one(parts: list[str]) -> None:
    assert len(list(sentences(" ".join(parts)))) == len(parts)
    assert [s.line for s in sentences("\n".join(parts))] == list(range(1, len(parts) + 1))


@given(st.lists(SENTENCE, min_size=1, max_size=6))
def test_lix_does_not_change_when_a_text_is_said_twice(parts: list[str]) -> None:
    once = " ".join(parts)
    assert lix(once) == pytest.approx(lix(once + " " + once))
    assert 0 < lix(once) <= 112


@given(st.text(max_size=200))
def test_no_text_is_too_odd_to_be_counted(text: str) -> None:
    assert lix(text) >= 0
    assert all(s.words for s in sentences(text))


TONE = Tone(
    emoji_allowed=("👋", "☕"),
    banned=(Banned("deadline*", "frist"), Banned("ok", "what it does", ("button.*",))),
    forbidden=(Forbidden(re.compile("@everyone"), "nobody is called together"),),
    ascii_spellings={"naeste": "næste"},
    seed_words=("deadlines",),
    bold=Bold(words=("Jeg kommer",)),
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Tak! 👋", None),
        ("Tak 👋 skal du have", "an emoji must end its line"),
        ("**Tak 👋**", "an emoji stands in a heading"),
        ("Tak! 🚀", "the emoji 🚀 is not one of"),
        ("Tak! 👋🏽", "is not one of"),
        ("Tak! 👋\nTak! ☕", "has 2 emoji; at most 1"),
        ("Tryk på **Jeg kommer**.", None),
        ("**Godt at vide**", None),
        ("Det er **meget** vigtigt.", "bold is for headings, dates and titles: meget"),
        ("Hold din Deadline.", "Deadline is not our word; say frist"),
        ("Alle deadlines holder.", None),
        ("Det er ok.", None),
        ("Hej @everyone", "nobody is called together: @everyone"),
        ("Jeres naeste skridt", "naeste is written næste"),
        ("Naestved er en by", None),
        (unicodedata.normalize("NFD", "Åben"), "not Unicode NFC"),
    ],
)
def test_the_voice_is_kept(text: str, wanted: str | None) -> None:
    found = [problem for _, problem in Manners(TONE).problems(text, Kind(emoji=1))]
    assert [wanted in problem for problem in found] == [True] if wanted else found == []


def test_limits_hold_and_name_the_line() -> None:
    kind = Kind(chars=60, sentence_words=5, lix=30, lix_from_words=4, emoji=0)
    text = "Kort er godt.\nDenne sætning har alt for mange ord i sig.\nKaffe ☕"
    found = list(Manners(TONE).problems(text, kind, key="button.x"))
    assert [line for line, problem in found if "a sentence has 9 words" in problem] == [2]
    assert [line for line, problem in found if "no emoji may stand here" in problem] == [3]
    assert (1, f"has {len(text)} characters, and at most 60 fit") in found
    hard = "Landsbyfortællingerne præsenteres borgerpanelrepræsentanterne derhjemme."
    assert any("LIX is" in problem for _, problem in Manners(TONE).problems(hard, kind))
    assert list(Manners(TONE).problems("Det er ok.", Kind(), key="button.x"))


def test_commands_that_do_not_exist_are_found() -> None:
    commands = frozenset({"/hjælp", "/mine-data", "/dato", "/dato flyt"})
    good = "Skriv /hjælp, /mine-data eller /dato flyt. Og/eller se https://x.dk/sti (1/2)."
    assert list(unknown_commands(good, commands)) == []
    bad = "Skriv /hjaelp.\nSkriv /dato flit."
    assert list(unknown_commands(bad, commands)) == [
        (1, "there is no command /hjaelp"),
        (2, "there is no command /dato flit"),
    ]
