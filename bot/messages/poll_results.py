"""Build what is said when a poll has closed: as much of its result as may be told (PRIVACY section 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.content.templates import Ready
from bot.domain.ballots import STEP_BY_STEP, Kind, Majority
from bot.domain.poll_rules import Tie
from bot.domain.poll_view import PollView
from bot.domain.polls import ANSWER_LONGEST, Shown
from bot.domain.programme_rules import SecretResults
from bot.messages.hand_votes import board_button, may_still_be_entered
from bot.messages.message import Button, Message
from bot.messages.milestones import milestones_button
from bot.messages.poll_parts import ASKED, LONGEST, answer_lines, by_hand_lines, enough, fitting, joined, say
from bot.messages.poll_pictures import result_picture
from bot.messages.texts import Texts

MOST_NAMED = 3
MOST_REASONS = 5
MOST_TIED = 20
_WINNER = {Kind.POINTS: "winner_points", Kind.RATING: "winner_rating", Kind.RANKED: "winner_ranked",
           Kind.DATES: "winner_dates"}  # fmt: skip
SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll.thanks": frozenset(),
    "poll.button.decide": frozenset(),
    "poll.too_few": frozenset({"show_from"}),
    "poll.result.*": frozenset(),
    "poll.result.no_quorum": frozenset({"enough"}),
    "poll.result.turnout": ASKED,
    "poll.result.turnout_of": ASKED,
    "poll.result.winner": frozenset({"answers"}),
    "poll.result.equal": frozenset({"answers"}),
    "poll.result.many_equal": frozenset({"count"}),
    "poll.result.winner_*": frozenset({"answers"}),
    "poll.result.equal_marks": frozenset({"answers"}),
    "poll.result.reason": frozenset({"reason"}),
    "poll.result.more": frozenset({"more"}),
    "poll.result.meeting": frozenset({"title", "starts_at"}),
    "poll.result.ranking_only": frozenset({"numbers_from"}),
}


def poll_result(texts: Texts, view: PollView, rules: SecretResults) -> Message:
    """Tell a closed poll's result as far as it may be told, with a button to record the decision."""
    if view.shown is Shown.NOTHING:
        return too_few(texts, view, rules)
    if not view.turnout:
        lines = [say(texts, "heading", view), texts("poll.result.none"), *by_hand_lines(texts, view)]
        return Message("\n".join(lines), _board(texts, view))
    buttons = _buttons(texts, view)
    text = fitting(lambda shown: _told(texts, shown, rules), view)
    while len(text) > LONGEST and view.reasons:  # what has to be escaped takes up to twice the room
        view = replace(view, reasons=view.reasons[:-1])
        text = fitting(lambda shown: _told(texts, shown, rules), view)
    if view.pulse:  # it stands among other things in a circle's thanks: a few words will do
        return Message(text)
    picture = result_picture(texts, view)
    return Message(text, (*buttons, *_board(texts, view)), pictures=(picture,) if picture else ())


def _board(texts: Texts, view: PollView) -> tuple[Button, ...]:
    return (board_button(texts, view.id),) if may_still_be_entered(view) else ()


def _buttons(texts: Texts, view: PollView) -> tuple[Button, ...]:
    """Return what can follow: a decision, which in a tie the lead makes by pressing an answer, or a new vote."""
    if view.tied and view.tie is Tie.AGAIN:
        return ()
    decide = Button(texts("poll.button.decide"), "decide", (view.id,), "primary")
    label = texts(f"polled_meeting.button.{'see' if view.meeting else 'make'}")
    meet = Button(label, "poll_meeting", (view.id,), "success")
    if view.found_date or (view.meeting and not view.tied):
        return decide, meet
    if view.ticks:
        return decide, milestones_button(texts)
    if not view.tied:
        return (decide,)
    equal = [answer for answer in view.answers if answer.position in view.tied][:MOST_TIED]
    lead = [Button(a.text[:ANSWER_LONGEST], "poll_tie", (view.id, a.position)) for a in equal]
    return (*lead, decide, meet) if view.kind is Kind.DATES else (*lead, decide)


def _told(texts: Texts, view: PollView, rules: SecretResults) -> str:
    lines = [
        say(texts, "heading", view),
        say(texts, "result.turnout_of" if view.binding else "result.turnout", view),
        _winners(texts, view),
        *by_hand_lines(texts, view),
        *answer_lines(texts, view),
        "",
    ]
    if view.shown is Shown.RANKING:
        lines.append(texts("poll.result.ranking_only", numbers_from=rules.numbers_from_votes))
    lines += _reasons(texts, view.reasons)
    if view.secret and view.unanimous:
        lines.append(texts("poll.result.unanimous"))
    if view.meeting:
        told = {"title": view.meeting.title, "starts_at": view.meeting.starts_at}
        lines.append(texts("poll.result.meeting", **told))
        return "\n".join(lines)
    meaning = _meaning(view)
    lines.append(texts(f"poll.result.{meaning}" if meaning else "poll.thanks", enough=enough(texts, view)))
    return "\n".join(lines)


def _reasons(texts: Texts, reasons: Sequence[str]) -> list[Ready]:
    """Return the reasons given, and how many more there are."""
    if not reasons:
        return []
    lines = [texts("poll.result.reason", reason=reason) for reason in reasons[:MOST_REASONS]]
    more = len(reasons) - len(lines)
    return [texts("poll.result.reasons"), *lines, *([texts("poll.result.more", more=more)] if more else ())]


def too_few(texts: Texts, view: PollView, rules: SecretResults) -> Message:
    """Say that a secret poll had too few voters for its result to be told."""
    said = texts("poll.too_few", show_from=rules.show_from_votes)
    return Message(f"{say(texts, 'heading', view)}\n{said}")


def _winners(texts: Texts, view: PollView) -> Ready:
    if len(view.winners) > MOST_NAMED:
        return texts("poll.result.many_equal", count=len(view.winners))
    answers = joined(view.texts_of(view.winners))
    if view.found_none:
        return texts("poll.result.winner_none", answers=answers)
    if len(view.winners) == 1:
        return texts(f"poll.result.{_WINNER.get(view.kind, 'winner')}", answers=answers)
    return texts(f"poll.result.equal{'_marks' if view.kind in STEP_BY_STEP else ''}", answers=answers)


def _meaning(view: PollView) -> str | None:
    """Return the text that says what follows from a result."""
    if not view.binding:
        return None if view.is_group or view.pulse else "next_meeting"
    if not view.quorum_met:
        return "no_quorum"
    if view.tied:
        return f"tie_{view.tie}"
    if view.adopted is not None:
        return _adopted(view) if view.adopted else "rejected"
    if view.found_none:
        return "next_meeting"
    if view.majority is not Majority.MOST and not view.carried:
        return "not_enough"
    several = view.kind is Kind.CHOICE and view.pick != 1  # of these more than one can come to apply
    return "applies" if len(view.winners) == 1 or several else "next_meeting"


def _adopted(view: PollView) -> str:
    if view.kind is Kind.CONSENT:
        return "adopted_concerns" if view.reasons else "adopted_consent"
    if view.majority is not Majority.MOST:
        return "adopted_enough"
    return "adopted" if view.code is None else "adopted_change"
