"""Build what is said about votes by hand, on paper and by telephone: to the minute-taker, the second person, and all."""

from collections.abc import Mapping, Sequence

from bot.content.templates import Ready
from bot.domain.ballots import Kind
from bot.domain.hand_votes import Part, ways_of
from bot.domain.paper_rankings import LEGEND, labels, written
from bot.domain.poll_rules import Tie
from bot.domain.poll_view import CLOSED, OPEN, AnswerView, PollView, shortened
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.poll_parts import LONGEST, joined, part_line, say
from bot.messages.texts import Texts

_BOXES = 4  # answers that get a box each; a form holds five
_NUMBER, _LINES = 6, 4000
_ANSWER, _LEGEND = 40, 2000  # what a legend shows of an answer, and how long it may be in all
_OF_PART = frozenset({"line", "question"})
SUPPLIES: Mapping[str, frozenset[str]] = {
    "paper.about": frozenset(),
    "paper.off": frozenset({"people"}),
    "paper.entry.*": frozenset({"line"}),
    "paper.menu": frozenset(),
    "paper.way.*": frozenset(),
    "paper.button.*": frozenset(),
    "paper.form.*": frozenset(),
    "paper.body.*": frozenset(),
    "paper.entered": frozenset(),
    "paper.form.alike": frozenset({"order"}),
    "paper.look.*": frozenset(),
    "paper.look.letter": frozenset({"letter", "answer"}),
    "paper.look.ballots": frozenset({"times", "order"}),
    "paper.confirmed": frozenset(),
    "paper.differ": frozenset(),
    "paper.meeting": frozenset({"answers", "title", "starts_at"}),
    "notice.hand_votes_differ": frozenset({"question"}),
    "paper.withdrawn": frozenset({"question"}),
    "paper.post.*": _OF_PART,
    "error_paper.*": frozenset(),
    "error_paper.numbers": frozenset(),
    "error_paper.ranking": frozenset({"line"}),
    "error_paper.ranking_many": frozenset({"most"}),
    "error_paper.rankings_differ": frozenset({"turnout", "total"}),
    "error_paper.over_turnout": frozenset({"turnout"}),
    "error_paper.do_not_add_up": frozenset({"turnout", "total"}),
    "error_paper.too_many": frozenset({"room"}),
    "error_paper.lines": frozenset({"count"}),
    "error_paper.too_late": frozenset({"days"}),
    "error_paper.no_more_sheets": frozenset({"closes_at", "secret"}),
}


def board_button(texts: Texts, poll_id: int) -> Button:
    """Return the button that shows how those who are not on Discord vote."""
    return Button(texts("paper.button.board"), "hand_board", (poll_id,))


def board(
    texts: Texts,
    view: PollView,
    entries: Sequence[tuple[int, Part, bool]],
    off: Mapping[str, int],
    *,
    may_look: bool,
    may_enter: bool,
) -> Message:
    """Tell how those who are not on Discord vote; who enters and who confirms find their buttons under it."""
    lines = [texts("paper.about")]
    if sum(off.values()):
        lines.append(texts("paper.off", people=sum(off.values())))
    for _, part, confirmed in entries:
        name = "confirmed" if confirmed else "waiting"
        lines.append(texts(f"paper.entry.{name}", line=part_line(texts, view, part, votes=False)))
    buttons = [
        Button(texts(f"paper.button.look_{part.way}"), "hand_look", (count_id,))
        for count_id, part, _ in entries if may_look
    ]  # fmt: skip
    menus: tuple[Menu, ...] = ()
    if may_enter:
        off_button = Button(texts("paper.button.off"), "off_discord", (view.id,))
        buttons = [*sheet_button(texts, view), off_button, *buttons]
        choices = tuple(Choice(way, texts(f"paper.way.{way}")) for way in ways_of(view.kind))
        menus = (Menu("hand_way", choices, (view.id,), texts("paper.menu")),)
    return Message("\n".join(lines), tuple(buttons[:20]), menus)


def sheet_button(texts: Texts, view: PollView) -> tuple[Button, ...]:
    """Return the button for ballots on paper, while they can still be handed in."""
    return (Button(texts("paper.button.sheet"), "hand_sheet", (view.id,)),) if view.state == OPEN else ()


def votes_form(texts: Texts, view: PollView, way: str, recount: int | None = None) -> Form:
    """Return the form for totals: a box for each answer where they are few, else a line for each.

    For rankings there is one box, in which the answers' letters stand already. `recount` are the totals that a second
    person counts again.
    """
    turnout = Field("turnout", texts("paper.form.turnout"), longest=_NUMBER)
    numbers: tuple[Field, ...]
    if view.kind is Kind.RANKED:
        legend = _letters_form(texts, view)
        numbers = (Field("lines", texts("paper.form.rankings"), long=True, longest=_LINES, value=legend),)
    elif len(view.answers) <= _BOXES and view.kind is not Kind.RATING:
        numbers = tuple(
            Field(f"n{answer.position}", answer.text, longest=_NUMBER, required=False)
            for answer in view.answers
        )
    else:
        label = "stars" if view.kind is Kind.RATING else "points" if view.kind is Kind.POINTS else "lines"
        empty = "0 0 0 0 0" if view.kind is Kind.RATING else "0"
        room = _LINES // len(view.answers) - len(f": {empty}\n")
        lines = "\n".join(f"{shortened(answer.text, room)}: {empty}" for answer in view.answers)
        numbers = (Field("lines", texts(f"paper.form.{label}"), long=True, longest=_LINES, value=lines),)
    if recount is not None:
        return Form("hand_recount", texts("paper.form.recount"), (turnout, *numbers), (recount,))
    return Form("hand_votes", texts("paper.form.title"), (turnout, *numbers), (view.id, way))


