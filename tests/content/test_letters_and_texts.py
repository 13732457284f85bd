"""A letter or text that would fail, not fit or speak in another voice is named by file, line and key."""

from pathlib import Path

import pytest

from bot.content.check import check
from bot.content.circles import is_https
from bot.content.filling import TemplateFault
from bot.content.letter_text import (
    LETTER_TEXTS,
    MeetingText,
    letter_values,
    render_letter,
    tidy,
    video_block,
    videos_ready,
)
from bot.content.source import Fault
from bot.domain.programme import Newsletter, Video
from bot.messages.texts import Texts
from tests.content.folder import Folder

FIRST, TEXTS = "newsletters/first.md.j2", "texts/en/all.yaml"
LETTER = Newsletter(
    "x", "Knots", ("one",), (Video("A", 4), Video("B", 5)), "Dear {{ village }}\n\n\n{{ videos }}\n"
)
SUPPLIES = {
    "post.day_before": frozenset({"title", "starts_at"}),
    "post.hour_before": frozenset({"title"}),
}


def at(folder: Folder, file: str, where: str, key: str, problem: str) -> Fault:
    return Fault(file, folder.line(file, where), key, problem)


def say(folder: Folder) -> Texts:
    content = folder.load()
    return Texts(content.texts, content.programme.language, content.programme.timezone)


def test_a_letter_has_its_title_in_bold_and_no_spare_lines(folder: Folder) -> None:
    block = video_block(LETTER, ["https://x.org/a(b)", None], say(folder))
    assert render_letter(LETTER, values={"village": "Ladby", "videos": block}) == (
        "**Knots**\n\nDear Ladby\n\n**Films**\n"
        "1. [A](https://x.org/a%28b%29), 4 minutes\n2. B, 5 minutes\nIt will be here soon."
    )
    assert tidy("\n a  \n\n\n\nb\n\n") == " a\n\nb"


def test_videos_are_ready_when_every_link_is_there(folder: Folder) -> None:
    links = ["https://x.org/a", "https://x.org/b"]
    assert videos_ready(LETTER, links)
    assert not videos_ready(LETTER, links[:1])
    assert not videos_ready(LETTER, ["https://x.org/a", None])
    assert video_block(LETTER, [], say(folder)).endswith("They will be here soon.")
    none = Newsletter("y", "T", ("one",), (), "")
    assert video_block(none, [], say(folder)) == "" and videos_ready(none, [])


def test_a_name_cannot_smuggle_markup_into_a_letter(folder: Folder) -> None:
    circle = folder.load().programme.meetings["C1"]
    values = letter_values(
        circle,
        describe=lambda _: MeetingText("Monday", "18:30", 1, "Knots"),
        village="Ladby",
        phone="12",
        coordinator="[win](https://bad.example)",
        videos="",
        videos_ready=True,
    )
    letter = Newsletter("x", "T", ("one",), (), "{{ coordinator }}")
    assert render_letter(letter, values=values) == "**T**\n\n\\[win\\](https://bad.example)"


def test_a_missing_value_is_never_left_blank() -> None:
    with pytest.raises(TemplateFault, match="line 1: 'village' is undefined"):
        render_letter(LETTER, values={})


@pytest.mark.parametrize(
    ("url", "good"),
    [("https://x.org/a?b=c", True), ("http://x.org", False), ("https://", False), ("x", False)],
)
def test_only_whole_https_links_are_links(url: str, good: bool) -> None:
    assert is_https(url) is good


@pytest.mark.parametrize(
    ("old", "new", "where", "problem"),
    [
        ("{{ coordinator }}", "{{ captain }}", "{{ captain }}", "'captain' is undefined"),
        ("'REGATTA'", "'PICNIC'", "'PICNIC'", "there is no meeting with the id PICNIC"),
        ("{% endif %}", "", "The film is late", "Unexpected end of template"),
        ("{{ coordinator }} brings", "{{ coordinator brings", "brings", "expected token"),
        ("circle.date", "circle.day", "circle.day", "has no attribute 'day'"),
        ("{{ coordinator }}", "{{ ''.__class__ }}", "__class__", "unsafe"),
    ],
)
def test_a_letter_that_cannot_be_filled_names_the_line(
    folder: Folder, old: str, new: str, where: str, problem: str
) -> None:
    folder.change(FIRST, old, new)
    found = [f for f in folder.faults() if problem in f.problem]
    assert found, folder.faults()
    assert (found[0].file, found[0].key) == (FIRST, "body")
    if "end of template" not in problem:
        assert found[0].line == folder.line(FIRST, where)


