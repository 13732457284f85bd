"""The one place that turns a text template into text: dates in the content's language, strange markup made harmless."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

_MARKUP = re.compile(r"([\\*_~`|\[\]<>])")


class Ready(str):
    """Text that is already Discord markup and must not be escaped (a rendered text, a checked link)."""

    __slots__ = ()


def plain(text: str) -> str:
    """Escape what Discord would read as markup, so that a name is shown as it was written."""
    return _MARKUP.sub(r"\\\1", text)


@cache
def environment(language: str, timezone: str) -> SandboxedEnvironment:
    """Build the Jinja2 environment for texts and letters: filters date, date_year and time, strict on names."""
    zone = ZoneInfo(timezone)

    def on(value: datetime | date) -> date:
        return value.astimezone(zone).date() if isinstance(value, datetime) else value

    def day(value: datetime | date) -> str:
        return format_date(on(value), _pattern(language), locale=language)

    def day_year(value: datetime | date) -> str:
        return format_date(on(value), _pattern(language) + " y", locale=language)

    def clock(value: datetime) -> str:
        separator = "." if language == "da" else ":"
        return value.astimezone(zone).strftime(f"%H{separator}%M")

    env = SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    env.filters.update(date=day, date_year=day_year, time=clock)
    return env


def _pattern(language: str) -> str:
    return "EEEE 'den' d. MMMM" if language == "da" else "EEEE d MMMM"


def harmless(values: Mapping[str, Any]) -> dict[str, Any]:
    """Escape every plain string among the values; Ready strings, numbers and dates pass."""
    return {key: plain(value) if type(value) is str else value for key, value in values.items()}
