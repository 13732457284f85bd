"""Build the register as a list that is searched and turned page by page."""

from collections.abc import Mapping

from bot.content.templates import Ready
from bot.domain.decisions import DecisionPage, DecisionView
from bot.messages.decisions import record_says, status_line
from bot.messages.message import Button, Choice, Menu, Message
from bot.messages.poll_drafts import ask_buttons
from bot.messages.texts import Texts

_LABEL_LONGEST, _SEARCH_LONGEST = 100, 60
SUPPLIES: Mapping[str, frozenset[str]] = {
    "decision.menu": frozenset(),
    "decision.list.heading": frozenset({"place", "total"}),
    "decision.list.found": frozenset({"place", "total", "search"}),
    "decision.list.empty": frozenset({"place"}),
    "decision.list.nothing_found": frozenset({"place", "search"}),
    "decision.list.page": frozenset({"page", "pages"}),
}


def decision_list(
    texts: Texts,
    page: DecisionPage,
    *,
    may_ask: bool = False,
    may_export: bool = False,
    may_take_agreements: bool = False,
    may_record: bool = False,
) -> Message:
    """Show one page of the register, with a menu to open a decision and buttons to turn the page.

    Who may write decisions down or start polls here can begin from it, and who may take the register out gets it here.
    """
    ask = ask_buttons(texts) if may_ask else ()
    if may_record:
        ask = (Button(texts("decision.button.begin"), "decision_begin"), *ask)
    if page.total or not page.place_key.startswith("village:"):  # others look after villages too
        ask = (Button(texts("decision.button.standing"), "decision_standing"), *ask)
    export = export_buttons(texts, whole=may_export and page.total > 0, agreements=may_take_agreements)
    ask = (*ask, *export)
    values = {"place": page.place_name, "total": page.total, "search": page.search}
    if not page.total:
        return Message(texts(f"decision.list.{'nothing_found' if page.search else 'empty'}", **values), ask)
    lines = [texts(f"decision.list.{'found' if page.search else 'heading'}", **values)]
    for view in page.decisions:
        lines.append(Ready(f"{record_says(texts, 'list.line', view)} {status_line(texts, view)}"))
    if page.pages > 1:
        lines.append(texts("decision.list.page", page=page.page, pages=page.pages))
    search = page.search
    while _length_in_id(search) > _SEARCH_LONGEST:
        search = search[:-1]
    turn = {"newer": page.page - 1, "older": page.page + 1}
    buttons = tuple(
        Button(texts(f"decision.button.{name}"), "decision_page", (number, search))
        for name, number in turn.items()
        if 1 <= number <= page.pages
    )
    choices = tuple(_choice(view) for view in page.decisions)
    menu = Menu("decision_show", choices, prompt=texts("decision.menu"))
    return Message("\n".join(lines), (*buttons, *ask), (menu,))


def export_buttons(texts: Texts, *, whole: bool, agreements: bool) -> tuple[Button, ...]:
    """Return the buttons that hand out the register here, and the agreements of a coordinator's municipality."""
    buttons = []
    if whole:
        buttons.append(Button(texts("decision.button.export"), "decision_export", ("pdf",)))
    if agreements:
        buttons.append(Button(texts("minutes.button.agreements"), "decision_export", ("pdf", "agreements")))
    return tuple(buttons)


def _length_in_id(text: str) -> int:
    """Return how much room a text takes in a custom id, where separators are written with three signs."""
    return len(text) + 2 * sum(text.count(sign) for sign in "%,:")


def _choice(view: DecisionView) -> Choice:
    return Choice(str(view.id), f"{view.ref}: {view.title}"[:_LABEL_LONGEST])
