"""What stories of polls, and of mails, begin with, and where a table of cases plays."""

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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let a `rule_table` play each case on SQLite and the first on PostgreSQL too: cases differ in a rule, not in SQL."""
    met, left_out = set[str](), list[pytest.Item]()
    for item in items:
        if item.get_closest_marker("rule_table") and _backend_of(item) == "postgresql":
            name = item.nodeid.partition("[")[0]
            if name in met:
                left_out.append(item)
            met.add(name)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]
    config.hook.pytest_deselected(items=left_out)


def _backend_of(item: pytest.Item) -> object:
    return item.callspec.params.get("backend") if hasattr(item, "callspec") else None
