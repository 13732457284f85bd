"""What a village has agreed on once, a poll that too few voted in, and a tie; on SQLite and PostgreSQL."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role
from bot.domain.ballots import Kind, Majority, Why
from bot.domain.errors import Conflict
from bot.domain.hand_votes import Part, Way
from bot.domain.poll_rules import Tie, VillageRules
from bot.domain.poll_view import PollView
from bot.domain.programme_rules import SecretResults
from bot.messages import hand_votes
from bot.messages import poll_rules as build
from bot.messages.poll_drafts import draft as preview
from bot.messages.poll_results import poll_result
from bot.messages.polls import asked
from bot.services.decisions import Decisions
from bot.services.poll_drafts import PollDrafts, Written
from bot.services.poll_life import PollLife
from bot.services.poll_posts import PollPosts
from bot.services.poll_rules import VillageRulesDesk
from bot.services.polls import Polls
from bot.storage.models import Delivery
from tests.support.polls_world import PollsWorld, refused

PLACES = ("Ved skolen", "Ved kirken", "Ved havnen")


@pytest.fixture
def desk(world: PollsWorld) -> VillageRulesDesk:
    return VillageRulesDesk(world.context)


async def binding(world: PollsWorld, drafts: PollDrafts, kind: Kind = Kind.CHOICE, **chosen: str) -> PollView:
    """Let the lead open a binding poll of three days, with these rules."""
    lead = await world.lead()
    lines = PLACES if kind is not Kind.YES_NO else ()
    draft = await drafts.write(lead, world.village, kind, Written("Hvor skal bænken stå?", lines, "3"))
    await drafts.bind(lead, draft.id, "most")
    for name, value in chosen.items():
        await drafts.decide_by(lead, draft.id, name, value)
    return await drafts.open(lead, draft.id)


async def vote(world: PollsWorld, poll_id: int, *positions: int) -> list[Actor]:
    """Let one person after another of the steering group vote."""
    people = await world.people(len(positions))
    for person, position in zip(people, positions, strict=True):
        await world.polls.vote(person, poll_id, [position])
    return people


async def test_new_drafts_begin_with_the_villages_rules_and_the_neighbours_with_the_usual(
    world: PollsWorld, drafts: PollDrafts, desk: VillageRulesDesk
) -> None:
    lead, secretary = await world.lead(), await world.person("Rie", Role.STEERING_SECRETARY)
    assert await desk.show(lead, world.village) == VillageRules()
    for name, value in {"voters": "panel", "secrecy": "secret", "rule": "two_thirds", "quorum": "none",
                        "extend": "7", "tie": "lead"}.items():  # fmt: skip
        await desk.change(secretary, world.village, name, value)
    assert await desk.show(lead, world.village) == VillageRules(
        "panel", True, "two_thirds", None, 7, Tie.LEAD
    )
    for unfit in (("voters", "public"), ("extend", "8"), ("name", "x")):
        await refused("unknown_answer", desk.change(lead, world.village, *unfit))

    own = await drafts.write(lead, world.village, Kind.YES_NO, Written("Hvad?"))
    assert (own.binding, own.voters, own.secret, own.majority, own.quorum, own.tie) == (
        True, ("steering",), False, Majority.TWO_THIRDS, None, Tie.LEAD,
    )  # fmt: skip
    advice = await drafts.bind(lead, own.id, "advisory")
    assert (advice.binding, advice.voters, advice.secret, advice.tie) == (
        False,
        ("panel",),
        True,
        Tie.NOTHING,
    )
    members = await drafts.write(secretary, world.village, Kind.YES_NO, Written("Hvad?"))
    assert (members.binding, members.voters, members.secret) == (False, ("panel",), True)
    ranked = await drafts.write(lead, world.village, Kind.RANKED, Written("Hvad?", PLACES))
    assert not ranked.binding, "two out of three does not fit a ranking"
    next_door = await world.person("Per", Role.STEERING_LEAD, world.neighbour)
    theirs = await drafts.write(next_door, world.neighbour, Kind.YES_NO, Written("Hvad?"))
    assert (theirs.binding, theirs.voters, theirs.secret) == (False, ("all",), False)
    assert (theirs.why, theirs.running) == (Why.NONE, True)

    for name, value in {"secrecy": "at_the_end", "why": "required"}.items():
        await desk.change(secretary, world.village, name, value)
    assert (await desk.show(lead, world.village)).chosen["secrecy"] == "at_the_end"
    later = await drafts.write(lead, world.village, Kind.YES_NO, Written("Hvad?"))
    assert (later.secret, later.running, later.why) == (False, False, Why.REQUIRED)
    assert (later.binding, own.running, own.why) == (True, True, Why.NONE), "what was written before stays"
    freely = await drafts.reason(lead, later.id, "none")
    assert (await drafts.hide(lead, later.id, secret=False)).running and freely.why is Why.NONE
    quick = await world.start()
    assert (quick.running, quick.why) == (False, Why.REQUIRED)


async def test_a_poll_tells_its_numbers_as_it_runs_unless_it_was_to_wait_and_a_secret_one_never(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    lead, texts = await world.lead(), world.context.texts
    await world.enough()
    for secret, running in ((False, True), (False, False), (True, True), (True, False)):
        draft = await drafts.write(lead, world.village, Kind.YES_NO, Written("Bænk?", (), "3"))
        await drafts.hide(lead, draft.id, secret=secret, running=running)
        poll = await drafts.open(lead, draft.id)
        await vote(world, poll.id, 1, 1)
        shown = await world.polls.view(poll.id)
        told = asked(texts, shown)
        tells = running and not secret
        assert [answer.votes for answer in shown.answers] == ([2, 0, 0] if tells else [None] * 3)
        assert ("Ja: 2" in told, "Undervejs viser jeg kun, hvor mange" in told) == (tells, not tells)
        assert "Indtil nu har 2 stemt" in told
        waiting = hand_votes.waiting_post(texts, shown, 1, Part(Way.PAPER, 9, {1: 8, 2: 1}))
        assert ("Ja 8" in waiting.text) is tells
        world.at(poll.closes_at)
        await world.turn()
        over = await world.polls.view(poll.id)
        assert [answer.votes for answer in over.answers] == ([None] * 3 if secret else [2, 0, 0])
        assert "Undervejs" not in asked(texts, over)


async def test_more_voters_than_there_are_is_warned_of_when_it_is_chosen(
    world: PollsWorld, drafts: PollDrafts, desk: VillageRulesDesk
) -> None:
    lead, texts, warning = await world.lead(), world.context.texts, "Kun 7 kan stemme"
    await world.people(6)
    draft = await drafts.write(lead, world.village, Kind.YES_NO, Written("Bænk?", (), "3"))
    await drafts.bind(lead, draft.id, "most")
    for quorum, warned in (("5", False), ("half", False), ("10", True), ("none", False), ("10", True)):
        view = await drafts.decide_by(lead, draft.id, "quorum", quorum)
        assert (warning in build.draft_rules(texts, view).text) is warned
        assert (warning in preview(texts, view).text) is warned
        rules, steering = (
            await desk.change(lead, world.village, "quorum", quorum),
            await desk.steering(world.village),
        )
        shown = build.village_rules(texts, rules, build.OF_DECIDING, steering=steering, may_change=True)
        assert (warning in shown.text) is warned
    assert warning not in asked(texts, await drafts.open(lead, draft.id)), "the village is not told"


async def test_a_quick_poll_follows_the_villages_rules_where_nothing_else_is_said(
    world: PollsWorld, desk: VillageRulesDesk
) -> None:
    lead, member = await world.lead(), await world.person("Bo", Role.STEERING)
    await world.enough()
    for name, value in {"voters": "steering", "secrecy": "secret", "rule": "voting", "quorum": "two_thirds",
                        "extend": "3", "tie": "lead"}.items():  # fmt: skip
        await desk.change(lead, world.village, name, value)

    async def quick(actor: Actor, **said: object) -> PollView:
        asked_for = {"question": "Hvor?", "options": PLACES, "hours": 72, **said}
        return await world.polls.start(actor, world.village, **asked_for)  # type: ignore[arg-type]

    view = await quick(member)
    assert (view.binding, view.secret, view.voters) == (False, True, ("steering",))
    view = await quick(lead)
    assert (view.binding, view.secret, view.majority, view.quorum, view.extend_days, view.tie) == (
        True, False, Majority.VOTING, "two_thirds", 3, Tie.LEAD,
    )  # fmt: skip
    assert "mindst to tredjedele stemmer" in asked(world.context.texts, view)
    view = await quick(lead, voters="all", secret=False)
    assert (view.binding, view.secret, view.voters) == (False, False, ("all",))


@pytest.mark.parametrize(
    ("quorum", "enough", "said"),
    [
        ("third", 3, "mindst en tredjedel"),
        ("two_thirds", 5, "mindst to tredjedele"),
        ("5", 5, "mindst 5 personer"),
    ],
)
async def test_a_binding_poll_decides_from_the_share_or_number_of_people_it_asks_for(
    world: PollsWorld, drafts: PollDrafts, quorum: str, enough: int, said: str
) -> None:
    people = await world.people(6)  # seven with the lead
    met = []
    for voters in (enough - 1, enough):
        view = await binding(world, drafts, quorum=quorum)
        assert said in asked(world.context.texts, view)
        for person in people[:voters]:
            await world.polls.vote(person, view.id, [1])
        world.at(view.closes_at)
        await world.turn()
        closed = await world.polls.view(view.id)
        met.append(closed.quorum_met)
        told = poll_result(world.context.texts, closed, world.context.programme.rules.secret_results)
        assert (f"Det kræver, at {said} stemmer" in told.text) is not closed.quorum_met
    assert met == [False, True]


async def test_the_calendars_polls_keep_their_own_rules(world: PollsWorld, desk: VillageRulesDesk) -> None:
    await desk.change(await world.lead(), world.village, "extend", "14")
    await desk.change(await world.lead(), world.village, "quorum", "none")
    await world.plan()
    standard = await world.standard("PL05")
    assert (standard.quorum, standard.extend_days, standard.tie) == ("half", 0, "nothing")


async def test_a_drafts_own_rules_are_chosen_and_told_in_plain_words(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    lead = await world.lead()
    draft = await drafts.write(lead, world.village, Kind.CHOICE, Written("Hvad?", PLACES))
    await refused("binding_only", drafts.decide_by(lead, draft.id, "tie", "again"))
    await drafts.bind(lead, draft.id, "most")
    await drafts.decide_by(lead, draft.id, "tie", "again")
    view = await drafts.decide_by(lead, draft.id, "extend", "7")
    told = asked(world.context.texts, view)
    assert "hvis mindst halvdelen stemmer" in told and "får I 7 dage mere" in told
    assert "stemmer I igen om dem, der står lige" in told
    voting = await drafts.bind(lead, draft.id, "voting")
    assert voting.extend_days == 7, "what was chosen stays"
    assert "stemmer I igen" not in asked(world.context.texts, voting), "half of the votes is never a tie"
    freely = await drafts.decide_by(lead, draft.id, "quorum", "none")
    assert freely.extend_days == 0 and "dage mere" not in asked(world.context.texts, freely)


async def test_too_few_votes_give_more_days_once_and_the_channel_is_told(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    await world.people(6)
    view = await binding(world, drafts, extend="7")
    first = (await vote(world, view.id, 1, 1, 2))[0]
    world.at(view.closes_at)
    await world.turn()
    await world.turn()
    longer = await world.polls.view(view.id)
    assert longer.state == "open" and longer.closes_at - view.closes_at == timedelta(days=7)
    assert longer.turnout == 3 and longer.extend_days == 0, "the votes stand"
    posts = await world.deliveries(view.id)
    assert posts["result"].due_at == longer.closes_at and posts["extended"].due_at == view.closes_at
    assert posts["reminder"].due_at == longer.closes_at - timedelta(hours=24)
    async with world.context.database.transaction() as session:
        row = (await session.scalars(select(Delivery).where(Delivery.id == posts["extended"].id))).one()
        told = await PollPosts(world.context).compose(session, row)
    assert told is not None and "3 af 7 har stemt" in told.text and told.buttons
    await world.polls.vote(first, view.id, [2])
    world.at(longer.closes_at)
    await world.turn()
    over = await world.polls.view(view.id)
    assert (over.state, over.quorum_met, over.turnout) == ("closed", False, 3)
    assert [answer.votes for answer in over.answers] == [1, 2, 0]


async def test_enough_votes_or_no_such_rule_close_a_poll_at_its_time(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    await world.people(6)
    enough = await binding(world, drafts, extend="7")
    await vote(world, enough.id, 1, 1, 1, 2)
    plain = await binding(world, drafts)
    world.at(plain.closes_at)
    await world.turn()
    assert [(await world.polls.view(one.id)).state for one in (enough, plain)] == ["closed", "closed"]


async def test_after_a_long_absence_the_days_count_from_now(world: PollsWorld, drafts: PollDrafts) -> None:
    await world.people(6)
    view = await binding(world, drafts, extend="3")
    world.at(view.closes_at + timedelta(days=10))
    await world.turn()
    assert (await world.polls.view(view.id)).closes_at == world.now + timedelta(days=3)


@pytest.mark.parametrize("kind", [Kind.CHOICE, Kind.POINTS, Kind.RANKED])
async def test_a_tie_leads_to_one_new_vote_between_the_equal_ones(
    world: PollsWorld, drafts: PollDrafts, kind: Kind
) -> None:
    lead = await world.lead()
    view = await binding(world, drafts, kind, tie="again")
    await vote(world, view.id, 1, 3)
    world.at(view.closes_at)
    await world.turn()
    await world.turn()
    over = await world.polls.view(view.id)
    assert over.tied == (1, 3)
    result = poll_result(world.context.texts, over, SecretResults(5, 10))
    assert "stemmer I igen om dem, der står lige" in result.text and not result.buttons
    await refused("tie_again", Decisions(world.context).proposal_from_poll(lead, view.id))
    (again,) = [poll for poll in await world.all_polls() if poll.id != view.id]
    assert (again.state, again.kind, again.binding, again.quorum) == ("open", "choice", True, "half")
    assert [option.text for option in again.options] == ["Ved skolen", "Ved havnen"]
    assert again.closes_at - again.opens_at == timedelta(days=3)
    await vote(world, again.id, 1, 2)
    world.at(again.closes_at)
    await world.turn()
    assert len(await world.all_polls()) == 2 and (await world.polls.view(again.id)).tied == ()


async def test_whoever_closes_at_the_same_moment_there_is_one_extension_and_one_new_vote(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    await world.people(6)
    longer, equal = [await binding(world, drafts, extend="7", tie="again") for _ in range(2)]
    await vote(world, equal.id, 1, 1, 3, 3)
    world.at(equal.closes_at)
    await asyncio.gather(*(Polls(world.context).turn(world.now) for _ in range(4)))
    views = [await world.polls.view(poll.id) for poll in (longer, equal)]
    assert [view.state for view in views] == ["open", "closed"]
    assert views[0].closes_at - longer.closes_at == timedelta(days=7)
    assert [poll.state for poll in await world.all_polls()] == ["open", "closed", "open"]


async def test_in_a_tie_the_lead_chooses_and_then_the_decision_can_be_written(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    lead, life, decisions = await world.lead(), PollLife(world.context), Decisions(world.context)
    view = await binding(world, drafts, tie="lead")
    await vote(world, view.id, 1, 3)
    await refused("no_tie", life.settle_tie(lead, view.id, 1))
    world.at(view.closes_at)
    await world.turn()
    result = poll_result(world.context.texts, await world.polls.view(view.id), SecretResults(5, 10))
    assert "Så vælger tovholderen" in result.text
    assert [b.label for b in result.buttons] == [
        "Ved skolen",
        "Ved havnen",
        "Skriv beslutningen ned",
        "Papir og telefon",
    ]
    await refused("tie_lead", decisions.proposal_from_poll(lead, view.id))
    await refused("no_tie", life.settle_tie(lead, view.id, 2))
    await life.settle_tie(lead, view.id, 1)
    settled = await life.settle_tie(lead, view.id, 3)
    assert settled.winners == (3,) and [answer.votes for answer in settled.answers] == [1, 0, 1]
    proposal = await decisions.proposal_from_poll(lead, view.id)
    assert proposal.text == "Hvor skal bænken stå? Lige mange stemmer. Tovholderen valgte: Ved havnen."
    await decisions.record(lead, world.village, title="Bænk", text=proposal.text, how=proposal.how,
                           decided_on=proposal.decided_on, poll_id=view.id)  # fmt: skip
    await refused("decision_from_poll_before", life.settle_tie(lead, view.id, 1))


@pytest.mark.parametrize(("chosen", "adopted"), [(1, True), (2, False)])
async def test_yes_against_no_is_a_tie_too_and_blank_votes_weigh_nothing(
    world: PollsWorld, drafts: PollDrafts, chosen: int, adopted: bool
) -> None:
    view = await binding(world, drafts, Kind.YES_NO, tie="lead")
    await vote(world, view.id, 1, 2, 3)
    world.at(view.closes_at)
    await world.turn()
    life = PollLife(world.context)
    assert (await life.settle_tie(await world.lead(), view.id, chosen)).adopted is adopted


@pytest.mark.parametrize(("votes", "tied"), [((3, 3, 2, 1, 1), ()), ((3, 2, 1, 1), (2, 3))])
async def test_written_answers_for_yes_and_no_stand_equal_when_yes_and_no_do(
    world: PollsWorld, drafts: PollDrafts, votes: tuple[int, ...], tied: tuple[int, ...]
) -> None:
    lead, answers = await world.lead(), ("Ved ikke", "Nej", "Ja")
    draft = await drafts.write(lead, world.village, Kind.CHOICE, Written("Skal vi?", answers, "3"))
    await drafts.bind(lead, draft.id, "most")
    await drafts.decide_by(lead, draft.id, "tie", "lead")
    view = await drafts.open(lead, draft.id)
    await vote(world, view.id, *votes)
    world.at(view.closes_at)
    await world.turn()
    over = await world.polls.view(view.id)
    assert (over.tied, over.adopted) == (tied, not tied)
    if tied:
        assert (await PollLife(world.context).settle_tie(lead, view.id, 3)).adopted


async def test_without_enough_votes_a_tie_settles_nothing(world: PollsWorld, drafts: PollDrafts) -> None:
    await world.people(6)
    view = await binding(world, drafts, tie="again")
    await vote(world, view.id, 1, 3)
    world.at(view.closes_at)
    await world.turn()
    assert (await world.polls.view(view.id)).tied == () and len(await world.all_polls()) == 1


async def test_a_tie_rule_means_nothing_to_a_secret_poll(world: PollsWorld, drafts: PollDrafts) -> None:
    await world.enough()
    view = await binding(world, drafts, tie="again", extend="7")
    await world.polls.ask_secrecy(await world.lead(), view.id)
    await vote(world, view.id, 1, 3)
    world.at(view.closes_at)
    await world.turn()
    over = await world.polls.view(view.id)
    assert (over.state, over.tied, len(await world.all_polls())) == ("closed", (), 1)


async def test_a_village_is_asked_so_many_questions_a_month_and_no_more_unless_it_binds(
    world: PollsWorld, drafts: PollDrafts, desk: VillageRulesDesk
) -> None:
    lead = await world.lead()
    world.at(datetime(2027, 11, 30, 20, tzinfo=UTC))
    await desk.change(lead, world.village, "monthly", "4")
    first, *_ = [await world.start(question=f"Spørgsmål {number}?") for number in range(4)]
    draft = await drafts.write(lead, world.village, Kind.CHOICE, Written("Et til?", PLACES, "3"))
    with pytest.raises(Conflict) as told:
        await drafts.open(lead, draft.id)
    assert told.value.key == "error_polls.asked_enough"
    assert told.value.values == {"most": 4, "from_on": date(2027, 12, 1)}
    assert (await drafts.view(lead, draft.id)).state == "draft", "nothing of it is lost"
    with pytest.raises(Conflict, match="asked_enough"):
        await world.start()
    await world.start(question="Skal vi købe et telt?", binding=True)
    await PollLife(world.context).cancel(lead, first.id, "Vi venter")
    await world.start(question="Nu er der plads?")
    world.at(datetime(2027, 11, 30, 23, tzinfo=UTC))  # midnight in Denmark
    assert (await drafts.open(lead, draft.id)).state == "open"
    await desk.change(lead, world.village, "monthly", "0")
    for number in range(5):
        await world.start(question=f"Mere {number}?")
