"""Build the picture of a poll's result, and the words that say the same to whoever does not see it.

It shows what the text may tell and no more (PRIVACY section 6): of a small secret poll only the ranking, without bars.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.content.templates import Ready
from bot.domain.ballots import STARS, Kind
from bot.domain.poll_view import AnswerView, PollView
from bot.domain.polls import Shown
from bot.messages.message import Picture
from bot.messages.poll_parts import foremost, part_line
from bot.messages.texts import Texts

TEMPLATE = "poll_result"
_DESCRIBED = 1024  # characters of a description on Discord
_FIRST = {Kind.POINTS: "points", Kind.RATING: "best", Kind.RANKED: "ranked", Kind.DATES: "dates"}
_TURNOUT = frozenset({"turnout", "entitled"})
SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll_picture.file": frozenset(),
    "poll_picture.turnout": _TURNOUT,
    "poll_picture.turnout_of": _TURNOUT,
    "poll_picture.votes": frozenset({"votes"}),
    "poll_picture.points": frozenset({"votes"}),
    "poll_picture.rated": frozenset({"average"}),
    "poll_picture.place": frozenset({"place"}),
    "poll_picture.last_round": frozenset({"place", "votes"}),
    "poll_picture.first.*": frozenset({"said"}),
    "poll_picture.note.*": frozenset(),
    "poll_picture.described": frozenset({"turnout"}),
    "poll_picture.described_answer": frozenset({"answer", "said"}),
    "poll_picture.described_more": frozenset({"count"}),
}


def result_picture(texts: Texts, view: PollView) -> Picture | None:
    """Return the picture of a closed poll's result; None when nothing may be told, or nobody voted."""
    if view.shown is Shown.NOTHING or not view.turnout:
        return None
    turnout = texts(
        f"poll_picture.turnout{'_of' if view.binding else ''}", turnout=view.turnout, entitled=view.entitled
    )
    rows = [_row(texts, view, answer) for answer in foremost(view)]
    notes = _notes(texts, view)
    values = {"title": view.question, "turnout": turnout, "rows": rows, "notes": notes}
    return Picture(
        f"{texts('poll_picture.file')}.png", TEMPLATE, values, _described(texts, turnout, rows, notes)
    )


def _row(texts: Texts, view: PollView, answer: AnswerView) -> dict[str, Any]:
    first, said = answer.position in view.winners, _said(texts, view, answer)
    if first:
        equal = "" if len(view.winners) == 1 else "_equal"
        named = view.kind in _FIRST and not view.found_none
        name = f"{_FIRST[view.kind]}{equal}" if named else "equal" if equal else "most"
        said = texts(f"poll_picture.first.{name}", said=said)
    said = Ready(said[0].upper() + said[1:])
    return {"answer": answer.text, "said": said, "first": first, "share": _share(view, answer)}


def _said(texts: Texts, view: PollView, answer: AnswerView) -> Ready:
    """Say how an answer fared, as far as it may be told."""
    last = view.last_round.get(answer.position)
    if view.kind is Kind.RANKED and last is not None:
        return texts("poll_picture.last_round", place=answer.rank, votes=last)
    if view.shown is Shown.RANKING or view.kind is Kind.RANKED:
        return texts("poll_picture.place", place=answer.rank)
    if view.kind is Kind.RATING:
        average = f"{answer.average:.1f}".replace(".", texts("poll.decimal"))
        return texts("poll_picture.rated", average=average)
    return texts(f"poll_picture.{'points' if view.kind is Kind.POINTS else 'votes'}", votes=answer.votes)


def _share(view: PollView, answer: AnswerView) -> float | None:
    """Return how long an answer's bar is, from 0 to 1; None for no bar."""
    if view.shown is Shown.RANKING:
        return None
    if view.kind is Kind.RATING:
        return answer.average / max(STARS)
    if view.kind is Kind.RANKED:
        votes = view.last_round.get(answer.position)
        return None if votes is None else votes / max(*view.last_round.values(), 1)
    return (answer.votes or 0) / max(*(other.votes or 0 for other in view.answers), 1)


def _notes(texts: Texts, view: PollView) -> list[Ready]:
    """Return what is to be said under the bars: what they leave out, and that some voted elsewhere."""
    if view.shown is Shown.RANKING:
        return [texts("poll_picture.note.ranking_only")]
    last = [texts("poll_picture.note.last_round")] if view.last_round else []
    return last + [part_line(texts, view, part, votes=False) for part in view.parts]


def _described(
    texts: Texts, turnout: Ready, rows: Sequence[Mapping[str, Any]], notes: Sequence[Ready]
) -> str:
    """Say all that the picture shows, or as much of it as there is room for and how much more there is."""
    said = " ".join([texts("poll_picture.described", turnout=turnout), *notes])
    for number, row in enumerate(rows):
        answer, shown = Ready(row["answer"]), row["said"]
        more = texts("poll_picture.described_more", count=len(rows) - number)
        one = texts("poll_picture.described_answer", answer=answer, said=shown)
        if len(said) + len(one) + len(more) + 2 > _DESCRIBED:
            return f"{said} {more}"
        said = f"{said} {one}"
    return said
