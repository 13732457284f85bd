"""Letters by e-mail, against a mail server on a real socket; what locks and leases do on both databases (S05)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aiohttp import ClientSession, web
from sqlalchemy import select

from bot.app import App
from bot.client import CompanionBot
from bot.delivery.mailer import Carry, Mailer, SmtpServer, mime
from bot.delivery.web_unsubscribe import unsubscribe
from bot.domain.access import Actor, Role, RoleHeld
from bot.domain.clock import FixedClock, SystemClock
from bot.domain.errors import InvalidInput, NotPermitted
from bot.domain.mail_addresses import read_addresses
from bot.messages.letter_sending import ask_first
from bot.services.context import Context
from bot.services.registry import services_on
from bot.storage.models import AuditEntry, Delivery, Event, Mail, MailRecipient, Village
from bot.storage.repositories import deliveries
from bot.storage.repositories.deliveries import Post
from tests.support.databases import BACKENDS
from tests.support.mail_office import BO, IDA, KAJ, LETTER_COMES, SENDER, YES, Office
from tests.support.polls_world import SECRETARY, polls_world


class _Still(FixedClock):
    """A clock that stands still, and rings at once what is due."""

    def machine_time(self, moment: datetime) -> datetime:
        return SystemClock().now() + (moment - self.at)


both_databases = pytest.mark.parametrize("backend", BACKENDS, indirect=True)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database: SQLite, unless a story asks for both."""
    return str(getattr(request, "param", "sqlite"))


async def test_a_letter_goes_by_mail_once_as_text_and_page_with_a_way_off_the_list(office: Office) -> None:
    assert await office.add(IDA, f"{BO}; {IDA.upper()}") == 2
    await office.send()
    await office.send()
    (mail,) = office.house.to(IDA)
    assert len(office.house.taken) == 2 and await office.states() == {"sent": 2}
    assert mail["Subject"] == "Nyhedsbrev 1: Hvem skal med?"
    assert mail["From"] == f"BLUP-sekretariatet <{SENDER}>" and mail["To"] == IDA
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"].datetime == LETTER_COMES
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None and page is not None
    for text in (plain.get_content(), page.get_content()):
        assert "Kære alle i Sønder Ørslev" in text and "Spørg én af de fem over en kop kaffe" in text
        assert "Ring på 12 34 56 78" in text and mail["List-Unsubscribe"].strip(" <>") in text
    (other,) = office.house.to(BO)
    assert other["Message-ID"] != mail["Message-ID"] and other["List-Unsubscribe"] != mail["List-Unsubscribe"]


@both_databases
async def test_what_the_server_says_decides_and_a_retry_has_the_same_message_id(office: Office) -> None:
    await office.add(IDA, BO, KAJ)
    office.house.codes = {IDA: 550, BO: 451}
    office.house.hangs_up_after_data = True
    await office.send()
    assert await office.states() == {"bounced": 1, "claimed": 2}, "nobody knows what became of the last one"
    shown = await office.services.mail_lists.show(SECRETARY, office.cohort_id, office.scope)
    assert [entry.address for entry in shown.listed if entry.bounced_at] == [IDA]
    await office.send()
    assert len(office.house.to(KAJ)) == 1, "it waits before it is tried again"
    office.house.codes, office.house.hangs_up_after_data = {}, False
    office.world.after(minutes=6)
    office.services = services_on(office.world.context)  # as after a restart
    await office.send()
    first, again = office.house.to(KAJ)
    assert first["Message-ID"] == again["Message-ID"] and len(office.house.to(BO)) == 1
    assert await office.states() == {"bounced": 1, "sent": 2} and not office.house.to(IDA)
    office.house.data_code = 554
    office.world.at(datetime(2027, 10, 25, 15, 30, tzinfo=UTC))
    await office.send()
    assert (await office.states())["refused"] == 2, "the reminder a day before goes by mail too"


async def test_the_bot_at_work_sends_mails_by_itself_and_those_of_a_list_filled_meanwhile(
    office: Office,
) -> None:
    context = replace(office.world.context, clock=_Still(LETTER_COMES))
    app = App(context.database, services_on(context))
    app.mail_server = SmtpServer(f"smtp://127.0.0.1:{office.house.port}", SENDER)
    await app.stand_by(cast(CompanionBot, None))  # no channel stands, so nothing of Discord is asked
    try:
        await office.add(IDA)
        async with asyncio.timeout(10):
            await office.house.took_one.wait()
    finally:
        await app.stop()
    assert await office.states() == {"sent": 1}


