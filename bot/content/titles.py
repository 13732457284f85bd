"""Check the wording of what calendar, polls and decisions show people, and the letters of every file."""

import unicodedata
from collections.abc import Iterator

from bot.content.load import Content
from bot.content.manners import Manners
from bot.content.places import GOALS, Places
from bot.content.source import Fault, read_text
from bot.content.tone import Tone
from bot.domain.programme import AgendaItem, Meeting, Programme

LONGEST = 150


def check_titles(content: Content, tone: Tone, manners: Manners) -> Iterator[Fault]:
    """Yield a fault for every title, agenda point, question or answer in another voice."""
    places = Places(content)
    yield from _same_titles(content, places)
    for fault_at, text in _shown(content, places):
        if not text.strip():
            yield Fault(fault_at.file, fault_at.line, fault_at.key, "is empty")
        if len(text) > LONGEST:
            problem = f"has {len(text)} characters; a line that people read on a phone has at most {LONGEST}"
            yield Fault(fault_at.file, fault_at.line, fault_at.key, problem)
        for _, problem in manners.problems(text, tone.title, key="title"):
            yield Fault(fault_at.file, fault_at.line, fault_at.key, problem)


def _same_titles(content: Content, places: Places) -> Iterator[Fault]:
    """Yield a fault for every phase, letter, milestone or goal called like another one: nobody could tell them apart."""
    programme = content.programme
    rows = (
        [(places.phase(phase.id, "title", problem=""), phase.title) for phase in programme.phases],
        [(places.letter(x.id, "title", problem=""), x.title) for x in programme.newsletters.values()],
        [(places.milestone(x.id, "title", problem=""), x.title) for x in programme.milestones.values()],
        [
            (content.fault(GOALS, ("global_goals", index, "title"), ""), goal.title)
            for index, goal in enumerate(programme.global_goals)
        ],
    )
    for row in rows:
        first: dict[str, Fault] = {}
        for at, title in row:
            other = first.setdefault(" ".join(title.split()).casefold(), at)
            if other is not at and title.strip():
                problem = f"is also the title in {other.file}:{other.line}"
                yield Fault(at.file, at.line, at.key, problem)


def check_letters_of_files(content: Content) -> Iterator[Fault]:
    """Yield a fault for every line that holds a letter put together from parts, in any language."""
    for name in content.sources:
        for number, line in enumerate(read_text(content.folder, name).splitlines(), start=1):
            if not unicodedata.is_normalized("NFC", line):
                problem = "holds letters put together from parts: save the file as Unicode NFC"
                yield Fault(name, number, "(text)", problem)


def _shown(content: Content, places: Places) -> Iterator[tuple[Fault, str]]:
    """Yield every string people are shown, with a fault that only lacks its problem."""
    programme = content.programme
    for phase in programme.phases:
        yield places.phase(phase.id, "title", problem=""), phase.title
        for index, element in enumerate(phase.elements):
            yield places.phase(phase.id, "elements", index, problem=""), element
    for meeting in programme.meetings.values():
        yield from _meeting(places, meeting)
    yield from _polls(programme, places)
    for decision in programme.decisions.values():
        yield places.decision(decision.id, "title", problem=""), decision.title
    for milestone in programme.milestones.values():
        yield places.milestone(milestone.id, "title", problem=""), milestone.title
    for index, goal in enumerate(programme.global_goals):
        yield content.fault(GOALS, ("global_goals", index, "title"), ""), goal.title


def _meeting(places: Places, meeting: Meeting) -> Iterator[tuple[Fault, str]]:
    yield places.meeting(meeting.id, "title", problem=""), meeting.title
    for index, item in enumerate(meeting.agenda):
        if isinstance(item, AgendaItem):
            yield places.meeting(meeting.id, "agenda", index, "text", problem=""), item.text
        else:
            yield places.meeting(meeting.id, "agenda", index, problem=""), item


def _polls(programme: Programme, places: Places) -> Iterator[tuple[Fault, str]]:
    for poll in programme.polls.values():
        yield places.poll(poll.id, "question", problem=""), poll.question
        for key, lines in (("options", poll.options), ("series", poll.series)):
            for index, line in enumerate(lines):
                yield places.poll(poll.id, key, index, problem=""), line
