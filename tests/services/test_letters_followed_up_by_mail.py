"""Extra letters, corrections and withdrawals by e-mail: each exactly as often as planned, whatever breaks (S05)."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from bot.domain.audience import Audience, Target
from bot.domain.errors import Conflict
from bot.domain.receipts import MailCount
from bot.messages.receipts import account
from bot.services.places import village_key
from bot.services.registry import services_on
from bot.storage.models import Delivery, Mail, Municipality, Village
from tests.support.databases import BACKENDS
from tests.support.mail_office import BO, IDA, KAJ, YES, Office
from tests.support.polls_world import SECRETARY

FIRST = "Nyhedsbrev 1: Hvem skal med?"
LATER = datetime(2027, 10, 15, 9, tzinfo=UTC)
BODY = "Kære {{ village }}.\n\nVi ses klokken 19.\n\n- Tag en kage med"


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database: SQLite, unless a story asks for both."""
    return str(getattr(request, "param", "sqlite"))


def _subjects(office: Office, address: str) -> list[str]:
    return [mail["Subject"] for mail in office.house.to(address)]


def _plain(office: Office, address: str) -> str:
    body = office.house.to(address)[-1].get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


async def _rewrite(office: Office, code: str, title: str, body: str, *, tell: bool = True) -> None:
    """Write a letter anew, approve it, and have what went out corrected."""
    versions, actor = office.services.letter_versions, SECRETARY
    letter, base = await versions.text_of(actor, office.cohort_id, code)
    saved = await versions.save(actor, office.cohort_id, code, base, title, body, letter.next_steps)
    desk = office.services.letter_desk
    done = await desk.approve(actor, office.cohort_id, code, saved.number, "Det haster")
    assert done.approved, done.remarks
    if tell:
        await office.services.corrections.correct(actor, office.cohort_id, code)


async def test_an_extra_letter_goes_by_mail_to_its_audience_is_corrected_and_taken_back(
    office: Office,
) -> None:
    services, cohort_id, village = office.services, office.cohort_id, office.world.village.village
    extra, context, neighbour = services.extra_letters, office.world.context, office.world.neighbour.village
    assert village is not None and neighbour is not None
    async with context.database.transaction() as session:  # one comes later, and has no Discord at all
        await session.execute(update(Village).where(Village.id == neighbour.id).values(agreed_at=None))
        await session.execute(
            update(Municipality).where(Municipality.id == neighbour.municipality_id).values(discord=False)
        )
    await office.add(IDA)
    municipality = f"municipality:{village.municipality_id}"
    await services.mail_lists.add(SECRETARY, cohort_id, municipality, KAJ, YES)
    code = await extra.write(
        SECRETARY, cohort_id, Audience(Target.EVERYBODY), "Sommerfest", BODY, "15-10-2027 kl. 11"
    )
    await services.letter_desk.approve(SECRETARY, cohort_id, code, 1, "Det haster")
    assert (await extra.forecast(SECRETARY, cohort_id, code)).by_mail == 2
    await extra.send(SECRETARY, cohort_id, code)
    await extra.cancel(SECRETARY, cohort_id, code)
    assert await extra.send(SECRETARY, cohort_id, code) == LATER

    async with context.database.transaction() as session:
        (await session.get_one(Village, neighbour.id)).agreed_at = office.world.now
    place = village_key(neighbour.id)
    await services.mail_lists.add(SECRETARY, cohort_id, place, BO, YES)
    await services.planning.refresh()
    office.house.codes = {BO: 451}
    for _ in range(2):
        office.world.at(LATER)
        await office.send()
        await services.planning.refresh()
    for address in (IDA, KAJ):
        assert _subjects(office, address).count("Sommerfest") == 1
        assert "Kære Sønder Ørslev" in _plain(office, address) and "i en mail" not in _plain(office, address)
    async with context.database.transaction() as session:
        joined = await session.scalar(select(Delivery.key).where(Delivery.key == f"{code}:{place}"))
        assert joined, "a place that joins before it goes out belongs to it, and one without Discord by mail"
    with pytest.raises(Conflict, match="already_sent"):
        await extra.send(SECRETARY, cohort_id, code)

    office.house.codes = {}
    for _ in range(2):
        await _rewrite(office, code, "Sommerfest", BODY.replace("19", "18"))
        office.services = services = services_on(context)  # as after a restart
        await office.send()
    office.world.after(minutes=6)
    await office.send()
    first, told = office.house.to(IDA)[-2:]
    assert told["In-Reply-To"] == told["References"] == first["Message-ID"] != told["Message-ID"]
    assert told["List-Unsubscribe"] and _subjects(office, IDA)[-1] == "Rettet: Sommerfest"
    assert "Det her er nyt:\n\n- Vi ses klokken 18.\n\nHele brevet" in _plain(office, IDA)
    assert "Kære Sønder Ørslev" in _plain(office, IDA) and "klokken 19" not in _plain(office, IDA)
    assert _subjects(office, BO)[-1] == "Sommerfest" and "klokken 18" in _plain(office, BO), (
        "it had not got it"
    )

    await services.corrections.withdraw(SECRETARY, cohort_id, code)
    for _ in range(2):
        await office.send()
        office.world.after(minutes=6)
    for address in (IDA, KAJ, BO):
        mine = [subject for subject in _subjects(office, address) if "Sommerfest" in subject]
        corrected = [] if address == BO else ["Rettet: Sommerfest"]
        assert mine == ["Sommerfest", *corrected, "Trukket tilbage: Sommerfest"]
    accounts = services.letter_accounts
    assert (await accounts.of(SECRETARY, cohort_id, code)).by_mail == MailCount(sent=3)
    done = await accounts.of(SECRETARY, cohort_id, code, "correction")
    said = account(context.texts, done.title, done.posts, None, done.by_mail).text
    assert said.endswith("På e-mail: 2 har fået det.")
    assert "gælder ikke" in _plain(office, KAJ) and "12 34 56 78" in _plain(office, KAJ)


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
async def test_a_letter_in_the_air_when_it_is_corrected_arrives_once_and_its_correction_once(
    office: Office,
) -> None:
    await office.add(IDA)
    office.house.hangs_up_after_data = True
    await office.send()
    office.house.hangs_up_after_data = False
    body = (await office.services.letter_versions.text_of(SECRETARY, office.cohort_id, "NL-V01"))[0].body
    await _rewrite(office, "NL-V01", FIRST, f"{body}\n\nKom en halv time før.")
    await office.send()
    assert len(office.house.taken) == 1, "the correction waits until it is known what became of the letter"
    for _ in range(3):
        office.world.after(minutes=6)
        await office.send()
    first, again, told = office.house.to(IDA)
    assert first["Message-ID"] == again["Message-ID"] == told["References"]
    assert told["Subject"] == f"Rettet: {FIRST}" and "- Kom en halv time før." in _plain(office, IDA)

    await _rewrite(office, "NL-V01", FIRST, f"{body}\n\nKom en hel time før.")
    (claimed,) = await office.services.mail_outbox.claim("killed")
    office.world.after(minutes=6)
    await office.send()
    assert office.house.to(IDA)[-1]["Message-ID"] == claimed.message_id, (
        "a kill in the middle of a correction loses nothing"
    )
    assert len(office.house.taken) == 4 and await office.states() == {"sent": 3}


