"""Votes by hand, on paper and by telephone, told on SQLite and PostgreSQL."""

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role
from bot.domain.ballots import Kind
from bot.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from bot.domain.hand_votes import Way
from bot.domain.poll_view import PollView
from bot.domain.polled_meetings import MeetingSeen
from bot.domain.polls import Shown
from bot.messages.hand_votes import confirmed
from bot.messages.poll_results import poll_result
from bot.services.context import Context
from bot.services.decisions import Decisions
from bot.services.hand_votes import HandVotes
from bot.services.poll_drafts import PollDrafts, Written
from bot.services.polled_meetings import PolledMeetings, WrittenMeeting
from bot.services.privacy import Privacy
from bot.storage.models import AuditEntry, HandCount, Poll
from tests.support.polls_world import PollsWorld, polls_world


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    return await polls_world(context)


@pytest.fixture
def paper(world: PollsWorld) -> HandVotes:
    return HandVotes(world.context)


async def other(world: PollsWorld) -> Actor:
    return await world.person("Bo", Role.STEERING)


async def room_for(world: PollsWorld, paper: HandVotes, poll_id: int, people: int) -> None:
    await paper.set_off_discord(await world.lead(), poll_id, {"steering": str(people)})


async def counted(
    world: PollsWorld, paper: HandVotes, poll_id: int, *numbers: int, way: Way = Way.PAPER
) -> int:
    """Enter ballots of one answer each, and let a second person confirm them. Returns their id."""
    lines = [str(number) for number in numbers]
    one = await paper.enter(await world.lead(), poll_id, way, str(sum(numbers)), lines)
    if one.poll.secret:
        assert (await paper.recount(await other(world), one.id, str(sum(numbers)), lines)).confirmed
    else:
        await paper.confirm(await other(world), one.id)
    return one.id


async def closed(world: PollsWorld, poll_id: int) -> PollView:
    world.after(days=3)
    await world.turn()
    return await world.polls.view(poll_id)


def told(world: PollsWorld, view: PollView) -> str:
    return poll_result(world.context.texts, view, world.context.programme.rules.secret_results).text


async def test_votes_on_paper_count_from_a_second_persons_yes_and_stand_on_a_line_of_their_own(
    world: PollsWorld, paper: HandVotes
) -> None:
    lead, bo = await world.lead(), await other(world)
    poll = await world.start()
    await room_for(world, paper, poll.id, 4)
    await world.polls.vote(lead, poll.id, [1])
    entered = await paper.enter(lead, poll.id, Way.PAPER, "3", ["1", "2"])
    assert f"hand:{entered.id}" in await world.deliveries(poll.id)
    view = await world.polls.view(poll.id)
    assert (view.turnout, view.by_hand, view.unconfirmed, view.parts) == (1, 0, 3, ())
    with pytest.raises(NotPermitted) as refused:
        await paper.confirm(lead, entered.id)
    assert refused.value.key == "error_paper.own"
    assert (await paper.look(bo, entered.id)).may_confirm and not (
        await paper.look(lead, entered.id)
    ).may_confirm
    assert (await paper.confirm(bo, entered.id)).confirmed
    with pytest.raises(Conflict):
        await paper.confirm(bo, entered.id)
    view = await closed(world, poll.id)
    assert [answer.votes for answer in view.answers] == [2, 2] and view.winners == (1, 2)
    lines = told(world, view).splitlines()
    first = lines.index("Her på Discord: 1 har stemt (Ja 1, Nej 0).")
    assert lines[first + 1 : first + 5] == [
        "På papir: 3 har stemt (Ja 1, Nej 2).", "Lagt sammen:", "- Ja: 2", "- Nej: 2",
    ]  # fmt: skip


async def test_who_is_not_on_discord_counts_for_the_quorum_and_no_more_can_vote_than_there_are(
    world: PollsWorld, paper: HandVotes
) -> None:
    lead = await world.lead()
    await world.people(3)
    poll = await world.start(binding=True)
    assert poll.entitled == 4
    with pytest.raises(Conflict, match="nobody_off"):
        await paper.entering(lead, poll.id)
    await room_for(world, paper, poll.id, 4)
    assert (await world.polls.view(poll.id)).entitled == 8
    with pytest.raises(InvalidInput) as refused:
        await paper.enter(lead, poll.id, Way.HAND, "5", ["5", "0"])
    assert (refused.value.key, refused.value.values["room"]) == ("error_paper.too_many", 4)
    await counted(world, paper, poll.id, 3, 0, way=Way.PHONE)
    with pytest.raises(InvalidInput):
        await paper.enter(lead, poll.id, Way.HAND, "2", ["2", "0"])
    with pytest.raises(InvalidInput, match="voted_already"):
        await room_for(world, paper, poll.id, 2)
    assert (await paper.board(lead, poll.id)).off == {"steering": 4}
    for voter in (lead, await other(world)):
        await world.polls.vote(voter, poll.id, [1])
    view = await closed(world, poll.id)
    assert (view.turnout, view.entitled, view.quorum_met, view.adopted) == (5, 9, True, True)
    proposal = await Decisions(world.context).proposal_from_poll(lead, poll.id)
    assert "5 af 9 stemte (Ja: 5)" in proposal.how and "heraf 3 uden om Discord" in proposal.how


