"""The life of a poll after it was written: opened at a time, reminded of, cancelled; on SQLite and PostgreSQL."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role
from bot.domain.ballots import Kind
from bot.domain.errors import Conflict, InvalidInput
from bot.domain.poll_view import PollView
from bot.messages.message import Message
from bot.services.decisions import Decisions
from bot.services.poll_drafts import PollDrafts, Written
from bot.services.poll_life import PollLife
from bot.services.poll_posts import PollPosts
from bot.storage.models import Ballot, Delivery, Poll
from tests.support.polls_world import PollsWorld, refused


@pytest.fixture
def life(world: PollsWorld) -> PollLife:
    return PollLife(world.context)


async def post(world: PollsWorld, poll_id: int, name: str) -> Message | None:
    """Write one of a poll's posts as it would go out now."""
    async with world.context.database.transaction() as session:
        query = select(Delivery).where(Delivery.key == f"poll:{poll_id}:{name}")
        row = (await session.scalars(query)).one()
        return await PollPosts(world.context).compose(session, row)


async def has_stood(world: PollsWorld, poll_id: int) -> None:
    """Let a poll's first post have been sent now."""
    async with world.context.database.transaction() as session:
        query = select(Delivery).where(Delivery.key == f"poll:{poll_id}:open")
        row = (await session.scalars(query)).one()
        row.state, row.sent_at = "sent", world.now


@pytest.mark.parametrize("secret", [False, True])
async def test_a_cancelled_poll_leaves_no_vote_no_key_and_no_post_but_one_that_says_why(
    world: PollsWorld, life: PollLife, secret: bool
) -> None:
    lead = await world.lead()
    view = await world.start(hours=72, secret=secret)
    await world.polls.vote(lead, view.id, [1])
    await refused("cancel_why_missing", life.cancel(lead, view.id, "  "))
    done = await life.cancel(lead, view.id, "Vi har fået\nteltet forærende")
    assert (done.state, done.cancelled_because) == ("cancelled", "Vi har fået teltet forærende")
    async with world.context.database.transaction() as session:
        assert (await session.scalars(select(Ballot))).all() == []
        assert (await session.get_one(Poll, view.id)).secret_key is None
    states = {name: row.state for name, row in (await world.deliveries(view.id)).items()}
    assert states == {
        "open": "cancelled", "reminder": "cancelled", "result": "cancelled", "cancelled": "pending",
    }  # fmt: skip
    told = await post(world, view.id, "cancelled")
    assert told is not None and "Grunden er: Vi har fået teltet forærende" in told.text and not told.buttons
    await refused("cancelled", world.polls.vote(lead, view.id, [1]))
    await refused("cancelled", life.cancel(lead, view.id, "Igen"))
    await refused("cancelled_undecided", Decisions(world.context).proposal_from_poll(lead, view.id))
    world.after(days=4)
    await world.turn()
    assert (await world.polls.view(view.id)).state == "cancelled"


async def test_what_is_over_or_not_ones_own_is_not_cancelled(world: PollsWorld, life: PollLife) -> None:
    lead, view = await world.lead(), await world.start(hours=24)
    await world.plan()
    await refused("not_to_cancel", life.cancel(lead, (await world.standard("PL04")).id, "Nej"))
    world.after(hours=24)
    await refused("closed_already", life.cancel(lead, view.id, "For sent"))
    await world.turn()
    await refused("closed_already", life.cancel(lead, view.id, "For sent"))
    assert (await world.polls.view(view.id)).state == "closed"


async def written(
    world: PollsWorld, drafts: PollDrafts, actor: Actor, *, kind: Kind = Kind.YES_NO, days: str = "3"
) -> PollView:
    lines = ("A", "B", "C") if kind is not Kind.YES_NO else ()
    return await drafts.write(actor, world.village, kind, Written("Skal vi?", lines, days))


