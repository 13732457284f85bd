"""People outside Discord come to the conference (S62): a page without script or cookie, seats, and what is deleted."""

import asyncio
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from bot.delivery import web_guests
from bot.delivery.web import Web
from bot.delivery.web_guests import GuestPages, Turnstile
from bot.domain.access import Role
from bot.domain.errors import CompanionError, NotPermitted
from bot.domain.seats import Answer
from bot.messages.guests import Operator, guest_list, own_page, sign_up_page
from bot.services.context import Context
from bot.services.meeting_changes import Meant
from bot.services.registry import services_on
from bot.storage.models import Consent, Delivery, Event, Guest, Person, Rsvp
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
BASE, KEYS = "https://blup.example", ["a" * 32, "b" * 32, "c" * 32]
SUMMER = datetime(2028, 8, 20, 9, tzinfo=UTC)


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    found = await polls_world(replace(context, facts=replace(context.facts, public_url=BASE)))
    await services_on(found.context).planning.refresh()
    found.at(SUMMER)
    return found


async def conference(world: PollsWorld) -> Event:
    async with world.context.database.transaction() as session:
        return (await session.scalars(select(Event).where(Event.code == "EV-M4-KONF"))).one()


async def test_a_guest_signs_up_on_the_page_sees_the_answer_takes_it_back_and_is_gone(
    world: PollsWorld,
) -> None:
    """S62: what is wrong is said above what was written; a second press is one guest; a name is only a name."""
    event, pages = (
        await conference(world),
        GuestPages(world.context, services_on(world.context).guests, Turnstile(6)),
    )
    server = Web(pages.routes(), "127.0.0.1", 0)
    await server.start()
    try:
        async with ClientSession(f"http://127.0.0.1:{server.port}") as browser:
            form = await browser.get(f"/kom/{event.id}")
            shown = await form.text()
            assert (
                "script" not in shown
                and "Set-Cookie" not in form.headers
                and "Det bliver slettet 30 dage" in shown
            )
            assert '<option value="1">Sønder Ørslev (Næstved)</option>' in shown
            key = shown.split('name="key" value="')[1].split('"')[0]
            filled = {"key": key, "name": "Bo <b>Åkjær</b> & *Søn*", "people": "2", "village": "1"}
            wrong = await browser.post(f"/kom/{event.id}", data={**filled, "people": "99"})
            told = await wrong.text()
            assert wrong.status == 400 and "Der kan stå fra 1 til 8." in told and "Bo &lt;b&gt;Åkjær" in told
            elsewhere = {"Sec-Fetch-Site": "cross-site"}
            assert (await browser.post(f"/kom/{event.id}", data=filled, headers=elsewhere)).status == 403
            for _ in range(2):
                mine = await browser.post(f"/kom/{event.id}", data=filled)
                assert mine.url.path == f"/kom/svar/{key}"
            words = await mine.text()
            assert "Tak, Bo &lt;b&gt;Åkjær&lt;/b&gt; &amp; *Søn*. Der er plads til jer 2" in words
            listed = await services_on(world.context).guests.listed(SECRETARY, event.id)
            assert [(guest.people, guest.village) for guest in listed.guests] == [(2, "Sønder Ørslev")]
            assert listed.address == f"{BASE}/kom/{event.id}"
            gone = await browser.post(f"/kom/svar/{key}")
            assert "Jeg har slettet dit navn" in await gone.text()
            for path in (f"/kom/svar/{key}", f"/kom/{event.id + 1}", "/kom/x"):
                assert (await browser.get(path)).status == 404, path
            statuses = [(await browser.post(f"/kom/{event.id}", data={})).status for _ in range(4)]
            assert statuses == [404, 404, 404, 429], "a form without its key, and then too many"
    finally:
        await server.stop()
    async with world.context.database.transaction() as session:
        for table in (Guest, Person, Rsvp, Consent):
            assert await session.scalar(select(func.count()).select_from(table)) == 0, table


