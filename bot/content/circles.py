"""Check study circles and the heads of their letters: numbers, agendas, steps, videos."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.content.places import CIRCLE_WORDS, PROGRAMME, Places, letter_file
from bot.content.source import Fault
from bot.domain.programme import AgendaItem, Meeting, Newsletter, Programme
from bot.domain.programme_rules import Bounds


def check_circles(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for everything wrong with a circle or a letter's head."""
    for kind in CIRCLE_WORDS:
        for wanted, circle in enumerate(programme.circles(kind), start=1):
            if circle.number != wanted:
                problem = f"circles run from 1 without gaps: this should be {wanted}"
                yield places.meeting(circle.id, "number", problem=problem)
            yield from _agenda(programme, places, circle)
    yield from _letters(programme, places)
    for letter in programme.newsletters.values():
        yield from _counts(programme, places, letter)
        yield from _videos(programme, places, letter)


def warn_of_circles(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a warning where a programme has unusually many or few circles of a kind."""
    for kind, word in CIRCLE_WORDS.items():
        count = len(list(programme.circles(kind)))
        low, high = programme.rules.circle_count_ok.get(word, (count, count))
        if not low <= count <= high:
            problem = f"there are {count} circles of this kind, outside {low} to {high}"
            yield places.rule("rules", "circle_count_ok", word, problem=problem)


def _agenda(programme: Programme, places: Places, circle: Meeting) -> Iterator[Fault]:
    wanted = programme.rules.circle_agenda_parts
    if not wanted:
        return  # reported with the numbers
    items = [item for item in circle.agenda if isinstance(item, AgendaItem)]
    parts = tuple(item.part for item in items)
    if len(items) != len(circle.agenda) or parts != wanted:
        problem = f"must have the parts {', '.join(wanted)}, in this order"
        yield places.meeting(circle.id, "agenda", problem=problem)
        return
    minutes = sum(item.minutes or 0 for item in items)
    if minutes != circle.minutes:
        problem = f"its parts take {minutes} minutes, but the circle lasts {circle.minutes}"
        yield places.meeting(circle.id, "agenda", problem=problem)


def _letters(programme: Programme, places: Places) -> Iterator[Fault]:
    used: dict[str, str] = {}
    for meeting in programme.meetings.values():
        is_circle, letter_id = meeting.kind in CIRCLE_WORDS, meeting.newsletter
        if letter_id is None:
            if is_circle:
                yield places.meeting(meeting.id, problem="has no newsletter")
            continue
        if not is_circle:
            problem = "only a study circle has a newsletter"
            yield places.meeting(meeting.id, "newsletter", problem=problem)
        if letter_id not in programme.newsletters:
            problem = f"there is no letter {letter_id}: the file {letter_file(letter_id)} is missing"
            yield places.meeting(meeting.id, "newsletter", problem=problem)
        if letter_id in used:
            problem = f"{letter_id} is already the letter of {used[letter_id]}"
            yield places.meeting(meeting.id, "newsletter", problem=problem)
        used.setdefault(letter_id, meeting.id)
    for letter_id in programme.newsletters:
        if letter_id not in used:
            yield places.letter(letter_id, problem="no circle names this letter as its newsletter")


def _counts(programme: Programme, places: Places, letter: Newsletter) -> Iterator[Fault]:
    rules = programme.rules
    for key, count, bounds in (
        ("next_steps", len(letter.next_steps), rules.next_steps),
        ("videos", len(letter.videos), rules.videos),
    ):
        if not _within(count, bounds):
            problem = f"has {count} entries; {PROGRAMME} allows {bounds.min} to {bounds.max}"
            yield places.letter(letter.id, key, problem=problem)


def _within(count: int, bounds: Bounds) -> bool:
    return bounds.min <= count <= bounds.max


def _videos(programme: Programme, places: Places, letter: Newsletter) -> Iterator[Fault]:
    longest = programme.rules.videos.max_minutes
    for index, video in enumerate(letter.videos):
        if not 1 <= video.minutes <= longest:
            problem = f"must be 1 to {longest} minutes"
            yield places.letter(letter.id, "videos", index, "minutes", problem=problem)
        if video.url is not None and not is_https(video.url):
            problem = "must be left out, or be a whole link beginning with https://"
            yield places.letter(letter.id, "videos", index, "url", problem=problem)
        if set("[]") & set(video.title):
            problem = "must not hold [ or ]: the title becomes the name of a link"
            yield places.letter(letter.id, "videos", index, "title", problem=problem)


def is_https(url: str) -> bool:
    """Tell whether a text is a link over HTTPS that can stand in a named Markdown link."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not set(url) & set(" <>()\n")
