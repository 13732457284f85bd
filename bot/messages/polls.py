"""Build what is said about polls; what may not be told is not in a PollView, so it cannot slip out here."""

from collections.abc import Mapping, Sequence

from bot.content.templates import Ready, plain
from bot.domain.poll_view import OPEN, PollView, Receipt
from bot.domain.polls import ANSWER_LONGEST, HALF, Shown
from bot.domain.programme import SecretResults
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.texts import Texts

MOST_BUTTONS = 10
_ASKED = frozenset({"question", "voters", "closes_at", "pick", "turnout", "entitled"})
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("poll.heading", "poll.open.*", "poll.half", "poll.so_far", "poll.pulse"), _ASKED),
    **dict.fromkeys(("poll.result.turnout", "poll.result.turnout_of"), _ASKED),
    **dict.fromkeys(("poll.menu", "poll.secret", "poll.thanks", "poll.button.*"), _NONE),
    **dict.fromkeys(("poll.who.*", "poll.needs.*", "poll.result.*", "poll.options.*"), _NONE),
    "poll.too_few": frozenset({"show_from"}),
    "poll.candidate_day": frozenset({"day_on"}),
    "poll.answer": frozenset({"answer"}),
    "poll.answer_votes": frozenset({"answer", "votes"}),
    "poll.answer_rank": frozenset({"answer", "rank"}),
    "poll.result.ranking_only": frozenset({"numbers_from"}),
    "poll.result.winner": frozenset({"answers"}),
    "poll.result.equal": frozenset({"answers"}),
    "poll.options.wanted": frozenset({"question", "most", "days"}),
    "poll.receipt": frozenset({"answers", "closes_at"}),
    "error_polls.*": _NONE,
    "error_polls.closed": frozenset({"closes_at"}),
    "error_polls.not_a_voter": frozenset({"voters"}),
    "error_polls.too_many_chosen": frozenset({"pick"}),
    "error_polls.question_long": frozenset({"longest"}),
    "error_polls.answers_few": frozenset({"fewest"}),
    "error_polls.answers_many": frozenset({"most"}),
    "error_polls.answer_long": frozenset({"answer", "longest"}),
    "error_polls.answer_twice": frozenset({"answer"}),
    "error_polls.deadline_near": frozenset({"minutes"}),
    "error_polls.deadline_far": frozenset({"days"}),
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


def poll_open(texts: Texts, view: PollView) -> Message:
    """Ask the question with its answers to press; an open poll's running totals stand under it."""
    how = {0: "any", 1: "one"}.get(view.pick, "some")
    lines = [_say(texts, "heading", view), _say(texts, f"open.{how}", view)]
    if view.secret:
        lines.append(texts("poll.secret"))
    needed = _needed(view)
    if needed:
        lines.append(texts(f"poll.needs.{needed}"))
    if view.turnout and view.state == OPEN:
        lines.append(_say(texts, "so_far", view))
    if view.turnout and view.shown is Shown.NUMBERS:
        lines += _answer_lines(texts, view)
    elif not _by_buttons(view):
        lines += [texts("poll.answer", answer=answer.text) for answer in view.answers]
    buttons, menus = _ballot(texts, view)
    if not view.secret and not view.turnout:
        buttons = (*buttons, Button(texts("poll.button.secret"), "poll_secret", (view.id,)))
    return Message("\n".join(lines), buttons, menus)


def poll_half(texts: Texts, view: PollView) -> Message:
    """Remind of a poll at half time, naming nobody, with the answers to press again."""
    buttons, menus = _ballot(texts, view)
    text = f"{_say(texts, 'heading', view)}\n{_say(texts, 'half', view)}"
    return Message(text, buttons, menus, silent=True)


def pulse(texts: Texts, view: PollView) -> Message:
    """Ask a short question that stands in another post."""
    buttons, menus = _ballot(texts, view)
    return Message(f"{_say(texts, 'heading', view)}\n{_say(texts, 'pulse', view)}", buttons, menus)


