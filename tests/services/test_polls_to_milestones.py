"""From every standard poll and decision of the programme to its milestones, told on SQLite and PostgreSQL.

The parameters are the programme's own: a poll or decision that is added is walked too.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role
from bot.domain.milestones import settled_by_decision
from bot.domain.programme import EACH_CIRCLE, DecisionTemplate, PollTemplate, Scope
from bot.messages.poll_results import poll_result
from bot.services.calendar import Calendar
from bot.services.context import Context
from bot.services.decisions import Decisions
from bot.services.letters import Letters
from bot.services.milestones import Milestones
from bot.services.poll_posts import PollPosts
from bot.services.posts import Posts
from bot.services.registry import services_on
from bot.storage.models import Delivery, Event, MilestoneState, Poll
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world
from tests.support.world import loaded

PROGRAMME = loaded().programme
POSTED = [poll for poll in PROGRAMME.polls.values() if poll.where == "channel"]
ZONE = ZoneInfo(PROGRAMME.timezone)
VOTERS = {
    "steering": Role.STEERING,
    "panel": Role.PANEL,
    "villager": Role.VILLAGER,
    "coordinator": Role.COORDINATOR,
}


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    world = await polls_world(context)
    await world.enough()
    return world


async def milestones_reached(world: PollsWorld) -> set[str]:
    async with world.context.database.transaction() as session:
        query = select(MilestoneState.code).where(
            MilestoneState.scope_key == world.village.key, MilestoneState.state == "reached"
        )
        return set(await session.scalars(query))


async def recorder(world: PollsWorld, decision: DecisionTemplate) -> Actor:
    """Return who writes a standard decision down."""
    if decision.recorded_by == Role.SECRETARIAT:
        return SECRETARY
    return await world.person("Rie", Role(decision.recorded_by))


async def walked(world: PollsWorld, template: PollTemplate) -> Poll:
    """Let a standard poll open at its time, be answered where answers are missing, voted in, and close."""
    await world.plan()
    place = world.village if template.scope is Scope.VILLAGE else world.group
    code = f"{template.id}:VC01" if template.opens.meeting == EACH_CIRCLE else template.id
    before = template.opens.after_poll
    for one in (before, code) if before else (code,):
        poll = await world.standard(one, 1 if template.series else 0, place)
        world.at(poll.opens_at)
        await world.turn()
        poll = await world.standard(one, 1 if template.series else 0, place)
        if poll.state == "waiting":
            await world.polls.write_options(await world.lead(), poll.id, ["Første forslag", "Andet forslag"])
        voter = await world.person("Vera", VOTERS[template.voters[0]], place)
        for number in range(PROGRAMME.rules.secret_results.numbers_from_votes if poll.secret else 1):
            voter = await world.person(f"Vera {number}", VOTERS[template.voters[-1]], place)
            await world.polls.vote(voter, poll.id, [1])
        poll = await world.standard(one, 1 if template.series else 0, place)
        world.at(poll.closes_at)
        await world.turn()
    return await world.standard(code, 1 if template.series else 0, place)


@pytest.mark.parametrize("template", POSTED, ids=lambda poll: poll.id)
@pytest.mark.rule_table
async def test_a_standard_poll_opens_with_its_rules_and_leads_on_to_its_milestones(
    world: PollsWorld, template: PollTemplate
) -> None:
    poll = await walked(world, template)
    assert (poll.secret, poll.binding, poll.pick, poll.quorum, poll.voters, poll.state) == (
        template.ballot == "secret", template.effect == "binding", template.pick, template.quorum,
        ",".join(template.voters), "closed",
    )  # fmt: skip
    assert template.days - 1 < (poll.closes_at - poll.opens_at) / timedelta(days=1) <= template.days + 1
    result = poll_result(world.context.texts, await world.polls.view(poll.id), PROGRAMME.rules.secret_results)
    actions = [button.action for button in result.buttons]
    by_hand = set(template.milestones) - settled_by_decision(PROGRAMME)
    assert ("milestones" in actions) is bool(by_hand)
    if template.decision is not None:
        decision, decisions = PROGRAMME.decisions[template.decision], Decisions(world.context)
        who = await recorder(world, decision)
        found = await decisions.proposal_from_poll(who, poll.id)
        assert "decide" in actions and found.code == decision.id and decision.milestone in template.milestones
        await decisions.record(
            who, world.village, title=found.title, text=found.text, decided_on=found.decided_on,
            how=found.how, code=found.code, poll_id=poll.id,
        )  # fmt: skip
        assert decision.milestone in await milestones_reached(world)
    milestones = Milestones(world.context, Calendar(world.context))
    for code in by_hand:
        confirm = PROGRAMME.milestones[code].confirm
        actor = SECRETARY if confirm == Role.SECRETARIAT else await world.person("Leo", Role(confirm))
        assert code in dict((await milestones.board(actor, world.village)).ticks)
        await milestones.tick(actor, world.village, code)
    left = set(template.milestones) - await milestones_reached(world)
    assert left <= settled_by_decision(PROGRAMME), "what is left is settled by a decision of its own"


@pytest.mark.parametrize("decision", PROGRAMME.decisions.values(), ids=lambda decision: decision.id)
@pytest.mark.rule_table
async def test_a_standard_decision_settles_the_milestones_that_name_it(
    world: PollsWorld, decision: DecisionTemplate
) -> None:
    done = await Decisions(world.context).record(
        await recorder(world, decision), world.village, title=decision.title, text="Det er aftalt.",
        decided_on=world.now.astimezone(ZONE).date(), how="Alle var enige", code=decision.id,
    )  # fmt: skip
    named = {m.id for m in PROGRAMME.milestones.values() if m.decision == decision.id}
    assert decision.milestone in named and set(done.settled) == named
    assert await milestones_reached(world) == named


async def test_what_is_asked_at_a_meeting_stands_in_the_secretariats_task_before_it(
    world: PollsWorld,
) -> None:
    asked = [poll for poll in PROGRAMME.polls.values() if poll.where == "meeting"]
    services = services_on(world.context)
    posts = Posts(
        world.context,
        services.calendar,
        Letters(world.context),
        PollPosts(world.context),
        services.calendar_files,
    )
    async with world.context.database.transaction() as session:
        query = select(Event.cohort_id, Event.starts_at).where(Event.code == asked[0].opens.meeting)
        cohort_id, starts_at = (await session.execute(query)).first() or (0, world.now)
    await services.planning.refresh(cohort_id)
    world.at(starts_at - timedelta(days=1))
    async with world.context.database.transaction() as session:
        rows = await session.scalars(
            select(Delivery).where(Delivery.key.contains(f"{asked[0].opens.meeting}:task2"))
        )
        (task,) = rows
        message = await posts.compose(session, task)
    assert message is not None and f"Spørg på mødet: {asked[0].question}" in message.text
