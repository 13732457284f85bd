"""Milestones told on SQLite and PostgreSQL: who sees, ticks and opens them again, and what reminders name."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role, RoleHeld
from bot.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from bot.messages.milestones import Board, Line
from bot.services.context import Context
from bot.services.decisions import Decisions
from bot.services.places import Place, place_of, running_cohorts
from bot.services.registry import Services, services_on
from bot.storage.models import AuditEntry, Cohort, Delivery, MilestoneState, Village
from bot.storage.repositories.milestones import MilestoneScope, reach
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

IN_MODULE_1 = datetime(2027, 11, 20, 9, tzinfo=UTC)


@dataclass
class Path:
    """A world with its milestones, in the middle of module 1."""

    world: PollsWorld
    services: Services

    async def board(self, actor: Actor | None = None, place: Place | None = None) -> Board:
        return await self.services.milestones.board(actor or SECRETARY, place or self.world.village)

    async def state(self) -> str:
        async with self.world.context.database.transaction() as session:
            return (await session.get_one(Village, self.world.village.where.village_id)).state

    async def secretariat(self) -> Place:
        async with self.world.context.database.transaction() as session:
            (running,) = await running_cohorts(session, self.world.context)
            return Place("secretariat", running=running)

    async def said(self, stage: str, on: date, place_key: str, body: str = "steering") -> str | None:
        """Return what a reminder would say now; None when it has nothing to name."""
        async with self.world.context.database.transaction() as session:
            key = f"milestones:{stage}:{on}:{body}:{place_key}"
            row = (await session.scalars(select(Delivery).where(Delivery.key == key))).one()
            message = await self.services.outbox._composer.compose(session, row)
            return message.text if message else None

    async def plan(self) -> None:
        async with self.world.context.database.transaction() as session:
            cohort = (await session.scalars(select(Cohort))).one()
        await self.services.planning.refresh(cohort.id)


@pytest.fixture
async def path(context: Context) -> Path:
    world = await polls_world(context)
    path = Path(world, services_on(context))
    await path.plan()
    world.at(IN_MODULE_1)
    return path


async def test_a_phase_is_shown_with_its_days_and_what_waits_from_before(path: Path) -> None:
    board = await path.board()
    assert board.title == "Kursusmodul 1: Mobilisering"
    assert Line("Styregruppen er etableret", False, date(2027, 11, 10), decided=True) in board.now
    assert Line("Liste over frivillige, der har sagt ja", False, date(2027, 11, 30)) in board.now
    assert len(board.now) == 14, "all of the phase but the one that a head count will settle"
    assert all(line.due_on is None for line in board.before), "no day that has passed is asked for"
    assert "Sekretariatet har talt med kontaktpersonen" in [line.title for line in board.before]
    assert "Analyse af jeres bæredygtighed" not in [line.title for line in (*board.now, *board.before)]


async def test_whoever_confirms_a_milestone_ticks_it_and_nobody_else(path: Path) -> None:
    lead, villager = await path.world.lead(), await path.world.person("Vibe", Role.VILLAGER)
    mine = [code for code, _ in (await path.board(lead)).ticks]
    assert "M1-02" in mine and "M1-05" in mine
    assert "M1-01" not in mine, "the secretariat confirms it"
    assert "M1-07" not in mine, "a decision settles it"
    assert "M1-04" not in mine, "it settles by itself"
    assert not (await path.board(villager)).ticks
    after = await path.services.milestones.tick(lead, path.world.village, "M1-05")
    assert "M1-05" not in [code for code, _ in after.ticks]
    assert [line.reached for line in after.now if line.title.startswith("Liste over frivillige")] == [True]
    neighbours = await path.board(lead, path.world.neighbour)
    assert not neighbours.ticks
    for actor, place, code in (
        (villager, path.world.village, "M1-02"),
        (lead, path.world.neighbour, "M1-02"),
        (lead, path.world.village, "M1-01"),
        (lead, path.world.village, "M1-07"),
        (SECRETARY, path.world.village, "M1-02"),
    ):
        with pytest.raises(NotPermitted):
            await path.services.milestones.tick(actor, place, code)
    async with path.world.context.database.transaction() as session:
        rows = [(row.scope_key, row.code, row.state) for row in await session.scalars(select(MilestoneState))]
        entries = [entry.subject for entry in await session.scalars(select(AuditEntry))]
    assert rows == [(path.world.village.key, "M1-05", "reached")]
    assert entries == [f"{path.world.village.key} M1-05"]


async def test_a_phase_is_closed_only_when_all_it_waits_for_is_reached(path: Path) -> None:
    milestones, village = path.services.milestones, path.world.village
    assert "M1-15" not in [code for code, _ in (await path.board()).ticks]
    with pytest.raises(NotPermitted):
        await milestones.tick(SECRETARY, village, "M1-15")
    waited_for = [
        m.id for m in path.world.context.programme.milestones.values() if m.phase == "m1" and m.gate
    ]
    async with path.world.context.database.transaction() as session:
        assert village.village is not None
        scope = MilestoneScope(village.key, village.village.cohort_id, village.village.id)
        await reach(session, scope, waited_for, date(2027, 11, 19))
    closed = await milestones.tick(SECRETARY, village, "M1-15")
    assert [line.reached for line in closed.now if line.title == "Mobilisering er gennemført"] == [True]
    with pytest.raises(NotPermitted):
        await milestones.tick(await path.world.lead(), village, "M4-08")  # its phase has not begun
    assert await path.state() == "prelude", "the gate before it is not reached"
    async with path.world.context.database.transaction() as session:
        gates = [m.id for m in path.world.context.programme.milestones.values() if m.phase == "p0" and m.gate]
        await reach(session, scope, gates, date(2027, 11, 19))
    await milestones.tick(SECRETARY, village, "OP-08")
    assert await path.state() == "mapping", "S19: through two gates"
    await milestones.reopen(SECRETARY, village, "M1-15", "Der mangler et møde")
    assert await path.state() == "mobilising"
    kim = Actor(None, "Kim", frozenset({RoleHeld(Role.COORDINATOR, None, 1, 1, frozenset({1}))}))
    seen = await milestones.phase_status(kim, path.world.group)
    assert seen is not None and seen.villages == [
        ("Optakt: Forventningsafstemning med kommune og lokalråd", ["Ålby"]),
        ("Kursusmodul 1: Mobilisering", ["Sønder Ørslev"]),
    ]
    stranger = Actor(None, "Kaj", frozenset({RoleHeld(Role.COORDINATOR, None, 2, 1, frozenset({1}))}))
    for actor, place in ((stranger, path.world.group), (SECRETARY, village)):
        seen = await milestones.phase_status(actor, place)
        assert seen is not None and not seen.villages, "only of the own municipality, and in the own channel"


async def test_an_invitation_to_a_villages_circle_in_the_coordinators_channel_settles_that_they_are_invited(
    path: Path,
) -> None:
    """S09: the post itself is the evidence, of the cohort as a whole."""
    async with path.world.context.database.transaction() as session:
        rows = await session.scalars(select(Delivery).where(Delivery.key.startswith("VC01:")))
        posts = {row.key: row.id for row in rows}
    for key, day in (("VC01:r7:village:1", None), ("VC01:guests0:group:1", None),
                     ("VC01:guests:group:1", date(2027, 11, 20))):  # fmt: skip
        await path.services.outbox.sent(posts[key], 1, posts[key])
        async with path.world.context.database.transaction() as session:
            query = select(MilestoneState.reached_on).where(MilestoneState.code == "PR-05")
            assert (await session.scalars(query.where(MilestoneState.scope_key == "cohort:1"))).all() == (
                [day] if day else []
            )


async def test_the_secretariat_opens_a_milestone_again_and_the_village_reads_why(path: Path) -> None:
    lead, milestones, village = await path.world.lead(), path.services.milestones, path.world.village
    await milestones.tick(lead, village, "M1-05")
    with pytest.raises(NotPermitted):
        await milestones.reopen(lead, village, "M1-05", "Jeg trykkede forkert")
    with pytest.raises(InvalidInput):
        await milestones.reopen(SECRETARY, village, "M1-05", "  ")
    assert ("M1-05", "Liste over frivillige, der har sagt ja") in (await path.board()).reopens
    await milestones.reopen(SECRETARY, village, "M1-05", "Der var trykket forkert")
    assert "M1-05" in [code for code, _ in (await path.board(lead)).ticks]
    with pytest.raises(Conflict):
        await milestones.reopen(SECRETARY, village, "M1-05", "En gang til")
    async with path.world.context.database.transaction() as session:
        told = (await session.scalars(select(Delivery).where(Delivery.key.startswith("milestone:")))).all()
    assert [row.place_key for row in told] == [village.key]
    assert "Liste over frivillige" in str(told[0].payload["said"])
    assert "Der var trykket forkert" in str(told[0].payload["said"])


async def test_the_secretariat_has_the_programmes_own_milestones(path: Path) -> None:
    place = await path.secretariat()
    board = await path.board(SECRETARY, place)
    assert "Fire fysiske samlinger har dato og sted" in [line.title for line in board.now]
    after = await path.services.milestones.tick(SECRETARY, place, "PR-06")
    assert "PR-06" not in [code for code, _ in after.ticks]
    with pytest.raises(InvalidInput):
        await path.services.milestones.tick(SECRETARY, place, "M1-01")
    with pytest.raises(NotFound):
        await path.board(SECRETARY, path.world.group)


async def test_a_reminder_names_only_what_waits_and_says_nothing_when_all_is_reached(path: Path) -> None:
    village, lead, due = path.world.village, await path.world.lead(), date(2027, 11, 30)
    said = await path.said("ahead", due, village.key)
    assert said is not None and "Liste over frivillige, der har sagt ja" in said and "Formål aftalt" in said
    assert said.startswith("Kære styregruppe.") and "tirsdag den 30. november" in said
    await path.services.milestones.tick(lead, village, "M1-05")
    said = await path.said("ahead", due, village.key)
    assert said is not None and "Liste over frivillige" not in said and "Formål aftalt" in said
    for code in ("D05", "D06", "D07"):
        await Decisions(path.world.context).record(
            lead, village, title="Aftalt", text="Vi er enige.", decided_on=date(2027, 11, 20),
            how="Alle var enige", code=code,
        )  # fmt: skip
    assert await path.said("ahead", due, village.key) is None
    assert await path.said("ahead", due, path.world.neighbour.key) is not None


async def test_the_secretariat_is_told_which_villages_a_milestone_waits_for(path: Path) -> None:
    async with path.world.context.database.transaction() as session:
        cohort = (await session.scalars(select(Cohort))).one()
    secretariat, latest = f"secretariat:{cohort.id}", date(2027, 12, 20)
    overdue = await path.said("overdue", latest, secretariat, "secretariat")
    assert overdue is not None and "Liste over frivillige, der har sagt ja: Sønder Ørslev, Ålby" in overdue
    await path.services.milestones.tick(await path.world.lead(), path.world.village, "M1-05")
    overdue = await path.said("overdue", latest, secretariat, "secretariat")
    assert overdue is not None and "Liste over frivillige, der har sagt ja: Ålby" in overdue


async def test_a_village_that_joins_late_is_not_reminded_of_what_was_before_its_time(
    context: Context,
) -> None:
    world = await polls_world(context, agreed=False)
    path = Path(world, services_on(context))
    assert world.village.village is not None
    world.at(IN_MODULE_1)
    await path.services.cohorts.record_agreement(SECRETARY, world.village.village.id)
    await path.plan()
    async with context.database.transaction() as session:
        place = await place_of(session, world.village.key)
        query = select(Delivery.due_at).where(Delivery.kind == "milestones", Delivery.place_key == place.key)
        dues = list(await session.scalars(query))
    assert dues and min(dues) >= IN_MODULE_1 - timedelta(seconds=1)


async def test_a_reminder_says_how_what_it_names_is_settled(path: Path) -> None:
    village = path.world.village.key
    both = await path.said("ahead", date(2027, 11, 30), village)
    assert both is not None and "sæt et hak med /milepæl" in both and "/beslutning registrer" in both
    decided = await path.said("ahead", date(2027, 12, 1), village)
    assert decided is not None and "/milepæl" not in decided and "/beslutning registrer" in decided
    ours = await path.said("ahead", date(2027, 11, 25), village)
    assert ours is not None and "/milepæl" not in ours and "Er noget klaret, som vi ikke ved" in ours
    told = await path.said("ahead", date(2027, 9, 30), village, "local_council_contact")
    assert told is not None and "Kære kontaktperson" in told and "/milepæl" not in told
    group = await path.said("ahead", date(2028, 2, 15), path.world.group.key, "coordinator")
    assert group is not None and "/milepæl" not in group and "Sønder Ørslev, Ålby" in group


@pytest.mark.parametrize("backend", ["sqlite"])  # sixty villages' year, for the length of a text
async def test_many_villages_with_long_names_fit_in_one_message(context: Context) -> None:
    names = [f"Øster Nørre Landsby med et langt navn ved fjorden nummer {number:03d}" for number in range(60)]
    path = Path(await polls_world(context, names=names), services_on(context))
    await path.plan()
    async with context.database.transaction() as session:
        cohort = (await session.scalars(select(Cohort))).one()
        rows = (await session.scalars(select(Delivery).where(Delivery.kind == "milestones"))).all()
        place = await place_of(session, "secretariat")
        longest = 0
        for row in rows:
            if row.place_key == "secretariat" and row.cohort_id == cohort.id:
                message = await path.services.outbox._composer.compose(session, row)
                assert message is not None
                longest = max(longest, len(message.text))
    assert place.village is None
    assert 1000 < longest <= 2000


async def test_the_secretariat_sees_the_cohort_its_reminder_is_about(path: Path) -> None:
    async with path.world.context.database.transaction() as session:
        session.add(Cohort(code="2028-29", title="BLUP 2028/29", start_year=2028, programme_id="blup",
                           created_at=datetime(2028, 3, 1, tzinfo=UTC)))  # fmt: skip
    await path.services.planning.refresh()
    path.world.at(datetime(2028, 8, 20, 9, tzinfo=UTC))
    async with path.world.context.database.transaction() as session:
        older, newer = (await session.scalars(select(Cohort).order_by(Cohort.start_year))).all()
        key = f"milestones:ahead:2028-08-31:secretariat:secretariat:{newer.id}"
        row = (await session.scalars(select(Delivery).where(Delivery.key == key))).one()
        message = await path.services.outbox._composer.compose(session, row)
    assert message is not None and "BLUP 2028/29" in message.text
    assert message.buttons[0].args == (newer.id,)
    place = Place("secretariat", running=older)
    assert (await path.services.milestones.board(SECRETARY, place, newer.id)).title == "BLUP 2028/29"
    assert (await path.services.milestones.board(SECRETARY, place, older.id)).title == "BLUP 2027/28"
    await path.services.milestones.tick(SECRETARY, place, "PR-01", newer.id)
    async with path.world.context.database.transaction() as session:
        reached = (await session.scalars(select(MilestoneState))).all()
    assert [(row.cohort_id, row.code) for row in reached] == [(newer.id, "PR-01")]