def poll_result(texts: Texts, view: PollView, rules: SecretResults) -> Message:
    """Tell a closed poll's result as far as it may be told, with a button to record the decision."""
    if view.shown is Shown.NOTHING:
        return too_few(texts, view, rules)
    if not view.turnout:
        return Message(f"{_say(texts, 'heading', view)}\n{texts('poll.result.none')}")
    lines = [
        _say(texts, "heading", view),
        _say(texts, "result.turnout_of" if view.binding else "result.turnout", view),
        _winners(texts, view),
        *_answer_lines(texts, view),
        "",
    ]
    if view.shown is Shown.RANKING:
        lines.append(texts("poll.result.ranking_only", numbers_from=rules.numbers_from_votes))
    if view.secret and view.unanimous:
        lines.append(texts("poll.result.unanimous"))
    meaning = _meaning(view)
    lines.append(texts(f"poll.result.{meaning}" if meaning else "poll.thanks"))
    decide = Button(texts("poll.button.decide"), "decide", (view.id,), "primary")
    return Message("\n".join(lines), () if view.pulse else (decide,))


def too_few(texts: Texts, view: PollView, rules: SecretResults) -> Message:
    """Say that a secret poll had too few voters for its result to be told."""
    said = texts("poll.too_few", show_from=rules.show_from_votes)
    return Message(f"{_say(texts, 'heading', view)}\n{said}")


def options_wanted(texts: Texts, view: PollView) -> Message:
    """Ask the steering group to write the answers of a standard poll."""
    said = texts("poll.options.wanted", question=view.question, most=view.most_answers, days=view.days)
    write = Button(texts("poll.button.write"), "write_options", (view.id,), "primary")
    return Message(f"{_say(texts, 'heading', view)}\n{said}", (write,))


def options_form(texts: Texts, view: PollView) -> Form:
    """Return the form for a poll's answers, one on each line."""
    lines = Field("lines", texts("poll.options.label"), long=True, longest=1000)
    return Form("write_options", texts("poll.options.title"), (lines,), (view.id,))


def receipt(texts: Texts, done: Receipt) -> Message:
    """Tell a voter, privately, what was counted."""
    return Message(texts("poll.receipt", answers=_joined(done.chosen), closes_at=done.view.closes_at))


def _say(texts: Texts, name: str, view: PollView) -> Ready:
    return texts(
        f"poll.{name}",
        question=view.question,
        voters=who(texts, view.voters),
        closes_at=view.closes_at,
        pick=view.pick,
        turnout=view.turnout,
        entitled=view.entitled,
    )


def _by_buttons(view: PollView) -> bool:
    return view.pick == 1 and len(view.answers) <= MOST_BUTTONS


def _ballot(texts: Texts, view: PollView) -> tuple[tuple[Button, ...], tuple[Menu, ...]]:
    """Return one button for each answer where one may be chosen, or else a menu."""
    if _by_buttons(view):
        return tuple(
            Button(a.text[:ANSWER_LONGEST], "vote", (view.id, a.position), "primary") for a in view.answers
        ), ()
    choices = tuple(Choice(str(a.position), a.text[:ANSWER_LONGEST]) for a in view.answers)
    most = min(view.pick or len(choices), len(choices))
    return (), (Menu("vote_many", choices, (view.id,), texts("poll.menu"), 1, most),)


def _needed(view: PollView) -> str | None:
    """Return the text that says in one sentence what it takes to decide; None for an advisory poll."""
    if not view.binding:
        return None
    if view.quorum == HALF:
        return "yes_half" if view.yes_no else "most_half"
    return "most"


def _winners(texts: Texts, view: PollView) -> Ready:
    answers = _joined(view.texts_of(view.winners))
    return texts("poll.result.winner" if len(view.winners) == 1 else "poll.result.equal", answers=answers)


def _answer_lines(texts: Texts, view: PollView) -> list[Ready]:
    """Return the answers with their votes in the poll's own order, or by rank where only that may be told."""
    if view.shown is Shown.NUMBERS:
        return [texts("poll.answer_votes", answer=a.text, votes=a.votes) for a in view.answers]
    ranked = sorted(view.answers, key=lambda answer: (answer.rank or 0, answer.position))
    return [texts("poll.answer_rank", answer=a.text, rank=a.rank) for a in ranked]


def _meaning(view: PollView) -> str | None:
    """Return the text that says what follows from a result."""
    if not view.binding:
        return None if view.is_group or view.pulse else "next_meeting"
    if not view.quorum_met:
        return "no_quorum"
    if view.adopted is not None:
        return "adopted" if view.adopted else "rejected"
    return "applies" if len(view.winners) == 1 or view.pick != 1 else "next_meeting"


def _joined(answers: Sequence[str]) -> Ready:
    return Ready(", ".join(plain(answer) for answer in answers))
