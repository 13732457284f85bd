"""Check the texts the bot says: keys, placeholders, commands, lengths, and the programme's voice."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import translate

from bot.content.filling import TemplateFault, fill, placeholders
from bot.content.load import Content
from bot.content.manners import Manners, unknown_commands
from bot.content.places import leaves
from bot.content.samples import Samples, strings_in
from bot.content.source import Fault
from bot.content.templates import environment
from bot.content.tone import Tone

Supplies = Mapping[str, frozenset[str]]
POST = "post"


def check_texts(
    content: Content,
    supplies: Supplies,
    commands: frozenset[str],
    *,
    tone: Tone | None = None,
    manners: Manners | None = None,
    samples: Samples | None = None,
) -> Iterator[Fault]:
    """Yield everything wrong with the texts.

    `supplies` says which placeholders the code gives to each text; a key may be a pattern
    ("state.*") for texts whose keys are made from data. A text under "post" is known when a
    reminder of the content or a whole key of `supplies` names it.
    """
    tone = tone or Tone()
    yield from check_keys(content, supplies)
    yield from check_post_texts(content)
    yield from check_placeholders(content, supplies)
    yield from check_commands(content, commands)
    yield from check_wording(content, tone, manners or Manners(tone), samples or Samples(content, tone))


def texts_of(content: Content) -> dict[str, object]:
    """Return every text by its dotted key."""
    return {".".join(map(str, path)): text for path, text in leaves(content.texts)}


def check_keys(content: Content, supplies: Supplies) -> Iterator[Fault]:
    """Yield a fault for every text the code needs and cannot find, and for every text nobody says."""
    found, patterns = texts_of(content), _patterns(supplies)
    posts = {f"{POST}.{r.text}" for row in content.programme.reminders.values() for r in row}
    for key in supplies:
        if key not in found and not (key in patterns and any(map(patterns[key], found))):
            yield content.text_fault(key, "is missing")
    for key, text in found.items():
        if not isinstance(text, str):
            yield content.text_fault(key, "must be a text in quotation marks")
            continue
        if key in supplies or key in posts:
            continue
        if not key.startswith(f"{POST}.") and _pattern_of(key, patterns) is not None:
            continue
        yield content.text_fault(key, "is used nowhere: remove it, or correct its key")


def check_post_texts(content: Content) -> Iterator[Fault]:
    """Yield a fault for every reminder whose text is not there."""
    found = texts_of(content)
    for name, row in content.programme.reminders.items():
        for index, reminder in enumerate(row):
            if not isinstance(found.get(f"{POST}.{reminder.text}"), str):
                path = ("reminders", name, index, "text")
                problem = f"there is no text {POST}.{reminder.text}"
                yield content.fault("programme.yaml", path, problem)


def check_placeholders(content: Content, supplies: Supplies) -> Iterator[Fault]:
    """Yield a fault for every placeholder the code does not fill."""
    env = environment(content.programme.language, content.programme.timezone)
    patterns = _patterns(supplies)
    for key, text in texts_of(content).items():
        given = supplies.get(key)
        if given is None and (pattern := _pattern_of(key, patterns)) is not None:
            given = supplies[pattern]
        if given is None or not isinstance(text, str):
            continue
        try:
            unknown = placeholders(text, env) - given
        except TemplateFault:
            continue  # reported with the wording
        for name in sorted(unknown):
            known = ", ".join(sorted(given)) or "none"
            problem = f"the placeholder {name} is not supplied; these are: {known}"
            yield content.text_fault(key, problem)


def check_commands(content: Content, commands: Collection[str]) -> Iterator[Fault]:
    """Yield a fault for every /command in a text that does not exist."""
    for key, text in texts_of(content).items():
        if isinstance(text, str):
            for _, problem in unknown_commands(text, commands):
                yield content.text_fault(key, problem)


def check_wording(content: Content, tone: Tone, manners: Manners, samples: Samples) -> Iterator[Fault]:
    """Yield a fault for every text that cannot be filled, is too long or speaks in another voice."""
    for key, text in texts_of(content).items():
        if not isinstance(text, str):
            continue
        found: set[str] = set()
        try:
            for values in samples.values(text):
                spoken = fill(text, values, samples.env).strip()
                bold = tone.bold.values if tone.bold else ()
                may_be_bold = strings_in({n: v for n, v in values.items() if n in bold})
                problems = manners.problems(
                    spoken,
                    tone.kind_of(key),
                    key=key,
                    given=strings_in(values) | {samples.date},
                    may_be_bold=may_be_bold | {samples.date},
                )
                found.update(problem for _, problem in problems)
        except TemplateFault as fault:
            found.add(f"cannot be filled: {fault.problem}")
        yield from (content.text_fault(key, problem) for problem in sorted(found))


def _patterns(supplies: Supplies) -> dict[str, Callable[[str], object]]:
    """Return how each key that is a pattern is held against a text's key, the most exact first."""
    names = sorted((name for name in supplies if "*" in name), key=len, reverse=True)
    return {name: re.compile(translate(name)).match for name in names}


def _pattern_of(key: str, patterns: Mapping[str, Callable[[str], object]]) -> str | None:
    """Return the most exact pattern that covers a key."""
    return next((name for name, fits in patterns.items() if fits(key)), None)