@pytest.mark.parametrize(
    ("turnout", "lines"),
    [
        ("3", ["-1", "4"]),
        ("tre", ["1", "2"]),
        ("3", ["1", "otte"]),
        ("3", ["3"]),
        ("3", ["3", "3"]),
        ("", ["0", "0"]),
    ],
)
@pytest.mark.rule_table
async def test_what_is_no_count_is_refused(
    world: PollsWorld, paper: HandVotes, turnout: str, lines: list[str]
) -> None:
    poll = await world.start()
    await room_for(world, paper, poll.id, 9)
    with pytest.raises(InvalidInput):
        await paper.enter(await world.lead(), poll.id, Way.PAPER, turnout, lines)
    written = await paper.enter(await world.lead(), poll.id, Way.PAPER, " 3 ", ["Ja: 1", "", "Nej: 2"])
    assert written.part.votes == {1: 1, 2: 2}


async def test_a_closed_poll_takes_votes_for_a_week_tells_its_result_again_and_stands_once_it_is_decided(
    world: PollsWorld, paper: HandVotes
) -> None:
    lead, bo = await world.lead(), await other(world)
    poll = await world.start()
    await room_for(world, paper, poll.id, 20)
    await world.polls.vote(lead, poll.id, [1])
    assert (await paper.sheet(lead, poll.id))[1] == "Sønder Ørslev"
    await closed(world, poll.id)
    with pytest.raises(Conflict, match="no_more_sheets"):
        await paper.sheet(lead, poll.id)
    entered = await counted(world, paper, poll.id, 0, 4)
    assert f"result:hand:{entered}:confirmed" in await world.deliveries(poll.id)
    assert (await world.polls.view(poll.id)).winners == (2,)
    await paper.withdraw(lead, entered)
    assert f"result:hand:{entered}:withdrawn" in await world.deliveries(poll.id)
    assert (await world.polls.view(poll.id)).winners == (1,)
    with pytest.raises(NotFound):
        await paper.look(bo, entered)
    waiting = (await paper.enter(lead, poll.id, Way.PAPER, "4", ["0", "4"])).id
    again = await counted(world, paper, poll.id, 0, 3)
    found = await Decisions(world.context).proposal_from_poll(lead, poll.id)
    await Decisions(world.context).record(
        lead, world.village, title=found.title, text=found.text, decided_on=found.decided_on, how=found.how,
        poll_id=poll.id,
    )  # fmt: skip
    for late in (paper.confirm(bo, waiting), paper.withdraw(lead, again), paper.entering(lead, poll.id)):
        with pytest.raises(Conflict) as refused:
            await late
        assert refused.value.key == "error_paper.decided"
    await paper.withdraw(bo, waiting)
    second = await world.start(question="Og så?")
    await closed(world, second.id)
    world.after(days=8)
    with pytest.raises(Conflict) as refused:
        await paper.entering(lead, second.id)
    assert refused.value.key == "error_paper.too_late"
    async with world.context.database.transaction() as session:
        entries = await session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject.like("hand_count:%"))
        )
        assert (
            sorted(entries)
            == ["hand_votes.confirm"] * 2 + ["hand_votes.enter"] * 3 + ["hand_votes.withdraw"] * 2
        )


