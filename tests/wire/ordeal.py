"""One world in which a bot that broadcasts is killed again and again, and the account of what stands at the end."""

import asyncio
import random
import signal
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from time import monotonic

from tests.wire.ledgers import BEGINS, Ledger
from tests.wire.loopback import Loopback
from tests.wire.process import Machine, Running

PATIENCE = 60.0
LATENCY = 0.05  # so that something is in the air at every moment
PER_SECOND = 49
SOONER = (0.5, 2.0)  # seconds left of a lease that is not waited for
SEND = "/messages"


@dataclass
class Account:
    """What became of all posts; take-over: from a death until the last of its posts was in other hands."""

    kills: int = 0
    posts: int = 0
    lost: int = 0
    doubled: int = 0
    unreceipted: int = 0  # stood in their channel when the bot that sent them was killed
    outside: int = 0  # kills after which Discord had forgotten every nonce
    longest_take_over: float = 0.0

    def add(self, other: "Account") -> None:
        """Put two worlds together."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            setattr(self, name, max(mine, value) if name == "longest_take_over" else mine + value)

    def line(self) -> str:
        """Say it in one line."""
        return (
            f"{self.kills} kills ({self.outside} of them outside the nonce memory), {self.posts} posts,"
            f" {self.lost} lost, {self.doubled} doubled, longest take-over {self.longest_take_over:.1f} s;"
            f" {self.unreceipted} stood without a receipt at a kill"
        )


class Ordeal:
    """A Discord, a machine and its database, and the hand that kills."""

    def __init__(self, world: Loopback, machine: Machine, ledger: Ledger, seed: int) -> None:
        self.world, self.machine, self.ledger = world, machine, ledger
        self.account = Account()
        self._random = random.Random(seed)
        self._places = ledger.villages()
        self._names = 0

    async def alone(self, kills: int, forgotten: float) -> None:
        """Kill the only process so many times, each time in its broadcast; start it again at once.

        `forgotten` is the share of the rounds after which Discord has forgotten what it was sent.
        """
        while self.account.kills < kills:
            waiting = self._top_up()
            bot, before = self.machine.start("run"), self._sends()
            await self.world.until(partial(self._sends_after, before), PATIENCE)
            self.world.latency = LATENCY  # the server is furnished
            await asyncio.sleep(self._random.uniform(0, 0.8 * waiting / PER_SECOND))
            if not self.ledger.waiting():
                bot.stop()
                await bot.ended()
                continue  # too late to be a kill in a broadcast
            if not self.account.unreceipted:
                await self._in_doubt()
            await self._kill(bot, forgotten)
            self.ledger.shorten(self.ledger.claims(), 0)
        await self._close([self.machine.start("run")])

    async def side_by_side(self, kills: int, forgotten: float, true_every: int) -> None:
        """Kill one of two processes so many times; the other goes on, and takes over.

        Every `true_every`th time it waits for the lease as it is, otherwise for one that has run for a while.
        """
        bots = [self.machine.start("run"), self.machine.start("run")]
        while self.account.kills < kills:
            self._top_up()
            victim = self._random.randrange(2)
            await self.world.until(lambda: self._all_have_posts(bots), PATIENCE)
            self.world.latency = LATENCY  # the server is furnished
            await asyncio.sleep(self._random.uniform(0, 0.15))
            await self._kill(bots[victim], forgotten)
            dead, died = bots[victim], monotonic()
            orphans = {number: hand for number, hand in self.ledger.claims().items() if _of(dead, hand)}
            if true_every == 0 or self.account.kills % true_every:
                self.ledger.shorten(orphans, self._random.uniform(*SOONER))
            await self.world.until(partial(self._taken, orphans), PATIENCE)
            if orphans:
                took = monotonic() - died
                self.account.longest_take_over = max(self.account.longest_take_over, took)
            bots[victim] = self.machine.start("run")
        await self._close(bots)

    async def _close(self, bots: list[Running]) -> None:
        await self.world.until(lambda: not self.ledger.waiting(), PATIENCE)
        for bot in bots:
            bot.stop()
        for bot in bots:
            end = await bot.ended()
            assert end.code == 0, end.err
        self._count()

    def _top_up(self) -> int:
        self._names += 1
        self.ledger.post(str(self._names), self._places, idle_only=True)
        return self.ledger.waiting()

    def _all_have_posts(self, bots: list[Running]) -> bool:
        hands = self.ledger.claims().values()
        if all(any(_of(bot, hand) for hand in hands) for bot in bots):
            return True
        if self.ledger.waiting() < len(self._places) / 2:
            self._top_up()
        return False

    def _taken(self, orphans: dict[int, str]) -> bool:
        now = self.ledger.claims()
        return not any(now.get(number) == hand for number, hand in orphans.items())

    async def _kill(self, bot: Running, forgotten: float) -> None:
        bot.stop(signal.SIGKILL)
        end = await bot.ended()
        assert end.code == -signal.SIGKILL, end.err
        self.account.kills += 1
        self.account.unreceipted += self._unreceipted()
        if self._random.random() < forgotten:
            self.account.outside += 1
            self.world.forget_nonces()

    async def _in_doubt(self) -> None:
        """Wait for a moment at which a kill leaves something to find out, or for the end of the broadcast."""
        await self.world.until(lambda: self._unreceipted() > 0 or not self.ledger.waiting(), PATIENCE)

    def _unreceipted(self) -> int:
        standing = self._standing()
        return sum(state != "sent" and bool(standing[said]) for said, _, state, _ in self.ledger.receipts())

    def _sends_after(self, before: int) -> bool:
        return self._sends() > before

    def _sends(self) -> int:
        return sum(method == "POST" and path.endswith(SEND) for method, path in self.world.requests)

    def _standing(self) -> dict[str, list[tuple[int, int]]]:
        """Return where each post of ours stands: channel and message."""
        found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for channel_id, held in self.world.backend.messages.items():
            for message in held.values():
                if message.content.startswith(BEGINS):
                    found[message.content].append((channel_id, message.id))
        return found

    def _count(self) -> None:
        standing, receipts = self._standing(), self.ledger.receipts()
        self.account.posts = len(receipts)
        for said, channel_id, _, message_id in receipts:
            at = standing.pop(said, [])
            self.account.lost += (channel_id, message_id) not in at
            self.account.doubled += max(0, len(at) - 1)
        assert not standing, "what nobody planned"


def _of(bot: Running, hand: str) -> bool:
    return hand.startswith(f"{bot.process.pid}-")