async def test_sending_ahead_of_time_hurries_the_mails_too(office: Office) -> None:
    services, cohort_id, village = office.services, office.cohort_id, office.world.village.village
    assert village is not None
    await office.add(IDA)
    await services.mail_lists.add(SECRETARY, cohort_id, f"municipality:{village.municipality_id}", KAJ, YES)
    await services.planning.refresh()
    seen = await services.newsletters.forecast(SECRETARY, cohort_id, "NL-V02", 0, village.id)
    assert seen.by_mail == 1, "whoever reads for the whole municipality is not hurried by one village"
    await services.newsletters.send(SECRETARY, cohort_id, "NL-V02", village_id=village.id)
    await office.send()
    second = (await services.newsletters.preview(SECRETARY, cohort_id, "NL-V02")).splitlines()[0].strip("*")
    assert second in _subjects(office, IDA) and second not in _subjects(office, KAJ)
    await services.cohorts.use_discord(SECRETARY, village.municipality_id, uses=False)
    seen = await services.newsletters.forecast(SECRETARY, cohort_id, "NL-V02", village.municipality_id, 0)
    assert (seen.channels, seen.by_mail) == ([], 1)
    await services.newsletters.send(SECRETARY, cohort_id, "NL-V02", village.municipality_id)
    await office.send()
    assert _subjects(office, KAJ).count(second) == 1 and _subjects(office, IDA).count(second) == 1
    with pytest.raises(Conflict, match="already_sent"):
        await services.newsletters.send(SECRETARY, cohort_id, "NL-V02", village.municipality_id)
    async with office.world.context.database.transaction() as session:
        rows = await session.scalars(select(Mail).where(Mail.key.startswith("NL-V02:")))
        assert {row.state for row in rows} == {"sent"}
    office.world.after(days=1)
    await services.planning.refresh()
    await office.send()
    assert _subjects(office, IDA).count(second) == 1
