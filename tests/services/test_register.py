"""The register's numbers, its chain, objections and follow-up, told on SQLite and PostgreSQL."""

import asyncio
import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import delete, select, update

from bot.domain import register as rules
from bot.domain.access import Actor, Role
from bot.domain.decisions import DecisionView, Status
from bot.domain.errors import Conflict, InvalidInput, NotPermitted
from bot.messages.message import Message
from bot.services import decision_chain as chain
from bot.services.context import Context
from bot.services.decision_export import Format, RegisterExport
from bot.services.decision_follow_up import FollowUp
from bot.services.decision_objections import Objections
from bot.services.decision_posts import DecisionPosts
from bot.services.decisions import Decisions
from bot.services.places import Place
from bot.services.privacy import Privacy
from bot.services.registry import services_on
from bot.storage.models import Decision, Delivery, DiscordPlace, RegisterEntry, Village
from bot.storage.repositories.deliveries import next_moment
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

TODAY = date(2027, 8, 2)
HOURS = timedelta(hours=1)


@dataclass
class Book:
    """A world with a register, and short ways to write in it."""

    world: PollsWorld
    decisions: Decisions
    objections: Objections
    follow_up: FollowUp

    async def rie(self) -> Actor:
        """Return the minute-taker."""
        return await self.world.person("Rie", Role.STEERING_SECRETARY)

    async def villager(self, name: str = "Bo") -> Actor:
        """Return a villager."""
        return await self.world.person(name, Role.VILLAGER)

    async def record(self, title: str = "Vi køber et telt") -> DecisionView:
        """Let the minute-taker write a decision down."""
        return await self.decisions.record(
            await self.rie(), self.world.village, title=title, text="Til festen.", decided_on=TODAY, how="Enighed"
        )  # fmt: skip

    async def seen(self, view: DecisionView) -> DecisionView:
        """Return a record as it stands now."""
        return await self.decisions.show(await self.rie(), self.world.village, view.id)

    async def turn(self, hours: float) -> list[int]:
        """Let hours pass, and the calendar look."""
        self.world.after(hours=hours)
        return await self.objections.turn(self.world.now)

    async def verdict(self, place: Place | None = None) -> chain.Verdict:
        """Check a village's chain."""
        async with self.world.context.database.transaction() as session:
            return await chain.verify(session, (place or self.world.village).key, "Sønder Ørslev")

    async def posts(self, kind: str) -> list[Message | None]:
        """Return the posts of a kind as they would be written now."""
        async with self.world.context.database.transaction() as session:
            rows = await session.scalars(
                select(Delivery).where(Delivery.kind == kind).order_by(Delivery.due_at)
            )
            composer = DecisionPosts(self.world.context)
            return [await composer.compose(session, row) for row in rows.all()]

    async def run(self, statement: object) -> None:
        """Change the database behind the bot's back."""
        async with self.world.context.database.transaction() as session:
            await session.execute(statement)  # type: ignore[call-overload]


@pytest.fixture
async def book(context: Context) -> Book:
    world = await polls_world(context)
    return Book(world, Decisions(context), Objections(context), FollowUp(context))


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


# What is added, due and done ----------------------------------------------------------------


async def test_the_minute_taker_adds_who_when_goals_and_background_until_it_is_final(book: Book) -> None:
    view, rie, bo = await book.record(), await book.rie(), await book.villager()
    due, again = TODAY + timedelta(days=30), TODAY + timedelta(days=90)
    await book.follow_up.agree(rie, view.id, "steering", due, again)
    await book.follow_up.choose_goals(rie, view.id, [17, 11, 11])
    await book.follow_up.explain(rie, view.id, "Det gamle var slidt.", "https://example.org/tilbud\n")
    with pytest.raises(NotPermitted):
        await book.follow_up.agree(bo, view.id, "steering", due, None)
    for faulty in (
        book.follow_up.agree(rie, view.id, "Bo Hansen", due, None),
        book.follow_up.agree(rie, view.id, "steering", TODAY - timedelta(days=1), None),
        book.follow_up.choose_goals(rie, view.id, [18]),
        book.follow_up.explain(rie, view.id, "", "javascript:alert(1)"),
    ):
        with pytest.raises(InvalidInput):
            await faulty
    new = await book.decisions.correct(rie, view.id, "Vi lejer et telt", "Lejet.")
    details = (await book.seen(new)).details  # a correction keeps what was added
    assert (details.responsible, details.deadline, details.review) == ("steering", due, again)
    assert (details.goals, details.links) == ((11, 17), ("https://example.org/tilbud",))
    found = await book.decisions.list_of(book.world.village, "slidt")
    assert [v.id for v in found.decisions] == [new.id, view.id]
    await book.turn(48)
    with pytest.raises(Conflict) as refused:
        await book.follow_up.choose_goals(rie, new.id, [1])
    assert refused.value.key == "error_register.final"
    assert (await book.verdict()).broken is None