def test_a_coordinators_letter_names_no_village(folder: Folder) -> None:
    folder.change("newsletters/wardens.md.j2", "We meet", "{{ village }}, we meet")
    assert folder.faults() == [
        at(folder, "newsletters/wardens.md.j2", "we meet", "body", "'village' is undefined")
    ]


def test_a_letter_is_measured_with_the_longest_names_and_links(folder: Folder) -> None:
    folder.change("programme.yaml", "newsletter_max_chars: 900", "newsletter_max_chars: 320")
    with_link = [f for f in folder.faults() if "and with links" in f.problem]
    assert [(f.file, f.line, f.key) for f in with_link] == [(FIRST, folder.line(FIRST, "Dear"), "body")]
    folder.write("tone.yaml", "longest_names: [" + "x" * 500 + "]\n")
    long = [f for f in folder.faults() if f.file == "newsletters/second.md.j2"]
    assert "characters with the longest names" in long[0].problem


def test_words_of_a_letter_are_judged_on_their_own_line(folder: Folder) -> None:
    folder.write(
        "tone.yaml",
        "letter: {sentence_words: 12, emoji: 1}\nbanned: [{word: film, say: video}]\n"
        "emoji_allowed: ['☕']\nbold: {words: []}\n",
    )
    folder.change(FIRST, "brings the rope.", "brings the **rope**. 🚀")
    found = folder.faults()
    assert at(folder, FIRST, "The film is late", "body", "film is not our word; say video") in found
    rope = "bold is for headings, dates and titles: rope"
    assert at(folder, FIRST, "brings", "body", rope) in found
    assert at(folder, FIRST, "brings", "body", "the emoji 🚀 is not one of ☕") in found


def test_spelling_comes_from_the_folders_own_dictionary(folder: Folder) -> None:
    folder.write("tone.yaml", "dictionary: en\n")
    missing = at(folder, "tone.yaml", "dictionary", "dictionary", "the file dictionary/en.dic is missing")
    assert missing in folder.faults()
    everything = " ".join(
        p.read_text("utf-8") for p in folder.path.rglob("*.*") if p.suffix in {".j2", ".yaml"}
    )
    known = {w.strip("\"'.,:?{}[]()*") for w in everything.split()} - {"rope"}
    known |= {part for word in known for part in word.replace("_", " ").split()}
    folder.write("dictionary/en.aff", "SET UTF-8\n")
    folder.write("dictionary/en.dic", f"{len(known)}\n" + "\n".join(sorted(known)) + "\n")
    wrong = [f for f in folder.faults() if f.problem.startswith("rope is not in the dictionary")]
    assert [(f.file, f.line) for f in wrong] == [(FIRST, 3), (FIRST, folder.line(FIRST, "brings"))]
    folder.write("dictionary/words.txt", "# ours\nrope # what holds a boat\n")
    assert [f for f in folder.faults() if "dictionary" in f.problem] == []
    folder.change(FIRST, "brings", "brinks")
    assert [f.problem.split()[0] for f in folder.faults()] == ["brinks"]
    assert check(folder.load(), spelling=False).faults == []


def test_every_text_the_code_says_must_be_there_and_no_other(folder: Folder) -> None:
    folder.supplies = dict(SUPPLIES)
    assert folder.faults() == []
    folder.supplies["error.technical"] = frozenset()
    assert folder.faults() == [Fault("texts/en", 1, "error.technical", "is missing")]
    del folder.supplies["error.technical"]
    folder.change(TEXTS, "post:", "hello: Hi there\npost:")
    problem = "is used nowhere: remove it, or correct its key"
    assert folder.faults() == [at(folder, TEXTS, "hello:", "hello", problem)]
    folder.supplies["hel*"] = frozenset()
    assert folder.faults() == []


def test_a_text_uses_only_what_it_is_given(folder: Folder) -> None:
    folder.supplies = dict(SUPPLIES)
    folder.change(TEXTS, "In an hour: {{ title }}", "In an hour: {{ titel }}")
    problem = "the placeholder titel is not supplied; these are: title"
    assert folder.faults() == [at(folder, TEXTS, "hour_before", "post.hour_before", problem)]
    folder.supplies = {"post.*": frozenset({"titel", "title", "starts_at"})}
    assert folder.faults() == []


