"""Build what is said about polls; what may not be told is not in a PollView, so it cannot slip out here."""

from collections.abc import Mapping, Sequence

from bot.content.templates import Ready
from bot.domain.answer_pages import PAGE
from bot.domain.ballots import REASONED, STEP_BY_STEP, Kind, Majority, Why
from bot.domain.poll_rules import Tie, has_ties
from bot.domain.poll_view import CLOSED, OPEN, AnswerView, PollView, Receipt, shortened
from bot.domain.polls import ANSWER_LONGEST, HALF, Shown
from bot.messages.hand_votes import board_button, may_still_be_entered
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.poll_parts import (
    ASKED,
    LONGEST,
    SHORT_ANSWER,
    answer_lines,
    by_hand_lines,
    enough,
    fitting,
    how_to_vote,
    marked,
    offered_lines,
    say,
)
from bot.messages.texts import Texts

MOST_BUTTONS = 10
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("poll.open.*", "poll.reminder", "poll.extended", "poll.so_far", "poll.pulse"), ASKED),
    **dict.fromkeys(
        ("poll.menu", "poll.secret", "poll.at_the_end", "poll.button.*", "poll.options.*"), _NONE
    ),
    "poll.needs.*": frozenset({"enough"}),
    "poll.otherwise.*": frozenset({"days"}),
    "poll.candidate_day": frozenset({"day_on"}),
    "poll.asks_why.*": _NONE,
    "poll.receipt_many": frozenset({"count", "closes_at"}),
    "poll.options.wanted": frozenset({"question", "most", "days"}),
    "poll.receipt": frozenset({"answers", "closes_at"}),
    "error_polls.*": _NONE,
    **dict.fromkeys(("error_polls.closed", "error_polls.closed_already"), frozenset({"closes_at"})),
    "error_polls.repeat_long": frozenset({"most"}),
    "error_polls.not_a_voter": frozenset({"voters"}),
    "error_polls.too_many_chosen": frozenset({"pick"}),
    "error_polls.few_for_secrecy": frozenset({"fewest"}),
    "error_polls.asked_enough": frozenset({"most", "from_on"}),
    "error_polls.too_few_chosen": frozenset({"fewest"}),
    "error_polls.too_many_points": frozenset({"points"}),
    "error_polls.why_long": frozenset({"longest"}),
    "error_polls.question_long": frozenset({"longest"}),
    "error_polls.answers_few": frozenset({"fewest"}),
    **dict.fromkeys(("error_polls.answers_many", "error_polls.answers_many_here"), frozenset({"most"})),
    "error_polls.answer_long": frozenset({"answer", "longest"}),
    "error_polls.answer_twice": frozenset({"answer"}),
    "error_polls.deadline_near": frozenset({"minutes"}),
    "error_polls.deadline_far": frozenset({"days"}),
}


def poll_open(texts: Texts, view: PollView) -> Message:
    """Ask the question with its answers to press; an open poll's running totals stand under it."""
    buttons, menus = ballot_parts(texts, view)
    if not view.secret and not view.turnout:
        buttons = (*buttons, Button(texts("poll.button.secret"), "poll_secret", (view.id,)))
    if may_still_be_entered(view):
        buttons = (*buttons, board_button(texts, view.id))
    return Message(fitting(lambda shown: asked(texts, shown), view), buttons, menus)


def asked(texts: Texts, view: PollView) -> str:
    """Say what is asked, who votes how, and what it takes to decide."""
    lines = [say(texts, "heading", view), say(texts, f"open.{how_to_vote(view)}", view)]
    if view.why is not Why.NONE:
        lines.append(texts(f"poll.asks_why.{view.why}"))
    if view.secret:
        lines.append(texts("poll.secret"))
    if view.hides and view.state != CLOSED:
        lines.append(texts("poll.at_the_end"))
    lines += decided_by(texts, view)
    if view.turnout and view.state == OPEN:
        lines.append(say(texts, "so_far", view))
    if view.state == OPEN:
        lines += by_hand_lines(texts, view)
    if view.turnout and view.shown is Shown.NUMBERS and view.kind is not Kind.RANKED:
        lines += answer_lines(texts, view)
    elif not _by_buttons(view):
        lines += offered_lines(texts, view)
    return "\n".join(lines)


def poll_reminder(texts: Texts, view: PollView) -> Message:
    """Remind those who have not voted, naming nobody, with the answers to press again."""
    buttons, menus = ballot_parts(texts, view)
    text = f"{say(texts, 'heading', view)}\n{say(texts, 'reminder', view)}"
    return Message(text, buttons, menus, silent=True)