async def test_the_channel_is_reminded_before_and_on_the_day_until_it_is_done(book: Book) -> None:
    view, rie = await book.record(), await book.rie()
    due = TODAY + timedelta(days=30)
    await book.follow_up.agree(rie, view.id, "steering_lead", due - timedelta(days=9), None)
    await book.follow_up.agree(rie, view.id, "steering", due, None)
    gone = await book.posts("decision_due")
    assert [post is None for post in gone] == [True, True, False, False]  # the first day holds no more
    async with book.world.context.database.transaction() as session:
        query = select(Delivery.due_at).where(Delivery.kind == "decision_due").order_by(Delivery.due_at)
        moments = [moment.date() for moment in await session.scalars(query)]
    assert moments[2:] == [due - timedelta(days=7), due]
    week, day = gone[2:]
    assert week is not None and day is not None
    for words in ("Fristen er onsdag den 1. september", "Ansvarlig: styregruppen", "SØND-2027-001"):
        assert words in week.text
    with pytest.raises(NotPermitted):
        await book.follow_up.finish(await book.villager(), view.id)
    await book.follow_up.finish(await book.world.person("Sif", Role.STEERING), view.id)
    with pytest.raises(Conflict):
        await book.follow_up.finish(rie, view.id)
    assert await book.posts("decision_due") == [None] * 4


async def test_what_is_open_due_and_late_is_seen_and_the_late_by_coordinators_and_secretariat(
    book: Book,
) -> None:
    rie = await book.rie()
    kim = await book.world.person("Kim", Role.COORDINATOR, book.world.group)
    late, coming = await book.record("Telt"), await book.record("Bænk")
    await book.follow_up.agree(rie, late.id, "steering", TODAY + timedelta(days=3), None)
    await book.follow_up.agree(rie, coming.id, "steering", None, TODAY + timedelta(days=9))
    await book.turn(24 * 4)
    new = await book.record("Ny")
    own = await book.follow_up.standing(rie, book.world.village)
    assert [[v.title for v in part] for part in (own.late, own.coming, own.proposed)] == [
        ["Telt"], ["Bænk"], ["Ny"],
    ]  # fmt: skip
    above = await book.follow_up.standing(kim, book.world.group)
    assert [(v.ref, v.title) for v in above.late] == [(late.ref, "")]  # the village has not let them in
    await book.run(update(Village).values(open_to_coordinator=True))
    above = await book.follow_up.standing(kim, book.world.group)
    assert [v.title for v in above.late] == ["Telt"] and not above.coming and not above.proposed
    desk = await book.follow_up.standing(SECRETARY, Place("secretariat"))
    assert [v.title for v in (*desk.late, *desk.proposed)] == ["Telt", "Ny"]
    with pytest.raises(NotPermitted):
        await book.follow_up.standing(kim, Place("secretariat"))
    await book.follow_up.finish(rie, late.id)
    assert not (await book.follow_up.standing(rie, book.world.village)).late
    assert (await book.verdict()).broken is None and new.status is Status.PROPOSED


# Handed out ---------------------------------------------------------------------------------


async def test_the_register_goes_out_to_those_who_may_and_to_nobody_else(book: Book) -> None:
    desk, world = RegisterExport(book.world.context), book.world
    await book.record()
    kim = await world.person("Kim", Role.COORDINATOR, world.group)
    for actor, place in (
        (await book.rie(), world.village),
        (await world.lead(), world.village),
        (SECRETARY, world.village),
        (kim, world.group),
    ):
        assert (await desk.of_channel(actor, place, "json")).name.endswith(".json")
    for actor, place in (
        (await book.villager(), world.village),
        (await world.person("Sif", Role.STEERING), world.village),
        (await book.rie(), world.neighbour),
        (kim, world.village),
        (await book.rie(), world.group),
    ):
        with pytest.raises(NotPermitted):
            await desk.of_channel(actor, place, "json")