def _letters_form(texts: Texts, view: PollView) -> str:
    """Return the answers with their letters, and how to write ballots that are alike; the ballots follow under it."""
    names = labels([answer.position for answer in view.answers])
    room = min(_ANSWER, _LEGEND // len(view.answers))
    lines = [
        f"{names[answer.position]} {LEGEND} {shortened(answer.text, room)}".replace("\n", " ")
        for answer in view.answers
    ]
    alike = written([answer.position for answer in reversed(view.answers[:3])], names)
    return "\n".join([*lines, texts("paper.form.alike", order=alike), ""])


def off_form(texts: Texts, poll_id: int, off: Mapping[str, int]) -> Form:
    """Return the form for how many in each body are not on Discord."""
    fields = tuple(
        Field(body, texts(f"paper.body.{body}"), longest=_NUMBER, value=str(people))
        for body, people in off.items()
    )
    return Form("off_discord", texts("paper.form.off"), fields, (poll_id,))


def entered(
    texts: Texts,
    view: PollView,
    count_id: int,
    part: Part,
    *,
    confirmed: bool,
    may_confirm: bool,
    may_withdraw: bool,
) -> Message:
    """Show totals as they were entered, with what this person may do with them."""
    lines = [
        say(texts, "heading", view.shortened(150, 80)),
        part_line(texts, view, part, votes=False),
        *_numbers(texts, view, part),
        texts(f"paper.look.{_state(view, confirmed=confirmed, may_confirm=may_confirm)}"),
    ]
    buttons = []
    if may_confirm:
        name = "recount" if view.secret else "confirm"
        buttons.append(Button(texts(f"paper.button.{name}"), f"hand_{name}", (count_id,), "success"))
    if may_withdraw:
        buttons.append(Button(texts("paper.button.withdraw"), "hand_withdraw", (count_id,), "danger"))
    return Message("\n".join(lines)[:LONGEST], tuple(buttons))


def _state(view: PollView, *, confirmed: bool, may_confirm: bool) -> str:
    """Name the text that says how totals stand."""
    if view.secret and view.state == CLOSED:
        return "forgotten" if confirmed else "missed"
    if confirmed:
        return "confirmed_secret" if view.secret else "confirmed"
    if may_confirm:
        return "recount" if view.secret else "confirm"
    return "waiting_secret" if view.secret else "waiting"


def _numbers(texts: Texts, view: PollView, part: Part) -> list[Ready]:
    """Return what was entered for each answer."""
    if not part.votes:
        return []
    if view.kind is Kind.RANKED:
        names = labels([answer.position for answer in view.answers])
        room = min(_ANSWER, _LEGEND // 2 // len(view.answers))
        letters = [
            texts("paper.look.letter", letter=names[a.position], answer=shortened(a.text, room))
            for a in view.answers
        ]
        ballots = [
            texts("paper.look.ballots", times=times, order=written(order, names))
            for order, times in part.rankings
        ]
        return [*letters, *ballots]
    answers = [
        AnswerView(a.position, a.text, part.votes.get(a.position, 0), given=part.given.get(a.position, 0))
        for a in view.answers
    ]
    return [texts("poll.answer_votes", answer=a.text, votes=_sum(view, a)) for a in answers]


def _sum(view: PollView, answer: AnswerView) -> object:
    if view.kind is Kind.RATING:
        return Ready(f"{answer.votes} / {answer.given}")
    return answer.votes


def waiting_post(texts: Texts, view: PollView, count_id: int, part: Part) -> Message:
    """Tell the channel that votes wait for a second person; a secret poll's without its numbers."""
    line = part_line(texts, view, part, votes=not view.hides)
    said = texts("paper.post.waiting", line=line, question=view.shortened(150, 80).question)
    look = Button(texts("paper.button.check"), "hand_look", (count_id,), "primary")
    return Message(said, (look,))


def confirmed(texts: Texts, view: PollView) -> Message:
    """Tell the second person that the votes count."""
    return Message(_with_meeting(texts, view, texts("paper.confirmed")))


def recounted(texts: Texts, view: PollView, *, alike: bool) -> Message:
    """Tell the second person whether both have counted the same."""
    return confirmed(texts, view) if alike else Message(texts("paper.differ"))


def withdrawn(texts: Texts, view: PollView) -> Message:
    """Tell that votes were taken back."""
    said = texts("paper.withdrawn", question=view.shortened(150, 80).question)
    return Message(_with_meeting(texts, view, said))


def _with_meeting(texts: Texts, view: PollView, said: Ready) -> Ready:
    """Say what the count is now where a meeting stands already, and that the meeting is not moved by it."""
    if view.meeting is None:
        return said
    answers = joined(view.texts_of(view.winners))
    meeting = texts(
        "paper.meeting", answers=answers, title=view.meeting.title, starts_at=view.meeting.starts_at
    )
    return Ready(f"{said}\n{meeting}")


def may_still_be_entered(view: PollView) -> bool:
    """Tell whether a poll's post has the button for those who are not on Discord."""
    if view.is_group or view.pulse or (view.tied and view.tie is Tie.AGAIN):
        return False
    return view.state == OPEN or not view.secret
