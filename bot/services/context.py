"""What every service is given: the database, the clock, the programme and its texts, and the operator's own facts."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.content.blackouts import blackout_days
from bot.content.load import Content
from bot.domain.calendar import BlackoutDays
from bot.domain.clock import Clock
from bot.domain.programme import Programme
from bot.messages.texts import Texts
from bot.storage.database import Database
from bot.storage.seal import Seal


@dataclass(frozen=True, slots=True)
class Facts:
    """What only the operator knows: the help line, who is responsible for personal data, where to read more, and how
    people reach the bot's own pages."""

    phone: str
    controller: str
    privacy_url: str | None = None
    public_url: str | None = None
    mail_from: str | None = None


@dataclass(frozen=True, repr=False)  # it holds the whole programme, which nobody wants to read
class Context:
    """The tools of a service."""

    database: Database
    clock: Clock
    content: Content
    texts: Texts
    facts: Facts
    seal: Seal = field(default_factory=Seal)

    @property
    def programme(self) -> Programme:
        """The programme as data."""
        return self.content.programme

    def now(self) -> datetime:
        """The present moment in UTC."""
        return self.clock.now()

    def off(self, start_year: int) -> BlackoutDays:
        """Days without meetings and posts around a programme year."""
        key = (self.programme.id, self.programme.checksum, start_year)
        if key not in _OFF:
            _OFF[key] = blackout_days(self.programme, start_year)
        return _OFF[key]


_OFF: dict[tuple[str, str, int], BlackoutDays] = {}