async def test_a_whole_municipality_and_a_cohort_go_out_with_chains_that_anybody_can_check(
    book: Book,
) -> None:
    desk, world = RegisterExport(book.world.context), book.world
    assert world.village.village is not None
    view = await book.record()
    await book.objections.object(await book.villager(), view.id, "Nej.")
    lead = await world.person("Lis", Role.STEERING_LEAD, world.neighbour)
    kim = await world.person("Kim", Role.COORDINATOR, world.group)
    for actor, place in ((lead, world.neighbour), (kim, world.group)):
        await book.decisions.record(
            actor, place, title="Bænk", text="En bænk.", decided_on=TODAY, how="Enighed"
        )
    town = await desk.of_municipality(world.village.village.municipality_id)
    everything = await desk.of_cohort(world.village.village.cohort_id)
    assert [one.place for one in town] == ["Sønder Ørslev", "Ålby"]
    assert [one.place for one in everything] == ["Koordinatorer", "Sønder Ørslev", "Ålby"]
    told = json.loads((await desk.file(everything, Format.JSON)).data)["places"]
    for place in told:
        before = rules.BEGINNING
        for one in place["chain"]:
            at = datetime.fromisoformat(one["at"])
            before = rules.link(
                before, one["position"], one["kind"], one["decision"], at, one["role"], one["content"]
            )
            assert one["hash"] == before
        assert place["head"] == before
    assert told[1]["decisions"][0]["objections"][0]["words"] == "Nej."


async def test_the_spreadsheet_is_for_danish_excel_and_holds_no_formula(book: Book) -> None:
    desk, rie = RegisterExport(book.world.context), await book.rie()
    assert book.world.village.village is not None
    await book.decisions.record(
        rie,
        book.world.village,
        title="=1+1",
        text="Æbler; pærer.\nOg mere.",
        decided_on=TODAY,
        how="@SUM(A1)",
    )
    file = await desk.file(await desk.of_village(book.world.village.village.id), Format.CSV)
    assert file.data.startswith(b"\xef\xbb\xbf") and file.name == "beslutningsprotokol-Sønder-Ørslev.csv"
    heads, row = csv.reader(file.data.decode("utf-8-sig").splitlines(keepends=True), delimiter=";")
    cells = dict(zip(heads, row, strict=True))
    assert (cells["Nummer"], cells["Titel"], cells["Besluttet"]) == ("SØND-2027-001", "'=1+1", "2027-08-02")
    assert (cells["Beslutning"], cells["Sådan blev det besluttet"]) == (
        "Æbler; pærer.\nOg mere.",
        "'@SUM(A1)",
    )


async def test_the_paper_tells_corrections_objections_and_the_chains_fingerprint(book: Book) -> None:
    rie, desk = await book.rie(), RegisterExport(book.world.context)
    assert book.world.village.village is not None
    old = await book.record()
    await book.objections.object(await book.villager(), old.id, "Teltet skulle lejes.")
    await book.decisions.correct(rie, old.id, "Vi lejer et telt", "#pagebreak() Af *spejderne*.")
    await book.turn(48)
    file = await desk.file(await desk.of_village(book.world.village.village.id), Format.PDF)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(file.data)).pages]
    said = " ".join(" ".join(pages).split())
    for words in (
        "Beslutningsprotokol", "Sønder Ørslev, Næstved Kommune · BLUP 2027/28", "SØND-2027-001", "Rettet",
        "Erstattet af SØND-2027-002", "»Teltet skulle lejes.«", "#pagebreak() Af *spejderne*.", "Endelig siden",
        (await book.verdict()).head, f"Side 1 / {len(pages)}",
    ):  # fmt: skip
        assert words in said, words


async def test_a_reminder_comes_before_quiet_days_or_after_them_while_it_is_of_use(book: Book) -> None:
    quiet = book.world.context.off(2027).posts
    christmas = next(day for day in sorted(quiet) if day > date(2027, 12, 1))
    due = christmas + timedelta(days=8)  # a week before is the second quiet day
    rie = await book.rie()

    async def planned() -> list[datetime]:
        view = await book.record()
        await book.follow_up.agree(rie, view.id, "steering", due, None)
        async with book.world.context.database.transaction() as session:
            query = select(Delivery.due_at).where(
                Delivery.decision_id == view.id, Delivery.kind == "decision_due"
            )
            return list(await session.scalars(query.order_by(Delivery.due_at)))

    assert (await planned())[0] == datetime.combine(christmas - timedelta(days=1), time(8), UTC)
    book.world.at(datetime.combine(christmas, time(12), UTC))
    assert (await planned())[0] == datetime.combine(christmas + timedelta(days=1), time(8), UTC)


async def test_a_channel_made_anew_gets_back_what_can_still_be_objected_to(book: Book) -> None:
    async def stand(channel_id: int) -> None:
        async with book.world.context.database.transaction() as session:
            await session.execute(delete(DiscordPlace))
            session.add(DiscordPlace(key=book.world.village.key, discord_id=channel_id))
            await session.execute(update(Delivery).values(state="sent", sent_at=book.world.now))

    early = await book.record("Vi maler huset")
    await stand(500)
    await book.turn(48)
    late = await book.record()
    await stand(501)
    await services_on(book.world.context).outbox.replant([book.world.village.key])
    (again,) = [post for post in await book.posts("decision") if post is not None][2:]
    assert again.text.count(late.ref) and early.ref not in again.text
    assert "decision_object" in [button.action for button in again.buttons]