async def test_a_secret_poll_takes_a_small_part_into_its_sum_and_forgets_it(
    world: PollsWorld, paper: HandVotes
) -> None:
    lead = await world.lead()
    voters = await world.people(10)
    poll = await world.start(secret=True)
    await room_for(world, paper, poll.id, 8)
    for voter in voters:
        await world.polls.vote(voter, poll.id, [1])
    entered = await counted(world, paper, poll.id, 1, 2)
    late = await paper.enter(lead, poll.id, Way.PHONE, "1", ["1", "0"])
    assert (await world.polls.view(poll.id)).shown is Shown.NOTHING
    view = await closed(world, poll.id)
    assert (view.turnout, [answer.votes for answer in view.answers], view.parts) == (13, [11, 2], ())
    said = told(world, view)
    assert "Ingen nåede at se tallene efter" in said
    seen = await paper.look(await other(world), late.id)
    assert (seen.may_confirm, seen.may_withdraw) == (False, False)
    assert "er talt med" in said and "På papir" not in said and "- Nej: 2" in said
    async with world.context.database.transaction() as session:
        assert [row.votes for row in await session.scalars(select(HandCount))] == [{}, {}]
    bo = await other(world)
    for refused in (paper.confirm(bo, late.id), paper.withdraw(lead, entered), paper.entering(lead, poll.id)):
        with pytest.raises(Conflict) as error:
            await refused
        assert error.value.key == "error_paper.secret_closed"


async def test_a_secret_poll_tells_large_parts_and_only_the_order_when_few_voted_on_discord(
    world: PollsWorld, paper: HandVotes
) -> None:
    async def poll_of(here: int) -> PollView:
        poll = await world.start(secret=True, question=f"{here}?")
        await room_for(world, paper, poll.id, 40)
        for voter in await world.people(here):
            await world.polls.vote(voter, poll.id, [1])
        await counted(world, paper, poll.id, 1, 11)
        return await closed(world, poll.id)

    large = await poll_of(10)
    assert [part.votes for part in large.parts] == [{1: 10, 2: 0}, {1: 1, 2: 11}]
    assert "På papir: 12 har stemt (Ja 1, Nej 11)." in told(world, large)
    small = await poll_of(6)
    assert (small.shown, small.turnout, small.winners) == (Shown.RANKING, 18, (2,))
    assert all(answer.votes is None for answer in small.answers)
    tiny = await poll_of(1)
    assert (tiny.shown, tiny.turnout, tiny.winners) == (Shown.NOTHING, 13, ())


async def ranked(world: PollsWorld, *, secret: bool = False) -> PollView:
    """Let the village rank three places for its meeting house."""
    lead, drafts = await world.lead(), PollDrafts(world.context)
    written = Written("Hvor?", ("Skolen", "Hallen", "Kroen"), "3")
    draft = await drafts.write(lead, world.village, Kind.RANKED, written)
    await drafts.ask(lead, draft.id, "steering")
    await drafts.hide(lead, draft.id, secret=secret)
    return await drafts.open(lead, draft.id)


async def test_rankings_on_paper_decide_a_run_off_with_those_on_discord_also_after_it_has_closed(
    world: PollsWorld, paper: HandVotes
) -> None:
    lead, bo = await world.lead(), await other(world)
    poll = await ranked(world)
    await room_for(world, paper, poll.id, 9)
    for voter, marks in ((lead, {1: 1}), (bo, {1: 1}), (await world.person("Pia", Role.STEERING), {2: 1})):
        await world.polls.cast(voter, poll.id, marks)
    assert (await closed(world, poll.id)).winners == (1,)
    await Privacy(world.context).erase(await world.person("Pia", Role.STEERING))
    with pytest.raises(InvalidInput, match="rankings_differ"):
        await paper.enter(lead, poll.id, Way.PAPER, "3", ["2 x CB"])
    one = await paper.enter(lead, poll.id, Way.PAPER, "2", ["A = Skolen", "2 x CB"])
    assert (await world.polls.view(poll.id)).winners == (1,), "nobody has looked after yet"
    seen = await paper.look(bo, one.id)
    assert seen.part.rankings == (((3, 2), 2),) and seen.may_confirm
    await paper.confirm(bo, one.id)
    two = await paper.enter(lead, poll.id, Way.PHONE, "2", ["BC", "b, a"])
    await paper.confirm(bo, two.id)
    view = await world.polls.view(poll.id)  # first: A 2, B 3, C 2; A and C go out together
    assert (view.turnout, view.winners) == (7, (2,)), "Pia's vote counts still, without her name"
    lines = told(world, view).splitlines()
    first = lines.index("Her på Discord: 3 har stemt (sat først: Skolen 2, Hallen 1, Kroen 0).")
    assert lines[first + 1 : first + 4] == [
        "På papir: 2 har stemt (sat først: Skolen 0, Hallen 0, Kroen 2).",
        "I telefonen: 2 har stemt (sat først: Skolen 0, Hallen 2, Kroen 0).",
        "Lagt sammen:",
    ]
    with pytest.raises(InvalidInput):
        await paper.enter(lead, poll.id, Way.HAND, "1", ["A"])


