"""Values to fill templates with when they are checked: the longest that people will meet."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, product

from jinja2 import Environment

from bot.content.filling import TemplateFault, alternatives, fill, filtered_by, placeholders
from bot.content.load import Content
from bot.content.places import leaves
from bot.content.templates import environment, harmless
from bot.content.tone import Tone

_DATE_FILTERS = frozenset({"date", "date_year", "time"})
_ALTERNATIVES_MAX = 64
FILLER = "#"  # neither a letter nor a digit: length without words
DEFAULT_NAME_CHARS = 30


class Samples:
    """The longest values for one content folder, and its texts filled with values."""

    def __init__(self, content: Content, tone: Tone) -> None:
        programme = content.programme
        self._tone = tone
        self._texts = {".".join(map(str, path)): text for path, text in leaves(content.texts)}
        self.env, self.moment = _environment(programme.language, programme.timezone)
        # As people read them: the longest date, and a time from start to end.
        self.date = fill("{{ moment | date }}", {"moment": self.moment}, self.env)
        self.time = fill("{{ m | time }}-{{ m | time }}", {"m": self.moment}, self.env)

    @property
    def village(self) -> str:
        """Return the longest name of a village."""
        return max(self._tone.longest_names, key=len, default=FILLER * DEFAULT_NAME_CHARS)

    def values(self, template: str) -> Iterator[dict[str, object]]:
        """Yield sets of values for a template, one for each alternative. Raises TemplateFault."""
        if "{" not in template:
            yield {}
            return
        dated = filtered_by(template, _DATE_FILTERS, self.env)
        names = sorted(placeholders(template, self.env))
        branches = alternatives(template, self.env)
        choices = [self._choices(name, name in dated, branches.get(name)) for name in names]
        for chosen in islice(product(*choices), _ALTERNATIVES_MAX):
            yield harmless(dict(zip(names, chosen, strict=True)))

    def say(self, key: str, /, **values: object) -> str:
        """Return a text, or a stand-in for one that is missing or broken: that is reported elsewhere."""
        try:
            return fill(str(self._texts[key]), harmless(values), self.env).strip()
        except (KeyError, TemplateFault):
            return " ".join(f"{FILLER}{value}" for value in values.values()) or FILLER

    def _choices(self, name: str, dated: bool, branches: tuple[object, ...] | None) -> tuple[object, ...]:
        if dated:
            return (self.moment,)
        if name in self._tone.samples:
            return self._tone.samples[name]
        filler = FILLER * self._tone.sample_chars
        filled: list[object] = [filler if choice is None else choice for choice in branches or (None,)]
        return tuple([filler] * len(c) if isinstance(c, list) else c for c in filled)


@lru_cache(maxsize=4)
def _environment(language: str, timezone: str) -> tuple[Environment, datetime]:
    """Return the texts' environment, and the day whose date is written longest in their language."""
    env = environment(language, timezone)
    year = [datetime(2027, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(365)]
    return env, max(year, key=lambda moment: len(fill("{{ m | date }}", {"m": moment}, env)))


def strings_in(values: Mapping[str, object]) -> frozenset[str]:
    """Return the texts among values, also in lists, that are long enough to be told from ordinary words."""
    found: list[object] = []
    for value in values.values():
        found += value if isinstance(value, list) else [value]
    return frozenset(str(v) for v in found if isinstance(v, str) and len(v) > 2)
