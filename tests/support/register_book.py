"""A register to write in: the world of polls with its decisions, and short ways to act on them."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from bot.domain.access import Actor, Role
from bot.domain.decisions import DecisionView
from bot.messages.message import Message
from bot.services import decision_chain as chain
from bot.services.context import Context
from bot.services.decision_follow_up import FollowUp
from bot.services.decision_objections import Objections
from bot.services.decision_posts import DecisionPosts
from bot.services.decisions import Decisions
from bot.services.places import Place
from bot.storage.models import Delivery
from tests.support.polls_world import PollsWorld, polls_world

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

    async def record(self, title: str = "Vi køber et telt", code: str | None = None) -> DecisionView:
        """Let the minute-taker write a decision down."""
        return await self.decisions.record(
            await self.rie(), self.world.village, title=title, text="Til festen.", decided_on=TODAY, how="Enighed",
            code=code,
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


async def register_book(context: Context) -> Book:
    """Return a world whose register is empty."""
    return Book(await polls_world(context), Decisions(context), Objections(context), FollowUp(context))
