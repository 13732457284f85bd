"""Build what the secretariat sees of its videos: the slots of a letter, the library, one video and its form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.content.templates import Ready
from bot.messages.menu_pages import on_page, turn_buttons
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.newsletters import cut
from bot.messages.texts import Texts

FIELDS = ("title", "url", "minutes", "subtitles")
SUPPLIES: Mapping[str, frozenset[str]] = {
    "letter_desk.slots": frozenset({"title"}),
    "letter_desk.slot": frozenset({"number", "title", "minutes", "url"}),
    "letter_desk.slot_menu": frozenset({"number"}),
    "letter_desk.slot_empty": frozenset(),
    "letter_desk.video_choice": frozenset({"title", "minutes", "dead", "subtitles"}),
    "letter_desk.library": frozenset({"count"}),
    "letter_desk.library_menu": frozenset(),
    "letter_desk.video": frozenset({"title", "minutes", "subtitles", "url", "circle"}),
    "letter_desk.video_alive": frozenset({"checked_at"}),
    "letter_desk.video_dead": frozenset({"dead_since"}),
    "letter_desk.video_unseen": frozenset(),
    "letter_desk.video_kept": frozenset({"title", "seen"}),
    "letter_desk.video_dropped": frozenset(),
    "letter_desk.links_fine": frozenset(),
    "letter_desk.links_dead": frozenset({"titles"}),
    "letter_desk.links_unseen": frozenset({"count"}),
    "letter_desk.video_form": frozenset(),
    "letter_desk.video_yes": frozenset(),
    "letter_desk.video_no": frozenset(),
    **{f"letter_desk.label.video_{name}": frozenset() for name in FIELDS},
    **{
        f"letter_desk.button.video_{name}": frozenset()
        for name in ("new", "library", "edit", "drop", "check")
    },
}
_SHOWN = 24  # entries of a menu beside the one for an empty slot
_LABEL = 100
Args = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A video of the library; `circle` is what the circle it was made for is called."""

    id: int
    title: str
    url: str
    minutes: int
    subtitles: bool
    circle: str = ""
    checked_at: datetime | None = None
    dead_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SlotSeen:
    """A letter's place for a video."""

    number: int
    title: str
    minutes: int
    url: str | None
    video_id: int | None


def slots(
    texts: Texts, title: str, found: Sequence[SlotSeen], library: Sequence[Seen], cohort_id: int, code: str
) -> Message:
    """Show a letter's videos, with a menu of the library for each of its places."""
    rows: list[str] = [texts("letter_desk.slots", title=title)]
    rows += [
        texts("letter_desk.slot", number=s.number, title=s.title, minutes=s.minutes, url=Ready(s.url or ""))
        for s in found
    ]
    args = (cohort_id, code)
    menus = tuple(_slot_menu(texts, slot, library, args) for slot in found) if library else ()
    buttons = (
        Button(texts("letter_desk.button.video_new"), "video_new", args, "primary"),
        Button(texts("letter_desk.button.video_library"), "video_library", (cohort_id,)),
        Button(texts("letter_desk.button.open"), "letter_open", args),
    )
    return Message(Ready(cut("\n".join(rows))), buttons, menus)


def _slot_menu(texts: Texts, slot: SlotSeen, library: Sequence[Seen], args: Args) -> Menu:
    empty = Choice("0", texts("letter_desk.slot_empty"), chosen=False)
    choices = tuple(
        Choice(str(video.id), _choice(texts, video), chosen=video.id == slot.video_id)
        for video in library[:_SHOWN]
    )
    prompt = texts("letter_desk.slot_menu", number=slot.number)
    return Menu("video_fill", (*choices, empty), (*args, slot.number), prompt)


def library(texts: Texts, found: Sequence[Seen], cohort_id: int, page: int = 0) -> Message:
    """Show the videos in a menu, a page of them at a time."""
    choices = tuple(Choice(str(video.id), _choice(texts, video)) for video in found)
    here, prompt = on_page(choices, page), texts("letter_desk.library_menu")
    menus = (Menu("video_open", here, (cohort_id,), prompt),) if here else ()
    buttons = [Button(texts("letter_desk.button.video_new"), "video_new", (cohort_id, ""), "primary")]
    if found:
        buttons.append(Button(texts("letter_desk.button.video_check"), "video_check"))
    buttons.append(Button(texts("letter_desk.button.board"), "letter_board", (cohort_id,)))
    buttons += turn_buttons(texts, choices, page, "video_library", (cohort_id,))
    return Message(texts("letter_desk.library", count=len(found)), tuple(buttons), menus)


def video(texts: Texts, seen: Seen, cohort_id: int) -> Message:
    """Show one video, and whether its link leads anywhere."""
    head = texts(
        "letter_desk.video", title=seen.title, minutes=seen.minutes, subtitles=seen.subtitles,
        url=Ready(seen.url), circle=seen.circle,
    )  # fmt: skip
    if seen.dead_since is not None:
        state = texts("letter_desk.video_dead", dead_since=seen.dead_since)
    elif seen.checked_at is not None:
        state = texts("letter_desk.video_alive", checked_at=seen.checked_at)
    else:
        state = texts("letter_desk.video_unseen")
    buttons = (
        Button(texts("letter_desk.button.video_edit"), "video_edit", (seen.id, cohort_id)),
        Button(texts("letter_desk.button.video_drop"), "video_drop", (seen.id,)),
        Button(texts("letter_desk.button.video_library"), "video_library", (cohort_id,)),
    )
    return Message(Ready(f"{head}\n{state}"), buttons)


def form(texts: Texts, args: Args, seen: Seen | None = None) -> Form:
    """Ask for a video, filled with what is kept of it."""
    yes = texts("letter_desk.video_yes" if seen and seen.subtitles else "letter_desk.video_no")
    kept = (
        {"title": seen.title, "url": seen.url, "minutes": str(seen.minutes), "subtitles": yes} if seen else {}
    )
    fields = tuple(
        Field(name, texts(f"letter_desk.label.video_{name}"), value=kept.get(name, ""), longest=longest)
        for name, longest in zip(FIELDS, (80, 400, 3, 10), strict=True)
    )
    return Form("video_save", texts("letter_desk.video_form"), fields, args)


def is_yes(texts: Texts, written: str) -> bool:
    """Tell whether an answer in a form is a yes, also by its first letter."""
    return written.strip().casefold()[:1] == str(texts("letter_desk.video_yes"))[:1].casefold()


def kept(texts: Texts, title: str, seen: bool, cohort_id: int, code: str) -> Message:
    """Say that a video is kept; made for a letter, it can be put into it at once."""
    name, action = ("videos", "letter_videos") if code else ("video_library", "video_library")
    args: Args = (cohort_id, code) if code else (cohort_id,)
    button = Button(texts(f"letter_desk.button.{name}"), action, args)
    return Message(texts("letter_desk.video_kept", title=title, seen=seen), (button,))


def links(texts: Texts, dead: Sequence[str], unseen: int) -> Message:
    """Say which links are dead, and how many nobody could look at."""
    rows: list[str] = [texts("letter_desk.links_dead", titles=", ".join(dead))] if dead else []
    if unseen:
        rows.append(texts("letter_desk.links_unseen", count=unseen))
    return Message(Ready(cut("\n".join(rows or [texts("letter_desk.links_fine")]))))


def _choice(texts: Texts, seen: Seen) -> str:
    dead = seen.dead_since is not None
    values = {"title": seen.title, "minutes": seen.minutes, "dead": dead, "subtitles": seen.subtitles}
    return texts("letter_desk.video_choice", **values)[:_LABEL]
