"""Build what newcomers and members read: the welcome, the menus, the panel's yes and no, receipts for roles.

The privacy text and everything about a person's own data stand in bot.messages.privacy.
"""

from collections.abc import Mapping, Sequence

from bot.messages.menu_pages import PAGE, on_page, pages_of, prompt, turn_buttons
from bot.messages.message import Button, Choice, Menu, Message
from bot.messages.texts import Texts

ROLES = (
    "villager", "panel", "steering", "steering_secretary", "steering_lead", "local_council_contact",
    "coordinator", "secretariat",
)  # fmt: skip
SUPPLIES: Mapping[str, frozenset[str]] = {
    "people.welcome": frozenset({"phone"}),
    "people.choose_municipality": frozenset({"pages"}),
    "people.choose_village": frozenset({"municipality", "pages"}),
    "people.no_villages": frozenset({"phone"}),
    "people.choose_from": frozenset({"first", "last"}),
    "people.welcomed": frozenset({"name", "village", "new"}),
    "people.panel_ask": frozenset({"village"}),
    "people.panel_joined": frozenset({"village", "new"}),
    "people.panel_declined": frozenset({"village"}),
    "people.panel_left": frozenset({"village", "new"}),
    "people.role_given": frozenset({"name", "role", "place", "new"}),
    "people.role_taken": frozenset({"name", "role", "place"}),
    "people.agreed": frozenset({"village", "on_discord"}),
    "people.on_discord": frozenset({"municipality"}),
    "people.off_discord": frozenset({"municipality"}),
    "people.opened": frozenset({"village"}),
    "people.closed": frozenset({"village"}),
    "people.form_ready": frozenset(),
    "error_people.nowhere": frozenset(),
    "people.leave_ask": frozenset(),
    "people.leave_prompt": frozenset(),
    "people.left_village": frozenset({"village"}),
    **{f"people.roles.{role}": frozenset() for role in ROLES},
    **{f"people.purposes.{purpose}": frozenset() for purpose in ("privacy", "panel")},
    **{
        f"people.button.{name}": frozenset()
        for name in ("start", "more", "back", "other_municipality", "panel_yes", "panel_no", "panel_leave",
                     "panel_join", "open_form")
    },
}  # fmt: skip


def welcome_post(texts: Texts, phone: str) -> Message:
    """Build the lasting post in the welcome channel, with the one button everybody begins with."""
    button = Button(texts("people.button.start"), "start", style="primary")
    return Message(texts("people.welcome", phone=phone), (button,), silent=True)


def choose_municipality(texts: Texts, choices: Sequence[Choice], *, phone: str, page: int = 0) -> Message:
    """Build the menu of municipalities, 25 on a page; other pages by buttons."""
    if not choices:
        return Message(texts("people.no_villages", phone=phone))
    text = texts("people.choose_municipality", pages=pages_of(choices))
    menu = Menu("choose_municipality", on_page(choices, page), prompt=prompt(texts, choices, page))
    return Message(text, turn_buttons(texts, choices, page, "municipality_page"), (menu,))


def choose_village(
    texts: Texts,
    municipality_id: int,
    municipality: str,
    choices: Sequence[Choice],
    *,
    phone: str,
    page: int = 0,
) -> Message:
    """Build the menu of a municipality's villages, 25 on a page, with a way back to the municipalities."""
    back = Button(texts("people.button.other_municipality"), "municipality_page", (0,))
    if not choices:
        return Message(texts("people.no_villages", phone=phone), (back,))
    text = texts("people.choose_village", municipality=municipality, pages=pages_of(choices))
    menu = Menu("choose_village", on_page(choices, page), (municipality_id,), prompt(texts, choices, page))
    buttons = turn_buttons(texts, choices, page, "village_page", (municipality_id,))
    return Message(text, (*buttons, back), (menu,))


def welcomed(texts: Texts, name: str, village: str, new: bool = True) -> Message:
    """Build the greeting to somebody who has chosen a village."""
    return Message(texts("people.welcomed", name=name, village=village, new=new))


def panel_ask(texts: Texts, village_id: int, village: str) -> Message:
    """Build the question whether the steering group may see the name on the panel list (S33)."""
    yes = Button(texts("people.button.panel_yes"), "panel_yes", (village_id,), "success")
    no = Button(texts("people.button.panel_no"), "panel_no", (village_id,))
    return Message(texts("people.panel_ask", village=village), (yes, no))


def panel_joined(texts: Texts, village_id: int, village: str, new: bool = True) -> Message:
    """Build the receipt of a yes, with the button that takes it back."""
    leave = Button(texts("people.button.panel_leave"), "leave_panel", (village_id,))
    return Message(texts("people.panel_joined", village=village, new=new), (leave,))


def panel_declined(texts: Texts, village_id: int, village: str) -> Message:
    """Build the answer to a no."""
    return Message(texts("people.panel_declined", village=village), (_panel_again(texts, village_id),))


def panel_left(texts: Texts, village_id: int, village: str, new: bool = True) -> Message:
    """Build the receipt of a yes taken back."""
    return Message(texts("people.panel_left", village=village, new=new), (_panel_again(texts, village_id),))


def _panel_again(texts: Texts, village_id: int) -> Button:
    return Button(texts("people.button.panel_join"), "panel_yes", (village_id,))


def leave_ask(texts: Texts, villages: Sequence[Choice]) -> Message:
    """Build the menu of villages that somebody may leave."""
    menu = Menu("leave_village", tuple(villages[:PAGE]), prompt=texts("people.leave_prompt"))
    return Message(texts("people.leave_ask"), menus=(menu,))


def left_village(texts: Texts, village: str) -> Message:
    """Build the receipt of having left a village."""
    return Message(texts("people.left_village", village=village))


def role_given(texts: Texts, name: str, role: str, place: str, new: bool = True) -> Message:
    """Build the receipt of a role given; `place` is empty for the secretariat."""
    return Message(
        texts("people.role_given", name=name, role=texts(f"people.roles.{role}"), place=place, new=new)
    )


def role_taken(texts: Texts, name: str, role: str, place: str) -> Message:
    """Build the receipt of a role taken."""
    return Message(texts("people.role_taken", name=name, role=texts(f"people.roles.{role}"), place=place))


def agreed(texts: Texts, village: str, *, on_discord: bool = True) -> Message:
    """Build the receipt of an agreement written down (S15, S16)."""
    return Message(texts("people.agreed", village=village, on_discord=on_discord))


def uses_discord(texts: Texts, municipality: str, uses: bool) -> Message:
    """Build the receipt of a municipality that uses Discord, or does without."""
    return Message(texts("people.on_discord" if uses else "people.off_discord", municipality=municipality))


def opened_to_coordinator(texts: Texts, village: str, open: bool) -> Message:
    """Build the receipt of a channel opened to the coordinators, or closed again."""
    return Message(texts("people.opened" if open else "people.closed", village=village))
