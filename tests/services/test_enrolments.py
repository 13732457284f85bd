"""Villages sign up for the conference (S59): how many, whether they present, in which order, and until when."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role, RoleHeld
from bot.domain.enrolments import last_day, milestone_of
from bot.domain.errors import CompanionError, NotPermitted
from bot.messages.enrolments import enrolment, overview
from bot.services.context import Context
from bot.services.registry import services_on
from bot.storage.models import Delivery, Event, MilestoneState
from tests.support.polls_world import SECRETARY, polls_world

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
PHONE = "12 34 56 78"


async def test_a_village_says_with_buttons_how_many_come_and_whether_it_presents_until_the_last_day(
    context: Context,
) -> None:
    """S59, M4-05: offered around circle 12; the order is that of saying yes; what is taken back opens it again."""
    world = await polls_world(context)
    services, desk = services_on(context), services_on(context).enrolments
    await services.planning.refresh()
    world.at(datetime(2028, 9, 8, 12, tzinfo=UTC))
    async with context.database.transaction() as session:
        events = {e.code: e for e in await session.scalars(select(Event).where(Event.scope_key == "cohort"))}
        offer = (await session.scalars(select(Delivery).where(Delivery.key == "VC12:enrol2:village:1"))).one()
    circle, gathering = events["VC12"].id, events["EV-M4-KONF"].id

    async def reached() -> bool:
        async with context.database.transaction() as session:
            query = select(MilestoneState.state).where(MilestoneState.code == "M4-05")
            return "reached" in await session.scalars(query)

    async def offered() -> bool:
        async with context.database.transaction() as session:
            row = await session.get_one(Delivery, offer.id)
            return await services.outbox._composer.compose(session, row) is not None

    lead, here = await world.lead(), world.village
    view = await desk.view(lead, here, circle)
    assert (view.event_id, view.until_on.isoformat(), view.people) == (gathering, "2028-09-20", None)
    asked = enrolment(context.texts, view, PHONE)
    assert "Hvor mange kommer I, og vil I fortælle jeres historie?" in asked.text
    assert [button.action for button in asked.buttons] == ["enrol_presents", "enrol_presents"]
    villager = await world.person("Vibe", Role.VILLAGER)
    for attempt in (
        desk.change(villager, here, gathering, people=3),
        desk.view(lead, world.neighbour, gathering),
    ):
        with pytest.raises(NotPermitted):
            await attempt
    assert enrolment(context.texts, await desk.view(villager, here, gathering), PHONE).menus == ()
    await desk.change(await world.person("Stine", Role.STEERING), here, gathering, people=6)
    assert not await reached() and await offered(), "half of it is not enough"
    other = await world.person("Nis", Role.STEERING_LEAD, world.neighbour)
    await desk.change(other, world.neighbour, gathering, presents=True)
    world.after(minutes=5)
    done = enrolment(context.texts, await desk.change(lead, here, gathering, presents=True), PHONE)
    assert await reached() and not await offered()
    for words in ("Sønder Ørslev kommer med 6. I fortæller", "I er tilmeldt. I kan rette det til og med onsdag",
                  "I er nummer 2. Landsbyerne fortæller i denne rækkefølge: Ålby, Sønder Ørslev."):  # fmt: skip
        assert words in done.text, words

    told = overview(context.texts, await desk.overview(SECRETARY, gathering)).text
    assert "2 af 2 landsbyer har svaret, og de kommer 6 i alt." in told
    assert "- Sønder Ørslev: 6, fortæller\n- Ålby: antal mangler, fortæller" in told
    stranger = Actor(None, "Kaj", frozenset({RoleHeld(Role.COORDINATOR, None, 2, 1, frozenset({1}))}))
    assert not (await desk.overview(stranger, gathering)).villages, "only the own municipality's"
    with pytest.raises(NotPermitted):
        await desk.overview(lead, gathering)

    await desk.withdraw(lead, here, gathering)
    assert not await reached() and (await desk.view(lead, here, gathering)).people is None
    world.at(datetime(2028, 9, 21, 6, tzinfo=UTC))
    with pytest.raises(CompanionError) as late:
        await desk.change(lead, here, gathering, people=3)
    assert late.value.key == "error_meetings.enrolment_over"
    assert "senest onsdag den 20. september" in enrolment(
        context.texts, await desk.view(lead, here, gathering), PHONE
    ).text  # fmt: skip
    await desk.change(SECRETARY, here, gathering, people=3)  # who was rung by the village
    card = await services.meeting_cards.card(lead, gathering)
    other_card = await services.meeting_cards.card(lead, circle)
    assert (card.enrols, other_card.enrols) == (True, False)
    async with context.database.transaction() as session:
        row = (await session.scalars(select(Delivery).where(Delivery.key == "EV-M4-KONF:r2:village:1"))).one()
        practical = await services.outbox._composer.compose(session, row)
    assert practical is not None and "fortæller i denne rækkefølge: Ålby." in practical.text


def test_nobody_signs_a_village_up_for_a_gathering_whose_phase_has_no_such_milestone(
    context: Context,
) -> None:
    programme = context.programme
    found = {m.id for m in programme.meetings.values() if milestone_of(programme, m)}
    assert found == {"EV-M4-KONF"}
    milestone = milestone_of(programme, programme.meetings["EV-M4-KONF"])
    assert milestone is not None and milestone.id == "M4-05"
    early = datetime(2028, 9, 10, tzinfo=UTC).date()
    assert last_day(programme, milestone, 2027, early) == early, "never after the gathering itself"
