"""A loopback Discord in a process of its own: `python -m tests.wire.serve --guilds 4 --channels 960`.

It says in one line of JSON where it is and what is there, and ends with its standard input, or with SIGTERM.
"""

import argparse
import asyncio
import gc
import json
import os
import sys
import threading
from typing import Any

from simcord.enums import ChannelType

from bot.cli.run import call_on_stop
from bot.delivery.guild_gateway import required_permissions
from bot.demo.strict import CHANNELS_IN_A_CATEGORY, CHANNELS_IN_A_GUILD
from tests.wire.control import Control
from tests.wire.limits import NoLimits
from tests.wire.loopback import Loopback
from tests.wire.troubles import Trouble

SENDING = ("POST", "/channels/*/messages")
AT_RANDOM = (
    Trouble.ERROR_500,
    Trouble.ERROR_502,
    Trouble.ERROR_503,
    Trouble.DROP_BEFORE,
    Trouble.DROP_AFTER,
)


def parser() -> argparse.ArgumentParser:
    """Return what can be said on the command line."""
    parsed = argparse.ArgumentParser(prog="python -m tests.wire.serve", description=__doc__)
    parsed.add_argument("--guilds", type=int, default=1)
    parsed.add_argument("--channels", type=int, default=10, help="text channels in all, spread evenly")
    parsed.add_argument("--latency-ms", type=float, default=0.0, help="how long every answer is on its way")
    parsed.add_argument(
        "--unlucky",
        type=float,
        default=0.0,
        help="the chance that the sending of a message goes wrong: 500, 502, 503 or a broken connection",
    )
    parsed.add_argument("--port", type=int, default=0)
    parsed.add_argument("--no-limits", action="store_true", help="no rate limits, for a baseline")
    return parsed


def furnish(world: Loopback, guilds: int, channels: int) -> dict[str, list[int]]:
    """Make so many servers, and text channels in categories. Raises ValueError when there is no room."""
    made: dict[str, list[int]] = {"guild_ids": [], "channel_ids": []}
    for number in range(guilds):
        here = channels // guilds + (number < channels % guilds)
        if here + -(-here // CHANNELS_IN_A_CATEGORY) > CHANNELS_IN_A_GUILD:
            raise ValueError(f"{here} channels and their categories are more than a server holds")
        guild = world.add_guild(f"server {number + 1}", required_permissions())
        made["guild_ids"].append(guild.id)
        for place in range(here):
            if place % CHANNELS_IN_A_CATEGORY == 0:
                category = world.backend.create_channel(
                    guild.id, f"{place // CHANNELS_IN_A_CATEGORY + 1}", type=ChannelType.CATEGORY
                )
            channel = world.backend.create_channel(guild.id, f"kanal-{place + 1}", parent_id=category.id)
            made["channel_ids"].append(channel.id)
    return made


async def serve(asked: argparse.Namespace) -> None:
    """Serve until standard input ends or somebody says stop."""
    stop = asyncio.Event()
    call_on_stop(stop.set)
    _call_at_end_of_input(asyncio.get_running_loop(), stop)
    limits = NoLimits() if asked.no_limits else None
    world = Loopback(limits=limits, latency=asked.latency_ms / 1000, port=asked.port)
    made: dict[str, Any] = dict(furnish(world, asked.guilds, asked.channels))
    Control(world)
    share = asked.unlucky / len(AT_RANDOM)
    world.unlucky(dict.fromkeys(AT_RANDOM, share), *SENDING)
    async with world:
        gc.collect()
        gc.freeze()
        print(json.dumps({"address": world.address, "token": world.token} | made), flush=True)
        await stop.wait()


def _call_at_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    def read() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=read, daemon=True).start()


def main() -> None:
    """Serve what was asked for on the command line."""
    parsed = parser()
    asked = parsed.parse_args()
    try:
        asyncio.run(serve(asked))
    except ValueError as error:
        sys.exit(f"{parsed.prog}: {error}")


if __name__ == "__main__":
    main()
