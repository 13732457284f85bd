"""What stories of polls, and of mails, begin with."""

from collections.abc import AsyncIterator

import pytest

from bot.services.context import Context
from bot.services.poll_drafts import PollDrafts
from tests.support.mail_office import Office, mail_office
from tests.support.polls_world import PollsWorld, polls_world


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    """A village, its neighbour and a coordinator group."""
    return await polls_world(context)


@pytest.fixture
def drafts(world: PollsWorld) -> PollDrafts:
    """The desk where polls are written."""
    return PollDrafts(world.context)


@pytest.fixture
async def office(context: Context) -> AsyncIterator[Office]:
    """A village whose first letter is due, and a mail server."""
    async with mail_office(context) as found:
        yield found