async def test_a_secret_poll_counts_rankings_on_paper_in_its_run_off_and_keeps_none_of_them(
    world: PollsWorld, paper: HandVotes
) -> None:
    await world.enough()
    poll = await ranked(world, secret=True)
    await room_for(world, paper, poll.id, 12)
    for voter in await world.people(10):
        await world.polls.cast(voter, poll.id, {1: 1, 2: 2})
    one = await paper.enter(await world.lead(), poll.id, Way.PAPER, "12", ["12 x BC"])
    assert (await paper.recount(await other(world), one.id, "12", ["2 x BC"] * 6)).confirmed
    view = await closed(world, poll.id)
    assert (view.turnout, view.winners, view.parts, view.by_hand) == (22, (2,), (), 12)
    assert view.last_round == {1: 10, 2: 12}
    async with world.context.database.transaction() as session:
        (row,) = await session.scalars(select(HandCount))
        assert (row.votes, row.given, row.rankings) == ({}, {}, None)
        assert set((await session.get_one(Poll, poll.id)).counted or {}) == {"rounds"}


async def test_a_secret_polls_votes_on_paper_are_shown_to_nobody_and_count_when_two_have_counted_the_same(
    world: PollsWorld, paper: HandVotes
) -> None:
    lead, bo = await world.lead(), await other(world)
    poll = await world.start(secret=True)
    await room_for(world, paper, poll.id, 8)
    one = await paper.enter(lead, poll.id, Way.PAPER, "3", ["3", "0"])
    board = await paper.board(bo, poll.id)
    for seen in (one, await paper.look(bo, one.id), *board.entries):
        assert (seen.part.turnout, seen.part.votes, seen.part.given) == (3, {}, {})
    for early, error in (
        (paper.confirm(bo, one.id), Conflict),
        (paper.recounting(lead, one.id), NotPermitted),
    ):
        with pytest.raises(error):
            await early
    with pytest.raises(InvalidInput):
        await paper.recount(bo, one.id, "3", ["3", "3"])
    guessed = await paper.recount(bo, one.id, "3", ["2", "1"])
    assert not guessed.confirmed and f"hand:{one.id}:differ" in await world.deliveries(poll.id)
    with pytest.raises(NotFound):  # nobody guesses twice
        await paper.recount(bo, one.id, "3", ["3", "0"])
    async with world.context.database.transaction() as session:
        assert (await session.get_one(HandCount, one.id)).votes == {}
    again = await paper.enter(lead, poll.id, Way.PAPER, "3", ["3", "0"])
    assert (await paper.recounting(bo, again.id)).part.votes == {}
    assert (await paper.recount(bo, again.id, "3", ["3", "0"])).confirmed
    assert (await paper.look(bo, again.id)).part.votes == {}
    assert (await closed(world, poll.id)).turnout == 3


async def test_people_without_an_account_do_not_make_a_few_on_discord_many_enough_for_secrecy(
    world: PollsWorld, paper: HandVotes
) -> None:
    lead = await world.lead()
    first = await world.start()
    await room_for(world, paper, first.id, 20)
    with pytest.raises(InvalidInput, match="few_for_secrecy"):
        await world.polls.ask_secrecy(lead, first.id)
    await world.people(3)
    with pytest.raises(InvalidInput, match="few_for_secrecy"):
        await world.polls.ask_secrecy(lead, first.id)
    await world.people(4)
    assert (await world.polls.ask_secrecy(lead, first.id)).secret


async def test_a_meeting_stands_when_votes_on_paper_point_to_another_day_and_that_is_said(
    world: PollsWorld, paper: HandVotes
) -> None:
    lead, bo = await world.lead(), await other(world)
    drafts, meetings = PollDrafts(world.context), PolledMeetings(world.context)
    days = Written("Hvornår mødes vi?", ("20-10-2027 kl. 19", "26-10-2027 kl. 19"), "3")
    draft = await drafts.write(lead, world.village, Kind.DATES, days)
    await drafts.ask(lead, draft.id, "steering")
    poll = await drafts.open(lead, draft.id)
    await room_for(world, paper, poll.id, 4)
    await world.polls.vote(lead, poll.id, [1])
    assert "ligger fast" not in told(world, await closed(world, poll.id))
    await meetings.make(lead, poll.id, WrittenMeeting("Havemøde"))
    one = await paper.enter(lead, poll.id, Way.PAPER, "3", ["0", "3", "0"])
    counted = await paper.confirm(bo, one.id)
    said = confirmed(world.context.texts, counted.poll).text
    assert "Nu peger tallene på: Tirsdag den 26. oktober kl. 19.00" in said
    assert "»Havemøde« ligger fast onsdag den 20. oktober kl. 19.00" in said
    post = poll_result(world.context.texts, counted.poll, world.context.programme.rules.secret_results)
    assert "»Havemøde« ligger fast onsdag den 20. oktober kl. 19.00" in post.text
    assert "Se mødet" in [button.label for button in post.buttons]
    offered = await meetings.offer(lead, poll.id)
    assert isinstance(offered, MeetingSeen) and offered.title == "Havemøde"


