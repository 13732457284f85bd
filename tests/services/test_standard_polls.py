"""The calendar's own polls, told on SQLite and PostgreSQL with the dates of 2027/28."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from bot.domain.access import Role
from bot.domain.errors import Conflict, InvalidInput, NotPermitted
from bot.services.context import Context
from bot.services.poll_drafts import PollDrafts
from bot.services.poll_life import PollLife
from bot.services.poll_posts import PollPosts
from bot.storage.models import Delivery, Poll
from tests.support.polls_world import VILLAGE_NAMES, PollsWorld, polls_world

ZONE = ZoneInfo("Europe/Copenhagen")


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    world = await polls_world(context)
    await world.enough()
    await world.people(5, place=world.neighbour)
    await world.plan()
    return world


async def next_change(world: PollsWorld) -> datetime | None:
    """Return when the next poll opens or closes."""
    polls = await world.all_polls()
    opens = [poll.opens_at for poll in polls if poll.state == "planned"]
    closes = [poll.closes_at for poll in polls if poll.state == "open"]
    return min([*opens, *closes], default=None)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("code", "opens", "closes"),
    [
        ("PL02", (2027, 10, 27, 10), (2027, 11, 3, 10)),  # the day after circle 1
        ("PL03", (2027, 11, 12, 10), (2027, 11, 19, 10)),  # eight days before the course
        ("PL04", (2027, 11, 20, 15), (2027, 11, 27, 15)),  # when the course ends
        ("PL11", (2028, 3, 20, 10), (2028, 3, 24, 10)),  # the day after PL10 has closed
        ("PL16", (2028, 6, 17, 10), (2028, 6, 22, 10)),  # a week after the workshop
        ("PX01:VC01", (2027, 10, 27, 10), (2027, 11, 1, 10)),
    ],
)
@pytest.mark.rule_table
async def test_a_standard_poll_stands_on_its_day(
    world: PollsWorld, code: str, opens: tuple[int, ...], closes: tuple[int, ...]
) -> None:
    poll = await world.standard(code)
    assert (poll.opens_at, poll.closes_at) == (local(*opens), local(*closes))
    assert poll.state == "planned"


async def test_every_village_and_group_gets_its_own_polls_and_meetings_polls_are_not_planned(
    world: PollsWorld,
) -> None:
    polls = await world.all_polls()
    per_village = [p for p in polls if p.scope_key == world.village.key]
    series = [(p.series, p.question) for p in per_village if p.code == "PL08"]
    assert [number for number, _ in series] == [1, 2, 3, 4, 5]
    assert series[1][1] == "Hvor godt går det hos jer? · Naturen og klimaet"
    assert sum(str(p.code).startswith("PX01:VC") for p in per_village) == 12
    assert {p.code for p in polls if p.scope_key == world.group.key} == {"PC01", "PC02"}
    assert "PL01" not in {p.code for p in polls}
    assert len(polls) == 2 * len(per_village) + 2


async def test_planning_again_changes_nothing(world: PollsWorld) -> None:
    before = [(p.id, p.opens_at, p.closes_at, p.state) for p in await world.all_polls()]
    await world.plan()
    assert [(p.id, p.opens_at, p.closes_at, p.state) for p in await world.all_polls()] == before


async def test_planning_again_changes_nothing_in_a_cohort_of_one_village(context: Context) -> None:
    world = await polls_world(context, names=VILLAGE_NAMES[:1])
    await world.plan()
    before = [(p.id, p.scope_key) for p in await world.all_polls()]
    await world.plan()
    assert [(p.id, p.scope_key) for p in await world.all_polls()] == before
    assert world.group.key in {scope_key for _, scope_key in before}


async def test_a_moved_meeting_takes_its_polls_along_and_open_ones_stay(world: PollsWorld) -> None:
    world.at(local(2027, 10, 27, 10))
    await world.turn()
    opened = await world.standard("PL02")
    await world.move("VC01", local(2027, 11, 2, 19))
    await world.move("EV-M3-FREMTID", local(2028, 6, 18, 10), world.village.key)
    await world.plan()
    assert (await world.standard("PL02")).opens_at == opened.opens_at
    assert (await world.standard("PL16")).opens_at == local(2028, 6, 25, 10)
    assert (await world.standard("PL16", place=world.neighbour)).opens_at == local(2028, 6, 17, 10)


async def test_a_village_without_an_agreement_is_not_asked(context: Context) -> None:
    world = await polls_world(context, agreed=False)
    await world.plan()
    assert {p.scope_key for p in await world.all_polls()} == {world.group.key}


async def test_a_village_that_joins_late_is_not_asked_what_is_over(context: Context) -> None:
    world = await polls_world(context)
    world.at(local(2028, 5, 1, 12))
    await world.plan()
    codes = {p.code for p in await world.all_polls() if p.village_id}
    assert "PL16" in codes and "PL02" not in codes


async def test_polls_open_by_themselves_once_with_their_answers_and_posts(world: PollsWorld) -> None:
    world.at(local(2027, 11, 20, 15))
    await world.turn()
    await world.turn()
    poll = await world.standard("PL04")
    assert poll.state == "open" and len(poll.options) == 7
    posts = await world.deliveries(poll.id)
    assert sorted(posts) == ["open", "reminder", "result"]
    assert posts["open"].due_at == poll.opens_at and not posts["open"].at_once
    assert posts["result"].due_at == poll.closes_at


async def test_a_poll_slept_through_is_missed_and_a_late_one_still_opens(world: PollsWorld) -> None:
    world.at(local(2027, 11, 26, 12))  # PL03 has closed unseen, PL04 has a day left
    opened = await world.polls.turn(world.now)
    missed, late = await world.standard("PL03"), await world.standard("PL04")
    assert (missed.state, late.state) == ("missed", "open")
    assert missed.id in opened.missed and late.id in opened.opened
    assert await world.deliveries(missed.id) == {}
    await world.plan()
    assert (await world.standard("PL03")).state == "missed"


async def test_a_pulse_poll_has_no_post_of_its_own_but_tells_its_result(world: PollsWorld) -> None:
    world.at(local(2027, 10, 27, 10))
    await world.turn()
    poll = await world.standard("PX01:VC01")
    assert poll.state == "open" and poll.secret and poll.secret_key is not None
    assert list(await world.deliveries(poll.id)) == ["result"]


async def test_goals_are_voted_on_once_the_steering_group_has_written_them(world: PollsWorld) -> None:
    world.at(local(2028, 3, 12, 10))
    await world.turn()
    poll = await world.standard("PL10")
    assert poll.state == "waiting" and list(await world.deliveries(poll.id)) == ["options"]
    member, panel = await world.person("Bo", Role.STEERING), await world.person("Pia", Role.PANEL)
    with pytest.raises(Conflict):
        await world.polls.vote(member, poll.id, [1])
    with pytest.raises(NotPermitted):
        await world.polls.write_options(panel, poll.id, ["Ny legeplads", "Fælles have"])
    with pytest.raises(InvalidInput):
        await world.polls.write_options(member, poll.id, ["Ny legeplads", ""])
    world.after(days=2)
    view = await world.polls.write_options(member, poll.id, ["Ny legeplads", "", "Fælles have", "Cykelsti"])
    assert (view.state, view.opens_at) == ("open", world.now)
    assert view.closes_at == local(2028, 3, 21, 10)
    assert (await world.standard("PL11")).opens_at == local(2028, 3, 22, 10)
    posts = await world.deliveries(poll.id)
    assert sorted(posts) == ["open", "options", "reminder", "result"] and posts["open"].at_once
    await world.polls.vote(panel, poll.id, [1, 2, 3])
    with pytest.raises(Conflict):
        await world.polls.write_options(member, poll.id, ["Noget", "Andet"])
    await world.plan()
    assert (await world.standard("PL11")).opens_at == local(2028, 3, 22, 10)


async def test_a_poll_that_builds_on_another_waits_until_that_one_has_closed(world: PollsWorld) -> None:
    for code in ("PL10", "PL11"):
        world.at((await world.standard(code)).opens_at)
        await world.turn()
    first, second = await world.standard("PL10"), await world.standard("PL11")
    assert (first.state, second.state) == ("waiting", "planned")
    member = await world.person("Bo", Role.STEERING)
    view = await world.polls.write_options(member, first.id, ["Ny legeplads", "Fælles have"])
    world.at(view.closes_at)
    await world.turn()
    world.at((await world.standard("PL11")).opens_at)
    await world.turn()
    assert (await world.standard("PL11")).state == "open"


async def test_a_cancelled_poll_is_not_waited_for_by_the_one_that_builds_on_it(world: PollsWorld) -> None:
    lead, first = await world.lead(), await world.standard("PL10")
    await world.enough()
    world.at(first.opens_at)
    await world.turn()
    await world.polls.write_options(lead, first.id, ["Ny legeplads", "Fælles have"])
    await PollLife(world.context).cancel(lead, first.id, "Målene blev valgt på mødet")
    world.at((await world.standard("PL11")).opens_at)
    await world.turn()
    assert (await world.standard("PL11")).state == "open"


async def test_answers_written_before_their_time_wait_for_it(world: PollsWorld) -> None:
    poll = await world.standard("PL17")
    member = await world.person("Bo", Role.STEERING)
    with pytest.raises(InvalidInput):
        await world.polls.write_options(member, poll.id, [str(n) for n in range(6)])  # five stories fit
    view = await world.polls.write_options(member, poll.id, ["Smeden", "Skolen"])
    assert view.state == "planned"
    world.at(poll.opens_at)
    await world.turn()
    assert [option.text for option in (await world.standard("PL17")).options] == ["Smeden", "Skolen"]


async def test_the_workshops_days_are_offered_by_themselves(world: PollsWorld) -> None:
    world.at(local(2028, 4, 19, 10))
    await world.turn()
    poll = await world.standard("PL12")
    days = [option.text for option in poll.options]
    assert poll.state == "open" and 2 <= len(days) <= 6
    assert days[0] == "Lørdag den 10. juni" and days[-1] == "Søndag den 25. juni"


async def test_answers_from_the_content_cannot_be_written_over(world: PollsWorld) -> None:
    poll = await world.standard("PL02")
    with pytest.raises(Conflict):
        await world.polls.write_options(await world.lead(), poll.id, ["A", "B"])


async def test_a_whole_year_opens_and_closes_every_poll_once(world: PollsWorld) -> None:
    steps = 0
    while moments := [
        poll.opens_at if poll.state == "planned" else poll.closes_at
        for poll in await world.all_polls()
        if poll.state in ("planned", "open")
    ]:
        world.at(max(min(moments), world.now))
        await world.turn()
        steps += 1
        assert steps < 600
    states = {poll.code: poll.state for poll in await world.all_polls()}
    waiting = {code for code, state in states.items() if state == "waiting"}
    assert waiting == {"PL10", "PL14", "PL17"}  # nobody wrote their answers
    assert {code for code, state in states.items() if state == "missed"} == {"PL11"}, "it builds on PL10"
    assert set(states.values()) == {"waiting", "closed", "missed"}
    async with world.context.database.transaction() as session:
        polls = await session.scalar(select(func.count()).select_from(Poll).where(Poll.state == "closed"))
        results = select(func.count()).select_from(Delivery).where(Delivery.kind == "poll_result")
        assert await session.scalar(results) == polls


async def test_no_standard_poll_opens_in_a_quiet_period_or_at_night(world: PollsWorld) -> None:
    rules, quiet = world.context.programme.rules, world.context.off(2027).posts
    for poll in await world.all_polls():
        here = poll.opens_at.astimezone(ZONE)
        assert here.date() not in quiet, poll.code
        assert rules.posts_only_between[0] <= here.time() <= rules.posts_only_between[1], poll.code
        assert poll.closes_at - poll.opens_at >= timedelta(days=3, hours=-1)


async def test_a_secret_poll_too_few_can_vote_in_is_told_of_and_asked_openly_and_nobody_waits_for_it(
    context: Context,
) -> None:
    world = await polls_world(context)
    lead, _ = await world.lead(), await world.people(3)
    await world.plan()
    states: dict[str, str] = {}
    for code in ("PL02", "PX01:VC01", "PL03", "PL10"):
        poll = await world.standard(code)
        world.at(poll.opens_at)
        await world.turn()
        states[code] = (await world.standard(code)).state
    assert states == {"PL03": "cancelled", "PL10": "cancelled", "PX01:VC01": "cancelled", "PL02": "open"}
    assert await world.deliveries((await world.standard("PX01:VC01")).id) == {}
    followed = await world.standard("PL11")
    world.at(followed.opens_at)
    await world.turn()
    assert (await world.standard("PL11")).state == "open"

    held = await world.standard("PL03")
    (row,) = (await world.deliveries(held.id)).values()
    async with context.database.transaction() as session:
        told = await PollPosts(context).compose(session, row)
    assert told is not None and "færre end 5 kan stemme" in told.text
    assert [(button.action, button.args) for button in told.buttons] == [("poll_copy", (held.id,))]
    draft = await PollLife(context).copy(lead, held.id)
    assert not draft.secret and draft.question == held.question
    assert (await PollDrafts(context).open(lead, draft.id)).state == "open"
