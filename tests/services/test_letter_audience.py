"""Before a letter goes out: who gets it, and a trial of the whole of it in the secretariat's channel (S05)."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.access import Role
from bot.messages import letter_sending as build
from bot.messages.message import Button
from bot.services.context import Context
from bot.services.registry import services_on
from bot.storage.models import DiscordPlace
from tests.support.approval import approve_all
from tests.support.polls_world import SECRETARY, polls_world

BUTTON = Button("Ja, send det nu", "send_letter")
LETTER_COMES = datetime(2027, 10, 14, 8, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def test_the_secretariat_sees_channels_people_and_time_before_a_letter_goes_and_tries_all_of_it(
    context: Context,
) -> None:
    world = await polls_world(context, names=("Agerby", "Bøgelund", "Ålby"))
    services = services_on(context)
    async with context.database.transaction() as session:
        session.add_all(DiscordPlace(key=f"village:{n}", discord_id=500 + n) for n in (1, 2))
        session.add(DiscordPlace(key="secretariat", discord_id=500))
    await world.people(3)
    await world.person("Ane", Role.PANEL)
    world.at(LETTER_COMES)
    await services.planning.refresh()
    seen = await services.newsletters.forecast(SECRETARY, 1, "NL-V01", 0, 0)
    assert [name.split(" (")[0] for name in seen.channels] == ["Agerby", "Bøgelund"]
    assert [name.split(" (")[0] for name in seen.no_channel] == ["Ålby"]
    assert (seen.people, seen.have_it) == (4, []) and seen.lasts < timedelta(seconds=1)
    assert not seen.may_go and build.forecast(context.texts, "Brev 1", seen, (BUTTON,)).buttons == ()
    await approve_all(context, 1)
    seen = await services.newsletters.forecast(SECRETARY, 1, "NL-V01", 0, 0)
    assert seen.may_go and build.forecast(context.texts, "Brev 1", seen, (BUTTON,)).buttons == (BUTTON,)
    said = build.forecast(context.texts, "Brev 1", seen, ()).text
    assert said.startswith("»Brev 1« går til 2 kanaler, hvor 4 kan læse det. Det tager under et minut.")
    assert "Uden kanal: Ålby" in said and "- Agerby" in said

    await services.newsletters.try_out(SECRETARY, 1, "NL-V01")
    posted = {post.key: post.message for post in (await services.outbox.claim("a")).ready}
    trial = next(message for key, message in posted.items() if key.startswith("try:"))
    letter = next(message for key, message in posted.items() if key == "NL-V01:village:1")
    assert trial.text == letter.text
    assert [b.label for b in trial.buttons] == [b.label for b in letter.buttons]
    assert {button.action for button in trial.buttons} == {"letter_tried"}, "nothing real hangs on a trial"