def poll_extended(texts: Texts, view: PollView) -> Message:
    """Tell that too few have voted, so that the poll goes on, with the answers to press again."""
    buttons, menus = ballot_parts(texts, view)
    text = f"{say(texts, 'heading', view)}\n{say(texts, 'extended', view)}"
    return Message(text, buttons, menus, silent=True)


def pulse(texts: Texts, view: PollView) -> Message:
    """Ask a short question that stands in another post."""
    buttons, menus = ballot_parts(texts, view)
    return Message(f"{say(texts, 'heading', view)}\n{say(texts, 'pulse', view)}", buttons, menus)


def options_wanted(texts: Texts, view: PollView) -> Message:
    """Ask the steering group to write the answers of a standard poll."""
    said = texts("poll.options.wanted", question=view.question, most=view.most_answers, days=view.days)
    write = Button(texts("poll.button.write"), "write_options", (view.id,), "primary")
    return Message(f"{say(texts, 'heading', view)}\n{said}", (write,))


def options_form(texts: Texts, view: PollView) -> Form:
    """Return the form for a poll's answers, one on each line."""
    lines = Field("lines", texts("poll.options.label"), long=True, longest=2500)
    return Form("write_options", texts("poll.options.title"), (lines,), (view.id,))


def receipt(texts: Texts, done: Receipt) -> Message:
    """Tell a voter, privately, what was counted."""

    def told(marks: Sequence[tuple[str, int]]) -> Ready:
        return texts("poll.receipt", answers=marked(texts, done.kind, marks), closes_at=done.closes_at)

    text = told(done.marks)
    if len(text) > LONGEST:
        text = told([(shortened(answer, SHORT_ANSWER), mark) for answer, mark in done.marks])
    if len(text) > LONGEST:
        text = texts("poll.receipt_many", count=len(done.marks), closes_at=done.closes_at)
    return Message(text)


def _by_buttons(view: PollView) -> bool:
    return view.pick == 1 and len(view.answers) <= MOST_BUTTONS and view.kind not in STEP_BY_STEP


def ballot_parts(texts: Texts, view: PollView) -> tuple[tuple[Button, ...], tuple[Menu, ...]]:
    """Return one button for each answer where one may be chosen, one that begins a ballot of steps, or a menu."""
    if view.kind in STEP_BY_STEP:
        return (Button(texts("poll.button.vote"), "ballot", (view.id,), "primary"),), ()
    if _by_buttons(view):
        return tuple(_answer(view, answer) for answer in view.answers), ()
    if len(view.answers) > PAGE:
        return (Button(texts("poll.button.vote"), "vote_pages", (view.id,), "primary"),), ()
    choices = tuple(Choice(str(a.position), a.text[:ANSWER_LONGEST]) for a in view.answers)
    most = min(view.pick or len(choices), len(choices))
    return (), (Menu("vote_many", choices, (view.id,), texts("poll.menu"), view.fewest, most),)


def _answer(view: PollView, answer: AnswerView) -> Button:
    asks_why = view.kind is Kind.CONSENT and answer.position in REASONED
    action = "vote_why" if asks_why else "vote"
    return Button(answer.text[:ANSWER_LONGEST], action, (view.id, answer.position), "primary")


def decided_by(texts: Texts, view: PollView) -> list[Ready]:
    """Say what it takes to decide, and what follows when too few vote or the first places are equal.

    An advisory poll decides nothing.
    """
    needed = _needed(view)
    if needed is None:
        return []
    lines = [texts(f"poll.needs.{needed}", enough=enough(texts, view))]
    if view.extend_days:
        lines.append(texts("poll.otherwise.extend", days=view.extend_days))
    if view.tie is not Tie.NOTHING and has_ties(view.kind, view.majority, view.pick):
        lines.append(texts(f"poll.otherwise.{view.tie}"))
    return lines


def _needed(view: PollView) -> str | None:
    """Return the text that says in one sentence what it takes to decide; None for an advisory poll."""
    if not view.binding:
        return None
    half = "_half" if view.quorum is not None else ""
    if view.kind in {Kind.CONSENT, *STEP_BY_STEP}:
        return f"{view.kind}{half}"
    if view.majority is Majority.ENTITLED and view.quorum in (HALF, "third"):
        half = ""  # whoever is over half of all is enough of them
    if view.majority is Majority.MOST and not view.yes_no:
        return f"most{half}"
    majority = Majority.VOTING if view.majority is Majority.MOST else view.majority
    return f"{'yes' if view.yes_no else 'most'}_{majority}{half}"
