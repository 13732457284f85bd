"""The register of decisions, told on SQLite and PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role
from bot.domain.decisions import DecisionView, Kind, Settles, Status
from bot.domain.errors import CompanionError, Conflict, InvalidInput, NotFound, NotPermitted
from bot.domain.poll_view import PollView
from bot.messages.decisions import decision_saved
from bot.services.context import Context
from bot.services.decision_chain import verify
from bot.services.decision_choices import DecisionChoices
from bot.services.decision_objections import Objections
from bot.services.decisions import Decisions
from bot.services.places import Place
from bot.storage.models import AuditEntry, Decision, Delivery, MilestoneState, Village
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world, utc

TODAY = date(2027, 8, 2)


@dataclass
class Register:
    """The world with its register."""

    world: PollsWorld
    decisions: Decisions

    async def record(
        self,
        actor: Actor | None = None,
        place: Place | None = None,
        *,
        title: str = "Vi køber et telt",
        text: str = "Vi køber et telt til festen.",
        how: str = "Alle var enige",
        on: date = TODAY,
        code: str | None = None,
        milestone: str | None = None,
        poll_id: int | None = None,
    ) -> DecisionView:
        """Record a decision, by the minute-taker of the village unless told otherwise."""
        actor = actor or await self.world.person("Rie", Role.STEERING_SECRETARY)
        return await self.decisions.record(
            actor,
            place or self.world.village,
            title=title,
            text=text,
            decided_on=on,
            how=how,
            code=code,
            milestone=milestone,
            poll_id=poll_id,
        )

    async def reached(self, place: Place | None = None) -> dict[str, date | None]:
        """Return the milestones a village has reached."""
        village = (place or self.world.village).village
        assert village is not None
        async with self.world.context.database.transaction() as session:
            query = select(MilestoneState).where(MilestoneState.village_id == village.id)
            return {
                row.code: row.reached_on for row in await session.scalars(query) if row.state == "reached"
            }

    async def posts(self) -> dict[str, str]:
        """Return where the posts about decisions go, by key."""
        async with self.world.context.database.transaction() as session:
            rows = await session.scalars(select(Delivery).where(Delivery.kind == "decision"))
            return {row.key: row.place_key for row in rows}

    async def rows(self) -> dict[int, tuple[object, ...]]:
        """Return what every stored decision says, by id; when the calendar looks at it is no part of that."""
        async with self.world.context.database.transaction() as session:
            stored = (await session.execute(select(Decision.__table__))).all()
            return {
                row.id: tuple(value for name, value in row._mapping.items() if name != "objections_until")
                for row in stored
            }

    async def closed_poll(
        self, votes: Sequence[int], *, secret: bool = False, binding: bool = False
    ) -> PollView:
        """Return a poll in which steering members voted like this."""
        members = await self.world.people(len(votes))
        view = await self.world.start(question="Skal vi købe et telt?", secret=secret, binding=binding)
        for member, position in zip(members, votes, strict=True):
            await self.world.polls.vote(member, view.id, [position])
        self.world.at(view.closes_at)
        await self.world.turn()
        return view


@pytest.fixture
async def register(context: Context) -> Register:
    return Register(await polls_world(context), Decisions(context))


async def test_a_decision_gets_the_villages_next_number_a_post_and_an_audit_entry(register: Register) -> None:
    first, second = await register.record(), await register.record(title="Vi holder fest")
    other = await register.record(
        await register.world.person("Nina", Role.STEERING_LEAD, register.world.neighbour),
        register.world.neighbour,
    )
    assert [(v.number, v.place_name) for v in (first, second, other)] == [
        (1, "Sønder Ørslev"),
        (2, "Sønder Ørslev"),
        (1, "Ålby"),
    ]
    assert first.recorded_by == "steering_secretary" and first.kind is Kind.DECISION
    assert await register.posts() == {
        f"decision:{first.id}": register.world.village.key,
        f"decision:{second.id}": register.world.village.key,
        f"decision:{other.id}": register.world.neighbour.key,
    }
    async with register.world.context.database.transaction() as session:
        entries = (await session.scalars(select(AuditEntry.subject).order_by(AuditEntry.id))).all()
    assert entries == [f"decision:{view.id}" for view in (first, second, other)]


async def test_decisions_recorded_at_once_get_numbers_without_gaps(register: Register) -> None:
    await register.world.person("Rie", Role.STEERING_SECRETARY)
    views = await asyncio.gather(*(register.record(title=f"Nr. {n}", code="D08") for n in range(5)))
    assert sorted(view.number for view in views) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.STEERING_SECRETARY, True),
        (Role.STEERING_LEAD, True),
        (Role.STEERING, False),
        (Role.PANEL, False),
        (Role.VILLAGER, False),
        (Role.LOCAL_COUNCIL_CONTACT, False),
    ],
)
@pytest.mark.rule_table
async def test_the_minute_taker_and_the_lead_record_in_their_own_village(
    register: Register, role: Role, allowed: bool
) -> None:
    actor = await register.world.person("Bo", role)
    if allowed:
        await register.record(actor)
    else:
        with pytest.raises(NotPermitted):
            await register.record(actor)
    with pytest.raises(NotPermitted):
        await register.record(actor, register.world.neighbour)
    assert len(await register.rows()) == int(allowed)


async def test_the_secretariat_records_agreements_and_the_village_its_own_decisions(
    register: Register,
) -> None:
    for code in ("D01", "D02", "D03", "D22"):
        await register.record(SECRETARY, code=code)
        with pytest.raises(NotPermitted):
            await register.record(code=code)
    for own in (None, "D08"):
        await register.record(code=own)
        with pytest.raises(NotPermitted):
            await register.record(SECRETARY, code=own)


async def test_coordinators_record_in_their_group_and_not_in_a_village(register: Register) -> None:
    coordinator = await register.world.person("Kim", Role.COORDINATOR, register.world.group)
    assert (await register.record(coordinator, register.world.group)).number == 1
    assert (await register.record(SECRETARY, register.world.group)).number == 2
    with pytest.raises(NotPermitted):
        await register.record(coordinator)
    with pytest.raises(NotPermitted):
        await register.record(await register.world.lead(), register.world.group)
    with pytest.raises(InvalidInput):
        await register.record(coordinator, register.world.group, code="D08")


async def test_a_standard_decision_settles_every_milestone_that_names_it(register: Register) -> None:
    view = await register.record(code="D05", on=date(2027, 8, 1))
    assert set(view.settled) == {"M1-07", "M1-08"} and view.milestone == "M1-07"
    assert await register.reached() == dict.fromkeys(view.settled, date(2027, 8, 1))
    await register.record(code="D05")
    assert set((await register.reached()).values()) == {date(2027, 8, 1)}  # the first day stays
    assert await register.reached(register.world.neighbour) == {}


async def test_a_milestone_chosen_by_hand_is_settled_unless_it_is_not_the_villages_to_settle(
    register: Register,
) -> None:
    assert (await register.record(milestone="M1-12")).settled == ("M1-12",)
    for unfit in ("M1-15", "PR-01", "M1-04", "XX-99"):  # a gate, the cohort's, the bot's, unknown
        with pytest.raises(InvalidInput):
            await register.record(milestone=unfit)
    for of_others in ("OP-02", "OP-06", "M1-05"):  # the secretariat's two, and one that the lead confirms
        with pytest.raises(NotPermitted):
            await register.record(milestone=of_others)
    with pytest.raises(InvalidInput):
        await register.record(code="D99")
    assert set(await register.reached()) == {"M1-12"}


async def test_an_invited_village_opens_when_its_agreement_and_contacts_are_recorded(
    context: Context,
) -> None:
    register = Register(await polls_world(context, agreed=False), Decisions(context))
    first = await register.record(SECRETARY, code="D01")
    last = await register.record(SECRETARY, code="D03")
    assert (first.village_opened, last.village_opened) == (False, True)
    assert set((await register.posts()).values()) == {"secretariat"}  # there was no channel yet
    async with context.database.transaction() as session:
        village = await session.get_one(Village, register.world.village.village.id)  # type: ignore[union-attr]
        assert village.agreed_at == register.world.now
    assert {"OP-02", "OP-03", "OP-05"} <= set(await register.reached())


async def test_faulty_records_are_refused_and_leave_nothing(register: Register) -> None:
    faults: list[dict[str, object]] = [
        {"title": " "},
        {"title": "x" * 101},
        {"text": "\n"},
        {"text": "x" * 4001},
        {"how": ""},
        {"how": "x" * 1001},
        {"on": TODAY + timedelta(days=1)},
    ]
    for fault in faults:
        with pytest.raises(InvalidInput):
            await register.record(**fault)  # type: ignore[arg-type]
    assert await register.rows() == {} and await register.posts() == {}


async def test_a_correction_is_a_new_record_and_the_old_one_stays_as_it_was(register: Register) -> None:
    rie = await register.world.person("Rie", Role.STEERING_SECRETARY)
    old = await register.record(code="D08")
    before = (await register.rows())[old.id]
    new = await register.decisions.correct(rie, old.id, "Vi lejer et telt", "Vi lejer det af spejderne.")
    assert (new.kind, new.ref, new.replaces) == (Kind.CORRECTION, "SØND-2027-002", "SØND-2027-001")
    assert (new.how, new.decided_on, new.code) == (old.how, old.decided_on, old.code)
    gone = await register.decisions.withdraw(rie, new.id, "Festen er aflyst.")
    assert (gone.kind, gone.title, gone.text) == (Kind.WITHDRAWAL, "Vi lejer et telt", "Festen er aflyst.")
    assert (await register.rows())[old.id] == before
    seen = await register.decisions.show(rie, register.world.village, old.id)
    assert (seen.replaced_by, seen.replaced_kind, seen.title) == (
        new.ref,
        Kind.CORRECTION,
        "Vi køber et telt",
    )
    assert len(await register.posts()) == 3


async def test_what_has_been_replaced_is_not_corrected_again_and_the_newer_number_is_named(
    register: Register,
) -> None:
    rie = await register.world.person("Rie", Role.STEERING_SECRETARY)
    old = await register.record()
    second = await register.decisions.correct(rie, old.id, "Andet", "Andet.")
    third = await register.decisions.correct(rie, second.id, "Tredje", "Tredje.")
    for act in (
        register.decisions.correct(rie, old.id, "X", "X."),
        register.decisions.withdraw(rie, old.id, "X."),
    ):
        with pytest.raises(Conflict) as refused:
            await act
        assert refused.value.values == {"number": old.ref, "newer": third.ref}
    last = await register.decisions.withdraw(rie, third.id, "Alligevel ikke.")
    with pytest.raises(Conflict) as refused:
        await register.decisions.correct(rie, last.id, "X", "X.")
    assert refused.value.key == "error_polls.decision_withdrawn"


async def test_two_corrections_at_once_leave_one(register: Register) -> None:
    rie = await register.world.person("Rie", Role.STEERING_SECRETARY)
    old = await register.record()
    done = await asyncio.gather(
        *(register.decisions.correct(rie, old.id, f"Nr. {n}", "Tekst.") for n in range(3)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in done) == ["Conflict", "Conflict", "DecisionView"]
    assert len(await register.rows()) == 2


async def test_corrections_take_the_same_right_as_the_record_itself(register: Register) -> None:
    own, agreement = await register.record(), await register.record(SECRETARY, code="D01")
    member = await register.world.person("Bo", Role.STEERING)
    lead = await register.world.lead()
    for actor, view in ((member, own), (SECRETARY, own), (lead, agreement)):
        with pytest.raises(NotPermitted):
            await register.decisions.correct(actor, view.id, "X", "X.")
        with pytest.raises(NotPermitted):
            await register.decisions.withdraw(actor, view.id, "X.")
    await register.decisions.correct(lead, own.id, "X", "X.")
    await register.decisions.withdraw(SECRETARY, agreement.id, "X.")


async def test_a_withdrawal_says_why_and_an_unknown_decision_is_not_found(register: Register) -> None:
    rie = await register.world.person("Rie", Role.STEERING_SECRETARY)
    view = await register.record()
    with pytest.raises(InvalidInput):
        await register.decisions.withdraw(rie, view.id, "  ")
    for act in (
        register.decisions.show(rie, register.world.village, 404),
        register.decisions.correct(rie, 404, "X", "X."),
    ):
        with pytest.raises(NotFound):
            await act


async def test_the_register_shows_the_newest_first_in_pages_and_says_what_is_replaced(
    register: Register,
) -> None:
    rie = await register.world.person("Rie", Role.STEERING_SECRETARY)
    views = [await register.record(title=f"Nr. {n}") for n in range(1, 7)]
    await register.decisions.correct(rie, views[5].id, "Nr. 6 igen", "Rettet.")
    first = await register.decisions.list_of(register.world.village)
    assert ([v.number for v in first.decisions], first.pages, first.total) == ([7, 6, 5, 4, 3], 2, 7)
    newest, replaced = first.decisions[:2]
    assert (newest.replaces, replaced.replaced_by) == ("SØND-2027-006", "SØND-2027-007")
    assert first.decisions[2].replaced_by is None
    second = await register.decisions.list_of(register.world.village, page=2)
    assert [v.number for v in second.decisions] == [2, 1]
    assert (await register.decisions.list_of(register.world.village, page=99)).page == 2
    assert (await register.decisions.list_of(register.world.neighbour)).total == 0


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ØRKENEN", [1]),
        ("ørkenen", [1]),
        ("åen ÆBLE", [2]),
        ("A\u030aen", [2]),  # a ring written as a letter of its own
        ("haven", [2, 1]),
        ("Planterne, »åen!«", [2]),  # another ending, and signs around
        ("planterne", [2]),
        ("#2", [2]),
        ("sønd-2027-002", [2]),
        ("SOEND-2027", [2, 1]),
        ("aaen aeble", [2]),
        ("D08", [2]),
        ("enige", [2]),
        ("æblehaven ørkenen", []),
        ("  ", [2, 1]),
        ("100%", []),
    ],
)
async def test_the_search_minds_neither_letter_case_nor_danish_letters(
    register: Register, search: str, found: list[int]
) -> None:
    await register.record(title="Haven i Ørkenen", text="Vi vander.", how="Flertal")
    await register.record(title="Æblehaven ved åen", text="Vi planter.", how="Alle var enige", code="D08")
    page = await register.decisions.list_of(register.world.village, search)
    assert [view.number for view in page.decisions] == found


async def test_a_closed_poll_begins_a_decision_with_its_winner_and_count(register: Register) -> None:
    poll = await register.closed_poll([1, 1, 2], binding=True)
    lead = await register.world.lead()
    proposal = await register.decisions.proposal_from_poll(lead, poll.id)
    assert proposal.title == "Skal vi købe et telt?"
    assert proposal.text == "Skal vi købe et telt? Det er vedtaget."
    assert proposal.how == "Åben afstemning: 3 af 4 stemte (Ja: 2; Nej: 1)"
    assert proposal.decided_on == date(2027, 8, 4)
    view = await register.record(lead, poll_id=poll.id, on=proposal.decided_on)
    assert view.poll_id == poll.id
    for act in (register.record(lead, poll_id=poll.id), register.decisions.proposal_from_poll(lead, poll.id)):
        with pytest.raises(Conflict) as refused:
            await act
        assert refused.value.values == {"number": view.ref}


@pytest.mark.parametrize(
    ("votes", "text", "how"),
    [
        ([1, 1, 1, 1], "Skal vi købe et telt?", "Hemmelig afstemning, hvor færre end 5 stemte"),
        ([1, 1, 1, 1, 2], "Skal vi købe et telt? Flest valgte: Ja.", "Hemmelig afstemning: 5 stemte"),
        (
            [2] * 9 + [1],
            "Skal vi købe et telt? Flest valgte: Nej.",
            "Hemmelig afstemning: 10 stemte (Ja: 1; Nej: 9)",
        ),
    ],
)
async def test_a_secret_poll_gives_a_decision_no_more_than_may_be_told(
    register: Register, votes: list[int], text: str, how: str
) -> None:
    poll = await register.closed_poll(votes, secret=True)
    proposal = await register.decisions.proposal_from_poll(await register.world.lead(), poll.id)
    assert (proposal.text, proposal.how) == (text, how)


async def test_a_standard_polls_decision_brings_its_title_code_and_milestone(register: Register) -> None:
    world = register.world
    await world.plan()
    poll = await world.standard("PL05")
    world.at(poll.opens_at)
    await world.turn()
    await world.polls.vote(await world.lead(), poll.id, [1])
    world.at(poll.closes_at)
    await world.turn()
    proposal = await register.decisions.proposal_from_poll(await world.lead(), poll.id)
    assert (proposal.code, proposal.milestone) == ("D08", "M1-11")
    assert proposal.title == "Forretningsorden vedtaget"


async def test_only_those_who_record_begin_a_decision_from_a_poll_and_only_when_it_is_over(
    register: Register,
) -> None:
    world = register.world
    view = await world.start()
    lead, member = await world.lead(), await world.person("Bo", Role.STEERING)
    for act in (register.record(lead, poll_id=view.id), register.decisions.proposal_from_poll(lead, view.id)):
        with pytest.raises(Conflict) as refused:
            await act
        assert refused.value.key == "error_polls.poll_still_open"
    world.at(view.closes_at)  # nothing has closed it yet: asking does
    with pytest.raises(NotPermitted):
        await register.decisions.proposal_from_poll(member, view.id)
    assert (await register.decisions.proposal_from_poll(lead, view.id)).poll_id == view.id
    neighbours_lead = await world.person("Nina", Role.STEERING_LEAD, world.neighbour)
    faults: list[tuple[Actor, Place, int]] = [
        (neighbours_lead, world.neighbour, view.id),
        (lead, world.village, 404),
    ]
    for actor, place, poll_id in faults:
        with pytest.raises(CompanionError):
            await register.record(actor, place, poll_id=poll_id)
    assert await register.rows() == {}


async def test_what_was_withdrawn_after_an_objection_is_written_down_from_its_poll_again(
    register: Register,
) -> None:
    world, context = register.world, register.world.context
    objections = Objections(context)
    poll = await register.closed_poll([1, 1, 2], binding=True)
    lead, bo = await world.lead(), await world.person("Bo", Role.VILLAGER)
    first = await register.record(lead, poll_id=poll.id)
    await objections.object(bo, first.id, "Vi talte om et andet telt.")
    second = await register.decisions.correct(lead, first.id, "Et andet telt", "Et andet telt.")
    with pytest.raises(Conflict) as refused:  # a correction holds, and it is the one to look at
        await register.record(lead, poll_id=poll.id)
    assert refused.value.values == {"number": second.ref}
    gone = await register.decisions.withdraw(lead, second.id, "Vi tæller igen.")
    again = decision_saved(context.texts, gone).buttons[-1]
    assert (again.label, again.action, again.args) == ("Skriv en ny beslutning", "decide", (poll.id,))
    shown = [await register.decisions.rights(actor, gone) for actor in (lead, bo)]
    assert [rights.again for rights in shown] == [True, False]

    proposal = await register.decisions.proposal_from_poll(lead, poll.id)
    attempts = [
        register.record(lead, title=proposal.title, text=proposal.text, how=proposal.how, poll_id=poll.id)
        for _ in range(3)
    ]
    done = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "Conflict", "DecisionView"]
    (new,) = [one for one in done if isinstance(one, DecisionView)]
    assert (new.ref, new.replaces, new.objections) == ("SØND-2027-004", None, ())
    await objections.object(bo, new.id, "Stadig nej.")
    await objections.keep(lead, new.id)
    world.after(hours=48)
    assert await objections.turn(world.now) == [new.id]
    found = (await register.decisions.list_of(world.village)).decisions
    assert [(view.number, view.status) for view in found] == [
        (4, Status.FINAL), (3, Status.FINAL), (2, Status.WITHDRAWN), (1, Status.CORRECTED),
    ]  # fmt: skip
    async with context.database.transaction() as session:
        assert (await verify(session, world.village.key, "")).broken is None


async def test_a_withdrawn_decision_without_a_poll_is_begun_again_by_its_button(register: Register) -> None:
    texts, rie = register.world.context.texts, await register.world.person("Rie", Role.STEERING_SECRETARY)
    for code, args in ((None, ()), ("D08", ("D08",))):
        view = await register.record(code=code)
        gone = await register.decisions.withdraw(rie, view.id, "Fejl.")
        again = decision_saved(texts, gone).buttons[-1]
        assert (again.action, again.args) == ("decision_begin", args)


async def test_the_form_offers_what_is_the_persons_to_settle_has_begun_and_waits(register: Register) -> None:
    world, choices = register.world, DecisionChoices(register.world.context)
    rie, lead = await world.person("Rie", Role.STEERING_SECRETARY), await world.lead()

    async def offered(actor: Actor, code: str | None = None) -> list[str]:
        return [thing.id for thing in (await choices.settles(actor, world.village, code)).things]

    assert await offered(rie) == [], "in the prelude nothing is theirs"
    assert await offered(rie, "D08") == ["D08"], "what was asked for is kept"
    assert await offered(SECRETARY) == ["D03", "D02", "D01", "OP-07", "OP-06", "OP-01"]
    assert not (await choices.settles(SECRETARY, world.village)).plain
    world.at(utc(2027, 11, 20))
    own = ["D10", "D09", "D08", "D07", "D06", "D05", "D04"]
    assert await offered(rie) == [*own, "M1-12"]
    assert await offered(lead) == [*own, "M1-05", "M1-02"]
    gone = await register.record(code="D08", on=date(2027, 11, 19))
    await register.record(milestone="M1-12", on=date(2027, 11, 19))
    assert await offered(rie) == [code for code in own if code != "D08"], "what is settled is not offered"
    await register.decisions.withdraw(rie, gone.id, "Fejl.")
    assert "D08" in await offered(rie), "but what was withdrawn is"


async def test_a_form_is_shown_to_those_who_record_and_a_group_settles_nothing(register: Register) -> None:
    world, choices = register.world, DecisionChoices(register.world.context)
    kim = await world.person("Kim", Role.COORDINATOR, world.group)
    assert await choices.settles(kim, world.group) == Settles(())
    assert choices.may_record(kim, world.group) and not choices.may_record(kim, world.village)
    for actor, place in (
        (await world.lead(), world.group),
        (await world.person("Bo", Role.VILLAGER), world.village),
    ):
        with pytest.raises(NotPermitted):
            await choices.settles(actor, place)
    with pytest.raises(NotFound):
        await choices.settles(SECRETARY, Place("secretariat"))


async def test_a_count_of_many_answers_is_written_down_whole(register: Register) -> None:
    world, answers = register.world, [f"Svar nummer {n:02} med nogle ord" for n in range(1, 26)]
    poll = await world.start(question="Hvad?", options=answers, pick=0)
    await world.polls.vote(await world.lead(), poll.id, list(range(1, 26)))
    world.at(poll.closes_at)
    await world.turn()
    proposal = await register.decisions.proposal_from_poll(await world.lead(), poll.id)
    assert all(f"{answer}: 1" in proposal.how for answer in answers)