@both_databases
async def test_a_letter_that_is_withdrawn_goes_to_nobody_more_and_it_is_said_who_has_it(
    office: Office,
) -> None:
    corrections, actor = office.services.corrections, SECRETARY
    await office.add(IDA)
    await office.send()
    await office.add(BO)
    reach = await corrections.reach(actor, office.cohort_id, "NL-V01")
    asked = ask_first(
        office.world.context.texts, "withdraw", reach.title, reach.out, reach.waiting, reach.mailed, ()
    )
    assert "Én, der har det på e-mail, får en kort mail om det." in asked.text
    assert (await corrections.withdraw(actor, office.cohort_id, "nl-v01")).mailed == 1
    assert await office.states() == {"sent": 1, "withdrawn": 1, "pending": 1}, (
        "at once, not only when it is due"
    )
    await office.add(KAJ)
    await office.send()
    first, told = office.house.to(IDA)
    assert len(office.house.taken) == 2 and told["In-Reply-To"] == told["References"] == first["Message-ID"]
    assert told["Subject"] == "Trukket tilbage: Nyhedsbrev 1: Hvem skal med?" and told["List-Unsubscribe"]
    assert await office.states() == {"sent": 2, "withdrawn": 1, "not_needed": 1}


@both_databases
async def test_a_letter_nobody_has_approved_is_held_by_mail_too(office: Office) -> None:
    desk = office.services.letter_desk
    await desk.reopen(SECRETARY, office.cohort_id, "NL-V01")
    await office.add(IDA)
    await office.send()
    assert not office.house.taken and await office.states() == {"held": 1}
    await desk.approve(SECRETARY, office.cohort_id, "NL-V01", 0, "Videoen kommer senere")
    await office.send()
    assert office.house.to(IDA) and await office.states() == {"sent": 1}


async def test_held_letters_keep_no_other_mail_waiting_and_all_go_when_approved(office: Office) -> None:
    desk, many = office.services.letter_desk, [f"nr{n}@example.dk" for n in range(7)]
    await desk.reopen(SECRETARY, office.cohort_id, "NL-V01")
    await office.add(*many)
    await office.send()
    assert not office.house.taken and await office.states() == {"held": 7}
    office.world.at(datetime(2027, 10, 25, 15, 30, tzinfo=UTC))
    await office.send()
    assert await office.states() == {"held": 7, "sent": 7}, "the reminder of the day before goes"
    await desk.approve(SECRETARY, office.cohort_id, "NL-V01", 0, "Videoen kommer senere")
    await office.send()
    assert await office.states() == {"sent": 14}


@both_databases
async def test_a_mail_that_failed_is_held_too_when_its_letter_is_written_anew_meanwhile(
    office: Office,
) -> None:
    desk = office.services.letter_desk
    await office.add(IDA)
    office.house.codes = {IDA: 451}
    await office.send()
    await desk.reopen(SECRETARY, office.cohort_id, "NL-V01")
    office.house.codes = {}
    office.world.after(minutes=6)
    await office.send()
    assert not office.house.taken and await office.states() == {"held": 1}
    await desk.approve(SECRETARY, office.cohort_id, "NL-V01", 0, "Videoen kommer senere")
    await office.send()
    assert len(office.house.to(IDA)) == 1 and await office.states() == {"sent": 1}


async def test_a_server_that_refuses_us_empties_no_list_and_the_secretariat_hears_of_it_once(
    office: Office,
) -> None:
    await office.add(IDA, BO)
    office.house.codes = {IDA: 550, BO: 550}
    for says in ("5.7.1 relaying denied for", "no to", "5.1.8 no such sender of"):
        office.house.says = says
        await office.send()
        assert await office.states() == {"claimed": 2}, "nobody's address is thought gone"
        office.world.after(minutes=5)
    async with office.world.context.database.transaction() as session:
        (told,) = await session.scalars(
            select(Delivery).where(Delivery.key.startswith("notice:mail_refused"))
        )
    assert "kommer ikke ud" in str(told.payload["said"])
    office.house.says, office.house.codes = "5.1.1 nobody of that name:", {IDA: 550}
    await office.send()
    assert await office.states() == {"bounced": 1, "sent": 1} and office.house.to(BO)


