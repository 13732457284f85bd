"""What the demo's page needs of a story: a year, an account, and the way through it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from simcord.actors import MemberActor

from bot.demo.embedded_discord import EmbeddedDiscord


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happens in the year, and when (aware)."""

    at: datetime
    title: str


class Story(Protocol):
    """The year that the page shows and moves through."""

    discord: EmbeddedDiscord

    def timeline(self) -> Sequence[Mark]:
        """Return everything that happens in the year."""
        ...

    def account(self) -> Mapping[str, str | int | float]:
        """Return the year's account so far: a Danish name and a value for each line."""
        ...

    async def travel_to(self, at: datetime) -> None:
        """Let the year pass until `at`, with all that people do on the way.

        The page holds the turn to act meanwhile: act in the task you are called in.
        """
        ...

    def viewers(self, channel_id: int) -> Sequence[MemberActor]:
        """Return the people through whose eyes a channel can be seen; the first is shown."""
        ...
