"""One start of the bot without Discord, in a process of its own: `python -m tests.bench.start URL MOMENT STARTED`.

STARTED is when the process was begun, in seconds since 1970: the interpreter and what it imports count, too.
"""

import asyncio
import json
import resource
import sys
from datetime import datetime
from statistics import median
from time import perf_counter, time

from bot.app import build
from bot.cli import collect_seldom
from bot.cli.checked import sound_content
from bot.cli.ready import upgraded
from bot.domain.clock import FixedClock
from bot.services.context import Facts
from bot.services.outbox import BATCH
from bot.storage.repositories import deliveries

RUNS = 20


async def start(url: str, now: datetime, began: float) -> dict[str, float]:
    """Check the content, open, plan, ask what is due; then ask again and again. Returns what it took."""
    collect_seldom()
    app = build(url, sound_content(None), Facts("12 34 56 78", "BLUP-sekretariatet"), FixedClock(now))
    await upgraded(url)
    await app.services.planning.refresh()
    took = []
    for run in range(RUNS + 1):
        asked = perf_counter()
        async with app.database.transaction() as session:
            await deliveries.due(session, now, BATCH)
            await deliveries.next_moment(session, now)
        took.append(perf_counter() - asked)
        if run == 0:
            started = time() - began
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    await app.stop()
    return {
        "start_seconds": round(started, 2), "due_ms": round(median(took[1:]) * 1000, 2), "rss_mb": round(peak),
    }  # fmt: skip


if __name__ == "__main__":
    print(
        json.dumps(asyncio.run(start(sys.argv[1], datetime.fromisoformat(sys.argv[2]), float(sys.argv[3]))))
    )
