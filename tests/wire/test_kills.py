"""A letter to every channel stands exactly once, however the bot is killed; `tests.wire.kills` kills more often."""

import asyncio
from pathlib import Path

from tests.wire.ordeal import Account
from tests.wire.ordeals import Copies, Story, played
from tests.wire.programmes import many_villages

STORIES = (
    ("sqlite", Story(kills=2, processes=1, worlds=2, seed=1)),
    ("postgresql", Story(kills=2, processes=1, worlds=2, seed=2)),
    ("postgresql", Story(kills=2, processes=2, worlds=1, true_every=0, seed=3)),
)
CHANNELS = 16


async def test_killed_in_a_broadcast_and_started_again_every_post_stands_once(
    tmp_path: Path, content: Path, postgresql: str
) -> None:
    copies = {
        "sqlite": Copies(tmp_path / "s", content),
        "postgresql": Copies(tmp_path / "p", content, postgresql),
    }
    await asyncio.gather(*(each.fill(many_villages(CHANNELS)) for each in copies.values()))

    async def play(number: int, database: str, story: Story) -> Account:
        folder = tmp_path / str(number)
        folder.mkdir()
        return await played(story, copies[database], folder)

    accounts = await asyncio.gather(*(play(number, *story) for number, story in enumerate(STORIES)))
    together = Account()
    for account, (_, story) in zip(accounts, STORIES, strict=True):
        assert (account.kills, account.lost, account.doubled) == (story.kills, 0, 0), account.line()
        assert account.posts >= story.kills * CHANNELS / 2
        together.add(account)
    assert together.unreceipted > 0, "a kill that leaves nothing in doubt proves nothing"
    assert together.outside > 0
    assert 0 < together.longest_take_over < 30
