"""Build what is said about a meeting of the calendar: its card, answers to it, its news, and who comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.content.templates import Ready
from bot.domain.seats import MOST_PEOPLE, Answer
from bot.messages.enrolments import enrol_button
from bot.messages.guests import guests_button
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.posts import calendar_button, rsvp_buttons
from bot.messages.texts import Texts

REASON_LONGEST, VENUE_LONGEST = 200, 100
SHOWN = 25  # of many villages so many are named
NEWS = ("moved", "picked", "called_off", "back")
AUDIENCES = (
    "villager", "panel", "steering", "steering_member", "steering_secretary", "steering_lead", "local_council_contact",
    "initiators", "coordinator", "secretariat", "public",
)  # fmt: skip
_NONE: frozenset[str] = frozenset()
_RECEIPT = frozenset({"name", "title", "starts_at", "people"})
SUPPLIES: Mapping[str, frozenset[str]] = {
    "meeting.yes": _RECEIPT,
    "meeting.waits": _RECEIPT | {"number"},
    "meeting.maybe": _RECEIPT,
    "meeting.no": _RECEIPT,
    "meeting.share": frozenset({"seats", "until_on"}),
    "meeting.how_many": _NONE,
    "meeting.people": frozenset({"people"}),
    "meeting.moved_up": frozenset({"title", "when", "people"}),
    **{f"meeting.news.{says}": frozenset({"title", "number", "when", "starts_at", "before_at", "reason", "venue"})
       for says in NEWS},
    "meeting.card.head": frozenset({"title", "number", "starts_at", "ends_at"}),
    "meeting.card.where": frozenset({"venue", "link", "phone"}),
    "meeting.card.off": frozenset({"reason"}),
    "meeting.card.audience": frozenset({"audience"}),
    **{f"meeting.card.for.{name}": _NONE for name in AUDIENCES},
    "meeting.card.part": frozenset({"part", "minutes", "text"}),
    "meeting.card.point": frozenset({"text"}),
    "meeting.card.count": frozenset({"people", "seats", "waiting", "unsure"}),
    **{f"meeting.card.mine.{answer}": frozenset({"people", "number"}) for answer in (*Answer, "waits")},
    "meeting.who_comes.head": frozenset({"title", "number", "starts_at"}),
    "meeting.who_comes.line": frozenset({"village", "people"}),
    "meeting.who_comes.rest": frozenset({"villages", "people"}),
    "meeting.who_comes.none": _NONE,
    "meeting.choose": _NONE,
    "meeting.choose_line": frozenset({"title", "number", "starts_at"}),
    **{f"meeting.button.{name}": _NONE for name in
       ("seat", "yes", "no", "days", "move", "call_off", "bring_back")},
    **{f"meeting.form.{name}": _NONE for name in ("call_off", "move")},
    **{f"meeting.label.{name}": _NONE for name in ("why", "when")},
    **{f"meeting.{name}": frozenset({"title", "starts_at"}) for name in ("off_told", "back_told")},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mine:
    """What the reader has answered; `waits_as` is their number in the waiting list, `share` what a village may take."""

    answer: Answer
    people: int = 1
    waits_as: int | None = None
    share: tuple[int, date] | None = None


@dataclass(frozen=True, slots=True)
class MeetingCard:
    """All there is to know of a meeting; counts are of people, and `unsure` have not answered since it was moved."""

    event_id: int
    title: str
    number: int | None
    starts_at: datetime
    ends_at: datetime
    venue: str
    link: str | None
    audience: Sequence[str]
    agenda: Sequence[tuple[str, int | None, str]]
    people: int
    waiting: int
    unsure: int
    seats: int | None
    called_off: bool = False
    reason: str = ""
    mine: Mine | None = None
    open: bool = True
    may_pick: str = ""
    may_move: bool = False
    may_call_off: bool = False
    enrols: bool = False
    keeps_guests: bool = False
    share: tuple[int, date] | None = None


def card(texts: Texts, meeting: MeetingCard, phone: str) -> Message:
    """Show a meeting with its agenda, how many come, and what the reader may do."""
    rows = [texts("meeting.card.head", title=meeting.title, number=meeting.number,
                  starts_at=meeting.starts_at, ends_at=meeting.ends_at)]  # fmt: skip
    if meeting.called_off:
        rows.append(texts("meeting.card.off", reason=meeting.reason))
    else:
        rows.append(texts("meeting.card.where", venue=meeting.venue, link=meeting.link, phone=phone))
    if meeting.audience:
        named = ", ".join(texts(f"meeting.card.for.{name}") for name in meeting.audience)
        rows.append(texts("meeting.card.audience", audience=named))
    for part, minutes, text in meeting.agenda:
        key = "meeting.card.part" if part else "meeting.card.point"
        rows.append(texts(key, text=text, **({"part": part, "minutes": minutes} if part else {})))
    if not meeting.called_off:
        rows.append(texts("meeting.card.count", people=meeting.people, seats=meeting.seats,
                          waiting=meeting.waiting, unsure=meeting.unsure))  # fmt: skip
        rows += [*_share(texts, meeting.share), *_mine(texts, meeting.mine)]
    return Message(Ready("\n".join(row for row in rows if row)), tuple(_buttons(texts, meeting)))


def _mine(texts: Texts, mine: Mine | None) -> list[Ready]:
    if mine is None:
        return []
    name = "waits" if mine.waits_as is not None else mine.answer
    return [texts(f"meeting.card.mine.{name}", people=mine.people, number=mine.waits_as)]


def _share(texts: Texts, share: tuple[int, date] | None) -> list[Ready]:
    """Say how many seats each village may take as yet, and until when."""
    return [texts("meeting.share", seats=share[0], until_on=share[1])] if share else []


def _buttons(texts: Texts, meeting: MeetingCard) -> list[Button]:
    label, args = "meeting.button", (meeting.event_id,)
    found: list[Button] = []
    if meeting.open and not meeting.called_off:
        if meeting.link:
            found.append(Button(texts("button.meeting"), url=meeting.link))
        found += rsvp_buttons(texts, meeting.event_id)[:3]
    if meeting.enrols and not meeting.called_off:
        found.append(enrol_button(texts, meeting.event_id))
    if meeting.keeps_guests:
        found.append(guests_button(texts, meeting.event_id))
    if meeting.may_pick and not meeting.called_off:
        found.append(Button(texts(f"{label}.days"), "event_days", (meeting.may_pick,)))
    if meeting.may_move and not meeting.called_off:
        found.append(Button(texts(f"{label}.move"), "event_move", args))
    if meeting.may_call_off:
        name, action = ("bring_back", "event_back") if meeting.called_off else ("call_off", "event_off")
        found.append(Button(texts(f"{label}.{name}"), action, args))
    return found


def receipt(
    texts: Texts,
    name: str,
    event_id: int,
    title: str,
    starts_at: datetime,
    mine: Mine,
    *,
    may_bring: bool = True,
) -> Message:
    """Build the private receipt of an answer, with the other answers as buttons and how many come in a menu."""
    key = "meeting.waits" if mine.waits_as is not None else f"meeting.{mine.answer}"
    given = {"number": mine.waits_as} if mine.waits_as is not None else {}
    said = texts(key, name=name, title=title, starts_at=starts_at, people=mine.people, **given)
    text = Ready("\n".join([said, *_share(texts, mine.share)]))
    yes = Button(texts("meeting.button.yes"), "rsvp", (event_id, 1))
    no = Button(texts("meeting.button.no"), "rsvp", (event_id, 0))
    if mine.answer is not Answer.YES:
        return Message(text, (yes,) if mine.answer is Answer.NO else (yes, no))
    sizes = tuple(
        Choice(str(people), texts("meeting.people", people=people), chosen=people == mine.people)
        for people in range(1, MOST_PEOPLE + 1)
    )
    menu = Menu("rsvp_people", sizes, (event_id,), texts("meeting.how_many"))
    return Message(text, (no,), (menu,) if may_bring else ())


def moved_up(texts: Texts, event_id: int, title: str, at: Ready, people: int) -> Message:
    """Tell a channel that some of its people now have a seat; each asks for themselves who it is."""
    button = Button(texts("meeting.button.seat"), "meeting_card", (event_id,), "primary")
    return Message(texts("meeting.moved_up", title=title, when=at, people=people), (button,), silent=True)


def news(texts: Texts, event_id: int, says: str, **values: object) -> Message:
    """Tell that a meeting is moved, called off or held after all; whoever said yes is asked again."""
    buttons = (calendar_button(texts),) if says == "called_off" else rsvp_buttons(texts, event_id)
    return Message(texts(f"meeting.news.{says}", **values), buttons)


def choose(texts: Texts, lines: Sequence[tuple[int, str, int | None, datetime]]) -> tuple[Menu, ...]:
    """Return the menu of meetings whose card can be seen: id, title, number and time of each."""
    choices = tuple(
        Choice(
            str(event_id), texts("meeting.choose_line", title=title, number=number, starts_at=starts_at)[:100]
        )
        for event_id, title, number, starts_at in lines[:25]
    )
    return (Menu("meeting_card", choices, prompt=texts("meeting.choose")),) if choices else ()


def who_comes(
    texts: Texts, title: str, number: int | None, starts_at: datetime, villages: Sequence[tuple[str, int]]
) -> Message:
    """Tell how many come from each village, by name; never who they are."""
    if not villages:
        return Message(texts("meeting.who_comes.none"))
    head = texts("meeting.who_comes.head", title=title, number=number, starts_at=starts_at)
    rows = [texts("meeting.who_comes.line", village=name, people=people) for name, people in villages[:SHOWN]]
    if rest := villages[SHOWN:]:
        people = sum(count for _, count in rest)
        rows.append(texts("meeting.who_comes.rest", villages=len(rest), people=people))
    return Message(Ready("\n".join([head, *rows])))


def call_off_form(texts: Texts, event_id: int) -> Form:
    """Ask why a meeting is called off: its people want to know."""
    why = Field("why", texts("meeting.label.why"), longest=REASON_LONGEST)
    return Form("event_off", texts("meeting.form.call_off"), (why,), (event_id,))


def move_form(texts: Texts, event_id: int, written: str) -> Form:
    """Ask for another time; `written` is the time now, as somebody writes it."""
    at = Field("when", texts("meeting.label.when"), longest=40, value=written)
    return Form("event_move", texts("meeting.form.move"), (at,), (event_id,))


def told(texts: Texts, name: str, title: str, starts_at: datetime) -> Message:
    """Tell who has done it that a meeting is called off, or held after all."""
    return Message(texts(f"meeting.{name}_told", title=title, starts_at=starts_at))