async def test_coordinators_polls_have_no_paper(world: PollsWorld, paper: HandVotes) -> None:
    coordinator = await world.person("Kim", Role.COORDINATOR, world.group)
    ours = await world.polls.start(
        coordinator,
        world.group,
        question="Hvornår?",
        options=("Nu", "Så"),
        secret=False,
        voters="all",
        hours=48,
    )
    with pytest.raises(NotFound):
        await paper.board(coordinator, ours.id)


async def test_whoever_is_erased_is_no_longer_named_beside_what_they_entered(
    world: PollsWorld, paper: HandVotes
) -> None:
    poll = await world.start()
    await room_for(world, paper, poll.id, 3)
    await counted(world, paper, poll.id, 3, 0)
    await Privacy(world.context).erase(await world.lead())
    async with world.context.database.transaction() as session:
        (row,) = await session.scalars(select(HandCount))
        assert row.entered_by_id is None and row.confirmed_by_id is not None
    assert (await world.polls.view(poll.id)).by_hand == 3


async def test_a_tie_that_comes_of_votes_on_paper_is_voted_on_again_once(
    world: PollsWorld, paper: HandVotes
) -> None:
    lead = await world.lead()
    poll = await world.start(binding=True)
    async with world.context.database.transaction() as session:
        (await session.get_one(Poll, poll.id)).tie = "again"
    await room_for(world, paper, poll.id, 3)
    for voter in (lead, await other(world)):
        await world.polls.vote(voter, poll.id, [1])
    await closed(world, poll.id)
    assert len(await world.all_polls()) == 1
    late = await paper.enter(lead, poll.id, Way.PHONE, "1", ["1", "0"])
    await counted(world, paper, poll.id, 0, 2)
    await world.turn()
    _, again = await world.all_polls()
    assert (again.state, again.question, again.tie) == ("open", poll.question, "nothing")
    with pytest.raises(Conflict, match="tie_settled"):
        await paper.confirm(await other(world), late.id)
    assert len(await world.all_polls()) == 2


async def test_nobody_asks_for_secrecy_once_votes_on_paper_have_been_told_of(
    world: PollsWorld, paper: HandVotes
) -> None:
    await world.enough()
    poll = await world.start()
    await room_for(world, paper, poll.id, 4)
    one = await paper.enter(await world.lead(), poll.id, Way.PAPER, "4", ["2", "2"])
    with pytest.raises(Conflict, match="votes_cast"):
        await world.polls.ask_secrecy(await other(world), poll.id)
    await paper.withdraw(await world.lead(), one.id)
    assert (await world.polls.ask_secrecy(await other(world), poll.id)).secret


async def test_a_quorum_that_was_missed_is_not_met_by_naming_more_people_afterwards(
    world: PollsWorld, paper: HandVotes
) -> None:
    lead = await world.lead()
    await world.people(4)
    poll = await world.start(binding=True)
    await world.polls.vote(lead, poll.id, [1])
    assert not (await closed(world, poll.id)).quorum_met
    await room_for(world, paper, poll.id, 40)
    await counted(world, paper, poll.id, 2, 0)
    view = await world.polls.view(poll.id)
    assert (view.turnout, view.entitled, view.quorum_met) == (3, 45, False)


async def test_who_erases_themselves_cannot_come_back_and_confirm_their_own_numbers(
    world: PollsWorld, paper: HandVotes
) -> None:
    poll = await world.start()
    await room_for(world, paper, poll.id, 4)
    own = await world.person("Rie", Role.STEERING_SECRETARY)
    one = await paper.enter(own, poll.id, Way.PAPER, "2", ["2", "0"])
    await Privacy(world.context).erase(own)
    with pytest.raises(NotFound):
        await paper.confirm(await other(world), one.id)
