"""A letter to every channel stands exactly once, however often the bot is killed.

`python -m tests.wire.kills --kills 50 --database postgresql --processes 2`
"""

import argparse
import asyncio
import sys
from time import monotonic

# What is imported here is imported by every bot that is forked, too: the story itself comes in `main`.


def parser() -> argparse.ArgumentParser:
    """Return what can be said on the command line."""
    parsed = argparse.ArgumentParser(prog="python -m tests.wire.kills", description=__doc__)
    parsed.add_argument("--kills", type=int, default=50)
    parsed.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parsed.add_argument("--processes", type=int, choices=(1, 2), default=1)
    parsed.add_argument("--channels", type=int, default=60, help="in each world")
    parsed.add_argument("--worlds", type=int, default=2, help="so many play at once, and share the kills")
    parsed.add_argument("--forget-nonces", action="store_true", help="after each kill; left out: after half")
    parsed.add_argument("--true-every", type=int, default=3, help="how often two wait for a whole lease")
    parsed.add_argument("--seed", type=int, default=1)
    return parsed


def main() -> None:
    """Play what was asked for, and say how it went."""
    from tests.wire.ordeals import Story, told

    asked = parser().parse_args()
    if asked.processes == 2 and asked.database == "sqlite":
        sys.exit("two processes need --database postgresql")
    began = monotonic()
    forgotten = 1.0 if asked.forget_nonces else 0.5
    story = Story(asked.kills, asked.processes, asked.worlds, forgotten, asked.true_every, asked.seed)
    account = asyncio.run(told(story, asked.database, asked.channels))
    print(f"{asked.database}, {asked.processes} process(es): {account.line()}; {monotonic() - began:.0f} s")
    sys.exit(bool(account.lost or account.doubled))


if __name__ == "__main__":
    main()
