"""Pages of a menu that has more choices than fit in one, and the buttons between them."""

from collections.abc import Sequence

from bot.messages.message import Button, Choice
from bot.messages.texts import Texts

PAGE = 25
_LONGEST_IN_PROMPT = 60


def pages_of(choices: Sequence[Choice]) -> int:
    """Return how many pages there are, one at least."""
    return max(1, -(-len(choices) // PAGE))


def on_page(choices: Sequence[Choice], page: int) -> tuple[Choice, ...]:
    """Return the choices of a page; pages count from 0, and one that is not there is the nearest."""
    page = _inside(choices, page)
    return tuple(choices[page * PAGE : (page + 1) * PAGE])


def prompt(texts: Texts, choices: Sequence[Choice], page: int) -> str:
    """Return what stands in the menu: its first and last choice."""
    shown = on_page(choices, page)
    first, last = (choice.label[:_LONGEST_IN_PROMPT] for choice in (shown[0], shown[-1]))
    return texts("people.choose_from", first=first, last=last)


def turn_buttons(
    texts: Texts, choices: Sequence[Choice], page: int, action: str, args: tuple[int, ...] = ()
) -> tuple[Button, ...]:
    """Return the buttons to the pages beside this one."""
    page, buttons = _inside(choices, page), []
    if page > 0:
        buttons.append(Button(texts("people.button.back"), action, (*args, page - 1)))
    if page < pages_of(choices) - 1:
        buttons.append(Button(texts("people.button.more"), action, (*args, page + 1)))
    return tuple(buttons)


def _inside(choices: Sequence[Choice], page: int) -> int:
    return min(max(page, 0), pages_of(choices) - 1)
