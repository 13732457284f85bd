"""Build a poll's ballots on paper: the question, the answers to mark in the kind's own way, and how to hand them in."""

from collections.abc import Mapping
from datetime import datetime

from bot.content.templates import Ready
from bot.domain.ballots import Kind
from bot.domain.paper_rankings import labels
from bot.domain.poll_view import PollView
from bot.messages.message import File, Message
from bot.messages.poll_parts import how_to_vote
from bot.messages.texts import Texts
from bot.printing.paper import pdf

_MARKS = {Kind.RATING: "stars", Kind.POINTS: "blank", Kind.RANKED: "blank"}
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    **{
        f"sheet.{name}": _NONE
        for name in ("title", "file", "file_about", "page", "ready", "nameless", "once")
    },
    "sheet.place": frozenset({"place"}),
    "sheet.how.*": frozenset({"pick", "fewest", "points"}),
    "sheet.hand_in": frozenset({"closes_at"}),
    "sheet.hand_in_secret": frozenset({"closes_at"}),
}


def ballots(texts: Texts, view: PollView, place: str, language: str, now: datetime) -> Message:
    """Hand out a page of ballots, as many as fit on it."""
    how = texts(f"sheet.how.{how_to_vote(view)}", pick=view.pick, fewest=view.fewest, points=view.points)
    hand_in = texts(f"sheet.hand_in{'_secret' if view.secret else ''}", closes_at=view.closes_at)
    title = texts("sheet.title")
    document = {
        "title": f"{title}: {view.question}",
        "author": place,
        "language": language,
        "foot": view.shortened(80, 80).question,
        "page_word": texts("sheet.page"),
        "place": texts("sheet.place", place=Ready(place)),
        "question": view.question,
        "how": how,
        "mark": _MARKS.get(view.kind, "tick"),
        "answers": _answers(view),
        "notes": [hand_in, texts("sheet.nameless"), texts("sheet.once")],
    }
    file = File(f"{texts('sheet.file')}.pdf", pdf("ballot", document, now), texts("sheet.file_about"))
    return Message(texts("sheet.ready"), files=(file,))


def _answers(view: PollView) -> list[str]:
    """Return the answers; those that are ranked with the letter by which the minute-taker enters them."""
    if view.kind is not Kind.RANKED:
        return [answer.text for answer in view.answers]
    names = labels([answer.position for answer in view.answers])
    return [f"{names[answer.position]}. {answer.text}" for answer in view.answers]
