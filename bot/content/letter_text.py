"""Fill a newsletter: used by the bot when it sends a letter and by the check when it reads one.

The values are plain text made by the caller (dates already written out); this module knows nothing
of villages in the database, of Discord or of the language a letter is written in.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.content.filling import fill
from bot.content.templates import Ready, harmless
from bot.domain.programme import VILLAGE_CIRCLE, Meeting, Newsletter

# The texts the video block is made of, and the placeholders each is given.
LETTER_TEXTS: Mapping[str, frozenset[str]] = {
    "letter.videos_heading_one": frozenset(),
    "letter.videos_heading_many": frozenset(),
    "letter.video_line": frozenset({"title", "minutes", "number"}),
    "letter.video_line_link": frozenset({"title", "minutes", "number", "url"}),
    "letter.videos_later_one": frozenset(),
    "letter.videos_later_many": frozenset(),
}
_NAMES = frozenset({"phone", "circle", "event", "videos", "videos_ready"})
_VILLAGE_NAMES = frozenset({"village", "coordinator"})
_EXTRA_NAMES = frozenset({"phone", "event", *_VILLAGE_NAMES})  # of a letter outside the calendar
# What would end a named Markdown link before its time.
_IN_A_LINK = str.maketrans({sign: f"%{ord(sign):02X}" for sign in " ()<>[]\\"})


class Say(Protocol):
    """Returns the text behind a key, filled with values."""

    def __call__(self, key: str, /, **values: object) -> str:
        """Return one text."""


@dataclass(frozen=True, slots=True)
class MeetingText:
    """What a letter may say of a meeting; date and time are written out in the reader's language."""

    date: str
    time: str
    number: int | None
    title: str


def letter_names(circle: Meeting | None) -> frozenset[str]:
    """Return the names the letter of this circle may use; only a village's letter, or an extra one, names a village."""
    if circle is None:
        return _EXTRA_NAMES
    return _NAMES | _VILLAGE_NAMES if circle.kind == VILLAGE_CIRCLE else _NAMES


def letter_values(
    circle: Meeting | None,
    *,
    describe: Callable[[str], MeetingText],
    village: str,
    phone: str,
    coordinator: str,
    videos: str,
    videos_ready: bool,
) -> dict[str, object]:
    """Return everything a letter's body may use.

    `describe` gives the text of any meeting by its id and raises KeyError for an unknown one, which
    the letter then reports as a TemplateFault. Names are people's own words: markup in them is shown,
    not obeyed.
    """

    def event(meeting_id: str) -> MeetingText:
        try:
            return describe(meeting_id)
        except KeyError:
            raise LookupError(f"there is no meeting with the id {meeting_id}") from None

    values: dict[str, object] = {
        **harmless({"village": village, "phone": phone, "coordinator": coordinator}),
        "circle": describe(circle.id) if circle else None,
        "event": event,
        "videos": videos,
        "videos_ready": videos_ready,
    }
    allowed = letter_names(circle)
    return {name: value for name, value in values.items() if name in allowed}


def render_letter(newsletter: Newsletter, *, values: Mapping[str, object]) -> str:
    """Return a letter's text: its title in bold, an empty line, its body. Raises TemplateFault."""
    return f"**{newsletter.title}**\n\n{tidy(fill(newsletter.body, values))}"


def video_block(newsletter: Newsletter, urls: Sequence[str | None], say: Say) -> str:
    """Return a letter's list of videos, with a named link where there is one and a word where not.

    `urls` has the links in the order of the letter's videos; a missing or empty one stands for a
    video that is not ready. A letter without videos has an empty block.
    """
    if not newsletter.videos:
        return ""
    links = [*urls, *[None] * len(newsletter.videos)]
    many = "many" if len(newsletter.videos) > 1 else "one"
    lines = [say(f"letter.videos_heading_{many}")]
    for number, (video, url) in enumerate(zip(newsletter.videos, links, strict=False), start=1):
        about: dict[str, object] = {"title": video.title, "minutes": video.minutes, "number": number}
        if url:
            lines.append(say("letter.video_line_link", **about, url=Ready(url.translate(_IN_A_LINK))))
        else:
            lines.append(say("letter.video_line", **about))
    missing = sum(not url for url in links[: len(newsletter.videos)])
    if missing:
        lines.append(say(f"letter.videos_later_{'one' if missing == 1 else 'many'}"))
    return "\n".join(line.strip() for line in lines)


def videos_ready(newsletter: Newsletter, urls: Sequence[str | None]) -> bool:
    """Tell whether every video of a letter has its link."""
    return all(urls[: len(newsletter.videos)]) and len(urls) >= len(newsletter.videos)


def tidy(text: str) -> str:
    """Return text without trailing blanks, without blank lines at its ends or two in a row."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")