async def test_who_is_told_to_stop_sends_the_mail_in_hand_and_gives_the_rest_back(office: Office) -> None:
    class Stopping:
        @asynccontextmanager
        async def connected(self) -> AsyncIterator[Carry]:
            async def carry(to: str, mail: bytes) -> None:
                mailer.stop()

            yield carry

    await office.add(IDA, BO, KAJ)
    mailer = Mailer(office.services.mail_outbox, Stopping(), SENDER)
    await mailer.send_due()
    assert await office.states() == {"sent": 1, "pending": 2}
    await office.send()
    assert len(office.house.taken) == 2 and await office.states() == {"sent": 3}


async def test_who_presses_unsubscribe_is_off_every_list(office: Office) -> None:
    lists, village = office.services.mail_lists, office.world.village.village
    assert village is not None
    await office.add(IDA, BO)
    await lists.add(SECRETARY, office.cohort_id, f"municipality:{village.municipality_id}", IDA, YES)
    async with office.world.context.database.transaction() as session:
        query = select(MailRecipient).order_by(MailRecipient.id)
        rows = (await session.scalars(query)).all()
        assert not any("@" in row.address or IDA in (row.fingerprint or "") for row in rows), "sealed"
        token = next(row.token for row in rows if office.address(row) == IDA)
    assert await lists.unsubscribe(token) and not await lists.unsubscribe(token)
    async with office.world.context.database.transaction() as session:
        assert [office.address(row) for row in await session.scalars(select(MailRecipient))] == [BO]


async def test_an_address_on_the_lists_of_a_village_and_its_municipality_gets_everything_once(
    office: Office,
) -> None:
    village = office.world.village.village
    assert village is not None
    municipality = f"municipality:{village.municipality_id}"
    await office.services.mail_lists.add(SECRETARY, office.cohort_id, municipality, f"{IDA}\n{KAJ}", YES)
    await office.add(IDA)
    await office.send()
    assert [len(office.house.to(address)) for address in (IDA, KAJ)] == [1, 1]
    assert await office.states() == {"sent": 2, "not_needed": 1}
    await office.services.corrections.withdraw(SECRETARY, office.cohort_id, "NL-V01")
    await office.send()
    assert [len(office.house.to(address)) for address in (IDA, KAJ)] == [2, 2]


async def test_a_municipalitys_reader_gets_nothing_twice_when_a_village_joins(office: Office) -> None:
    lists, village, context = office.services.mail_lists, office.world.village.village, office.world.context
    assert village is not None
    async with context.database.transaction() as session:
        first, second, *_ = await session.scalars(select(Village).order_by(Village.id))
        first.municipality_id = second.municipality_id = village.municipality_id
        first.agreed_at, earlier, later = None, first.id, second.id
        second.agreed_at = office.world.now
    await lists.add(SECRETARY, office.cohort_id, f"municipality:{village.municipality_id}", KAJ, YES)

    async def waiting() -> list[str]:
        async with context.database.transaction() as session:
            rows = await session.scalars(select(Mail).where(Mail.state == "pending"))
            return sorted(f"{row.kind} {row.event_id} {row.payload}" for row in rows)

    await office.services.planning.refresh(office.cohort_id)
    await office.send()
    before = await waiting()
    assert len(before) == len(set(before)), "what is for villages and coordinators comes once"
    async with context.database.transaction() as session:
        (await session.get_one(Village, earlier)).agreed_at = office.world.now
    for alone in (None, earlier, later):
        async with context.database.transaction() as session:
            await office.services.planning.plan(session, office.cohort_id, alone)
        assert await waiting() == before
    await office.send()
    assert [mail["Subject"] for mail in office.house.to(KAJ)].count("Nyhedsbrev 1: Hvem skal med?") == 1


async def test_a_kill_between_claim_and_send_loses_nothing(office: Office) -> None:
    await office.add(IDA)
    (claimed,) = await office.services.mail_outbox.claim("killed")
    assert await office.services.mail_outbox.claim("other") == []
    office.world.after(minutes=5, seconds=1)
    await office.send()
    (mail,) = office.house.to(IDA)
    assert mail["Message-ID"] == claimed.message_id
    await office.services.mail_outbox.failed(claimed, "late news")
    assert await office.states() == {"sent": 1}, "who comes too late changes nothing"