async def test_what_is_no_form_is_refused_quietly_and_a_database_away_is_said_in_plain_words(
    world: PollsWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that a stranger sends is a fault of ours in the log, and nothing packed is unpacked."""
    event, guests = await conference(world), services_on(world.context).guests
    server = Web(GuestPages(world.context, guests, Turnstile(9, 2)).routes(), "127.0.0.1", 0)
    await server.start()
    path, plain = f"/kom/{event.id}", "application/x-www-form-urlencoded"
    try:
        async with ClientSession(f"http://127.0.0.1:{server.port}") as browser:

            async def post(data: bytes, **headers: str) -> int:
                return (await browser.post(path, data=data, headers=headers)).status

            assert await post(b"name=a", **{"Content-Type": f"{plain}; charset=foo"}) == 400
            assert await post(b"name=\xff", **{"Content-Type": plain}) == 400
            assert await post(b"x", **{"Content-Type": "multipart/form-data; boundary=a"}) == 400
            packed = zlib.compress(b"name=" + b"a" * 100_000)
            assert await post(packed, **{"Content-Type": plain, "Content-Encoding": "deflate"}) in (400, 404)
            first, other = {"X-Forwarded-For": "203.0.113.9, 192.0.2.7"}, {"X-Forwarded-For": "192.0.2.8"}
            found = [await post(b"name=a", **first) for _ in range(3)]
            assert found == [404, 404, 429], (
                "one machine sends too many, whatever it says before the proxy does"
            )
            assert await post(b"name=a", **other) == 404, "others still may"
            assert (await browser.put(path)).headers["Allow"] == "GET,HEAD,POST"

            monkeypatch.setattr(web_guests, "SLOWEST", 0.05)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {plain}\r\nContent-Length: 9\r\n\r\n"
            writer.write(head.encode())
            assert b" 408 " in await reader.readline(), "a form that never comes holds no place"
            writer.close()

            async def away(_: int) -> None:
                raise OperationalError("", {}, Exception("down"))

            monkeypatch.setattr(guests, "invited", away)
            answer = await browser.get(path)
            assert answer.status == 503 and "Prøv igen om lidt" in await answer.text()
    finally:
        await server.stop()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_the_pages_say_that_a_meeting_is_off_and_offer_nothing_when_it_is_over(
    world: PollsWorld,
) -> None:
    event, services = await conference(world), services_on(world.context)
    by, texts = Operator("BLUP-sekretariatet", "12 34 56 78", "da"), world.context.texts
    await services.guests.sign_up(event.id, KEYS[0], "Bo Åkjær", "2")

    async def pages() -> tuple[str, str]:
        asked, own = await services.guests.invited(event.id), await services.guests.own(KEYS[0])
        assert asked is not None and own is not None
        return sign_up_page(texts, asked, by), own_page(texts, own, by)

    assert all("<button" in page and "aflyst" not in page for page in await pages())
    await services.meeting_changes.call_off(SECRETARY, event.id, "Storm")
    assert all("<button" not in page and "desværre aflyst" in page for page in await pages())
    await services.meeting_changes.bring_back(SECRETARY, event.id)
    world.at(event.ends_at)
    form, own = await pages()
    assert "Man kan ikke skrive sig på mere" in form and "tryk på knappen" not in own and "<button" not in own


async def test_the_secretariats_list_holds_whatever_names_people_write(world: PollsWorld) -> None:
    """Twenty-five names of eighty signs fit in a message; a link is no name, nor are marks without letters."""
    event, guests = await conference(world), services_on(world.context).guests
    for number in range(25):
        await guests.sign_up(event.id, f"{number:032}", f"A{number:02}A" + "*" * 76, "8", "1")
    said = guest_list(world.context.texts, await guests.listed(SECRETARY, event.id))
    assert len(said.text) <= 2000 and said.text.count("\n- ") == 25 and len(said.menus[0].choices) == 25
    for name in ("Se https://ondt.example", "\u0301" * 9, "\u202e\u200b"):
        with pytest.raises(CompanionError) as wrong:
            await guests.sign_up(event.id, KEYS[0], name, "1")
        assert wrong.value.key == "error_guests.name"


async def test_guests_take_seats_and_wait_like_everybody_and_only_the_number_is_kept_after_thirty_days(
    world: PollsWorld,
) -> None:
    services, event = services_on(world.context), await conference(world)
    guests, vibe = services.guests, await world.person("Vibe", Role.VILLAGER)
    await services.meeting_changes.set_seats(SECRETARY, Meant(event.cohort_id, event.code), 4)
    await guests.sign_up(event.id, KEYS[0], "Bo", "3", "2")
    await services.people.answer_meeting(vibe, event.id, Answer.YES, world.village.key)
    await guests.sign_up(event.id, KEYS[1], "Kaj", "1")
    assert (waits := await guests.own(KEYS[1])) is not None and waits.waits_as == 1
    invited = await guests.invited(event.id)
    assert invited is not None and invited.left == 0
    with pytest.raises(NotPermitted):
        await guests.listed(vibe, event.id)
    with pytest.raises(NotPermitted):
        await guests.add(vibe, event.id, "Per", "1")
    rang = await guests.add(SECRETARY, event.id, "Per", "2")
    said = guest_list(world.context.texts, rang)
    assert (
        "3 har en plads. 3 står på venteliste.\nDe skriver sig på her: https" in said.text
        and "- Bo, 3 (Ålby)" in said.text
    )
    assert [button.action for button in said.buttons] == ["guest_add"] and len(said.menus[0].choices) == 3
    bo = next(guest for guest in rang.guests if guest.name == "Bo")
    await guests.remove(SECRETARY, event.id, bo.id)
    assert (moved := await guests.own(KEYS[1])) is not None and moved.waits_as is None
    async with world.context.database.transaction() as session:
        assert not (await session.scalars(select(Delivery).where(Delivery.kind == "waiting_list"))).all()
    for wrong in (
        guests.sign_up(event.id, KEYS[2], " x ", "1"),
        guests.sign_up(event.id, KEYS[2], "Åge", "9"),
    ):
        with pytest.raises(CompanionError):
            await wrong
    card = await services.meeting_cards.card(SECRETARY, event.id)
    assert (card.keeps_guests, card.people) == (True, 4)
    assert not (await services.meeting_cards.card(vibe, event.id)).keeps_guests

    await services.forgetting.turn(event.ends_at + timedelta(days=29))
    assert await guests.own(KEYS[1]) is not None
    await services.forgetting.turn(event.ends_at + timedelta(days=31))
    assert await guests.own(KEYS[1]) is None
    async with world.context.database.transaction() as session:
        names = (await session.scalars(select(Person.display_name))).all()
        assert (names, (await session.get_one(Event, event.id)).said_yes) == (["Vibe"], 4)
    world.at(event.ends_at + timedelta(minutes=1))
    with pytest.raises(CompanionError) as late:
        await guests.sign_up(event.id, KEYS[2], "Åge", "1")
    assert late.value.key == "error_guests.closed"


async def test_a_text_to_share_has_the_pages_address_or_says_to_ring(
    world: PollsWorld, context: Context
) -> None:
    event = await conference(world)
    async with world.context.database.transaction() as session:
        row = (
            await session.scalars(select(Delivery).where(Delivery.key == "EV-M4-KONF:share:village:1"))
        ).one()
        shown = await services_on(world.context).outbox._composer.compose(session, row)
        without = await services_on(context).outbox._composer.compose(session, row)
    assert shown is not None and shown.text.endswith(f"Skriv dig på her: {BASE}/kom/{event.id}")
    assert not GuestPages(context, services_on(context).guests).routes(), "and then there is no page"
    assert without is not None and without.text.endswith("og skriv dig på.") and "http" not in without.text
