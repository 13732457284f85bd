"""Every action of polls and decisions by every role, at home and from the next village (DOMAIN section 4).

The table in `bot/domain/access.py` is tested by itself; here the services are asked, so that one that forgets to look
is found. It is the same on every database, so it plays on SQLite.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role
from bot.domain.ballots import Kind
from bot.domain.errors import NotPermitted
from bot.domain.hand_votes import Way
from bot.domain.poll_view import PollView
from bot.services.context import Context
from bot.services.decisions import Decisions
from bot.services.hand_votes import HandVotes
from bot.services.meeting_polls import MeetingPolls
from bot.services.places import Place
from bot.services.poll_drafts import PollDrafts, Written
from bot.services.poll_life import PollLife
from bot.services.poll_rules import VillageRulesDesk
from bot.storage.models import Event
from tests.support.polls_world import PollsWorld, polls_world

V, P, S, R, L = Role.VILLAGER, Role.PANEL, Role.STEERING, Role.STEERING_SECRETARY, Role.STEERING_LEAD
LC, K, SEC = Role.LOCAL_COUNCIL_CONTACT, Role.COORDINATOR, Role.SECRETARIAT
VILLAGE = {V, P, S, R, L, LC}
WRITTEN = Written("Skal vi plante et træ?", (), "3")
Try = Callable[["Home", Actor], Awaitable[object]]


class Home:
    """The village whose matters everybody tries their hand at."""

    def __init__(self, world: PollsWorld) -> None:
        self.world, self.polls = world, world.polls
        self.drafts, self.decisions = PollDrafts(world.context), Decisions(world.context)
        self.hand_votes = HandVotes(world.context)
        self.life, self.rules = PollLife(world.context), VillageRulesDesk(world.context)

    async def draft(self) -> int:
        """Return a draft of the lead's."""
        draft = await self.drafts.write(await self.world.lead(), self.world.village, Kind.YES_NO, WRITTEN)
        return draft.id

    async def asked(self, voters: str = "steering") -> int:
        """Return an open poll that the lead has started."""
        draft = await self.draft()
        await self.drafts.ask(await self.world.lead(), draft, voters)
        return (await self.drafts.open(await self.world.lead(), draft)).id

    async def closed(self) -> int:
        """Return a poll that has closed."""
        poll = await self.asked()
        self.world.after(days=4)
        await self.world.turn()
        return poll

    async def tied(self) -> int:
        """Return a closed poll in which the lead has to choose between two equal answers."""
        lead, draft = await self.world.lead(), await self.draft()
        await self.drafts.bind(lead, draft, "most")
        await self.drafts.decide_by(lead, draft, "quorum", "none")
        await self.drafts.decide_by(lead, draft, "tie", "lead")
        await self.drafts.open(lead, draft)
        for number, person in enumerate(await self.world.people(2), start=1):
            await self.polls.vote(person, draft, [number])
        self.world.after(days=4)
        await self.world.turn()
        return draft

    async def recorded(self) -> int:
        """Return a decision of the village's."""
        return await self.record(await self.world.lead(), self.world.village)

    async def record(self, actor: Actor, place: Place, code: str | None = None) -> int:
        """Write a decision down."""
        view = await self.decisions.record(actor, place, title="Træ", text="Vi planter et træ.",
                                           decided_on=date(2027, 8, 2), how="Alle var enige", code=code)  # fmt: skip
        return view.id

    async def on_paper(self, actor: Actor) -> int:
        """Let somebody enter two votes on paper. Returns their id."""
        poll = await self.asked()
        await self.hand_votes.set_off_discord(await self.world.lead(), poll, {"steering": "2"})
        return (await self.hand_votes.enter(actor, poll, Way.PAPER, "2", ["1", "1", "0"])).id

    async def start(self, actor: Actor, *, binding: bool = False) -> PollView:
        """Ask the steering group."""
        return await self.polls.start(actor, self.world.village, question="Skal vi?", options=("Ja", "Nej"),
                                      secret=False, voters="steering", hours=48, binding=binding)  # fmt: skip

    async def start_in_group(self, actor: Actor) -> PollView:
        """Ask the coordinator group."""
        return await self.polls.start(actor, self.world.group, question="Hvornår?", options=("Nu", "Senere"),
                                      secret=False, voters="all", hours=48)  # fmt: skip


ACTIONS: dict[str, tuple[set[Role], Try]] = {}


def action(name: str, *allowed: Role) -> Callable[[Try], Try]:
    """Put an action on the list, with the roles that may."""

    def add(tried: Try) -> Try:
        ACTIONS[name] = (set(allowed), tried)
        return tried

    return add


