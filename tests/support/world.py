"""A small world for service tests: one cohort, three villages in two municipalities, people with roles."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.content.load import Content, load
from bot.domain.clock import FixedClock
from bot.messages.texts import Texts
from bot.services.context import Context, Facts
from bot.storage.database import Database
from bot.storage.seal import Seal

CONTENT = Path(__file__).resolve().parents[2] / "content"
START = datetime(2027, 8, 2, 8, 0, tzinfo=UTC)
FACTS = Facts(phone="12 34 56 78", controller="BLUP-sekretariatet")
KEY = "c2VhbHMgbm90aGluZyBidXQgd2hhdCB0ZXN0cyBzZWE="
_LOADED: dict[Path, Content] = {}


def loaded(folder: Path = CONTENT) -> Content:
    """Load a content folder once for a test run."""
    if folder not in _LOADED:
        _LOADED[folder] = load(folder)
    return _LOADED[folder]


def context_on(database: Database, at: datetime = START, content: Content | None = None) -> Context:
    """Put the tools of a service together around a database and a clock that stands still."""
    content = content or loaded()
    texts = Texts(content.texts, content.programme.language, content.programme.timezone)
    return Context(database, FixedClock(at), content, texts, FACTS, Seal((KEY,)))


@dataclass
class Stopped:
    """A context whose clock a story can set."""

    context: Context

    def set(self, at: datetime) -> None:
        """Let it be that moment."""
        clock = self.context.clock
        assert isinstance(clock, FixedClock)
        clock.at = at
