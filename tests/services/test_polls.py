"""What people can do with polls, told on SQLite and PostgreSQL."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role
from bot.domain.errors import CompanionError, Conflict, InvalidInput, NotFound, NotPermitted
from bot.domain.polls import Shown, voter_key
from bot.services.context import Context
from bot.services.places import Place
from bot.storage.models import AuditEntry, Ballot, Base, Poll
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    return await polls_world(context)


async def test_a_steering_member_starts_a_poll_and_its_posts_are_planned_with_it(world: PollsWorld) -> None:
    view = await world.start(question="Skal vi\nholde fest?", hours=72)
    assert (view.question, [a.text for a in view.answers]) == ("Skal vi holde fest?", ["Ja", "Nej"])
    posts = await world.deliveries(view.id)
    assert {name: row.due_at for name, row in posts.items()} == {
        "open": world.now,
        "reminder": world.now + timedelta(hours=48),
        "result": world.now + timedelta(hours=72),
    }
    assert posts["open"].at_once and not posts["result"].at_once
    assert {row.place_key for row in posts.values()} == {world.village.key}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.STEERING, True),
        (Role.STEERING_SECRETARY, True),
        (Role.STEERING_LEAD, True),
        (Role.PANEL, False),
        (Role.VILLAGER, False),
        (Role.LOCAL_COUNCIL_CONTACT, False),
    ],
)
@pytest.mark.rule_table
async def test_the_steering_group_starts_polls_in_its_own_village_only(
    world: PollsWorld, role: Role, allowed: bool
) -> None:
    async def start(actor: Actor, place: Place) -> None:
        await world.polls.start(
            actor, place, question="Hvad nu?", options=["A", "B"], secret=False, voters="all", hours=24
        )

    await start(SECRETARY, world.village)
    actor = await world.person("Bo", role)
    if allowed:
        await start(actor, world.village)
    else:
        with pytest.raises(NotPermitted):
            await start(actor, world.village)
    with pytest.raises(NotPermitted):
        await start(actor, world.neighbour)
    assert len(await world.all_polls()) == (2 if allowed else 1)


async def test_coordinators_ask_their_own_group_and_a_steering_member_cannot(world: PollsWorld) -> None:
    coordinator = await world.person("Kim", Role.COORDINATOR, world.group)
    view = await world.polls.start(
        coordinator,
        world.group,
        question="Hvornår?",
        options=["A", "B"],
        secret=False,
        voters="all",
        hours=24,
    )
    await world.polls.vote(coordinator, view.id, [1])
    assert (await world.polls.view(view.id)).turnout == 1
    with pytest.raises(NotPermitted):
        await world.polls.vote(await world.lead(), view.id, [1])
    with pytest.raises(NotPermitted):
        await world.polls.start(
            await world.lead(),
            world.group,
            question="?",
            options=["A", "B"],
            secret=False,
            voters="all",
            hours=24,
        )


async def test_only_the_lead_starts_a_binding_poll_open_and_for_the_steering_group(world: PollsWorld) -> None:
    view = await world.start(binding=True)
    assert view.binding and view.quorum == "half"
    for faulty in ({"voters": "all"}, {"secret": True}):
        with pytest.raises(InvalidInput):
            await world.start(binding=True, **faulty)
    member = await world.person("Bo", Role.STEERING)
    with pytest.raises(NotPermitted):
        await world.polls.start(
            member, world.village, question="?", options=["Ja", "Nej"], secret=False, voters="steering",
            hours=24, binding=True,
        )  # fmt: skip


async def test_a_deadline_lies_ahead_but_not_too_far(world: PollsWorld) -> None:
    lead = await world.lead()
    for hours, closes_at in (
        (None, None),
        (0.01, None),
        (0, None),
        (33 * 24, None),
        (None, world.now),
        (None, world.now + timedelta(days=33)),
    ):
        with pytest.raises(InvalidInput):
            await world.polls.start(
                lead, world.village, question="Hvad?", options=["A", "B"], secret=False, voters="all",
                hours=hours, closes_at=closes_at,
            )  # fmt: skip
    view = await world.polls.start(
        lead, world.village, question="Hvad?", options=["A", "B"], secret=False, voters="all",
        closes_at=world.now + timedelta(hours=2),
    )  # fmt: skip
    assert "reminder" not in await world.deliveries(view.id)


async def test_one_person_has_one_vote_and_can_change_it(world: PollsWorld) -> None:
    view = await world.start()
    bo = await world.person("Bo", Role.STEERING)
    assert (await world.polls.vote(bo, view.id, [1])).chosen == ("Ja",)
    await world.polls.vote(bo, view.id, [1])
    assert (await world.polls.view(view.id)).turnout == 1
    receipt = await world.polls.vote(bo, view.id, [2])
    assert receipt.chosen == ("Nej",)
    assert [answer.votes for answer in (await world.polls.view(view.id)).answers] == [0, 1]
    assert await world.polls.my_vote(bo, view.id) == (2,)
    assert await world.polls.my_vote(await world.lead(), view.id) == ()


async def test_votes_given_at_once_count_once_for_each_person(world: PollsWorld) -> None:
    for secret in (False, True):
        view = await world.start(secret=secret, question=f"Hemmelig {secret}?")
        members = await world.people(4)
        await asyncio.gather(
            *(world.polls.vote(member, view.id, [1 + turn % 2]) for turn in range(4) for member in members)
        )
        assert (await world.polls.view(view.id)).turnout == 4
        async with world.context.database.transaction() as session:
            cast = (await session.scalars(select(Ballot.voter).where(Ballot.poll_id == view.id))).all()
        assert len(cast) == len(set(cast)) == 4


async def test_the_last_second_counts_and_the_closing_second_does_not(world: PollsWorld) -> None:
    view = await world.start()
    bo, ea = await world.people(2)
    world.at(view.closes_at - timedelta(seconds=1))
    await world.polls.vote(bo, view.id, [1])
    world.at(view.closes_at)
    with pytest.raises(Conflict) as refused:  # nothing has closed it yet: the clock decides
        await world.polls.vote(ea, view.id, [2])
    assert refused.value.key == "error_polls.closed"
    assert refused.value.values == {"closes_at": view.closes_at}
    await world.turn()
    with pytest.raises(Conflict):
        await world.polls.vote(bo, view.id, [2])
    closed = await world.polls.view(view.id)
    assert (closed.state, closed.turnout, [a.votes for a in closed.answers]) == ("closed", 1, [1, 0])


@pytest.mark.parametrize(
    ("voters", "allowed"),
    [
        ("steering", {Role.STEERING, Role.STEERING_SECRETARY, Role.STEERING_LEAD}),
        ("panel", {Role.PANEL}),
        ("all", {Role.VILLAGER, Role.PANEL, Role.STEERING, Role.STEERING_SECRETARY, Role.STEERING_LEAD,
                 Role.LOCAL_COUNCIL_CONTACT}),
    ],
)  # fmt: skip
@pytest.mark.rule_table
async def test_those_who_may_vote_can_and_the_others_cannot(
    world: PollsWorld, voters: str, allowed: set[Role]
) -> None:
    view = await world.start(voters=voters)  # type: ignore[arg-type]
    for role in set(Role) - {Role.SECRETARIAT}:
        place = world.group if role is Role.COORDINATOR else world.village
        actor = await world.person("Bo", role, place)
        assert (view.id in [v.id for v in await world.polls.open_polls(actor, world.village)]) == (
            role in allowed
        )
        if role in allowed:
            await world.polls.vote(actor, view.id, [1])
        else:
            with pytest.raises(NotPermitted):
                await world.polls.vote(actor, view.id, [1])
    for role in allowed:
        with pytest.raises(NotPermitted):
            await world.polls.vote(await world.person("Nabo", role, world.neighbour), view.id, [1])
    with pytest.raises(NotPermitted):
        await world.polls.vote(Actor(99, "Sekretær", SECRETARY.roles), view.id, [1])
    assert (await world.polls.view(view.id)).turnout == len(allowed)


async def test_the_privacy_text_comes_before_the_first_vote(world: PollsWorld) -> None:
    view = await world.start()
    bo = await world.person("Bo", Role.STEERING)
    with pytest.raises(Conflict) as refused:
        await world.polls.vote(Actor(None, "Bo", bo.roles), view.id, [1])
    assert refused.value.key == "error_people.privacy_needed"
    await world.polls.vote(bo, view.id, [1])


async def test_several_answers_can_be_chosen_where_the_poll_says_so(world: PollsWorld) -> None:
    bo = await world.person("Bo", Role.STEERING)
    two = await world.start(options=["A", "B", "C"], pick=2)
    assert (await world.polls.vote(bo, two.id, [3, 1])).chosen == ("A", "C")
    with pytest.raises(InvalidInput):
        await world.polls.vote(bo, two.id, [1, 2, 3])
    every = await world.start(options=["A", "B", "C"], pick=0)
    await world.polls.vote(bo, every.id, [1, 2, 3])
    await world.polls.vote(bo, every.id, [2])
    view = await world.polls.view(every.id)
    assert [answer.votes for answer in view.answers] == [0, 1, 0]
    assert await world.polls.my_vote(bo, two.id) == (1, 3)


async def test_a_poll_that_does_not_exist_is_not_found(world: PollsWorld) -> None:
    bo = await world.person("Bo", Role.STEERING)
    for act in (world.polls.vote(bo, 404, [1]), world.polls.view(404), world.polls.my_vote(bo, 404)):
        with pytest.raises(NotFound):
            await act


async def test_an_open_secret_poll_tells_only_how_many_have_voted(world: PollsWorld) -> None:
    view = await world.start(secret=True)
    bo, ea = await world.people(2)
    await world.polls.vote(bo, view.id, [1])
    await world.polls.vote(bo, view.id, [2])
    await world.polls.vote(ea, view.id, [2])
    seen = await world.polls.view(view.id)
    assert (seen.turnout, seen.shown, [a.votes for a in seen.answers]) == (2, Shown.NOTHING, [None, None])
    assert await world.polls.my_vote(bo, view.id) == (2,)
    async with world.context.database.transaction() as session:
        ballots = (await session.scalars(select(Ballot))).all()
        assert {ballot.person_id for ballot in ballots} == {None}
        assert not any(f"p:{person.person_id}" == b.voter for b in ballots for person in (bo, ea))


@pytest.mark.parametrize(
    ("turnout", "shown", "votes", "ranks", "winners"),
    [
        (4, Shown.NOTHING, [None, None], [None, None], ()),
        (5, Shown.RANKING, [None, None], [2, 1], (2,)),
        (9, Shown.RANKING, [None, None], [2, 1], (2,)),
        (10, Shown.NUMBERS, [1, 9], [2, 1], (2,)),
    ],
)
async def test_a_closed_secret_poll_shows_what_its_turnout_allows(
    world: PollsWorld,
    turnout: int,
    shown: Shown,
    votes: list[int],
    ranks: list[int],
    winners: tuple[int, ...],
) -> None:
    view = await world.start(secret=True)
    members = await world.people(turnout)
    for member in members:
        await world.polls.vote(member, view.id, [1 if member is members[0] else 2])
    world.at(view.closes_at)
    await world.turn()
    seen = await world.polls.view(view.id)
    assert (seen.shown, [a.votes for a in seen.answers], [a.rank for a in seen.answers]) == (
        shown,
        votes,
        ranks,
    )
    assert (seen.winners, seen.turnout) == (winners, turnout)


async def test_after_a_secret_poll_no_table_links_voter_and_answer(world: PollsWorld) -> None:
    view = await world.start(secret=True)
    members = await world.people(6)
    for member in members:
        await world.polls.vote(member, view.id, [1])
    async with world.context.database.transaction() as session:
        poll = await session.get_one(Poll, view.id)
        assert poll.secret_key is not None
        marks = {voter_key(poll.secret_key, m.discord_user_id) for m in members if m.discord_user_id}
        assert set(await session.scalars(select(Ballot.voter))) == marks
        key = poll.secret_key
    world.at(view.closes_at)
    await world.turn()
    async with world.context.database.transaction() as session:
        for table in Base.metadata.sorted_tables:
            for row in (await session.execute(select(table))).mappings():
                values = list(row.values())
                assert key not in values
                assert not any(mark in str(values) for mark in marks), table.name
                names_option = {"option_id", "votes"} & set(row)
                names_person = {name for name in row if name.endswith("person_id") and row[name] is not None}
                assert not (names_option and names_person), table.name
        assert (await session.scalars(select(Ballot))).all() == []
    assert await world.polls.my_vote(members[0], view.id) == ()


async def test_an_open_poll_keeps_who_voted_what(world: PollsWorld) -> None:
    view = await world.start()
    bo = await world.person("Bo", Role.STEERING)
    await world.polls.vote(bo, view.id, [2])
    world.at(view.closes_at)
    await world.turn()
    assert await world.polls.my_vote(bo, view.id) == (2,)


async def test_any_voter_may_ask_for_secrecy_before_the_first_vote(world: PollsWorld) -> None:
    await world.enough()
    view = await world.start(voters="all", binding=False)
    villager = await world.person("Bo", Role.VILLAGER)
    stranger = await world.person("Nabo", Role.VILLAGER, world.neighbour)
    with pytest.raises(NotPermitted):
        await world.polls.ask_secrecy(stranger, view.id)
    assert (await world.polls.ask_secrecy(villager, view.id)).secret
    with pytest.raises(Conflict):
        await world.polls.ask_secrecy(villager, view.id)
    await world.polls.vote(villager, view.id, [1])
    async with world.context.database.transaction() as session:
        assert (await session.scalars(select(Ballot.person_id))).all() == [None]
        asked = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "poll.secret"))).one()
        assert (asked.person_id, asked.role) == (None, "none"), "nobody is told who asked"


async def test_secrecy_comes_too_late_after_the_first_vote(world: PollsWorld) -> None:
    view = await world.start()
    bo = await world.person("Bo", Role.STEERING)
    await world.polls.vote(bo, view.id, [1])
    with pytest.raises(Conflict) as refused:
        await world.polls.ask_secrecy(bo, view.id)
    assert refused.value.key == "error_polls.votes_cast"
    panel = await world.person("Pia", Role.PANEL)
    with pytest.raises(NotPermitted):  # not a voter in this poll
        await world.polls.ask_secrecy(panel, (await world.start()).id)


async def test_a_poll_made_secret_is_posted_again_when_it_already_stood_there(world: PollsWorld) -> None:
    await world.enough()
    bo = await world.person("Bo", Role.STEERING)
    first, second = await world.start(), await world.start()
    async with world.context.database.transaction() as session:
        row = (await world.deliveries(first.id))["open"]
        row = await session.merge(row)
        row.state, row.sent_at = "sent", world.now
    for view in (first, second):
        await world.polls.ask_secrecy(bo, view.id)
    assert "open:secret" in await world.deliveries(first.id)
    assert "open:secret" not in await world.deliveries(second.id)


async def test_a_binding_poll_made_secret_becomes_advisory(world: PollsWorld) -> None:
    await world.enough()
    view = await world.start(binding=True)
    assert not (await world.polls.ask_secrecy(await world.lead(), view.id)).binding


async def test_a_binding_poll_needs_half_of_those_entitled_and_more_yes_than_no(world: PollsWorld) -> None:
    members = await world.people(5)  # with the lead: six
    views = [await world.start(binding=True) for _ in range(3)]
    assert {view.entitled for view in views} == {6}
    cast: list[list[int]] = [[1, 1], [1, 1, 2], [1, 2, 2]]
    for view, votes in zip(views, cast, strict=True):
        for member, position in zip(members, votes, strict=False):
            await world.polls.vote(member, view.id, [position])
    world.at(views[0].closes_at)
    await world.turn()
    closed = [await world.polls.view(view.id) for view in views]
    assert [(view.quorum_met, view.adopted) for view in closed] == [
        (False, False),
        (True, True),
        (True, False),
    ]


async def test_closing_twice_changes_nothing(world: PollsWorld) -> None:
    view = await world.start()
    await world.start(hours=72)
    world.at(view.closes_at)
    async with world.context.database.transaction() as session:
        assert await world.polls.close_due(session, world.now) == [view.id]
        assert await world.polls.close_due(session, world.now) == []


async def test_open_polls_are_listed_until_their_deadline(world: PollsWorld) -> None:
    later, sooner = await world.start(hours=48), await world.start(hours=24)
    bo = await world.person("Bo", Role.STEERING)
    assert [view.id for view in await world.polls.open_polls(bo, world.village)] == [sooner.id, later.id]
    world.at(sooner.closes_at)
    assert [view.id for view in await world.polls.open_polls(bo, world.village)] == [later.id]
    assert await world.polls.open_polls(bo, world.neighbour) == []


async def test_those_who_have_left_are_not_counted_as_entitled(world: PollsWorld) -> None:
    from bot.storage.models import Person, RoleAssignment

    members = await world.people(3)
    async with world.context.database.transaction() as session:
        query = select(RoleAssignment).where(RoleAssignment.person_id == members[0].person_id)
        (await session.scalars(query)).one().until = world.now
        (await session.get_one(Person, members[1].person_id)).erased_at = world.now
    assert (await world.start()).entitled == 2  # the third and the lead


async def test_a_faulty_question_stores_nothing(world: PollsWorld) -> None:
    for question, options in (("", ["A", "B"]), ("Hvad?", ["A"]), ("Hvad?", ["A", "a"])):
        with pytest.raises(CompanionError):
            await world.start(question=question, options=options)
    assert await world.all_polls() == []


async def test_who_joins_while_a_binding_poll_is_open_counts_towards_its_quorum(world: PollsWorld) -> None:
    lead = await world.lead()
    view = await world.start(binding=True)
    assert view.entitled == 1
    await world.polls.vote(lead, view.id, [1])
    await world.people(5)
    world.at(view.closes_at)
    await world.turn()
    closed = await world.polls.view(view.id)
    assert (closed.turnout, closed.entitled, closed.quorum_met, closed.adopted) == (1, 6, False, False)
