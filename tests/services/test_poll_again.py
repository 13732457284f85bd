"""A poll that is used again, and one that comes again by itself; on SQLite and PostgreSQL."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.domain.access import Role
from bot.domain.ballots import Kind, Majority
from bot.domain.poll_view import PollView
from bot.services.poll_drafts import PollDrafts, Written
from bot.services.poll_life import PollLife
from bot.services.polls import Polls
from bot.storage.models import RoleAssignment
from tests.support.polls_world import PollsWorld, refused

PLACES = ("Ved skolen", "Ved kirken", "Ved havnen")


@pytest.fixture
def life(world: PollsWorld) -> PollLife:
    return PollLife(world.context)


async def test_a_closed_poll_is_used_again_as_a_draft_with_its_words_and_rules(
    world: PollsWorld, drafts: PollDrafts, life: PollLife
) -> None:
    lead, member = await world.lead(), await world.person("Bo", Role.STEERING)
    draft = await drafts.write(lead, world.village, Kind.CHOICE, Written("Hvor?", PLACES, "5"))
    await drafts.bind(lead, draft.id, "voting")
    await drafts.decide_by(lead, draft.id, "extend", "7")
    await drafts.reason(lead, draft.id, "optional")
    await refused("draft_itself", life.copy(lead, draft.id))
    view = await drafts.open(lead, draft.id)
    await world.polls.vote(lead, view.id, [2])
    for days in (5, 7):  # too few have voted, so it goes on, and then it closes
        world.after(days=days)
        await world.turn()
    assert (await world.polls.view(view.id)).state == "closed"
    again = await life.copy(lead, view.id)
    assert (again.state, again.question, again.kind, again.turnout) == ("draft", "Hvor?", Kind.CHOICE, 0)
    assert [answer.text for answer in again.answers] == list(PLACES)
    assert (again.binding, again.majority, again.quorum, again.extend_days, again.why) == (
        True, Majority.VOTING, "half", 7, "optional",
    )  # fmt: skip
    assert again.closes_at - again.opens_at == timedelta(days=5)
    opened = await drafts.open(lead, again.id)
    assert opened.state == "open" and opened.id != view.id
    advice = await life.copy(member, view.id)
    assert not advice.binding and advice.quorum is None, "only the lead binds"


async def test_a_poll_of_the_calendar_is_used_again_as_the_villages_own(
    world: PollsWorld, drafts: PollDrafts, life: PollLife
) -> None:
    await world.plan()
    standard = await world.standard("PL04")
    world.at(standard.opens_at)
    await world.turn()
    again = await life.copy(await world.lead(), standard.id)
    assert again.code is None and len(again.answers) == 7 and again.pick == 3
    assert (await drafts.open(await world.lead(), again.id)).state == "open"


async def recurring(
    world: PollsWorld, drafts: PollDrafts, how: str, until: str, *, days: str = "3", secret: bool = False
) -> PollView:
    lead = await world.lead()
    draft = await drafts.write(lead, world.village, Kind.YES_NO, Written("Går det godt?", (), days))
    await drafts.hide(lead, draft.id, secret=secret)
    await drafts.repeat(lead, draft.id, how, until)
    return await drafts.open(lead, draft.id)


async def test_a_poll_comes_again_each_month_once_and_no_longer_than_it_should(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    await world.enough()
    first = await recurring(world, drafts, "monthly", "02-11-2027", secret=True)
    zone = ZoneInfo(world.context.programme.timezone)
    hour = first.opens_at.astimezone(zone).time()
    for number in range(2, 7):
        waiting = [poll for poll in await world.all_polls() if poll.state == "planned"]
        assert len(waiting) == (1 if number <= 4 else 0)
        world.after(days=31)
        for polls in (world.polls, Polls(world.context)):  # a restart in between changes nothing
            await polls.turn(world.now)
            await polls.turn(world.now)
    rows = await world.all_polls()
    assert [row.opens_at.astimezone(zone).date().isoformat() for row in rows] == [
        "2027-08-02", "2027-09-02", "2027-10-02", "2027-11-02",
    ]  # fmt: skip
    assert {row.opens_at.astimezone(zone).time() for row in rows} == {hour}, "also when the clocks change"
    assert {row.state for row in rows} == {"closed"} and all(
        row.secret and row.secret_key is None for row in rows
    )
    for row in rows:
        assert set(await world.deliveries(row.id)) == {"open", "reminder", "result"}


async def test_a_secret_one_is_left_out_while_too_few_can_vote_and_the_next_is_planned(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    await world.enough()
    first = await recurring(world, drafts, "weekly", "30-09-2027", secret=True)
    async with world.context.database.transaction() as session:
        two = select(RoleAssignment.id).order_by(RoleAssignment.id.desc()).limit(2)
        left = update(RoleAssignment).where(RoleAssignment.id.in_(two)).values(until=world.now)
        await session.execute(left)
    world.after(days=7)
    await world.turn()
    second, third = (await world.all_polls())[1:]
    assert (second.state, second.secret_key, third.state) == ("cancelled", None, "planned")
    assert list(await world.deliveries(second.id)) == ["held"] and second.question == first.question


async def test_after_an_absence_only_what_can_still_be_answered_opens(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    await recurring(world, drafts, "weekly", "30-09-2027")
    world.after(days=23)  # the second and third time have gone by; the fourth has been open for two days
    for _ in range(3):
        await world.turn()
    states = [row.state for row in await world.all_polls()]
    assert states == ["closed", "missed", "open", "planned"]


async def test_calling_off_the_next_one_ends_the_row_and_calling_off_this_one_does_not(
    world: PollsWorld, drafts: PollDrafts, life: PollLife
) -> None:
    lead = await world.lead()
    first = await recurring(world, drafts, "weekly", "30-09-2027")
    await life.cancel(lead, first.id, "Vi venter til næste uge")
    world.after(days=7)
    await world.turn()
    _, second, third = await world.all_polls()
    assert (second.state, third.state) == ("open", "planned")
    assert [view.state for view in await life.listed(lead, world.village)] == ["planned", "open"]
    await life.cancel(lead, third.id)
    world.after(days=60)
    await world.turn()
    assert [row.state for row in await world.all_polls()] == ["cancelled", "closed", "cancelled"]


async def test_what_cannot_come_again_is_told(world: PollsWorld, drafts: PollDrafts) -> None:
    lead = await world.lead()
    await refused("repeat_long", recurring(world, drafts, "weekly", "30-09-2027", days="8"))
    draft = await drafts.write(lead, world.village, Kind.YES_NO, Written("Hvad?"))
    for until in ("02-08-2027", "02-09-2031"):
        await refused("repeat_until", drafts.repeat(lead, draft.id, "monthly", until))
    await refused("unknown_answer", drafts.repeat(lead, draft.id, "daily", "02-09-2027"))
    await drafts.repeat(lead, draft.id, "yearly", "02-09-2028")
    assert (await drafts.repeat(lead, draft.id, "never")).repeat == "never"
    await drafts.open(lead, draft.id)
    assert "planned" not in {row.state for row in await world.all_polls()}
    dates = ("26-10-2027 kl. 19", "20-10-2027 kl. 9.30")
    day = await drafts.write(lead, world.village, Kind.DATES, Written("Hvornår?", dates))
    await refused("repeat_dates", drafts.repeat(lead, day.id, "monthly", "02-09-2028"))
