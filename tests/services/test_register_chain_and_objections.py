"""The register's numbers, its chain, and objections until a decision is final, told on SQLite and PostgreSQL."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete, select, update

from bot.domain import register as rules
from bot.domain.access import Role
from bot.domain.decisions import Status
from bot.domain.errors import Conflict, InvalidInput, NotPermitted
from bot.services import decision_chain as chain
from bot.services.context import Context
from bot.services.decision_check import RegisterCheck
from bot.services.decision_objections import Objections
from bot.services.decisions import Decisions
from bot.services.privacy import Privacy
from bot.storage.models import Decision, Delivery, RegisterEntry
from bot.storage.repositories.deliveries import next_moment
from tests.support.polls_world import SECRETARY, polls_world
from tests.support.register_book import HOURS, TODAY, Book, register_book
from tests.support.world import START


@pytest.fixture
async def book(context: Context) -> Book:
    return await register_book(context)


# Numbers ------------------------------------------------------------------------------------


async def test_a_number_names_the_village_the_danish_year_and_begins_anew_each_year(book: Book) -> None:
    assert [(await book.record()).ref for _ in range(2)] == ["SØND-2027-001", "SØND-2027-002"]
    book.world.at(datetime(2027, 12, 31, 22, 59, tzinfo=UTC))
    assert (await book.record()).ref == "SØND-2027-003"
    book.world.at(datetime(2027, 12, 31, 23, 0, tzinfo=UTC))  # midnight in Denmark
    assert (await book.record()).ref == "SØND-2028-001"
    page = await book.decisions.list_of(book.world.village, "#1")
    assert [view.ref for view in page.decisions] == ["SØND-2028-001", "SØND-2027-001"]
    assert (await book.verdict()).broken is None


async def test_villages_whose_names_begin_alike_get_letters_that_tell_them_apart(context: Context) -> None:
    names = ("Sønder Ørslev", "Sønder Nærå", "Ålby")
    world = await polls_world(context, names=names)
    decisions, found = Decisions(context), []
    for place in (world.village, world.neighbour):
        lead = await world.person("Lis", Role.STEERING_LEAD, place)
        view = await decisions.record(
            lead, place, title="Telt", text="Telt.", decided_on=TODAY, how="Enighed"
        )
        found.append(view.ref)
    assert found == ["SØØR-2027-001", "ÅLBY-2027-001"]


@pytest.mark.parametrize(
    ("name", "where", "others", "taken", "letters"),
    [
        ("Sønder Ørslev", "Næstved", ["Ålby"], [], "SØND"),
        ("Sønder Ørslev", "Næstved", ["Sønder Nærå"], [], "SØØR"),
        ("Nørre Alslev", "Guldborgsund", ["Nørre Alslev"], ["NØAL"], "NØRA"),
        ("Ry", "Skanderborg", [], [], "RY"),
        ("Hou", "Odder", ["Hou"], [], "HOOD"),
        ("Hou", "Odder", ["Hou"], ["HOOD", "HOUO"], "HOU2"),
    ],
)
def test_letters_are_four_of_the_name_unless_another_begins_so(
    name: str, where: str, others: list[str], taken: list[str], letters: str
) -> None:
    assert rules.letters_for(name, where, others, taken) == letters


# The chain ----------------------------------------------------------------------------------


async def test_whatever_is_written_is_chained_and_whoever_changes_a_row_is_found_out(book: Book) -> None:
    rie, bo = await book.rie(), await book.villager()
    first = await book.record()
    await book.objections.object(bo, first.id, "Teltet skulle lejes.")
    second = await book.decisions.correct(rie, first.id, "Vi lejer et telt", "Af spejderne.")
    await book.turn(48)
    whole = await book.verdict()
    assert (whole.entries, whole.broken) == (4, None)
    for statement, broken in (
        (update(Decision).where(Decision.id == first.id).values(text="Vi køber to."), first.ref),
        (update(Decision).where(Decision.id == second.id).values(decided_on=date(2027, 8, 1)), second.ref),
        (update(Decision).where(Decision.id == first.id).values(recorded_by_role="steering_lead"), first.ref),
        (update(Decision).where(Decision.id == second.id).values(recorded_at=START - HOURS), second.ref),
        (
            update(RegisterEntry).where(RegisterEntry.position == 1).values(content={"title": "Nej"}),
            first.ref,
        ),
        (update(RegisterEntry).where(RegisterEntry.position == 2).values(words="Ingen."), first.ref),
        (update(RegisterEntry).where(RegisterEntry.position == 4).values(role="steering"), second.ref),
        (delete(RegisterEntry).where(RegisterEntry.position == 2), second.ref),
        (delete(RegisterEntry).where(RegisterEntry.position == 4), "-"),
        (delete(RegisterEntry).where(RegisterEntry.decision_id == second.id), "SØND-2027-002"),
    ):
        with pytest.raises(Undone):
            async with book.world.context.database.transaction() as session:
                await session.execute(statement)
                found = await chain.verify(session, book.world.village.key, "")
                raise Undone
        assert found.broken == broken, found.why
    assert (await book.verdict()).broken is None


class Undone(Exception):
    """A change that was only tried."""


async def test_a_record_that_was_taken_away_whole_is_missed_also_when_it_was_the_last(book: Book) -> None:
    await book.record()
    last = await book.record()
    await book.run(update(Delivery).where(Delivery.decision_id == last.id).values(decision_id=None))
    await book.run(delete(RegisterEntry).where(RegisterEntry.decision_id == last.id))
    await book.run(delete(Decision).where(Decision.id == last.id))
    verdict = await book.verdict()
    assert (verdict.broken, verdict.why) == ("-", "the register ends with entry 2, the chain with 1")


async def test_rows_under_a_place_that_is_none_are_a_fault_and_do_not_end_the_check(book: Book) -> None:
    view = await book.record()
    await book.run(update(RegisterEntry).values(scope_key="village:99"))
    found = await RegisterCheck(book.world.context).verify()
    assert [(one.name, one.broken) for one in found] == [("Sønder Ørslev", view.ref), ("village:99", "-")]


async def test_an_erased_person_leaves_the_chain_whole_and_their_own_words_go(book: Book) -> None:
    bo = await book.villager()
    view = await book.record()
    await book.objections.object(bo, view.id, "Bo mener nej.")
    mine = (await Privacy(book.world.context).my_data(bo)).records["objections"]
    assert [row["reason"] for row in mine] == ["Bo mener nej."]
    await Privacy(book.world.context).erase(bo)
    await Privacy(book.world.context).erase(await book.rie())
    assert (await book.verdict()).broken is None
    async with book.world.context.database.transaction() as session:
        entries = (await session.scalars(select(RegisterEntry).order_by(RegisterEntry.position))).all()
    assert [(entry.person_id, entry.words, entry.salt) for entry in entries] == [(None, None, None)] * 2


async def test_links_written_at_once_follow_on(book: Book) -> None:
    view, rie = await book.record(), await book.rie()
    people = [await book.villager(f"Nr. {n}") for n in range(4)]
    await asyncio.gather(
        *(book.objections.object(person, view.id, "Nej.") for person in people),
        book.follow_up.choose_goals(rie, view.id, [11]),
    )
    verdict = await book.verdict()
    assert (verdict.entries, verdict.broken) == (6, None)


# Er det rigtigt forstået? -------------------------------------------------------------------


async def test_a_decision_nobody_objects_to_is_final_after_two_days_and_only_once(book: Book) -> None:
    view = await book.record()
    assert (view.status, view.open_until) == (Status.PROPOSED, book.world.now + 48 * HOURS)
    assert await book.turn(47.9) == []
    async with book.world.context.database.transaction() as session:
        assert await next_moment(session, book.world.now) is not None
    assert await book.turn(0.1) == [view.id]
    assert await Objections(book.world.context).turn(book.world.now) == []  # as after a restart
    assert await book.turn(500) == []
    seen = await book.seen(view)
    assert (seen.status, seen.final_at) == (Status.FINAL, view.open_until)
    with pytest.raises(Conflict) as refused:
        await book.objections.object(await book.villager(), view.id, "For sent.")
    assert refused.value.key == "error_register.too_late"


async def test_members_object_and_others_do_not(book: Book) -> None:
    view = await book.record()
    for role in (Role.VILLAGER, Role.PANEL, Role.STEERING, Role.LOCAL_COUNCIL_CONTACT):
        await book.objections.object(await book.world.person("Bo", role), view.id, "Nej.")
    outsiders = [
        SECRETARY,
        await book.world.person("Nina", Role.VILLAGER, book.world.neighbour),
        await book.world.person("Kim", Role.COORDINATOR, book.world.group),
    ]
    for actor in outsiders:
        with pytest.raises(NotPermitted):
            await book.objections.object(actor, view.id, "Nej.")
    assert len((await book.seen(view)).objections) == 4
    kim = outsiders[-1]
    own = await book.decisions.record(
        kim, book.world.group, title="Møde", text="Vi mødes.", decided_on=TODAY, how="Enighed"
    )
    await book.objections.object(kim, own.id, "Hvor?")
    with pytest.raises(NotPermitted):
        await book.objections.object(await book.villager(), own.id, "Nej.")


async def test_an_objection_stands_without_a_name_and_the_minute_taker_is_told(book: Book) -> None:
    view, bo = await book.record(), await book.villager()
    for empty in ("  ", "x" * 301):
        with pytest.raises(InvalidInput):
            await book.objections.object(bo, view.id, empty)
    seen = await book.objections.object(bo, view.id, "Teltet skulle lejes.")
    assert [(o.words, o.answered) for o in seen.objections] == [("Teltet skulle lejes.", False)]
    with pytest.raises(Conflict):
        await book.objections.object(bo, view.id, "Hører I?")
    [post] = await book.posts("decision_objection")
    assert post is not None and "Til referenten" in post.text and "Teltet skulle lejes." in post.text
    assert "Bo" not in post.text
    assert [button.action for button in post.buttons] == [
        "decision_keep", "decision_correct", "decision_withdraw",
    ]  # fmt: skip


async def test_with_an_objection_a_decision_waits_for_the_minute_taker_who_keeps_it(book: Book) -> None:
    view, bo, rie = await book.record(), await book.villager(), await book.rie()
    with pytest.raises(Conflict):
        await book.objections.keep(rie, view.id)
    await book.objections.object(bo, view.id, "Nej.")
    assert await book.turn(60) == [] and await book.turn(60) == []
    assert (await book.seen(view)).status is Status.PROPOSED
    [waiting] = await book.posts("decision_waiting")
    assert waiting is not None and "De to døgn er gået" in waiting.text
    with pytest.raises(NotPermitted):
        await book.objections.keep(bo, view.id)
    kept = await book.objections.keep(rie, view.id)
    assert kept.status is Status.FINAL and kept.objections[0].answered
    assert await book.posts("decision_waiting") == [None]
    assert (await book.verdict()).broken is None


async def test_an_objection_answered_in_time_leaves_the_rest_of_the_two_days(book: Book) -> None:
    view, bo, rie = await book.record(), await book.villager(), await book.rie()
    await book.objections.object(bo, view.id, "Nej.")
    assert (await book.objections.keep(rie, view.id)).status is Status.PROPOSED
    await book.objections.object(bo, view.id, "Stadig nej.")
    await book.objections.keep(rie, view.id)
    assert await book.turn(48) == [view.id]


async def test_what_is_corrected_or_withdrawn_tells_how_far_it_had_come(book: Book) -> None:
    rie = await book.rie()
    early, late, gone = await book.record("A"), await book.record("B"), await book.record("C")
    new = await book.decisions.correct(rie, early.id, "A rettet", "A.")
    assert await book.turn(48) == [late.id, gone.id, new.id]
    await book.decisions.correct(rie, late.id, "B rettet", "B.")
    last = await book.decisions.withdraw(rie, gone.id, "Aflyst.")
    stands = [(await book.seen(view)).status for view in (early, late, gone, last)]
    assert stands == [Status.CORRECTED, Status.REPLACED, Status.WITHDRAWN, Status.FINAL]
    with pytest.raises(Conflict):
        await book.objections.object(await book.villager(), early.id, "Nej.")
