"""The alarm looks again after real seconds, whatever the machine's clock says."""

import asyncio
from datetime import datetime, timedelta

import time_machine

from bot.delivery.alarm import Alarm
from bot.domain.clock import SystemClock


async def test_a_clock_that_is_put_back_does_not_stop_the_watch() -> None:
    rounds: asyncio.Queue[None] = asyncio.Queue()

    async def work() -> None:
        rounds.put_nowait(None)

    async def nothing_due() -> datetime | None:
        return None

    async def three_rounds() -> None:
        async with asyncio.timeout(5):
            for _ in range(3):
                await rounds.get()

    alarm = Alarm(work, nothing_due, SystemClock(), timedelta(milliseconds=20))
    alarm.start()
    await three_rounds()
    with time_machine.travel(SystemClock().now() - timedelta(hours=1)):
        await three_rounds()
    await alarm.stop()
