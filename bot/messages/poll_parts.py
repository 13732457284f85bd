"""What the messages about polls are made of: who may vote, the answers as lines, and a text that fits."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.content.templates import Ready, plain
from bot.domain.answer_pages import PAGE
from bot.domain.ballots import STEP_BY_STEP, Kind
from bot.domain.poll_view import AnswerView, PollView
from bot.domain.polls import Shown
from bot.messages.texts import Texts

SHORT_ANSWER, SHORTEST_ANSWER = 40, 20
LISTED = 15  # of more answers than a page holds so many are listed
LONGEST = 2000  # what one message on Discord holds; escaped letters count twice
ASKED = frozenset({"question", "voters", "closes_at", "pick", "fewest", "points", "turnout", "entitled"})
SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll.who.*": frozenset(),
    "poll.heading": ASKED,
    "poll.answer": frozenset({"answer"}),
    "poll.more_answers": frozenset({"more"}),
    "poll.decimal": frozenset(),
    "poll.answer_votes": frozenset({"answer", "votes"}),
    "poll.answer_points": frozenset({"answer", "votes"}),
    "poll.answer_rated": frozenset({"answer", "average", "given"}),
    "poll.answer_rank": frozenset({"answer", "rank"}),
    "poll.mark.*": frozenset({"answer", "mark"}),
}


def who(texts: Texts, voters: Sequence[str]) -> Ready:
    """Name those who may vote, as the beginning of a sentence."""
    words = set(voters)
    if words & {"villager", "all", "public"}:
        return texts("poll.who.village")
    if words == {"coordinator"}:
        return texts("poll.who.coordinators")
    if {"steering", "panel"} <= words:
        return texts("poll.who.both")
    return texts("poll.who.panel" if "panel" in words else "poll.who.steering")


def say(texts: Texts, name: str, view: PollView) -> Ready:
    """Say a text about a poll with all that such texts may use."""
    return texts(
        f"poll.{name}",
        question=view.question,
        voters=who(texts, view.voters),
        closes_at=view.closes_at,
        pick=view.pick,
        fewest=view.fewest,
        points=view.points,
        turnout=view.turnout,
        entitled=view.entitled,
    )


def answer_lines(texts: Texts, view: PollView) -> list[Ready]:
    """Return the answers with their votes in the poll's own order, or by rank where only that may be told."""
    answers = foremost(view)
    if view.shown is Shown.NUMBERS and view.kind is not Kind.RANKED:
        lines = [_answer_line(texts, view.kind, answer) for answer in answers]
    else:
        lines = [texts("poll.answer_rank", answer=a.text, rank=a.rank) for a in answers]
    return lines + _more(texts, view, answers)


def offered_lines(texts: Texts, view: PollView) -> list[Ready]:
    """Return the answers that can be chosen; of very many the first ones."""
    answers = view.answers if len(view.answers) <= PAGE else view.answers[:LISTED]
    return [*(texts("poll.answer", answer=answer.text) for answer in answers), *_more(texts, view, answers)]


def foremost(view: PollView) -> Sequence[AnswerView]:
    """Return the answers to list with their votes: in their own order, or by place where only that is told.

    Of more than a page holds those that fare best, by place.
    """
    by_place = sorted(view.answers, key=lambda answer: (answer.rank or 0, answer.position))
    if len(view.answers) > PAGE:
        return by_place[:LISTED]
    return view.answers if view.shown is Shown.NUMBERS and view.kind is not Kind.RANKED else by_place


def _more(texts: Texts, view: PollView, listed: Sequence[AnswerView]) -> list[Ready]:
    more = len(view.answers) - len(listed)
    return [texts("poll.more_answers", more=more)] if more else []


def _answer_line(texts: Texts, kind: Kind, answer: AnswerView) -> Ready:
    if kind is Kind.RATING:
        average = f"{answer.average:.1f}".replace(".", texts("poll.decimal"))
        return texts("poll.answer_rated", answer=answer.text, average=average, given=answer.given)
    name = "poll.answer_points" if kind is Kind.POINTS else "poll.answer_votes"
    return texts(name, answer=answer.text, votes=answer.votes)


def marked(texts: Texts, kind: Kind, marks: Iterable[tuple[str, int]]) -> Ready:
    """Return a voter's own answers with their marks, a ranked ballot's in its order."""
    given = list(marks)
    if kind not in STEP_BY_STEP:
        return joined([answer for answer, _ in given])
    if kind is Kind.RANKED:
        given.sort(key=lambda one: one[1])
    return Ready(", ".join(texts(f"poll.mark.{kind}", answer=answer, mark=mark) for answer, mark in given))


def joined(answers: Sequence[str]) -> Ready:
    """Return answers in one line, as they were written."""
    return Ready(", ".join(plain(answer) for answer in answers))


def fitting(write: Callable[[PollView], str], view: PollView) -> str:
    """Return a text that Discord accepts, with question and answers cut only if it must be."""
    text = write(view)
    for answer in (SHORT_ANSWER, SHORTEST_ANSWER):
        if len(text) > LONGEST:
            text = write(view.shortened(question=150, answer=answer))
    return text