def test_the_video_texts_are_always_needed(folder: Folder) -> None:
    folder.supplies = dict(SUPPLIES)
    folder.change(TEXTS, "  videos_later_one:", "  videos_later_uno:")
    keys = {f.key: f.problem for f in folder.faults()}
    assert keys["letter.videos_later_one"] == "is missing"
    assert set(LETTER_TEXTS) > {"letter.videos_later_one"}


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ("In an hour: {{ title", "cannot be filled: "),
        ("{% if title %}{{ titel.name }}{% endif %}", "cannot be filled: "),
        ("{{ title | shout }}", "cannot be filled: No filter named 'shout'"),
    ],
)
def test_a_text_that_cannot_be_filled_is_named(folder: Folder, new: str, problem: str) -> None:
    folder.change(TEXTS, "In an hour: {{ title }}.", new)
    found = folder.faults()
    assert [(f.file, f.line, f.key) for f in found] == [
        (TEXTS, folder.line(TEXTS, "hour_before"), "post.hour_before")
    ]
    assert found[0].problem.startswith(problem)


def test_every_branch_of_a_text_is_measured(folder: Folder) -> None:
    folder.write("tone.yaml", "kinds: [{keys: ['post.*'], chars: 90}]\n")
    assert folder.faults() == []
    long = "{% if n > 3 %}" + "x" * 91 + "{% elif not title %}" + "y" * 92 + "{% endif %}"
    folder.change(TEXTS, "In an hour: {{ title }}.", long)
    assert [f.problem for f in folder.faults()] == [
        "has 91 characters, and at most 90 fit",
        "has 92 characters, and at most 90 fit",
    ]


def test_a_leaf_that_is_no_text_is_a_fault(folder: Folder) -> None:
    folder.supplies = dict(SUPPLIES)
    folder.change(TEXTS, '"In an hour: {{ title }}."', "12")
    assert {f.problem for f in folder.faults()} == {
        "must be a text in quotation marks",
        "there is no text post.hour_before",
    }


def test_commands_are_looked_for_in_letters_steps_and_texts(folder: Folder) -> None:
    folder.commands = frozenset({"/help"})
    folder.change(FIRST, "Find a rope", "Write /help")
    assert folder.faults() == []
    folder.change(FIRST, "Write /help", "Write /halp")
    folder.change(FIRST, "The film is late.", "Write /helm.")
    folder.change(TEXTS, "In an hour", "Write /help and /hulp")
    assert folder.faults() == [
        at(folder, FIRST, "/halp", "next_steps.0", "there is no command /halp"),
        at(folder, FIRST, "/helm", "body", "there is no command /helm"),
        at(folder, TEXTS, "/hulp", "post.hour_before", "there is no command /hulp"),
    ]


def test_letters_put_together_from_parts_are_found_in_every_file(folder: Folder) -> None:
    folder.change("polls.yaml", "The blue one", "The bla\u030a one")
    problem = "holds letters put together from parts: save the file as Unicode NFC"
    assert at(folder, "polls.yaml", "bla\u030a", "(text)", problem) in folder.faults()


def test_a_wrong_rule_of_tone_is_named(folder: Folder) -> None:
    folder.write("tone.yaml", "kinds:\n  - {keys: ['*'], chars: many}\n")
    assert [(f.file, f.line, f.key) for f in folder.faults()] == [("tone.yaml", 2, "kinds.0.chars")]


def test_a_wrong_pattern_in_the_tone_is_named(folder: Folder) -> None:
    folder.write("tone.yaml", "forbidden:\n  - {pattern: '(', why: no}\n")
    assert [(f.file, f.line, f.key) for f in folder.faults()] == [("tone.yaml", 2, "forbidden.0.pattern")]


def test_the_folder_is_not_changed_by_a_check(folder: Folder) -> None:
    before = {p: p.read_bytes() for p in folder.path.rglob("*") if p.is_file()}
    folder.check()
    assert before == {p: p.read_bytes() for p in folder.path.rglob("*") if p.is_file()}
    assert isinstance(folder.path, Path)
