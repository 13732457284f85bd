"""What the messages about polls are made of: who may vote, the answers as lines, and a text that fits."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.content.templates import Ready, plain
from bot.domain.answer_pages import PAGE
from bot.domain.ballots import STEP_BY_STEP, Kind
from bot.domain.hand_votes import Part
from bot.domain.poll_view import CLOSED, AnswerView, PollView
from bot.domain.polls import SHARES, Shown
from bot.messages.texts import Texts

SHORT_ANSWER, SHORTEST_ANSWER = 40, 20
LISTED = 15  # of more answers than a page holds so many are listed
LONGEST = 2000  # what one message on Discord holds; escaped letters count twice
ASKED = frozenset({"question", "voters", "closes_at", "pick", "fewest", "points", "turnout", "entitled"})
SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll.who.*": frozenset(),
    "poll.heading": ASKED,
    "poll.enough.*": frozenset({"people"}),
    "poll.answer": frozenset({"answer"}),
    "poll.more_answers": frozenset({"more"}),
    "poll.decimal": frozenset(),
    "poll.answer_votes": frozenset({"answer", "votes"}),
    "poll.answer_points": frozenset({"answer", "votes"}),
    "poll.answer_rated": frozenset({"answer", "average", "given"}),
    "poll.answer_rank": frozenset({"answer", "rank"}),
    "poll.mark.*": frozenset({"answer", "mark"}),
    "poll.way.*": frozenset(),
    "poll.by_hand.part": frozenset({"way", "turnout", "votes"}),
    "poll.by_hand.first": frozenset({"votes"}),
    "poll.by_hand.sum": frozenset(),
    "poll.by_hand.counted": frozenset(),
    **dict.fromkeys(("poll.by_hand.unconfirmed", "poll.by_hand.missed"), frozenset({"unconfirmed"})),
}
MOST_IN_A_PART = 10  # answers told of each way by itself


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


def enough(texts: Texts, view: PollView) -> Ready:
    """Say how many must vote for a poll to decide; nothing when that is all the same."""
    if view.quorum is None:
        return Ready("")
    if view.quorum in SHARES:
        return texts(f"poll.enough.{view.quorum}")
    return texts("poll.enough.people", people=view.quorum)


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


def how_to_vote(view: PollView) -> str:
    """Name the text that says how to vote."""
    if view.kind in (Kind.CHOICE, Kind.YES_NO):
        if view.fewest == view.pick > 1:
            return "exactly"
        return {0: "any", 1: "one"}.get(view.pick, "between" if view.fewest > 1 else "some")
    return str(view.kind)


def part_line(texts: Texts, view: PollView, part: Part, *, votes: bool = True) -> Ready:
    """Say how many voted in one way, and what for where the answers are few."""
    told = ""
    if votes and len(view.answers) <= MOST_IN_A_PART:
        told = ", ".join(
            f"{plain(a.text)} {_of_part(texts, view.kind, part, a.position)}" for a in view.answers
        )
        if view.kind is Kind.RANKED:
            told = texts("poll.by_hand.first", votes=Ready(told))
    way = texts(f"poll.way.{part.way}")
    return texts("poll.by_hand.part", way=way, turnout=part.turnout, votes=Ready(told))


def _of_part(texts: Texts, kind: Kind, part: Part, position: int) -> str:
    votes, given = part.votes.get(position, 0), part.given.get(position, 0)
    if kind is Kind.RATING:
        return f"{votes / (given or 1):.1f}".replace(".", texts("poll.decimal"))
    return str(votes)


def by_hand_lines(texts: Texts, view: PollView) -> list[Ready]:
    """Say what came by hand, on paper and by telephone, each way for itself, before the sum; and what waits."""
    lines = []
    if view.parts:
        lines += [part_line(texts, view, part) for part in view.parts]
        lines.append(texts("poll.by_hand.sum"))
    elif view.by_hand:
        lines.append(texts("poll.by_hand.counted"))
    if view.unconfirmed:
        name = "missed" if view.secret and view.state == CLOSED else "unconfirmed"
        lines.insert(0, texts(f"poll.by_hand.{name}", unconfirmed=view.unconfirmed))
    return lines


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
