"""What the head of a programme says: names, the numbers that dates, posts and polls obey, and days that are kept free."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

Strict: dict[str, object] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class CohortNames:
    """Patterns for a cohort's code and title; {start}, {end} and {end_short} are years."""

    __pydantic_config__: ClassVar = Strict
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class DiscordNames:
    """Patterns for categories, channels and roles."""

    __pydantic_config__: ClassVar = Strict
    category: str
    common_category: str
    coordinator_channel: str
    secretariat_channel: str
    welcome_channel: str
    secretariat_role: str
    coordinator_role: str


@dataclass(frozen=True, slots=True)
class SecretResults:
    """How many votes a secret poll needs before anything, and before numbers, is shown."""

    __pydantic_config__: ClassVar = Strict
    show_from_votes: int = 5
    numbers_from_votes: int = 10


@dataclass(frozen=True, slots=True)
class Bounds:
    """A smallest and a largest count."""

    __pydantic_config__: ClassVar = Strict
    min: int
    max: int
    max_minutes: int = 60


@dataclass(frozen=True, slots=True)
class MilestoneReminders:
    """How many days before its due day a milestone's owner is reminded, at what time, and how long a reminder is of use."""

    __pydantic_config__: ClassVar = Strict
    before_days: int
    time: dt.time
    useful_days: int = 7


@dataclass(frozen=True, slots=True)
class NewsletterApproval:
    """Letters go out approved only; how many days before that the secretariat is told of one that is not."""

    __pydantic_config__: ClassVar = Strict
    warn_days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers that dates, posts and polls obey."""

    __pydantic_config__: ClassVar = Strict
    newsletter_lead_days: Mapping[str, int]
    newsletter_time: dt.time
    newsletter_max_chars: int
    next_steps: Bounds
    videos: Bounds
    circle_agenda_parts: tuple[str, ...]
    circle_count_ok: Mapping[str, tuple[int, int]]
    one_gathering_per_phase: tuple[str, ...]
    secret_results: SecretResults
    yes_options: tuple[str, ...]
    posts_only_between: tuple[dt.time, dt.time]
    max_bot_posts_per_channel_per_day: int
    village_channel_after: tuple[str, ...]
    quiet_village_days: int
    given_time_notice_days: int = 1
    no_begins: str = ""
    steering_established_by: str | None = None
    sharing_part: str | None = None
    milestone_reminders: MilestoneReminders | None = None
    newsletter_approval: NewsletterApproval | None = None
    global_goals: int = 0
    seed_lines: int = 0


@dataclass(frozen=True, slots=True)
class Blackout:
    """Days on which nothing is held or posted; easter counts days from Easter Sunday."""

    __pydantic_config__: ClassVar = Strict
    id: str
    iso_weeks: tuple[int, ...] = ()
    easter: tuple[int, int] | None = None
    dates: tuple[str, ...] = ()
