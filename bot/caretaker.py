"""Whoever keeps the server in order, as the bot and its cogs know it; at work it is `bot.delivery.upkeep`."""

from typing import Protocol

from bot.domain.errors import CompanionError
from bot.messages.message import Message


class Caretaker(Protocol):
    """Whoever keeps channels, roles and members in order."""

    def needed(self) -> None:
        """Have the server looked over soon."""
        ...

    async def mend(self) -> Message:
        """Look the server over now and say how it went."""
        ...

    async def see_to_invitation(self) -> None:
        """Have an invitation to the welcome channel stand, if we may make one."""
        ...

    async def refresh_member(self, user_id: int) -> None:
        """Give and take the roles of one person."""
        ...

    async def release_member(self, user_id: int) -> None:
        """Take every role of ours from somebody who is to be erased. Raises Conflict when it cannot be now."""
        ...


class NotYet:
    """Stands in for the caretaker until the bot is connected."""

    def needed(self) -> None:
        """Do nothing: the server is looked over at the start anyway."""

    async def mend(self) -> Message:
        """Refuse. Raises CompanionError."""
        raise CompanionError("error.technical", code="-")

    async def see_to_invitation(self) -> None:
        """Do nothing: what was kept stays."""

    async def refresh_member(self, user_id: int) -> None:
        """Do nothing: everybody's roles are looked over at the start anyway."""

    async def release_member(self, user_id: int) -> None:
        """Refuse. Raises CompanionError."""
        raise CompanionError("error.technical", code="-")
