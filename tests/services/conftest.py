"""What stories of polls begin with."""

import pytest

from bot.services.context import Context
from bot.services.poll_drafts import PollDrafts
from tests.support.polls_world import PollsWorld, polls_world


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    """A village, its neighbour and a coordinator group."""
    return await polls_world(context)


@pytest.fixture
def drafts(world: PollsWorld) -> PollDrafts:
    """The desk where polls are written."""
    return PollDrafts(world.context)
