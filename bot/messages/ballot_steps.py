"""Build the steps of a ballot that is filled in press by press, seen by the voter alone."""

from collections.abc import Mapping

from bot.content.templates import Ready
from bot.domain import ballot_steps as steps
from bot.domain.ballots import STARS, Kind
from bot.domain.poll_view import AnswerView, PollView
from bot.domain.polls import ANSWER_LONGEST
from bot.messages.message import Button, Choice, Menu, Message
from bot.messages.poll_parts import fitting, marked, say
from bot.messages.texts import Texts

MOST_BUTTONS = 15  # three rows; the last is for those that end the ballot or begin it again
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll.step.rating": frozenset({"answer", "number", "total"}),
    "poll.step.points": frozenset({"left"}),
    **dict.fromkeys(("poll.step.best", "poll.step.next", "poll.step.menu"), _NONE),
    "poll.step.so_far": frozenset({"answers"}),
    **dict.fromkeys(("poll.button.done", "poll.button.again", "poll.button.unknown"), _NONE),
}


def ballot_step(texts: Texts, view: PollView, said: str) -> Message:
    """Ask for the next press, with what has been said so far."""
    if view.kind is Kind.RATING:
        return _rating(texts, view, said)
    ranked = view.kind is Kind.RANKED
    open_to = set(steps.left(said, len(view.answers)) if ranked else range(1, len(view.answers) + 1))
    answers = [answer for answer in view.answers if answer.position in open_to]
    text = fitting(lambda shown: _asked(texts, shown, said), view)
    ends = _ends(texts, view, said)
    if len(answers) > MOST_BUTTONS:
        choices = tuple(Choice(steps.letter(a.position), a.text[:ANSWER_LONGEST]) for a in answers)
        return Message(text, ends, (Menu("ballot_pick", choices, (view.id, said), texts("poll.step.menu")),))
    return Message(text, (*(_press(view, answer, said) for answer in answers), *ends))


def _press(view: PollView, answer: AnswerView, said: str) -> Button:
    args = (view.id, said + steps.letter(answer.position))
    return Button(answer.text[:ANSWER_LONGEST], "ballot_step", args, "primary")


def _asked(texts: Texts, view: PollView, said: str) -> str:
    lines = [say(texts, "heading", view)]
    marks = steps.marks_of(view.kind, said, len(view.answers)) if said else {}
    if said:
        given = [(answer.text, marks[answer.position]) for answer in view.answers if answer.position in marks]
        lines.append(texts("poll.step.so_far", answers=marked(texts, view.kind, given)))
    if view.kind is Kind.POINTS:
        lines.append(texts("poll.step.points", left=view.points - len(said)))
    else:
        lines.append(texts("poll.step.next" if said else "poll.step.best"))
    return "\n".join(lines)


def _rating(texts: Texts, view: PollView, said: str) -> Message:
    answer = view.answers[len(said)]
    asked = texts("poll.step.rating", answer=answer.text, number=len(said) + 1, total=len(view.answers))
    stars = [
        Button(str(number), "ballot_step", (view.id, said + steps.letter(number)), "primary")
        for number in STARS
    ]
    unknown = Button(texts("poll.button.unknown"), "ballot_step", (view.id, said + steps.UNKNOWN))
    text = Ready(f"{say(texts, 'heading', view)}\n{asked}")
    return Message(text, (*stars, unknown, *_ends(texts, view, said)))


def _ends(texts: Texts, view: PollView, said: str) -> tuple[Button, ...]:
    """Return what ends the ballot or begins it again, once something has been said."""
    if not said:
        return ()
    again = Button(texts("poll.button.again"), "ballot_step", (view.id, ""))
    if view.kind is Kind.RATING:
        return (again,)
    return (Button(texts("poll.button.done"), "ballot_done", (view.id, said), "success"), again)
