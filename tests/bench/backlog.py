"""How the bot starts and finds what is due with so many deliveries on record, on each database.

The filling and each start are processes of their own, so that a start's peak of memory is its own.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

from tests.bench.server import ROOT
from tests.support.databases import new_postgresql_database, postgresql_server, sqlite_url


async def backlog(rows: Sequence[int]) -> list[dict[str, Any]]:
    """Measure each number of rows on both databases. Returns the figures."""
    found = []
    with TemporaryDirectory(prefix="blup-bench-") as folder, postgresql_server() as server:
        for wanted in rows:
            addresses = {
                "sqlite": sqlite_url(Path(folder) / f"{wanted}.sqlite3"),
                "postgresql": new_postgresql_database(server),
            }
            for database, url in addresses.items():
                count, now = (await _own_process("ledger", url, str(wanted))).split()
                figures = json.loads(await _own_process("start", url, now, str(time())))
                found.append({"rows": int(count), "database": database, **figures})
    return found


async def _own_process(module: str, *said: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.bench.{module}", *said, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{module} ended with {process.returncode}")
    return out.decode()