@action("start a poll", S, R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.start(who)


@action("start a binding poll", L)
async def _(home: Home, who: Actor) -> None:
    await home.start(who, binding=True)


@action("start a poll of coordinators", K, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.start_in_group(who)


@action("write a draft", S, R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.drafts.write(who, home.world.village, Kind.YES_NO, WRITTEN)


@action("change a draft", S, R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.drafts.rewrite(who, await home.draft(), WRITTEN)


@action("bind a draft", L)
async def _(home: Home, who: Actor) -> None:
    await home.drafts.bind(who, await home.draft(), "two_thirds")


@action("open a draft", S, R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.drafts.open(who, await home.draft())


@action("cancel a poll", S, R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.life.cancel(who, await home.asked(), "Vi venter")


@action("cancel a binding poll", L)
async def _(home: Home, who: Actor) -> None:
    bound = await home.start(await home.world.lead(), binding=True)
    await home.life.cancel(who, bound.id, "Vi venter")


@action("see the polls of a village", S, R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.life.listed(who, home.world.village)


@action("see a village's rules for polls", S, R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.rules.show(who, home.world.village)


@action("change a village's rules for polls", R, L)
async def _(home: Home, who: Actor) -> None:
    await home.rules.change(who, home.world.village, "quorum", "none")


@action("use a poll again", S, R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.life.copy(who, await home.asked())


@action("let a draft open later and come again", S, R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    draft = await home.draft()
    await home.drafts.schedule(who, draft, "03-09-2027 kl. 10")
    await home.drafts.repeat(who, draft, "monthly", "03-03-2028")


@action("settle a tie", L)
async def _(home: Home, who: Actor) -> None:
    await home.life.settle_tie(who, await home.tied(), 2)


@action("vote in the steering group's poll", S, R, L)
async def _(home: Home, who: Actor) -> None:
    await home.polls.vote(who, await home.asked(), [1])


@action("vote in everybody's poll", *VILLAGE)
async def _(home: Home, who: Actor) -> None:
    await home.polls.vote(who, await home.asked("all"), [1])


@action("ask for secrecy", *VILLAGE)
async def _(home: Home, who: Actor) -> None:
    await home.polls.ask_secrecy(who, await home.asked("all"))


@action("hand out ballots on paper", R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.hand_votes.sheet(who, await home.asked())


@action("enter votes given on paper", R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.on_paper(who)


@action("confirm votes given on paper", S, R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.hand_votes.confirm(who, await home.on_paper(await home.world.lead()))


@action("take back votes given on paper that nobody has confirmed", S, R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.hand_votes.withdraw(who, await home.on_paper(await home.world.lead()))


@action("take back votes given on paper that count", R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    entered = await home.on_paper(await home.world.lead())
    await home.hand_votes.confirm(await home.world.person("Bo", S), entered)
    await home.hand_votes.withdraw(who, entered)


@action("say how many are not on Discord", R, L, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.hand_votes.set_off_discord(who, await home.asked(), {"steering": "3"})


@action("record a decision", R, L)
async def _(home: Home, who: Actor) -> None:
    await home.record(who, home.world.village)


@action("record a poll's decision", R, L)
async def _(home: Home, who: Actor) -> None:
    await home.decisions.proposal_from_poll(who, await home.closed())


@action("record a decision of coordinators", K, SEC)
async def _(home: Home, who: Actor) -> None:
    await home.record(who, home.world.group)


@action("record the agreement", SEC)
async def _(home: Home, who: Actor) -> None:
    await home.record(who, home.world.village, code="D01")


@action("enter what a village answered at a meeting of the prelude", SEC)
async def _(home: Home, who: Actor) -> None:
    village = home.world.village.village
    assert village is not None
    async with home.world.context.database.transaction() as session:
        query = select(Event.id).where(Event.code == "EV-P0-LOKALRAAD", Event.village_id.is_(None))
        meeting = (await session.scalars(query)).one()
    await MeetingPolls(home.world.context).enter(who, meeting, village.id, "1", ["1"] * 3 + ["0"] * 5)


@action("correct a decision", R, L)
async def _(home: Home, who: Actor) -> None:
    await home.decisions.correct(who, await home.recorded(), "Træer", "Vi planter to træer.")


@action("withdraw a decision", R, L)
async def _(home: Home, who: Actor) -> None:
    await home.decisions.withdraw(who, await home.recorded(), "Der var ikke plads")


async def acts(home: Home, name: str, who: Actor) -> bool:
    """Tell whether somebody is let do it; any other refusal than a missing right fails the test."""
    try:
        await ACTIONS[name][1](home, who)
    except NotPermitted:
        return False
    return True


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.mark.parametrize("name", ACTIONS)
async def test_an_action_is_open_to_the_roles_of_the_table_and_to_nobody_else(
    context: Context, name: str
) -> None:
    world = await polls_world(context)
    await world.enough()
    await world.any_number()
    home, allowed = Home(world), ACTIONS[name][0]
    for role in Role:
        place = world.group if role is K else world.village
        here = await world.person(f"Her {role}", role, place)
        assert await acts(home, name, here) is (role in allowed), role
        if role in VILLAGE:
            there = await world.person(f"Nabo {role}", role, world.neighbour)
            assert not await acts(home, name, there), f"{role} of the next village"
    nobody = replace(await world.person("Ny", V), roles=frozenset())
    assert not await acts(home, name, nobody)