async def test_a_draft_opens_by_itself_at_its_time_and_until_then_can_be_cancelled(
    world: PollsWorld, drafts: PollDrafts, life: PollLife
) -> None:
    lead = await world.lead()
    opening, dropped = [await written(world, drafts, lead) for _ in range(2)]
    for draft in (opening, dropped):
        for unfit in ("31-07-2027 kl. 19", "05-08-2028 kl. 19"):
            await refused("opens_too_soon", drafts.schedule(lead, draft.id, unfit))
        seen = await drafts.schedule(lead, draft.id, "10-08-2027 kl. 19")
        assert seen.scheduled and seen.closes_at - seen.opens_at == timedelta(days=3)
        with pytest.raises(Conflict):
            await drafts.open(lead, draft.id, draft.fingerprint)
        await drafts.rewrite(lead, draft.id, Written("Skal vi så?", (), "4"))
        planned = await drafts.open(lead, draft.id)
        assert planned.state == "planned" and planned.opens_at == seen.opens_at
        assert planned.closes_at - planned.opens_at == timedelta(days=4)
    await refused("not_open_yet", world.polls.vote(lead, opening.id, [1]))
    assert await world.deliveries(opening.id) == {}
    assert (await life.cancel(lead, dropped.id)).state == "cancelled"
    world.at(seen.opens_at)
    await world.turn()
    await world.turn()
    assert (await world.polls.view(opening.id)).state == "open"
    assert set(await world.deliveries(opening.id)) == {"open", "reminder", "result"}
    assert await world.deliveries(dropped.id) == {}, "nobody has seen it, so nobody is told"
    assert [view.state for view in await life.listed(lead, world.village)] == ["open"]


async def test_a_time_that_has_gone_by_is_chosen_again_or_taken_away(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    lead = await world.lead()
    draft = await written(world, drafts, lead)
    await drafts.schedule(lead, draft.id, "03-08-2027 kl. 9")
    world.after(days=2)
    await refused("opens_too_soon", drafts.open(lead, draft.id))
    assert not (await drafts.schedule(lead, draft.id, "")).scheduled
    view = await drafts.open(lead, draft.id)
    assert view.state == "open" and view.opens_at == world.now


async def test_a_secret_poll_is_not_planned_where_too_few_may_vote(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    lead = await world.lead()
    draft = await written(world, drafts, lead)
    await drafts.hide(lead, draft.id, secret=True)
    await drafts.schedule(lead, draft.id, "10-08-2027 kl. 19")
    with pytest.raises(InvalidInput):
        await drafts.open(lead, draft.id)
    await world.enough()
    assert (await drafts.open(lead, draft.id)).state == "planned"


async def test_those_who_have_not_voted_are_reminded_once_a_day_before_without_names(
    world: PollsWorld,
) -> None:
    people, view = await world.people(3), await world.start(hours=72)
    assert (await world.deliveries(view.id))["reminder"].due_at == view.closes_at - timedelta(hours=24)
    await has_stood(world, view.id)
    for person in people[:2]:
        await world.polls.vote(person, view.id, [1])
    world.after(hours=48)
    told = await post(world, view.id, "reminder")
    assert told is not None and told.silent and "2 af 4 har stemt" in told.text
    assert not any(person.name in told.text for person in people)
    newcomer = await world.person("Ny", Role.STEERING)
    told = await post(world, view.id, "reminder")
    assert told is not None and "2 af 5 har stemt" in told.text, "who has come meanwhile may vote too"
    for person in (people[2], await world.lead(), newcomer):
        await world.polls.vote(person, view.id, [2])
    assert await post(world, view.id, "reminder") is None, "everybody has voted"


async def test_nobody_is_reminded_of_what_is_over_or_cancelled(world: PollsWorld, life: PollLife) -> None:
    for over in (True, False):
        view = await world.start(hours=72)
        await has_stood(world, view.id)
        if over:
            world.after(hours=72)
        else:
            await life.cancel(await world.lead(), view.id, "Nej")
        assert await post(world, view.id, "reminder") is None
