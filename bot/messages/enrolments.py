"""Build what is said about villages that sign up for a gathering: their own form of buttons, and the overview (S59)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.content.templates import Ready
from bot.domain.enrolments import SIZES
from bot.messages.message import Button, Choice, Menu, Message
from bot.messages.names import few
from bot.messages.texts import Texts

SHOWN = 25  # of many villages so many are named
SUPPLIES: Mapping[str, frozenset[str]] = {
    "enrol.head": frozenset({"title", "starts_at"}),
    "enrol.mine": frozenset({"village", "people", "presents"}),
    "enrol.ask": frozenset({"people", "presents", "until_on"}),
    "enrol.closed": frozenset({"until_on", "phone"}),
    "enrol.order": frozenset({"names", "number"}),
    "enrol.how_many": frozenset(),
    "enrol.people": frozenset({"people"}),
    **{f"enrol.button.{name}": frozenset() for name in ("open", "present", "listen", "withdraw")},
    "enrol.all": frozenset({"villages", "total", "people", "until_on"}),
    "enrol.line": frozenset({"village", "people", "presents"}),
    "enrol.rest": frozenset({"count"}),
}


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """A village's own sign-up for a gathering; people and presents are None until somebody has said.

    `order` are the villages that present, in their order.
    """

    event_id: int
    title: str
    starts_at: datetime
    until_on: date
    people: int | None
    presents: bool | None
    village: str
    order: Sequence[str]
    may_change: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """What villages have said: name, people and whether they present, None for what is not said yet."""

    title: str
    starts_at: datetime
    until_on: date
    villages: Sequence[tuple[str, int | None, bool | None]]
    order: Sequence[str]


def enrol_button(texts: Texts, event_id: int) -> Button:
    """Return the button under posts and cards that opens the sign-up, or the overview of them."""
    return Button(texts("enrol.button.open"), "enrol", (event_id,), "primary")


def enrolment(texts: Texts, view: EnrolmentView, phone: str) -> Message:
    """Show a village's sign-up, with the menu and buttons that change it."""
    given = {"people": view.people, "presents": view.presents}
    rows = [texts("enrol.head", title=view.title, starts_at=view.starts_at)]
    if view.people is not None or view.presents is not None:
        rows.append(texts("enrol.mine", village=view.village, **given))
    if view.may_change:
        rows.append(texts("enrol.ask", until_on=view.until_on, **given))
    else:
        rows.append(texts("enrol.closed", until_on=view.until_on, phone=phone))
    rows += _order(texts, view.order, view.village if view.presents else None)
    text = Ready("\n".join(rows))
    if not view.may_change:
        return Message(text)
    return Message(text, tuple(_buttons(texts, view)), (_sizes(texts, view),))


def _sizes(texts: Texts, view: EnrolmentView) -> Menu:
    sizes = tuple(
        Choice(str(people), texts("enrol.people", people=people), chosen=people == view.people)
        for people in SIZES
    )
    return Menu("enrol_people", sizes, (view.event_id,), texts("enrol.how_many"))


def _buttons(texts: Texts, view: EnrolmentView) -> list[Button]:
    label = "enrol.button"
    found = []
    if view.presents is not True:
        found.append(Button(texts(f"{label}.present"), "enrol_presents", (view.event_id, 1), "success"))
    if view.presents is not False:
        found.append(Button(texts(f"{label}.listen"), "enrol_presents", (view.event_id, 0)))
    if view.people is not None or view.presents is not None:
        found.append(Button(texts(f"{label}.withdraw"), "enrol_off", (view.event_id,)))
    return found


def _order(texts: Texts, order: Sequence[str], own: str | None) -> list[Ready]:
    if not order:
        return []
    number = order.index(own) + 1 if own in order else None
    return [texts("enrol.order", names=Ready(few(texts, order, SHOWN)), number=number)]


def overview(texts: Texts, found: Overview) -> Message:
    """List what villages have said, those that have first, and the order of the presentations."""
    said = [line for line in found.villages if line[1] is not None or line[2] is not None]
    rows = [
        texts("enrol.head", title=found.title, starts_at=found.starts_at),
        texts("enrol.all", villages=len(said), total=len(found.villages), until_on=found.until_on,
              people=sum(people or 0 for _, people, _ in said)),
    ]  # fmt: skip
    rows += [
        texts("enrol.line", village=name, people=people, presents=presents)
        for name, people, presents in said[:SHOWN]
    ]
    if len(said) > SHOWN:
        rows.append(texts("enrol.rest", count=len(said) - SHOWN))
    return Message(Ready("\n".join([*rows, *_order(texts, found.order, None)])))
