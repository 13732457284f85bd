"""The newsletter desk told on SQLite and PostgreSQL: versions, approval, faults, videos (S05, S06)."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.access import Role
from bot.domain.errors import Conflict, InvalidInput, NotPermitted
from bot.domain.receipts import Trouble
from bot.services import letter_desk_posts
from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.links import https_link
from bot.services.places import place_of
from bot.services.registry import Services, services_on
from bot.services.videos import Verdict, VideoForm
from bot.storage.models import Cohort, DiscordPlace, Event, Letter, LetterVersion
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

LETTER_COMES = datetime(2027, 10, 14, 8, tzinfo=UTC)
DAY_AFTER_CIRCLE = datetime(2027, 10, 27, 9, tzinfo=UTC)


class Desk:
    """A cohort whose villages have their channels, and its letters."""

    def __init__(self, world: PollsWorld, services: Services, cohort_id: int) -> None:
        self.world, self.services, self.cohort_id = world, services, cohort_id

    async def posted(self) -> dict[str, str]:
        """Send what is due. Returns the texts by key."""
        found: dict[str, str] = {}
        quiet = 0  # what is held plans a post of its own, which the next look finds
        while quiet < 2:
            batch = await self.services.outbox.claim("worker")
            for post in batch.ready:
                found[post.key] = post.message.text
                await self.services.outbox.sent(post.delivery_id, post.channel_id, 9000 + post.delivery_id)
            quiet = 0 if batch.ready or batch.more else quiet + 1
        return found


@pytest.fixture
async def desk(context: Context) -> Desk:
    world = await polls_world(context)
    async with context.database.transaction() as session:
        cohort = (await session.scalars(select(Cohort))).one()
        places = ("village:1", "village:2", "group:1", "secretariat")
        session.add_all(DiscordPlace(key=key, discord_id=500 + n) for n, key in enumerate(places))
    return Desk(world, services_on(context), cohort.id)


async def test_a_stored_version_is_what_goes_out_and_what_the_next_steps_and_the_thanks_tell(
    desk: Desk,
) -> None:
    world, services = desk.world, desk.services
    letters = Letters(world.context)
    async with world.context.database.transaction() as session:
        for code in ("NL-V01", "NL-V02"):
            row = Letter(cohort_id=desk.cohort_id, code=code, state="approved", approved_version=1)
            session.add(row)
            await session.flush()
            session.add(
                LetterVersion(
                    letter_id=row.id, number=1, title=f"Nyt om {code}", body="Kære {{ village }}. Kom med.",
                    next_steps=["Bag en kage", "Ring til en nabo"], written_at=world.now,
                )
            )  # fmt: skip
        session.add(
            LetterVersion(
                letter_id=row.id, number=2, title="Lagt til side", body="Nej", next_steps=["Nej", "Nej"],
                aside=True, written_at=world.now,
            )
        )  # fmt: skip
    async with world.context.database.transaction() as session:
        assert (await letters.current(session, desk.cohort_id, "NL-V02")).title == "Nyt om NL-V02"
        assert await letters.version(session, desk.cohort_id, "NL-V02") == 1
        assert await letters.version(session, desk.cohort_id, "NL-V03") == 0
    world.at(LETTER_COMES)
    await services.planning.refresh(desk.cohort_id)
    await services.newsletters.send(SECRETARY, desk.cohort_id, "nl-v01")
    text = (await desk.posted())["NL-V01:village:1"]
    assert text == "**Nyt om NL-V01**\n\nKære Sønder Ørslev. Kom med."
    async with world.context.database.transaction() as session:
        place = await place_of(session, "village:1")
    steps = await services.newsletters.next_steps(place)
    assert steps is not None and steps.letter.next_steps == ("Bag en kage", "Ring til en nabo")
    world.at(DAY_AFTER_CIRCLE)
    assert "Bag en kage" in (await desk.posted())["VC01:thanks:village:1"]


async def test_a_letter_nobody_has_approved_is_brought_up_held_and_let_go_by_its_approval(desk: Desk) -> None:
    world, services, cohort_id = desk.world, desk.services, desk.cohort_id
    await services.planning.refresh(cohort_id)
    status = next(s for s in (await services.letter_desk.board(SECRETARY, cohort_id)).letters)
    assert (status.letter.id, status.standing, status.needs_approval) == ("NL-C01", "draft", True)
    world.at(LETTER_COMES - timedelta(days=5, hours=-1))
    posted = await desk.posted()
    (warned,) = [text for key, text in posted.items() if key.startswith("letter:NL-V01:ahead5")]
    assert "ikke godkendt endnu" in warned and "torsdag den 14. oktober" in warned
    with pytest.raises(Conflict) as unapproved:
        await services.newsletters.send(SECRETARY, cohort_id, "NL-V01")
    assert unapproved.value.key == "error.letter_not_approved"
    world.at(LETTER_COMES)
    posted = await desk.posted()
    assert "NL-V01:village:1" not in posted
    (told,) = [text for key, text in posted.items() if key.startswith("letter:NL-V01:held")]
    assert "holder det tilbage" in told
    receipt = {r.key: r for r in (await services.letter_accounts.of(SECRETARY, cohort_id, "NL-V01")).posts}
    assert receipt["NL-V01:village:1"].trouble is Trouble.NOT_APPROVED
    lead = await world.lead()
    with pytest.raises(NotPermitted):
        await services.letter_desk.approve(lead, cohort_id, "NL-V01", 0)
    doubted = await services.letter_desk.approve(SECRETARY, cohort_id, "NL-V01", 0)
    assert not doubted.approved and {r.finding.code for r in doubted.remarks} == {"no_video"}
    done = await services.letter_desk.approve(SECRETARY, cohort_id, "NL-V01", 0, "Videoen kommer senere")
    assert (done.approved, done.let_go) == (True, 2)
    assert {"NL-V01:village:1", "NL-V01:village:2"} <= set(await desk.posted())
    card = await services.letter_desk.card(SECRETARY, cohort_id, "NL-V01")
    assert (card.status.standing, card.because) == ("sent", "Videoen kommer senere")
    await services.letter_desk.approve(SECRETARY, cohort_id, "NL-V02", 0, "Videoen kommer senere")
    await services.letter_desk.reopen(SECRETARY, cohort_id, "NL-V02")
    async with world.context.database.transaction() as session:
        event = (await session.scalars(select(Event).where(Event.code == "VC02"))).one()
    assert event.newsletter_at is not None
    world.at(event.newsletter_at)
    assert "NL-V02:village:1" not in await desk.posted()
    world.at(event.starts_at)
    posted = await desk.posted()
    assert any(key.startswith("letter:NL-V02:gone") for key in posted) and "NL-V02:village:1" not in posted
    gone = {r.key: r.state for r in (await services.letter_accounts.of(SECRETARY, cohort_id, "NL-V02")).posts}
    assert gone["NL-V02:village:1"] == "stale"


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)  # SQLite has one writer anyway
async def test_a_letter_approved_while_a_claim_looks_at_it_goes_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, tell, holds = desk.services, letter_desk_posts.tell_of_letter, asyncio.Event()
    await services.planning.refresh(desk.cohort_id)
    await services.letter_desk.check(SECRETARY, desk.cohort_id, "NL-V01")  # the dictionary is read once
    desk.world.at(LETTER_COMES)

    async def slowly(*what: Any) -> None:
        if not holds.is_set():
            holds.set()
            await asyncio.wait({approval}, timeout=0.3)
        await tell(*what)

    async def approved() -> int:
        await holds.wait()
        because = "Videoen kommer senere"
        return (await services.letter_desk.approve(SECRETARY, desk.cohort_id, "NL-V01", 0, because)).let_go

    monkeypatch.setattr(letter_desk_posts, "tell_of_letter", slowly)
    approval = asyncio.create_task(approved())
    posted = set(await desk.posted())
    assert holds.is_set() and await approval == 2
    assert {"NL-V01:village:1", "NL-V01:village:2"} <= posted | set(await desk.posted())


async def test_what_is_typed_is_kept_checked_and_measured_before_anybody_gets_it(desk: Desk) -> None:
    world, services, cohort_id = desk.world, desk.services, desk.cohort_id
    versions, actor = services.letter_versions, await world.person("Sys", Role.SECRETARIAT)
    letter, base = await versions.text_of(actor, cohort_id, "NL-V01")

    async def written(body: str, base: int, steps: Sequence[str] = letter.next_steps) -> tuple[int, set[str]]:
        saved = await versions.save(actor, cohort_id, "NL-V01", base, letter.title, body, steps)
        _, remarks = await services.letter_desk.check(actor, cohort_id, "NL-V01")
        return saved.number, {r.finding.code for r in remarks if not r.only_told} - {"no_video"}

    assert await written(letter.body, base) == (0, set())
    broken = letter.body + "\n{{ landsby }} {{ circle.dato }} {{ event('EV-X').date }}"
    assert await written(broken, 0) == (1, {"unknown_placeholder", "unknown_part", "unknown_meeting"})
    assert await written(letter.body + "\n{% for n in [1, 2] %}x{% endfor %}", 1) == (
        2,
        {"template_complex", "unknown_placeholder"},
    )
    refused = await services.letter_desk.approve(actor, cohort_id, "NL-V01", 2, "Det haster")
    assert not refused.approved and any(r.stops for r in refused.remarks)
    assert await written("Kære {{ village }}. " + "Vi ses. " * 249, 2) == (3, {"too_long", "chars"})
    assert await written(letter.body + "\n[Se her](http://blup.dk)", 3) == (4, {"bad_link"})
    assert await written(letter.body + "\nVi evaluerer jeres feedbak.", 4) == (5, {"banned", "spelling"})
    assert await written(letter.body, 5, ["Bag en kage"]) == (6, {"steps_count"})
    with pytest.raises(Conflict):
        await services.letter_desk.approve(actor, cohort_id, "NL-V01", 5, "Set igennem")

    other = await versions.save(actor, cohort_id, "NL-V01", 5, "En anden overskrift", "Kære alle", ["A", "B"])
    assert (other.number, other.aside, other.other) == (7, True, 6)
    assert (await versions.text_of(actor, cohort_id, "NL-V01"))[1] == 6
    history = await versions.history(actor, cohort_id, "NL-V01")
    assert [(v.number, v.writer, v.aside) for v in history[:2]] == [(7, "Sys", True), (6, "Sys", False)]
    found = await versions.compare(actor, cohort_id, "NL-V01", 0)
    assert [line.text for line in found.lines if line.sign == "+"] == ["Bag en kage"]
    assert (await versions.take(actor, cohort_id, "NL-V01", 7)).number == 8
    assert (await versions.text_of(actor, cohort_id, "NL-V01"))[0].title == "En anden overskrift"
    with pytest.raises(NotPermitted):
        await versions.save(await world.lead(), cohort_id, "NL-V01", 8, "Nej", "Nej", [])


async def test_a_tick_stays_with_its_step_and_is_counted_without_names(desk: Desk) -> None:
    world, services, cohort_id = desk.world, desk.services, desk.cohort_id
    world.at(LETTER_COMES)
    await services.planning.refresh(cohort_id)
    await services.letter_desk.approve(SECRETARY, cohort_id, "NL-V01", 0, "Videoen kommer senere")
    await desk.posted()
    letter, base = await services.letter_versions.text_of(SECRETARY, cohort_id, "NL-V01")
    lead, tick = await world.lead(), services.newsletters.tick
    for step in (0, 1, 2):  # several around a table press the same at once
        await asyncio.gather(*(tick(lead, world.village, "NL-V01", step) for _ in range(4)))
    await tick(lead, world.village, "NL-V01", 2, done=False)
    moved = ["Noget nyt", letter.next_steps[0]]
    await services.letter_versions.save(
        SECRETARY, cohort_id, "NL-V01", base, letter.title, letter.body, moved
    )
    steps = await services.newsletters.next_steps(world.village, "NL-V01")
    assert steps is not None and steps.letter.next_steps == letter.next_steps and steps.done == {0, 1}
    await services.letter_desk.approve(SECRETARY, cohort_id, "NL-V01", base + 1, "Videoen kommer senere")
    steps = await services.newsletters.next_steps(world.village, "NL-V01")
    assert steps is not None and steps.done == {1}
    _, places, counts = await services.letter_desk.steps(SECRETARY, cohort_id, "NL-V01")
    assert (places, [(count.step, count.places) for count in counts]) == (
        2,
        [("Noget nyt", 0), (moved[1], 1)],
    )


class Net:
    """Links by what a look at them finds; what it does not know cannot be looked at."""

    def __init__(self) -> None:
        self.known: dict[str, Verdict] = {}

    async def look(self, url: str) -> Verdict:
        return self.known.get(url, Verdict.UNKNOWN)


async def test_a_letters_slots_are_filled_from_a_library_that_knows_dead_links(desk: Desk) -> None:
    world, services, cohort_id = desk.world, desk.services, desk.cohort_id
    net, videos = Net(), services.videos
    videos.probe = net
    net.known = {
        "https://v.dk/dead": Verdict.DEAD,
        "https://v.dk/a": Verdict.ALIVE,
        "https://10.0.0.1/": Verdict.INTERNAL,
    }
    for half in (
        "https://",
        "https:///a",
        "https://localhost/a",
        "https://navn:kode@v.dk/a",
        "https://v.dk:x",
    ):
        with pytest.raises(InvalidInput):
            https_link(half)
    assert https_link(" Https://møde.dk/Å ") == "https://møde.dk/Å", "as a telephone writes it"
    for link, why in (("http://v.dk/a", "error.link"), ("https://v.dk/dead", "error.link_dead"),
                      ("https://10.0.0.1/", "error.link_internal")):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            await videos.save(SECRETARY, VideoForm("Sådan", link, "5", subtitles=True))
        assert refused.value.key == why
    with pytest.raises(InvalidInput) as too_long:
        await videos.save(SECRETARY, VideoForm("Sådan", "https://v.dk/a", "90", subtitles=True))
    assert too_long.value.key == "error.video_minutes"
    with pytest.raises(NotPermitted):
        await videos.save(await world.lead(), VideoForm("Sådan", "https://v.dk/a", "5", subtitles=True))

    spoken, seen = await videos.save(SECRETARY, VideoForm("Spørg rundt", "https://v.dk/a", "5", True, "VC01"))
    silent, unseen = await videos.save(SECRETARY, VideoForm("Uden ord", "https://v.dk/b", "3", False))
    assert (seen, unseen) == (Verdict.ALIVE, Verdict.UNKNOWN), "offline is not dead"
    assert [video.id for video in await videos.library(SECRETARY, "VC01")] == [spoken.id, silent.id]
    await videos.fill(SECRETARY, cohort_id, "NL-V01", 1, spoken.id)
    await videos.fill(SECRETARY, cohort_id, "NL-V01", 2, silent.id)
    text = await services.newsletters.preview(SECRETARY, cohort_id, "NL-V01")
    assert "Spørg rundt" in text and "(https://v.dk/b)" in text
    _, remarks = await services.letter_desk.check(SECRETARY, cohort_id, "NL-V01")
    assert [remark.finding.code for remark in remarks] == ["no_subtitles"]
    net.known["https://v.dk/a"] = Verdict.DEAD
    dead, unseen_now = await videos.look_again(SECRETARY)
    assert ([video.title for video in dead], unseen_now) == (["Spørg rundt"], 1)
    _, remarks = await services.letter_desk.check(SECRETARY, cohort_id, "NL-V01")
    assert {remark.finding.code for remark in remarks} == {"dead_video", "no_subtitles"}
    with pytest.raises(InvalidInput):
        await videos.fill(SECRETARY, cohort_id, "NL-V02", 1, spoken.id)
    letter, base = await services.letter_versions.text_of(SECRETARY, cohort_id, "NL-V01")
    full = letter.body + "\n" + "x" * (1900 - len(text))
    await services.letter_versions.save(
        SECRETARY, cohort_id, "NL-V01", base, letter.title, full, letter.next_steps
    )
    with pytest.raises(InvalidInput) as long:
        await videos.save(
            SECRETARY, VideoForm("Spørg rundt", f"https://v.dk/{'c' * 300}", "4", True), spoken.id
        )
    assert long.value.key == "error.link_long" and (await videos.one(SECRETARY, spoken.id)).minutes == 5
    await videos.save(SECRETARY, VideoForm("Spørg rundt", "https://v.dk/c", "4", True), spoken.id)
    _, slots = await videos.slots(SECRETARY, cohort_id, "NL-V01")
    assert [(slot.url, slot.minutes) for slot in slots] == [("https://v.dk/c", 4), ("https://v.dk/b", 3)]
    await videos.drop(SECRETARY, silent.id)
    await videos.fill(SECRETARY, cohort_id, "NL-V01", 1, 0)
    _, slots = await videos.slots(SECRETARY, cohort_id, "NL-V01")
    assert [slot.url for slot in slots] == [None, "https://v.dk/b"], (
        "what was dropped stays in letters that have it"
    )
