"""Every kind of poll from draft to result, told on SQLite and PostgreSQL."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role
from bot.domain.ballots import Kind, Majority
from bot.domain.errors import CompanionError, Conflict, InvalidInput, NotFound, NotPermitted
from bot.domain.poll_view import PollView
from bot.messages.poll_drafts import draft_form
from bot.messages.poll_results import poll_result
from bot.messages.polls import poll_open
from bot.services.decisions import Decisions
from bot.services.people import People
from bot.services.poll_drafts import PollDrafts, Written
from bot.storage.models import Ballot, Base, Poll
from tests.support.polls_world import PollsWorld

PLACES = ("Ved skolen", "Ved kirken", "Ved havnen")


async def asked(
    world: PollsWorld,
    drafts: PollDrafts,
    kind: Kind,
    lines: tuple[str, ...] = (),
    *,
    secret: bool = False,
    number: str = "",
) -> PollView:
    """Open a poll of a kind for the steering group."""
    lead = await world.lead()
    if secret:
        await world.enough()
    written = Written("Hvor skal bænken stå?", lines, "3", number)
    view = await drafts.write(lead, world.village, kind, written)
    await drafts.ask(lead, view.id, "steering")
    await drafts.hide(lead, view.id, secret=secret)
    return await drafts.open(lead, view.id)


async def closed(world: PollsWorld, poll_id: int) -> PollView:
    world.after(days=3)
    await world.turn()
    return await world.polls.view(poll_id)


async def test_a_draft_is_seen_changed_and_opened_and_only_then_can_people_vote(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    lead = await world.lead()
    draft = await drafts.write(lead, world.village, Kind.CHOICE, Written("Hvad nu?", ("A", "B"), "2", "1"))
    assert draft.state == "draft" and draft.voters == ("all",) and not draft.secret
    with pytest.raises(Conflict):
        await world.polls.vote(lead, draft.id, [1])
    await world.turn()
    assert await world.deliveries(draft.id) == {}
    again = await drafts.rewrite(lead, draft.id, Written("Hvad så?", ("A", "B", "C"), "5", "2"))
    assert (again.question, [a.text for a in again.answers], again.pick) == ("Hvad så?", ["A", "B", "C"], 2)
    world.after(hours=5)
    view = await drafts.open(lead, draft.id)
    assert view.state == "open" and view.closes_at - world.now == timedelta(days=5)
    assert set(await world.deliveries(view.id)) == {"open", "reminder", "result"}
    for change in (drafts.open, drafts.drop, drafts.view):
        with pytest.raises(Conflict):
            await change(lead, draft.id)


async def test_a_draft_thrown_away_is_gone(world: PollsWorld, drafts: PollDrafts) -> None:
    lead = await world.lead()
    draft = await drafts.write(lead, world.village, Kind.YES_NO, Written("Hvad nu?"))
    await drafts.drop(lead, draft.id)
    with pytest.raises(NotFound):
        await drafts.open(lead, draft.id)
    assert await world.all_polls() == []


@pytest.mark.parametrize("role", [Role.PANEL, Role.VILLAGER, Role.LOCAL_COUNCIL_CONTACT, Role.COORDINATOR])
@pytest.mark.rule_table
async def test_who_may_not_ask_may_not_touch_a_draft_either(
    world: PollsWorld, drafts: PollDrafts, role: Role
) -> None:
    draft = await drafts.write(await world.lead(), world.village, Kind.YES_NO, Written("Hvad nu?"))
    others = [
        await world.person("Bo", role, world.group if role is Role.COORDINATOR else world.village),
        await world.person("Pia", Role.STEERING_LEAD, world.neighbour),
    ]
    for other in others:
        assert not drafts.may_begin(other, world.village)
        for refused in (
            drafts.write(other, world.village, Kind.YES_NO, Written("Hvad?")),
            drafts.rewrite(other, draft.id, Written("Hvad?")),
            drafts.view(other, draft.id), drafts.ask(other, draft.id, "all"),
            drafts.hide(other, draft.id, secret=True), drafts.bind(other, draft.id, "most"),
            drafts.open(other, draft.id), drafts.drop(other, draft.id),
        ):  # fmt: skip
            with pytest.raises(NotPermitted):
                await refused


async def test_only_the_lead_binds_and_what_binds_is_the_steering_groups_open_vote(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    member, lead = await world.person("Bo", Role.STEERING), await world.lead()
    draft = await drafts.write(member, world.village, Kind.YES_NO, Written("Hvad nu?"))
    with pytest.raises(NotPermitted):
        await drafts.bind(member, draft.id, "two_thirds")
    bound = await drafts.bind(lead, draft.id, "two_thirds")
    assert (bound.binding, bound.secret, bound.voters, bound.majority, bound.quorum) == (
        True, False, ("steering",), Majority.TWO_THIRDS, "half",
    )  # fmt: skip
    with pytest.raises(NotPermitted):
        await drafts.open(member, draft.id)
    for refused, problem in (
        (drafts.hide(lead, draft.id, secret=True), "secret_is_advisory"),
        (drafts.ask(lead, draft.id, "all"), "binding_is_for_steering"),
    ):
        with pytest.raises(InvalidInput) as told:
            await refused
        assert told.value.key == f"error_polls.{problem}"
    for change in (drafts.rewrite(member, draft.id, Written("Hvad så?")), drafts.drop(member, draft.id)):
        with pytest.raises(NotPermitted):
            await change
    await drafts.bind(lead, draft.id, "advisory")
    advice = await drafts.hide(lead, draft.id, secret=True)
    assert (advice.secret, advice.majority, advice.quorum) == (True, Majority.MOST, None)
    with pytest.raises(InvalidInput):
        await drafts.bind(lead, draft.id, "most")
    ranked = await drafts.write(lead, world.village, Kind.RANKED, Written("Hvad nu?", PLACES))
    with pytest.raises(InvalidInput):
        await drafts.bind(lead, ranked.id, "two_thirds")


async def test_two_out_of_three_must_say_yes_and_blank_votes_weigh_nothing(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    people, lead = await world.people(5), await world.lead()
    results = []
    for yes in (4, 3):
        draft = await drafts.write(lead, world.village, Kind.YES_NO, Written("Skal vi?", days="3"))
        await drafts.bind(lead, draft.id, "two_thirds")
        await drafts.open(lead, draft.id)
        for number, person in enumerate(people):
            await world.polls.vote(person, draft.id, [1 if number < yes else 2])
        await world.polls.vote(lead, draft.id, [3])
        view = await closed(world, draft.id)
        results.append((view.turnout, view.adopted))
    assert results == [(6, True), (6, False)]


@pytest.mark.parametrize("secret", [False, True])
async def test_consent_asks_why_and_keeps_the_reasons_without_names(
    world: PollsWorld, drafts: PollDrafts, secret: bool
) -> None:
    view = await asked(world, drafts, Kind.CONSENT, secret=secret)
    people = await world.people(6)
    for person in people[:4]:
        await world.polls.vote(person, view.id, [1])
    with pytest.raises(InvalidInput) as refused:
        await world.polls.vote(people[4], view.id, [3])
    assert refused.value.key == "error_polls.why_missing"
    await world.polls.vote(people[4], view.id, [4], "Den står i vejen")
    await world.polls.vote(people[4], view.id, [3], "Er  der\nplads?")
    await world.polls.vote(people[5], view.id, [2], "")
    result = await closed(world, view.id)
    assert result.turnout == 6
    assert result.reasons == (() if secret else ("Er der plads?",)), (
        "six reasons would tell the numbers of six"
    )
    assert [answer.votes for answer in result.answers] == ([None] * 4 if secret else [4, 1, 1, 0])
    assert [answer.rank for answer in result.answers] == [1, 2, 2, 3]
    if secret:
        assert await _everything_about(world, "voter") == []


async def _everything_about(world: PollsWorld, column: str) -> list[object]:
    async with world.context.database.transaction() as session:
        table = Base.metadata.tables["ballot"]
        return list(await session.scalars(select(table.c[column])))


async def test_points_are_shared_changed_and_summed(world: PollsWorld, drafts: PollDrafts) -> None:
    view = await asked(world, drafts, Kind.POINTS, PLACES, number="3")
    first, second = await world.people(2)
    await world.polls.cast(first, view.id, {1: 3})
    await world.polls.cast(first, view.id, {1: 1, 2: 2})
    await world.polls.cast(second, view.id, {2: 1})
    with pytest.raises(InvalidInput):
        await world.polls.cast(second, view.id, {2: 4})
    running = await world.polls.view(view.id)
    assert [answer.votes for answer in running.answers] == [1, 3, 0] and running.turnout == 2
    result = await closed(world, view.id)
    assert [answer.votes for answer in result.answers] == [1, 3, 0] and result.winners == (2,)


async def test_ratings_are_averaged_over_those_who_gave_one(world: PollsWorld, drafts: PollDrafts) -> None:
    view = await asked(world, drafts, Kind.RATING, PLACES)
    for person, marks in zip(await world.people(3), ({1: 5, 2: 4}, {2: 4}, {1: 2, 2: 4}), strict=True):
        await world.polls.cast(person, view.id, marks)
    result = await closed(world, view.id)
    assert [(answer.average, answer.given) for answer in result.answers] == [(3.5, 2), (4.0, 3), (0.0, 0)]
    assert result.winners == (2,)


@pytest.mark.parametrize("secret", [False, True])
async def test_a_ranked_poll_is_decided_by_the_second_choices(
    world: PollsWorld, drafts: PollDrafts, secret: bool
) -> None:
    view = await asked(world, drafts, Kind.RANKED, PLACES, secret=secret)
    ballots = [{1: 1}] * 4 + [{2: 1, 3: 2}] * 3 + [{3: 1, 2: 2}] * 2
    for person, marks in zip(await world.people(9), ballots, strict=True):
        await world.polls.cast(person, view.id, marks)
    result = await closed(world, view.id)
    assert result.winners == (2,) and [answer.rank for answer in result.answers] == [2, 1, 3]
    assert [answer.votes for answer in result.answers] == ([None] * 3 if secret else [4, 3, 2])
    async with world.context.database.transaction() as session:
        counted = (await session.get_one(Poll, view.id)).counted
    rounds = [{"1": 4, "2": 3, "3": 2}, {"1": 4, "2": 5}, {"2": 5}]
    rankings = [[[1], 4], [[2, 3], 3], [[3, 2], 2]]
    assert counted == (None if secret else {"rounds": rounds, "rankings": rankings})


async def test_a_date_is_found_among_times_that_lie_after_the_poll(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    view = await asked(world, drafts, Kind.DATES, ("26-10-2027 kl. 19", "", "20-10-2027 kl. 9.30"))
    assert [answer.text for answer in view.answers] == [
        "Onsdag den 20. oktober kl. 09.30", "Tirsdag den 26. oktober kl. 19.00", "Ingen af datoerne",
    ]  # fmt: skip
    for person, chosen in zip(await world.people(3), ([1, 2], [2], [2]), strict=True):
        await world.polls.vote(person, view.id, chosen)
    assert (await closed(world, view.id)).winners == (2,)
    with pytest.raises(InvalidInput) as refused:
        await asked(world, drafts, Kind.DATES, ("03-08-2027 kl. 19", "20-10-2027 kl. 9.30"))
    assert refused.value.key == "error_polls.date_too_soon"
    with pytest.raises(InvalidInput):
        await asked(world, drafts, Kind.DATES, ("26-10-2027", "20-10-2027 kl. 9.30"))


async def test_that_no_date_fits_is_a_vote_that_goes_with_no_date(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    view = await asked(world, drafts, Kind.DATES, ("26-10-2027 kl. 19", "20-10-2027 kl. 9.30"))
    people = await world.people(3)
    with pytest.raises(InvalidInput) as refused:
        await world.polls.vote(people[0], view.id, [2, 3])
    assert refused.value.key == "error_polls.none_goes_alone"
    for person, chosen in zip(people, ([3], [3], [1]), strict=True):
        await world.polls.vote(person, view.id, chosen)
    told = await closed(world, view.id)
    assert (told.turnout, told.winners, told.found_date) == (3, (3,), False)
    text = poll_result(world.context.texts, told, world.context.programme.rules.secret_results)
    assert "Flest svarede: Ingen af datoerne." in text.text and "- Ingen af datoerne: 2" in text.text
    assert [button.action for button in text.buttons] == ["decide", "hand_board"]


@pytest.mark.parametrize(
    ("kind", "written", "problem"),
    [
        (Kind.CHOICE, Written("Hvad?", ("A", "B"), "0"), "days_unfit"),
        (Kind.CHOICE, Written("Hvad?", ("A", "B"), "33"), "days_unfit"),
        (Kind.CHOICE, Written("Hvad?", ("A", "B"), "en uge"), "days_unfit"),
        (Kind.CHOICE, Written("Hvad?", ("A", "B"), "7", "3"), "pick_unfit"),
        (Kind.CHOICE, Written("Hvad?", ("A", "B", "C"), "7", "2", "3"), "pick_unfit"),
        (Kind.POINTS, Written("Hvad?", ("A", "B"), "7", "21"), "points_unfit"),
        (Kind.RANKED, Written("Hvad?", ("A",)), "answers_few"),
        (Kind.RATING, Written("Hvad?", tuple(f"Svar {n}" for n in range(26))), "answers_many_here"),
        (Kind.YES_NO, Written("  "), "question_missing"),
    ],
)
@pytest.mark.rule_table
async def test_slips_in_the_form_are_told_and_keep_nothing(
    world: PollsWorld, drafts: PollDrafts, kind: Kind, written: Written, problem: str
) -> None:
    with pytest.raises(CompanionError) as refused:
        await drafts.write(await world.lead(), world.village, kind, written)
    assert refused.value.key == f"error_polls.{problem}"
    assert await world.all_polls() == []


async def test_a_ballot_is_one_persons_however_often_it_is_changed(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    view = await asked(world, drafts, Kind.RANKED, PLACES, secret=True)
    person: Actor = (await world.people(1))[0]
    for marks in ({1: 1, 2: 2, 3: 3}, {3: 1}, {2: 1, 1: 2}):
        await world.polls.cast(person, view.id, marks)
    async with world.context.database.transaction() as session:
        rows = (await session.scalars(select(Ballot))).all()
        assert len(rows) == 2 and len({row.voter for row in rows}) == 1
        assert all(row.person_id is None for row in rows)
    assert (await closed(world, view.id)).turnout == 1


async def test_reasons_of_a_large_secret_poll_are_told_and_of_a_tiny_one_nothing_is_kept(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    people = await world.people(10)
    large = await asked(world, drafts, Kind.CONSENT, secret=True)
    for person in people[:9]:
        await world.polls.vote(person, large.id, [1])
    await world.polls.vote(people[9], large.id, [3], "Der er glat")
    assert (await closed(world, large.id)).reasons == ("Der er glat",)
    tiny = await asked(world, drafts, Kind.CONSENT, secret=True)
    await world.polls.vote(people[9], tiny.id, [3], "Der er glat")
    assert (await closed(world, tiny.id)).reasons == ()
    async with world.context.database.transaction() as session:
        poll = await session.get_one(Poll, tiny.id)
        assert poll.counted is None and all(option.votes is None for option in poll.options)


async def test_an_open_polls_reason_goes_with_the_person_who_wrote_it(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    view = await asked(world, drafts, Kind.CONSENT)
    person = (await world.people(1))[0]
    await world.polls.vote(person, view.id, [4], "Den er for dyr")
    assert (await closed(world, view.id)).reasons == ("Den er for dyr",)
    people = People(world.context)
    (vote,) = (await people.my_data(person)).records["open_votes"]
    assert (vote["choice"], vote["mark"], vote["reason"]) == ("Jeg er imod", 1, "Den er for dyr")
    await people.erase(person)
    assert (await world.polls.view(view.id)).reasons == ()


@pytest.mark.parametrize(
    ("rule", "chosen", "carried"),
    [
        ("two_thirds", [[1], [1], [1], [2], [2]], False),
        ("two_thirds", [[1], [1], [1], [1], [2]], True),
        ("entitled", [[1], [1]], False),
        ("voting", [[1, 2], [1, 2], [1, 2], [3]], True),
        ("voting", [[1], [2], [3], [3]], False),
    ],
)
@pytest.mark.rule_table
async def test_what_binds_needs_what_its_rule_says(
    world: PollsWorld, drafts: PollDrafts, rule: str, chosen: list[list[int]], carried: bool
) -> None:
    lead, people = await world.lead(), await world.people(5)
    draft = await drafts.write(
        lead, world.village, Kind.CHOICE, Written("Hvad nu?", ("A", "B", "C"), "3", "2")
    )
    await drafts.bind(lead, draft.id, rule)
    await drafts.open(lead, draft.id)
    for person, answers in zip(people, chosen, strict=False):
        await world.polls.vote(person, draft.id, answers)
    assert (await closed(world, draft.id)).carried is carried


async def test_a_village_says_how_many_answers_must_be_chosen(world: PollsWorld, drafts: PollDrafts) -> None:
    lead, texts = await world.lead(), world.context.texts
    places = ("Ø", "Å", "Æ", "Y")
    draft = await drafts.write(lead, world.village, Kind.CHOICE, Written("Hvor?", places, "3", "3", "2"))
    assert "Vælg mellem 2 og 3 svar" in poll_open(texts, draft).text
    form = draft_form(texts, draft.kind, draft)
    assert {field.key: field.value for field in form.fields}["fewest"] == "2"
    same = await drafts.rewrite(lead, draft.id, Written("Hvor?", places, "3", "3", "3"))
    assert "Vælg 3 svar herunder" in poll_open(texts, same).text and same.fingerprint != draft.fingerprint
    poll = await drafts.open(lead, draft.id)
    with pytest.raises(InvalidInput, match="too_few_chosen"):
        await world.polls.vote(lead, poll.id, [1, 2])
    assert (await world.polls.vote(lead, poll.id, [1, 2, 4])).chosen == ("Ø", "Å", "Y")


async def test_a_decision_begun_from_points_stars_or_rankings_has_their_count(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    lead, found = await world.lead(), []
    for kind, marks in (
        (Kind.POINTS, {1: 1, 2: 2}),
        (Kind.RATING, {1: 4, 2: 5}),
        (Kind.RANKED, {2: 1, 1: 2}),
    ):
        draft = await drafts.write(lead, world.village, kind, Written("Bænken ved åen", ("Ø", "Å"), "3"))
        poll = await drafts.open(lead, draft.id)
        await world.polls.cast(lead, poll.id, marks)
        await closed(world, poll.id)
        proposal = await Decisions(world.context).proposal_from_poll(lead, poll.id)
        assert proposal.text == "Bænken ved åen. Øverst kom: Å."
        found.append(proposal.how.partition("stemte ")[2])
    assert found == ["(Ø: 1 point; Å: 2 point)", "(Ø: 4,0 ud af 5; Å: 5,0 ud af 5)", "(nr. 1 Å; nr. 2 Ø)"]


async def test_answers_that_mean_yes_and_no_follow_the_rule_too(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    lead, people = await world.lead(), await world.people(5)
    draft = await drafts.write(lead, world.village, Kind.CHOICE, Written("Skal vi?", ("Ja", "Nej"), "3", "1"))
    await drafts.bind(lead, draft.id, "two_thirds")
    await drafts.open(lead, draft.id)
    for number, person in enumerate(people):
        await world.polls.vote(person, draft.id, [1 if number < 3 else 2])
    assert (await closed(world, draft.id)).adopted is False


async def test_a_draft_that_somebody_has_changed_is_not_opened_unseen(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    lead, member = await world.lead(), await world.person("Bo", Role.STEERING)
    draft = await drafts.write(lead, world.village, Kind.CHOICE, Written("Hvad nu?", ("A", "B"), "14", "1"))
    changed = await drafts.rewrite(member, draft.id, Written("Hvad så?", ("A", "B"), "14", "1"))
    with pytest.raises(Conflict) as refused:
        await drafts.open(lead, draft.id, draft.fingerprint)
    assert refused.value.key == "error_polls.draft_changed"
    assert (await drafts.open(lead, draft.id, changed.fingerprint)).state == "open"


@pytest.mark.parametrize(
    "line", ["26-10-2027 kl. 19", "26-10-2027, Kl 19.00", "26/10/2027 19:00", " 26-10-2027  kl.19 "]
)
@pytest.mark.rule_table
async def test_dates_are_read_as_people_write_them(world: PollsWorld, drafts: PollDrafts, line: str) -> None:
    lines = (line, "27-10-2027 kl. 9.30")
    draft = await drafts.write(await world.lead(), world.village, Kind.DATES, Written("Hvornår?", lines))
    assert [answer.written for answer in draft.answers] == [
        "26-10-2027 kl. 19.00",
        "27-10-2027 kl. 09.30",
        "",
    ]


async def test_so_few_that_a_result_could_never_be_told_cannot_vote_in_secret(
    world: PollsWorld, drafts: PollDrafts
) -> None:
    lead, village = await world.lead(), world.village
    await world.people(3)
    draft = await drafts.write(lead, village, Kind.YES_NO, Written("Skal vi?"))
    await drafts.ask(lead, draft.id, "steering")
    await drafts.hide(lead, draft.id, secret=True)
    open_one = await world.start()
    for refused in (
        drafts.open(lead, draft.id), world.polls.ask_secrecy(lead, open_one.id),
        world.polls.start(lead, village, question="?", options=["A", "B"], secret=True, voters="steering", hours=5),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as told:
            await refused
        assert told.value.key == "error_polls.few_for_secrecy"
    assert not (await world.polls.view(open_one.id)).secret
    await world.people(4)
    assert (await drafts.open(lead, draft.id)).secret, "the lead is the fifth"