@both_databases
async def test_lists_are_kept_by_those_who_may_and_a_press_takes_one_off(office: Office) -> None:
    lists, world = office.services.mail_lists, office.world
    villager, neighbour = (
        await world.person("Vera", Role.VILLAGER),
        await world.person("Nils", Role.STEERING_LEAD, world.neighbour),
    )
    for other in (villager, neighbour):
        with pytest.raises(NotPermitted):
            await lists.add(other, office.cohort_id, office.scope, IDA, YES)
    ours, other = [
        Actor(
            None,
            "Kaj",
            frozenset({RoleHeld(Role.COORDINATOR, municipality_id=n, cohort_id=office.cohort_id)}),
        )
        for n in (1, 2)
    ]
    for outsider in (await world.lead(), other):
        with pytest.raises(NotPermitted):
            await lists.show(outsider, office.cohort_id, "municipality:1")
    with pytest.raises(NotPermitted):
        await lists.show(ours, office.cohort_id, office.scope)
    assert (await lists.show(ours, office.cohort_id, "municipality:1")).listed == (), (
        "its coordinators keep it"
    )
    for written, consent, key in (("ida@", YES, "addresses"), ("", YES, "addresses"), (IDA, " ", "consent")):
        with pytest.raises(InvalidInput, match=key):
            await lists.add(await world.lead(), office.cohort_id, office.scope, written, consent)
    await office.add(IDA, BO)
    async with world.context.database.transaction() as session:
        tokens = {office.address(row): row.token for row in await session.scalars(select(MailRecipient))}
    app = web.Application()
    app.add_routes(unsubscribe(world.context, lists))
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}/afmeld"
    async with ClientSession() as client:
        for _ in range(2):
            async with client.get(f"{base}/{tokens[IDA]}") as page:
                assert page.status == 200 and "<button" in await page.text(), "looking changes nothing"
        async with client.post(f"{base}/{tokens[IDA]}", data={"List-Unsubscribe": "One-Click"}) as page:
            assert page.status == 200 and "slettet" in await page.text()
        for gone in (tokens[IDA], "x", "' OR 1=1 --"):
            async with client.post(f"{base}/{gone}") as page:
                assert page.status == 404
    await runner.cleanup()
    shown = await lists.show(SECRETARY, office.cohort_id, office.scope)
    assert [entry.address for entry in shown.listed] == [BO]
    await lists.came_back(await world.lead(), shown.listed[0].id)
    await office.send()
    assert not office.house.taken
    assert not (await lists.remove(await world.lead(), shown.listed[0].id)).listed
    async with world.context.database.transaction() as session:
        entries = [f"{row.action} {row.subject}" for row in await session.scalars(select(AuditEntry))]
    assert "mail_list.add village:1 +2" in entries and not any("@" in entry for entry in entries)


async def test_a_municipalitys_reader_gets_one_letter_for_all_its_villages_and_the_coordinators_own(
    office: Office,
) -> None:
    lists, village = office.services.mail_lists, office.world.village.village
    assert village is not None
    async with office.world.context.database.transaction() as session:
        for row in await session.scalars(select(Village)):
            row.municipality_id = village.municipality_id
    await lists.add(SECRETARY, office.cohort_id, f"municipality:{village.municipality_id}", KAJ, YES)
    await office.services.planning.refresh(office.cohort_id)
    await office.send()
    village_letters = [mail for mail in office.house.to(KAJ) if mail["Subject"].startswith("Nyhedsbrev 1")]
    (letter,) = village_letters
    body = letter.get_body(("plain",))
    assert body is not None and "Kære alle i Sønder Ørslev og Ålby" in body.get_content()
    assert len(office.house.taken) == len({mail["Subject"] for mail in office.house.to(KAJ)})


async def test_a_municipality_without_discord_reads_by_mail_and_nothing_is_parked_or_told(
    office: Office,
) -> None:
    services, village, context = office.services, office.world.village.village, office.world.context
    assert village is not None
    with pytest.raises(NotPermitted):
        await services.cohorts.use_discord(await office.world.lead(), village.municipality_id, uses=False)
    await services.planning.refresh(office.cohort_id)
    await services.cohorts.use_discord(SECRETARY, village.municipality_id, uses=False)
    await services.mail_lists.add(SECRETARY, office.cohort_id, office.scope, IDA, YES)
    await services.planning.refresh(office.cohort_id)
    assert f"village:{village.id}" not in {
        channel.key for channel in (await services.provisioning.desired()).channels
    }
    assert village.id not in [
        int(choice.value) for choice in await services.cohorts.village_choices(village.municipality_id)
    ]
    async with context.database.transaction() as session:
        await deliveries.plan(
            session, [Post("said", office.scope, "broadcast", office.world.now, payload={"said": "Hej"})]
        )
    await services.outbox.claim("worker")
    async with context.database.transaction() as session:
        rows = [row for row in await session.scalars(select(Delivery)) if row.place_key == office.scope]
        told = await session.scalars(select(Delivery).where(Delivery.key.contains(f"parked:{office.scope}")))
        assert {row.state for row in rows} <= {"cancelled", "not_needed"} and rows and not told.all()
    await office.send()
    assert [mail["Subject"] for mail in office.house.to(IDA)] == ["Nyhedsbrev 1: Hvem skal med?"]
    printed, _ = await services.letter_sheets.printed(SECRETARY, office.scope, "NL-V01")
    assert printed.invitation == "" and "Kære alle i Sønder Ørslev" in printed.text
    office.world.at(datetime(2027, 10, 25, 15, 0, tzinfo=UTC))
    await office.send()
    invitation = office.house.to(IDA)[-1].get_body(("plain",))
    assert (
        invitation is not None
        and "Vi ses i morgen, tirsdag den 26. oktober kl. 19.00" in invitation.get_content()
    )
    await services.cohorts.use_discord(SECRETARY, village.municipality_id, uses=True)
    assert village.id in [
        int(choice.value) for choice in await services.cohorts.village_choices(village.municipality_id)
    ]


