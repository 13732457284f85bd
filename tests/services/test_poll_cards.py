"""A poll's post in its channel follows the votes, seldom enough for Discord; on SQLite and PostgreSQL."""

from bot.services.outbox import Outbox
from bot.services.outgoing import Outgoing
from bot.services.registry import services_on
from bot.storage.models import DiscordPlace, Poll
from tests.support.polls_world import PollsWorld


async def due(world: PollsWorld, outbox: Outbox) -> list[Outgoing]:
    """Return what goes to the village's channel now, and let it arrive."""
    ready = (await outbox.claim("a worker")).ready
    for post in ready:
        if post.edits is None:
            await outbox.sent(post.delivery_id, 500, 9000 + post.delivery_id)
        else:
            await outbox.edited(post.delivery_id, stands=True)
    return ready


async def test_a_polls_post_tells_new_numbers_once_in_ten_minutes_while_it_may(world: PollsWorld) -> None:
    async with world.context.database.transaction() as session:
        session.add(DiscordPlace(key=world.village.key, discord_id=500))
    outbox, people = services_on(world.context).outbox, await world.people(6)
    openly, later, secret = [
        await world.start(question=name, secret=name == "Hemmeligt?", hours=1)
        for name in ("Åbent?", "Senere?", "Hemmeligt?")
    ]
    async with world.context.database.transaction() as session:
        (await session.get_one(Poll, later.id)).running = False
    await world.polls.vote(people[0], openly.id, [1])
    opened = await due(world, outbox)
    assert [("Ja: 1" in post.message.text, post.edits) for post in opened] == [
        (True, None), (False, None), (False, None),
    ]  # fmt: skip

    for person in people:
        for poll in (openly, later, secret):
            await world.polls.vote(person, poll.id, [2])
    assert await due(world, outbox) == [], "not at every vote"
    world.after(minutes=10)
    (changed,) = await due(world, outbox)
    assert changed.edits is not None and changed.edits.message_id == 9000 + opened[0].delivery_id
    assert "Nej: 6" in changed.message.text and [str(b.label) for b in changed.message.buttons[:2]] == [
        "Ja",
        "Nej",
    ]

    world.after(minutes=10)
    assert await due(world, outbox) == [], "nobody has voted since"
    await world.polls.vote(people[1], openly.id, [1])
    world.at(openly.closes_at)
    await world.turn()
    assert [post for post in await due(world, outbox) if post.edits] == [], "then the result tells it"
