"""The programme as plain frozen data: what a content folder says, checked and typed, with no dates yet."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Literal

from bot.domain.programme_rules import Blackout, CohortNames, DiscordNames, Rules, Strict

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Scope(StrEnum):
    """Whom a meeting or poll belongs to: the whole cohort, or one body at a time."""

    COHORT = "cohort"
    MUNICIPALITY = "municipality"
    VILLAGE = "village"
    COORDINATOR_GROUP = "coordinator_group"


@dataclass(frozen=True, slots=True)
class Offset:
    """A distance from a meeting."""

    __pydantic_config__: ClassVar = Strict
    days: int = 0
    hours: int = 0


@dataclass(frozen=True, slots=True)
class Reminder:
    """One post around a meeting; exactly one of before, after and before_window is set."""

    __pydantic_config__: ClassVar = Strict
    id: str
    text: str
    before: Offset | None = None
    after: Offset | None = None
    before_window: Offset | None = None
    time: dt.time | None = None
    to: Literal["channel", "steering", "secretariat", "coordinators"] = "channel"
    add: tuple[
        Literal[
            "link", "rsvp", "next_steps", "first_next_step", "pulse_poll", "decisions",
            "calendar", "calendar_file", "pick_date", "join_panel", "who_comes", "tasks", "meeting_day", "enrol",
        ],
        ...,
    ] = ()  # fmt: skip
    unless: Literal["link", "picked", "done", "enrolled"] | None = None
    useful_days: int = 7
    mail: bool = False  # it also goes to those who read the place's letters by e-mail


@dataclass(frozen=True, slots=True)
class Position:
    """A day counted from a phase's first Monday: phase week (1-based), weekday, local time."""

    __pydantic_config__: ClassVar = Strict
    pw: int
    day: Day | None = None
    time: dt.time | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Whole phase weeks in which a village chooses its own day."""

    __pydantic_config__: ClassVar = Strict
    from_pw: int
    to_pw: int


@dataclass(frozen=True, slots=True)
class YearDay:
    """A month-day in the programme's first (0) or second (1) calendar year."""

    __pydantic_config__: ClassVar = Strict
    year: int
    date: str


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One point of a meeting; circles give part and minutes."""

    __pydantic_config__: ClassVar = Strict
    text: str
    part: str | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the programme with its window; number 0 is the prelude, outside the count."""

    __pydantic_config__: ClassVar = Strict
    id: str
    number: int
    title: str
    state: str
    start: YearDay
    end: YearDay
    target: YearDay
    gate: str | None = None
    elements: tuple[str, ...] = ()
    gathering: str | None = None


