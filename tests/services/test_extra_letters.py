"""Letters outside the calendar: for whom, now or later, stopped, sent, corrected and taken back (S05)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.domain.access import Actor, Role
from bot.domain.audience import Audience, Target, own_phase, own_state, states_of
from bot.domain.errors import CompanionError, NotPermitted
from bot.services.context import Context
from bot.services.registry import Services, services_on
from bot.services.village_states import follow_gates
from bot.storage.models import Delivery, DiscordPlace, MilestoneState, Village
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
EVENING = datetime(2027, 10, 14, 20, tzinfo=UTC)  # 22.00 in Denmark, when nothing is posted
MORNING = datetime(2027, 10, 15, 6, tzinfo=UTC)
BODY = "Kære {{ village }}. Vi ses. Ring på {{ phone }}, hvis du er i tvivl."


class Desk:
    """Three villages with channels, and what the secretariat does there."""

    def __init__(self, world: PollsWorld, services: Services) -> None:
        self.world, self.services, self.extra = world, services, services.extra_letters

    async def posted(self) -> dict[str, str]:
        """Send what is due. Returns the texts by key."""
        found: dict[str, str] = {}
        while ready := (await self.services.outbox.claim("worker")).ready:
            for post in ready:
                found[post.key] = post.message.text
                if post.edits is not None:
                    await self.services.outbox.edited(post.delivery_id, stands=True)
                else:
                    await self.services.outbox.sent(
                        post.delivery_id, post.channel_id, 9000 + post.delivery_id
                    )
        return found

    async def write(self, audience: Audience, at: str = "", by: Actor = SECRETARY) -> str:
        return await self.extra.write(by, 1, audience, "Sommerfest", BODY, at)

    async def approve(self, code: str, version: int = 1) -> None:
        done = await self.services.letter_desk.approve(SECRETARY, 1, code, version, "Det haster")
        assert done.approved, done.remarks

    async def refused(self, do: str, code: str) -> str:
        with pytest.raises(CompanionError) as refused:
            await getattr(self.extra, do)(SECRETARY, 1, code)
        return refused.value.key

    async def states(self, code: str) -> dict[str, str]:
        async with self.world.context.database.transaction() as session:
            query = select(Delivery.place_key, Delivery.state).where(Delivery.key.startswith(f"{code}:"))
            return dict((await session.execute(query)).all())


@pytest.fixture
async def desk(context: Context) -> Desk:
    world = await polls_world(context, names=("Agerby", "Bøgelund", "Ålby"))
    async with context.database.transaction() as session:
        places = ("secretariat", "village:1", "village:2", "village:3", "group:1")
        session.add_all(DiscordPlace(key=key, discord_id=500 + n) for n, key in enumerate(places))
        session.add(
            MilestoneState(cohort_id=1, village_id=2, scope_key="village:2", code="OP-08", state="reached")
        )
        await follow_gates(session, context, 2)
    world.at(EVENING)
    return Desk(world, services_on(context))


async def test_an_extra_letter_is_written_approved_stopped_planned_sent_corrected_and_taken_back(
    desk: Desk,
) -> None:
    everybody = Audience(Target.EVERYBODY)
    with pytest.raises(NotPermitted):
        await desk.write(everybody, by=await desk.world.person("Ane", Role.PANEL))
    with pytest.raises(CompanionError) as passed:
        await desk.write(everybody, "13-10-2027 kl. 10")
    assert passed.value.key == "error.date_passed"
    code = await desk.write(everybody)
    assert await desk.refused("send", code) == "error.letter_not_approved"
    seen = await desk.extra.forecast(SECRETARY, 1, code)
    assert (len(seen.channels), seen.begins_at, seen.may_go) == (4, MORNING, False), (
        "nothing goes out at night"
    )
    await desk.approve(code)
    board = {
        status.letter.id: status for status in (await desk.services.letter_desk.board(SECRETARY, 1)).letters
    }
    assert (board[code].letter.title, board[code].standing) == ("Sommerfest", "approved")

    assert await desk.extra.send(SECRETARY, 1, code) == MORNING
    assert await desk.refused("send", code) == "error.letter_already_sent"
    stopped = await desk.extra.cancel(SECRETARY, 1, code)
    assert (stopped.stopped, stopped.gone) == (4, 0)
    assert await desk.refused("cancel", code) == "error.letter_not_waiting"
    desk.world.at(MORNING)
    assert not any(key.startswith(code) for key in await desk.posted())
    lead, sheets = await desk.world.lead(), desk.services.letter_sheets
    with pytest.raises(CompanionError, match="not_found"):
        await sheets.printed(lead, "village:1", code)
    assert code not in await desk.services.letter_titles.all(lead)
    assert (await desk.services.letter_titles.all(SECRETARY))[code] == "Sommerfest"
    assert code in await desk.services.letter_titles.codes()

    await desk.extra.send(SECRETARY, 1, code)
    async with desk.world.context.database.transaction() as session:
        await session.execute(update(Village).where(Village.id == 3).values(agreed_at=None))  # it leaves
    await desk.services.planning.refresh()
    texts = await desk.posted()
    assert texts[f"{code}:village:1"] == (
        "**Sommerfest**\n\nKære Agerby. Vi ses. Ring på 12 34 56 78, hvis du er i tvivl.")  # fmt: skip
    assert await desk.states(code) == {
        "village:1": "sent", "village:2": "sent", "village:3": "not_needed", "group:1": "sent"}  # fmt: skip
    desk.world.after(minutes=1)
    assert "»Sommerfest« er sendt. 3 kanaler har fået det." in (await desk.posted()).values()

    await desk.services.letter_versions.save(
        SECRETARY, 1, code, 1, "Sommerfest", BODY.replace("Vi ses", "Kom nu"), ()
    )
    await desk.approve(code, 2)
    assert (await desk.services.corrections.correct(SECRETARY, 1, code)).out == 3
    (changed,) = [
        text
        for key, text in (await desk.posted()).items()
        if key.endswith(f"{code}:village:1:20271015T060100")
    ]
    assert "Kom nu" in changed and changed.endswith(
        "Rettet fredag den 15. oktober kl. 8.01.".replace(" 8.", " 08.")
    )
    printed, _ = await sheets.printed(lead, "village:1")
    assert (printed.code, printed.meeting) == (code, None) and "Kom nu" in printed.text, "as it was corrected"
    await desk.services.corrections.withdraw(SECRETARY, 1, code)
    await desk.posted()
    assert set((await desk.states(code)).values()) == {"withdrawn", "not_needed"}
    assert await desk.refused("send", code) == "error.letter_withdrawn"


async def test_a_letter_whose_time_comes_before_anybody_lets_it_go_is_brought_up_once(desk: Desk) -> None:
    soon = "15-10-2027 kl. 12"
    forgotten, let_go, stopped = [await desk.write(Audience(Target.EVERYBODY), soon) for _ in range(3)]
    for code in (let_go, stopped):
        await desk.approve(code)
        await desk.extra.send(SECRETARY, 1, code)
    await desk.extra.cancel(SECRETARY, 1, stopped)
    desk.world.at(datetime(2027, 10, 15, 10, 1, tzinfo=UTC))
    told = {key: text for key, text in (await desk.posted()).items() if ":unsent:" in key}
    assert list(told) == [f"letter:{forgotten}:unsent:1"]
    assert "skulle være sendt fredag den 15. oktober kl. 12.00. Ingen har sagt ja" in "".join(told.values())


async def test_where_an_extra_letter_failed_it_is_sent_again_and_only_there(desk: Desk) -> None:
    code = await desk.write(Audience(Target.EVERYBODY))
    await desk.approve(code)
    await desk.extra.send(SECRETARY, 1, code)
    desk.world.at(MORNING)
    assert len([key for key in await desk.posted() if key.startswith(code)]) == 4
    async with desk.world.context.database.transaction() as session:
        refused = update(Delivery).where(Delivery.key == f"{code}:village:3")
        await session.execute(refused.values(state="parked", attempts=1, message_id=None, sent_at=None))
    again = desk.services.newsletters.send_again
    assert await again(SECRETARY, 1, code) == 1
    assert [key for key in await desk.posted() if key.startswith(code)] == [f"{code}:village:3"]
    with pytest.raises(CompanionError, match="failed_nowhere"):
        await again(SECRETARY, 1, code)


async def test_a_letter_for_a_phase_goes_to_the_villages_that_have_come_to_it_themselves(desk: Desk) -> None:
    phases = desk.world.context.programme.phases
    assert own_phase(phases, ()) == "p0" and own_phase(phases, {"OP-08", "M1-15"}) == "m2"
    every = {phase.gate or "" for phase in phases}
    assert (own_phase(phases, every), own_state(phases, every)) == ("m4", "completed"), "the last has no next"
    assert states_of(phases, "m4") == ("organising", "completed") and states_of(phases, "m1") == (
        "mobilising",
    )
    code = await desk.write(Audience(phase="m1"), "15-10-2027 kl. 12.30")
    seen = await desk.extra.forecast(SECRETARY, 1, code)
    assert [name.split(" (")[0] for name in seen.channels] == ["Bøgelund"]
    assert seen.begins_at == MORNING + timedelta(hours=4.5)
    with pytest.raises(CompanionError) as nobody:
        await desk.write(Audience(phase="m4"))
    assert nobody.value.key == "error.letter_for_nobody"
    await desk.approve(code)
    await desk.extra.send(SECRETARY, 1, code)
    await desk.services.letter_desk.reopen(SECRETARY, 1, code)
    desk.world.at(MORNING + timedelta(hours=5))
    assert not any(key.startswith(code) for key in await desk.posted())
    assert await desk.states(code) == {"village:2": "held"}
    await desk.approve(code)
    assert f"{code}:village:2" in await desk.posted()
