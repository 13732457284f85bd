"""simcord's browser view of one channel, opened again for whichever channel is wanted.

simcord shows one channel at a time, on a port of its own; opening another takes 12 ms.
"""

from contextlib import AsyncExitStack
from typing import Any

from simcord.backend.errors import BackendError, SetupError

from bot.demo import _private
from bot.demo.page_story import Story


class NotShown(Exception):
    """The channel cannot be shown: it is gone, or nobody may see it."""


class PreviewWindow:
    """The one open view; hold the story's turn to act while you use it."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._open = AsyncExitStack()
        self._preview: Any = None

    async def show(self, channel_id: int) -> str:
        """Open a channel and return the address; raises `NotShown`."""
        await self.close()
        discord = self._story.discord
        try:
            preview = discord.env.preview(
                discord.channel(channel_id),
                viewers=list(self._story.viewers(channel_id)),
                layout="channel",
                locale="da",
                timezone="Europe/Copenhagen",
            )
            _private.queue_behind_turns(discord.env, preview)
            self._preview = await self._open.enter_async_context(preview)
        except (BackendError, SetupError) as error:
            raise NotShown(str(error)) from error
        return str(self._preview.url)

    async def refresh(self) -> None:
        """Show in the open view what has happened since."""
        if self._preview is not None:
            await self._preview.refresh()

    async def close(self) -> None:
        """Close the view, if one is open."""
        self._preview = None
        await self._open.aclose()
        self._open = AsyncExitStack()
