"""What is added to decisions, due and late, found, and handed out, told on SQLite and PostgreSQL."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import delete, select, update

from bot.domain import register as rules
from bot.domain.access import Actor, Role
from bot.domain.decisions import Status
from bot.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from bot.services.context import Context
from bot.services.decision_export import Format, RegisterExport
from bot.services.places import Place
from bot.services.registry import services_on
from bot.storage.models import Delivery, DiscordPlace, Municipality, Village
from tests.support.polls_world import SECRETARY
from tests.support.register_book import TODAY, Book, register_book


@pytest.fixture
async def book(context: Context) -> Book:
    return await register_book(context)


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


async def test_the_secretariat_finds_every_places_decisions_from_its_own_channel(book: Book) -> None:
    world, desk = book.world, Place("secretariat")
    await book.record("Telt")
    lead = await world.person("Nina", Role.STEERING_LEAD, world.neighbour)
    await book.decisions.record(
        lead, world.neighbour, title="Bænken", text="En bænk.", decided_on=TODAY, how="Enighed"
    )
    found = await book.decisions.list_of(desk, actor=SECRETARY)
    assert [view.title for view in found.decisions] == ["Bænken", "Telt"]
    assert [v.title for v in (await book.decisions.list_of(desk, "bænkene", 1, SECRETARY)).decisions] == [
        "Bænken"
    ]
    assert (await book.decisions.list_of(desk, actor=await book.rie())).total == 0


async def test_a_day_to_look_again_is_reminded_of_before_it_comes_also_after_a_correction(book: Book) -> None:
    view, rie = await book.record(), await book.rie()
    await book.follow_up.agree(rie, view.id, "panel", None, TODAY + timedelta(days=30))
    new = await book.decisions.correct(rie, view.id, "Vi lejer et telt", "Lejet.")
    for post in await book.posts("decision_due"):
        assert post is not None
        for words in (new.ref, "se på den igen onsdag den 1. september", "borgerpanelet"):
            assert words in post.text
    await book.turn(24 * 31)
    assert [v.ref for v in (await book.follow_up.standing(rie, book.world.village)).late] == [new.ref]


async def test_a_final_decision_gets_new_days_from_the_minute_taker_or_whoever_sees_to_it(book: Book) -> None:
    view, rie, bo = await book.record(), await book.rie(), await book.villager()
    sif = await book.world.person("Sif", Role.STEERING)
    neighbour = await book.world.person("Nanna", Role.STEERING, book.world.neighbour)
    first, new = TODAY + timedelta(days=9), TODAY + timedelta(days=30)
    await book.follow_up.agree(rie, view.id, "steering", first, TODAY + timedelta(days=90))
    await book.turn(24 * 10)
    assert [v.ref for v in (await book.follow_up.standing(rie, book.world.village)).late] == [view.ref]
    final = await book.seen(view)
    may_renew = [(await book.decisions.rights(actor, final)).renew for actor in (rie, sif, bo, neighbour)]
    assert may_renew == [True, True, False, False]
    for actor in (bo, neighbour):
        with pytest.raises(NotPermitted):
            await book.follow_up.renew(actor, view.id, new, None)
    for days in ((None, None), (first, None)):
        with pytest.raises(InvalidInput):
            await book.follow_up.renew(rie, view.id, *days)

    renewed = await book.follow_up.renew(sif, view.id, new, None)
    assert (renewed.status, renewed.details.deadline) == (Status.FINAL, new)
    assert renewed.details.review == TODAY + timedelta(days=90), "a day that is not given stays"
    assert [one.role for one in renewed.renewals] == ["steering"]
    assert not (await book.follow_up.standing(rie, book.world.village)).late
    async with book.world.context.database.transaction() as session:
        query = select(Delivery).where(Delivery.key.like(f"%:deadline:{new}:%") | (Delivery.kind == "notice"))
        posts = (await session.scalars(query.order_by(Delivery.due_at))).all()
    assert [post.kind for post in posts] == ["notice", "decision_due", "decision_due"]
    for words in (view.ref, "onsdag den 1. september 2027", "Ændret af styregruppen"):
        assert words in str(posts[0].payload["said"])
    paper = await RegisterExport(book.world.context).hand_out(rie, book.world.village, "pdf")
    said = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.data)).pages)
    assert "Dagene er ændret torsdag den 12. august 2027, styregruppen" in " ".join(said.split())
    assert (await book.verdict()).broken is None
    await book.follow_up.finish(rie, view.id)
    with pytest.raises(Conflict):
        await book.follow_up.renew(rie, view.id, new + timedelta(days=1), None)


# Handed out ---------------------------------------------------------------------------------


async def test_the_register_goes_out_to_those_who_may_and_to_nobody_else(book: Book) -> None:
    desk, world = RegisterExport(book.world.context), book.world
    await book.record()
    kim = await world.person("Kim", Role.COORDINATOR, world.group)
    with pytest.raises(NotFound):
        await desk.hand_out(kim, world.group, "json")
    await book.decisions.record(
        kim, world.group, title="Møde", text="Vi mødes.", decided_on=TODAY, how="Enighed"
    )
    for actor, place in (
        (await book.rie(), world.village),
        (await world.lead(), world.village),
        (SECRETARY, world.village),
        (kim, world.group),
    ):
        assert (await desk.hand_out(actor, place, "json")).name.endswith(".json")
    for actor, place in (
        (await book.villager(), world.village),
        (await world.person("Sif", Role.STEERING), world.village),
        (await book.rie(), world.neighbour),
        (kim, world.village),
        (await book.rie(), world.group),
    ):
        with pytest.raises(NotPermitted):
            await desk.hand_out(actor, place, "json")


async def test_coordinators_take_out_their_own_municipalitys_agreements_and_nothing_else(book: Book) -> None:
    world, desk = book.world, RegisterExport(book.world.context)
    own, other = world.village.village, world.neighbour.village
    assert own is not None and other is not None
    async with world.context.database.transaction() as session:
        session.add(Municipality(id=99, name="Odense", key="odense"))
        (await session.get_one(Village, other.id)).municipality_id = 99
    kim = await world.person("Kim", Role.COORDINATOR, world.group)

    def of(municipality_id: int) -> Actor:
        (held,) = kim.roles
        return replace(kim, roles=frozenset({replace(held, municipality_id=municipality_id)}))

    with pytest.raises(NotFound):
        await desk.hand_out(of(own.municipality_id), world.group, "json", "agreements")
    for place in (world.village, world.neighbour):
        for code in ("D01", "D22"):
            await book.decisions.record(
                SECRETARY, place, title=f"{code} {place.key}", text="Skrevet under.", decided_on=TODAY, how="Aftale",
                code=code,
            )  # fmt: skip
    await book.record()
    signed = (await book.decisions.list_of(world.village, "D01")).decisions[0]
    await book.objections.object(await book.villager(), signed.id, "Nej.")
    await book.decisions.correct(SECRETARY, signed.id, "D01 rettet", "Skrevet under igen.")
    file = await desk.hand_out(of(own.municipality_id), world.group, "json", "agreements")
    (place,) = json.loads(file.data)["places"]
    assert [one["title"] for one in place["decisions"]] == [signed.title, "D01 rettet"]
    assert "Nej." not in file.data.decode() and "chain" not in place
    paper = await desk.hand_out(of(own.municipality_id), world.group, "pdf", "agreements")
    said = " ".join(PdfReader(io.BytesIO(paper.data)).pages[-1].extract_text().split())
    assert "Resten af protokollen er landsbyens egen" in said and "D22" not in said
    (theirs,) = json.loads((await desk.hand_out(of(99), world.group, "json", "agreements")).data)["places"]
    assert theirs["place"] == "Ålby"
    for actor, where in (
        (await book.rie(), world.group),
        (await book.rie(), world.village),
        (SECRETARY, world.group),
    ):
        with pytest.raises(NotPermitted):
            await desk.hand_out(actor, where, "json", "agreements")


async def test_the_secretariat_chooses_any_cohort_or_municipality_and_nobody_else_does(book: Book) -> None:
    desk, world = RegisterExport(book.world.context), book.world
    view, secretariat = await book.record(), Place("secretariat")
    choices = await desk.parts(SECRETARY)
    assert [choice.label for choice in choices] == ["BLUP 2027/28", "Næstved"]
    for choice in choices:
        part, _, number = choice.value.partition(":")
        file = await desk.hand_out(SECRETARY, secretariat, "json", part, int(number))
        assert view.ref in file.data.decode()
        for actor in (await book.rie(), await world.person("Kim", Role.COORDINATOR, world.group)):
            with pytest.raises(NotPermitted):
                await desk.hand_out(actor, world.village, "json", part, int(number))
    with pytest.raises(NotPermitted):
        await desk.parts(await book.rie())


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
    old = await book.record(code="D05")
    await book.objections.object(await book.villager(), old.id, "Teltet skulle lejes.")
    await book.decisions.correct(rie, old.id, "Vi lejer et telt", "#pagebreak() Af *spejderne*.")
    await book.turn(48)
    file = await desk.file(await desk.of_village(book.world.village.village.id), Format.PDF)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(file.data)).pages]
    said = " ".join(" ".join(pages).split())
    for words in (
        "Beslutningsprotokol", "Sønder Ørslev, Næstved Kommune · BLUP 2027/28", "SØND-2027-001", "Rettet",
        "Erstattet af SØND-2027-002", "Fast beslutning i forløbet D05: Formål og tidshorisont aftalt",
        "Milepæl Formål aftalt Tidshorisont aftalt", "»Teltet skulle lejes.«", "#pagebreak() Af *spejderne*.",
        "Endelig siden", (await book.verdict()).head, f"Side 1 / {len(pages)}",
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
    await services_on(book.world.context).lasting_posts.replant([book.world.village.key])
    (again,) = [post for post in await book.posts("decision") if post is not None][2:]
    assert again.text.count(late.ref) and early.ref not in again.text
    assert "decision_object" in [button.action for button in again.buttons]