async def test_who_read_of_a_meeting_by_mail_hears_that_it_is_moved_and_called_off(office: Office) -> None:
    services, context = office.services, office.world.context
    await office.add(IDA)
    await office.send()
    async with context.database.transaction() as session:
        circle = (await session.scalars(select(Event).where(Event.code == "VC01"))).one().id
    later = datetime(2027, 10, 28, 17, tzinfo=UTC)
    await services.planning.move(SECRETARY, office.cohort_id, "VC01", later)
    office.world.after(minutes=1)
    await office.send()
    moved = office.house.to(IDA)[-1]
    body = moved.get_body(("plain",))
    assert body is not None and "torsdag den 28. oktober kl. 19.00" in body.get_content()
    assert [part.get_content_type() for part in moved.iter_attachments()] == ["text/calendar"]
    await services.meeting_changes.call_off(SECRETARY, circle, "Sne")
    office.world.after(minutes=1)
    await office.send()
    off = office.house.to(IDA)[-1].get_body(("plain",))
    assert off is not None and "Sne" in off.get_content()
    told = len(office.house.taken)
    office.world.at(later)
    await office.send()
    assert len(office.house.taken) == told, "nobody is reminded of a meeting that is off"


async def test_addresses_are_forgotten_half_a_year_after_the_year_is_over(office: Office) -> None:
    await office.add(IDA)
    await office.send()
    for moment, left in ((datetime(2029, 3, 30, tzinfo=UTC), 1), (datetime(2029, 4, 3, tzinfo=UTC), 0)):
        await office.services.forgetting.turn(moment)
        shown = await office.services.mail_lists.show(SECRETARY, office.cohort_id, office.scope)
        assert len(shown.listed) == left
    assert await office.states() == {"sent": 1}, "that something was sent is known all the same"


async def test_no_address_is_taken_in_while_no_mail_is_sent(context: Context) -> None:
    world = await polls_world(context)
    with pytest.raises(InvalidInput, match="off"):
        await services_on(context).mail_lists.add(await world.lead(), 1, world.village.key, IDA, YES)


def test_what_could_be_smuggled_into_a_mails_head_is_no_address() -> None:
    good, bad = read_addresses(
        'Ida@Example.dk, <bo@smørum.dk>\nx@y ida@example.dk\r\nBcc:kaj@a.dk a@b.c\x00d.dk "a b"@c.dk'
    )
    assert good == ["ida@example.dk", "bo@xn--smrum-wua.dk"]
    assert "Bcc:kaj@a.dk" in bad and "x@y" in bad and not any("@" in w and w in good for w in bad)


async def test_a_mail_with_a_line_break_in_its_head_is_never_written_and_a_long_address_not_torn(
    office: Office,
) -> None:
    await office.add(IDA)
    (mail,) = await office.services.mail_outbox.claim("w")

    def written(**changes: Any) -> bytes:
        return mime(replace(mail, text=replace(mail.text, **changes)), SENDER)

    far = "https://en-meget-lang-adresse.landsbyer.example/" + "x" * 120
    assert f"List-Unsubscribe: <{far}>\r\n".encode() in written(unsubscribe=far, subject="Ærø " * 40)
    for changes in ({"subject": "Hej\r\nBcc: alle@example.dk"}, {"unsubscribe": "https://a.dk>\r\nBcc: x"}):
        with pytest.raises(ValueError, match=r"linefeed|head"):
            written(**changes)
