"""A bot's world with many villages on either backend, and the account of what stands in it."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bot.delivery.guild_gateway import required_permissions
from tests.wire.hands import Person
from tests.wire.ledgers import BEGINS, Ledger
from tests.wire.loopback import Loopback
from tests.wire.ordeals import Copies
from tests.wire.process import Machine, Running
from tests.wire.programmes import PHONE

PATIENCE = 60.0
SEND = ("POST", "/channels/*/messages")


@dataclass
class House:
    """One Discord with somebody on its server, one machine, and the database of its bots."""

    world: Loopback
    machine: Machine
    ledger: Ledger
    anna: Person
    url: str
    _broadcasts: int = 0

    def broadcast(self) -> None:
        """Plan a post for every village."""
        self._broadcasts += 1
        self.ledger.post(str(self._broadcasts), self.ledger.villages())

    async def at_work(self) -> Running:
        """Start a bot that furnishes the server, and has nothing left to send."""
        self.broadcast()
        if self.url.startswith("sqlite"):
            self.ledger.tick(self.ledger.villages(), 120)
        bot = self.machine.start("run")
        await self.settled()
        self.world.latency = 0.02
        return bot

    async def settled(self) -> None:
        """Wait until every post has its receipt. Raises TimeoutError."""
        await self.world.until(lambda: not self.ledger.waiting(), PATIENCE)

    async def under_way(self) -> None:
        """Plan a post for every village, and wait until the first stand. Raises TimeoutError."""
        before = self.standing()
        self.broadcast()
        await self.world.until(lambda: self.standing() >= before + 2, PATIENCE)

    def standing(self) -> int:
        """Return how many posts stand."""
        return sum(self._posts().values())

    def _posts(self) -> Counter[str]:
        everywhere = (m for held in self.world.backend.messages.values() for m in held.values())
        return Counter(message.content for message in everywhere if message.content.startswith(BEGINS))

    def accounted(self) -> bool:
        """Tell whether every post that was ever planned stands once, and has its receipt."""
        receipts = self.ledger.receipts()
        once = Counter(said for said, *_ in receipts)
        return self._posts() == once and all(state == "sent" and number for _, _, state, number in receipts)

    async def answers(self) -> bool:
        """Press the button below the welcome, and tell whether the bot answers."""
        welcome = next(m for m in self.world.messages("velkommen") if PHONE in m.content)
        return "/slet-mig" in (await self.anna.press(welcome, "start")).content


def house(world: Loopback, copies: Copies, home: Path) -> House:
    """Furnish a machine for a world."""
    machine, url = copies.machine(home, world)
    guild = world.add_guild("Landsbyer", required_permissions())
    return House(world, machine, Ledger(url), Person(world, guild.id, "Anna"), url)