@dataclass(frozen=True, slots=True)
class SeatShare:
    """How many seats of a common meeting a village may take, until so many days before it."""

    __pydantic_config__: ClassVar = Strict
    seats: int
    until_days: int


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting of the calendar; a study circle is a meeting with a newsletter."""

    __pydantic_config__: ClassVar = Strict
    id: str
    phase: str
    title: str
    kind: str = ""
    scope: Scope = Scope.COHORT
    mode: str = "online"
    minutes: int = 60
    number: int | None = None
    at: Position | None = None
    window: Window | None = None
    default: Position | None = None
    hours: tuple[dt.time, ...] = ()
    one_village_at_a_time: bool = False
    seats_per_village: SeatShare | None = None
    on_blackout: Literal["later", "earlier"] = "later"
    gathering: bool = False
    audience: tuple[str, ...] = ()
    agenda: tuple[AgendaItem | str, ...] = ()
    newsletter: str | None = None
    reminders: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()
    milestones: tuple[str, ...] = ()
    polls: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()

    @property
    def position(self) -> Position:
        """Where it stands when nobody has chosen another day."""
        found = self.at or self.default
        assert found is not None, f"{self.id}: checked when the content was loaded"
        return found


VILLAGE_CIRCLE, COORDINATOR_CIRCLE = "village_circle", "coordinator_circle"


@dataclass(frozen=True, slots=True)
class Video:
    """A slot for an inspiration video; the secretariat fills the link."""

    __pydantic_config__: ClassVar = Strict
    title: str
    minutes: int
    url: str | None = None


EXTRA = "X-"


@dataclass(frozen=True, slots=True)
class Newsletter:
    """A letter that leads up to a study circle (S05, S06); body is a Jinja2 template."""

    __pydantic_config__: ClassVar = Strict
    id: str
    title: str
    next_steps: tuple[str, ...]
    videos: tuple[Video, ...]
    body: str


def is_extra(code: str) -> bool:
    """Tell whether a letter is one the secretariat has written outside the calendar ("X-12")."""
    return code.upper().startswith(EXTRA)


def extra_letter(code: str) -> Newsletter:
    """Return such a letter before anything is written in it."""
    return Newsletter(code.upper(), "", (), (), "")


@dataclass(frozen=True, slots=True)
class PollOpening:
    """When a standard poll opens: days from a meeting, or after another poll closes."""

    __pydantic_config__: ClassVar = Strict
    meeting: str | None = None
    after_poll: str | None = None
    before_days: int = 0
    after_days: int = 0


@dataclass(frozen=True, slots=True)
class PollTemplate:
    """A standard poll of the calendar."""

    __pydantic_config__: ClassVar = Strict
    id: str
    phase: str
    scope: Scope
    voters: tuple[str, ...]
    ballot: Literal["open", "secret"]
    effect: Literal["advisory", "binding"]
    pick: int
    days: int
    opens: PollOpening
    question: str
    options: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    options_from: str | None = None
    max_options: int = 10
    quorum: str | None = None
    where: Literal["channel", "meeting"] = "channel"
    paper_votes: bool = False
    milestones: tuple[str, ...] = ()
    decision: str | None = None


EACH_CIRCLE = "each_circle"


@dataclass(frozen=True, slots=True)
class DecisionTemplate:
    """A standard decision, and the milestone it settles."""

    __pydantic_config__: ClassVar = Strict
    id: str
    phase: str
    title: str
    body: str
    rule: Literal["agreement", "majority", "consensus", "note"]
    recorded_by: str
    evidence: str
    milestone: str | None = None


WHOLE_PROGRAMME = "programme"  # the phase of a milestone of the cohort, outside the phases
PER_CIRCLE = "per circle"  # the day of a milestone that comes round with every circle
PUBLIC = "public"  # the audience of a meeting that everybody may come to, also without an account
SIGN_UP = "signup"  # the kind of milestone that a village's signing up for a gathering settles
MESSAGE = "message"  # the kind of milestone that a post settles
GATE = "gate"  # the kind of milestone that ends a phase
CALENDAR_FILE = "calendar_file"  # what goes with an invitation
TASKS = "tasks"  # what makes a meeting a task of the secretariat
BY_ITSELF = "bot"  # who confirms a milestone that nobody ticks
STEERING_MEMBER = "steering_member"  # any of the steering group


@dataclass(frozen=True, slots=True)
class MilestoneTemplate:
    """A checkable point that a village (or the whole cohort) reaches."""

    __pydantic_config__: ClassVar = Strict
    id: str
    phase: str
    title: str
    kind: str
    owner: str
    confirm: str
    evidence: str
    due: str
    latest: str
    gate: bool = False
    seed: tuple[str, ...] = ()
    polls: tuple[str, ...] = ()
    decision: str | None = None


@dataclass(frozen=True, slots=True)
class GlobalGoal:
    """One of the UN's goals by its short title."""

    __pydantic_config__: ClassVar = Strict
    n: int
    title: str
    colour: str
    layer: str


@dataclass(frozen=True, slots=True)
class Programme:
    """Everything a content folder says, references resolved and checked."""

    id: str
    name: str
    language: str
    timezone: str
    cohort: CohortNames
    discord: DiscordNames
    rules: Rules
    meeting_blackouts: tuple[Blackout, ...]
    post_blackouts: tuple[Blackout, ...]
    reminders: Mapping[str, tuple[Reminder, ...]]
    phases: tuple[Phase, ...]
    meetings: Mapping[str, Meeting]
    newsletters: Mapping[str, Newsletter]
    polls: Mapping[str, PollTemplate]
    decisions: Mapping[str, DecisionTemplate]
    milestones: Mapping[str, MilestoneTemplate]
    global_goals: tuple[GlobalGoal, ...]
    checksum: str = field(default="", compare=False)

    def phase(self, phase_id: str) -> Phase:
        """Return the phase with this id; raises KeyError."""
        for phase in self.phases:
            if phase.id == phase_id:
                return phase
        raise KeyError(phase_id)

    def circles(self, kind: str) -> Iterator[Meeting]:
        """Yield the study circles of one kind in the order of their numbers."""
        found = [m for m in self.meetings.values() if m.kind == kind]
        yield from sorted(found, key=lambda m: m.number or 0)

    def letter(self, code: str) -> Newsletter:
        """Return a letter as the content has it, in capitals or not; an extra one is empty there. Raises KeyError."""
        return extra_letter(code) if is_extra(code) else self.newsletters[code.strip().upper()]

    def circle_of(self, newsletter_id: str) -> Meeting | None:
        """Return the circle a letter leads up to; None for an extra letter. Raises KeyError."""
        if is_extra(newsletter_id):
            return None
        for meeting in self.meetings.values():
            if meeting.newsletter == newsletter_id:
                return meeting
        raise KeyError(newsletter_id)

    def reminders_of(self, meeting: Meeting) -> tuple[Reminder, ...]:
        """Return every post around a meeting, from all its reminder sets."""
        return tuple(r for name in meeting.reminders for r in self.reminders[name])
