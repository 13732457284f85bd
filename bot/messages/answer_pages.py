"""Build a ballot with so many answers that they stand on pages; only the voter sees it."""

from collections.abc import Mapping

from bot.content.templates import Ready
from bot.domain import answer_pages as paging
from bot.domain.poll_view import PollView, shortened
from bot.domain.polls import ANSWER_LONGEST
from bot.messages.message import Button, Choice, Menu, Message
from bot.messages.poll_parts import joined, say
from bot.messages.texts import Texts

_NAMED = 900  # characters of the answers that are named as chosen
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll.pages.page": frozenset({"page", "pages"}),
    "poll.pages.chosen": frozenset({"answers", "count"}),
    **dict.fromkeys(("poll.pages.one", "poll.pages.several", "poll.pages.menu"), _NONE),
    **dict.fromkeys(("poll.button.before", "poll.button.after"), _NONE),
}


def answer_page(texts: Texts, view: PollView, page: int, mark: str) -> Message:
    """Show one page of a poll's answers, what is chosen on all of them, and buttons to turn and to vote."""
    here, chosen, pages = (
        paging.on_page(page, len(view.answers)),
        paging.chosen(mark),
        paging.pages(len(view.answers)),
    )
    page, single = (here.start - 1) // paging.PAGE + 1, view.pick == 1
    choices = tuple(
        Choice(str(a.position), a.text[:ANSWER_LONGEST], a.position in chosen)
        for a in view.answers
        if a.position in here
    )
    menu = Menu(
        "page_pick", choices, (view.id, page, mark), texts("poll.pages.menu"),
        1 if single else 0, 1 if single else len(choices),
    )  # fmt: skip
    turns = [
        Button(texts(f"poll.button.{name}"), "page_turn", (view.id, to, mark))
        for name, to in (("before", page - 1), ("after", page + 1))
        if 1 <= to <= pages
    ]
    if chosen and not single:
        turns.append(Button(texts("poll.button.done"), "page_done", (view.id, mark), "success"))
    return Message(_text(texts, view, page, pages, chosen), tuple(turns), (menu,))


def _text(texts: Texts, view: PollView, page: int, pages: int, chosen: frozenset[int]) -> Ready:
    lines = [
        say(texts, "heading", view),
        texts(f"poll.pages.{'one' if view.pick == 1 else 'several'}"),
        texts("poll.pages.page", page=page, pages=pages),
    ]
    if chosen:
        names = joined(view.texts_of(tuple(chosen)))
        lines.append(texts("poll.pages.chosen", answers=Ready(shortened(names, _NAMED)), count=len(chosen)))
    return Ready("\n".join(lines))
