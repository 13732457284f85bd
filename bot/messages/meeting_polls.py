"""Build what the secretariat sees of polls asked at a meeting: the villages, the form, and the totals."""

from collections.abc import Mapping, Sequence

from bot.content.templates import Ready
from bot.domain.poll_view import PollView
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.poll_parts import answer_lines
from bot.messages.texts import Texts

PAGE = 25  # what a menu holds
_LABEL = 100
_LINES = 4000
SUPPLIES: Mapping[str, frozenset[str]] = {
    "meeting_poll.button": frozenset(),
    "meeting_poll.heading": frozenset({"question", "entered", "count"}),
    "meeting_poll.none": frozenset({"question"}),
    "meeting_poll.menu": frozenset(),
    "meeting_poll.entered": frozenset({"village"}),
    "meeting_poll.more": frozenset(),
    "meeting_poll.form": frozenset({"village"}),
    "meeting_poll.turnout": frozenset(),
    "meeting_poll.lines": frozenset(),
    "meeting_poll.totals": frozenset({"village", "question", "turnout"}),
    "meeting_poll.next": frozenset({"decidable", "ticks"}),
    "meeting_poll.correct": frozenset(),
    "meeting_poll.decide": frozenset(),
    "meeting_poll.tick": frozenset(),
    "meeting_poll.ticked": frozenset({"village", "title"}),
}


def meeting_poll_button(texts: Texts, event_id: int) -> Button:
    """Return the button under the secretariat's task for a meeting at which something is asked."""
    return Button(texts("meeting_poll.button"), "meeting_poll", (event_id, 1), "primary")


def villages(
    texts: Texts, event_id: int, question: str, found: Sequence[tuple[int, str, bool]], page: int
) -> Message:
    """Let the secretariat choose a village, a page of them at a time."""
    if not found:
        return Message(texts("meeting_poll.none", question=question))
    shown = found[(page - 1) * PAGE : page * PAGE] or found[:PAGE]
    choices = tuple(
        Choice(
            str(village_id), (texts("meeting_poll.entered", village=Ready(name)) if done else name)[:_LABEL]
        )
        for village_id, name, done in shown
    )
    buttons: tuple[Button, ...] = ()
    if page * PAGE < len(found):
        buttons = (Button(texts("meeting_poll.more"), "meeting_poll", (event_id, page + 1)),)
    entered = sum(done for *_, done in found)
    text = texts("meeting_poll.heading", question=question, entered=entered, count=len(found))
    menu = Menu("meeting_poll_village", choices, (event_id,), texts("meeting_poll.menu"))
    return Message(text, buttons, (menu,))


def totals_form(
    texts: Texts, event_id: int, village_id: int, village: str, answers: Sequence[str], view: PollView | None
) -> Form:
    """Return the form for a village's totals, a line for each answer, with what is written down already."""
    given = {answer.text: answer.votes or 0 for answer in view.answers} if view else {}
    lines = "\n".join(f"{answer}: {given.get(answer, 0)}" for answer in answers)
    turnout = str(view.turnout) if view else ""
    return Form(
        "meeting_poll_totals",
        texts("meeting_poll.form", village=Ready(village))[:45],
        (
            Field("turnout", texts("meeting_poll.turnout"), longest=6, value=turnout),
            Field("lines", texts("meeting_poll.lines"), long=True, longest=_LINES, value=lines),
        ),
        (event_id, village_id),
    )


def totals(
    texts: Texts,
    event_id: int,
    village_id: int,
    village: str,
    view: PollView,
    ticks: Sequence[tuple[str, str]],
    *,
    decidable: bool,
) -> Message:
    """Show a village's totals, with the agreement and the milestones that follow from them."""
    said = texts("meeting_poll.totals", village=village, question=view.question, turnout=view.turnout)
    titles = [title for _, title in ticks]
    follows = texts("meeting_poll.next", decidable=decidable, ticks=titles)
    buttons = []
    if decidable:
        buttons.append(Button(texts("meeting_poll.decide"), "decide", (view.id,), "primary"))
    buttons += [
        Button(texts("meeting_poll.tick"), "meeting_poll_tick", (village_id, code), "success")
        for code, _ in ticks
    ]
    if decidable:
        buttons.append(Button(texts("meeting_poll.correct"), "meeting_poll_form", (event_id, village_id)))
    text = "\n".join([said, *answer_lines(texts, view), *([follows] if follows else [])])
    return Message(text, tuple(buttons))


def ticked(texts: Texts, village: str, title: str) -> Message:
    """Tell that a village's milestone is reached."""
    return Message(texts("meeting_poll.ticked", village=village, title=title))
