"""Every touch of simcord's private parts, in one place, with a check at start-up.

simcord is pinned exactly; if a new version moves one of these parts, `verify` says which,
instead of a journey failing mysteriously. What is changed, and why:

* **Timers are virtual only.** simcord gives each timer of the bot a fallback in real time.
  With it, a settle waits in real time for any timer due before its time-out, and a database
  that takes 4 s pushes the virtual clock (psycopg's own 0.1 s timer fires). Without it, time
  moves when we say so, and interaction tokens cannot expire while a database works.
* **Very short timers run at once** (up to `SHORT_TIMER` seconds in all for each settle): a
  retry after half a second, or a `call_later(0)`, needs no `advance_to`.
* **The settle polls more often**, and no settle gives up earlier than `settle_timeout`.
* **Logs of requests and events are bounded**, private answers are forgotten after an hour, and
  native polls are looked up without walking through every message at every tick.
* **Errors are not collected from handlers that answer them**; see `unhandled_errors`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import simcord
from simcord import _settlement
from simcord.backend import Backend
from simcord.http import _helpers, router

from bot.demo._private_backend import SimulatedBackend

POLL_EVERY = 0.002
"""Seconds of real time between two looks at whether the bot is at rest."""

QUICK_TURNS = 10
"""How many turns of the loop a settle lets pass before it begins to wait: most acts need no more."""

SHORT_TIMER = 1.0
"""Seconds of virtual time a settle may let pass to finish what is nearly due."""

_EXPECTED: tuple[tuple[object, tuple[str, ...]], ...] = (
    (simcord, ("Env", "__version__")),
    (
        simcord.Env,
        (
            "_settle_internal",
            "_schedule_timer",
            "_capture_errors",
            "_move_clock",
            "_settlement_state",
            "_bot_scope",
            "_begin_operation",
            "_end_operation",
            "_virtual_time",
        ),
    ),
    (_settlement, ("_next_virtual_timer",)),
    (Backend, ("commit_message", "next_poll_deadline", "expire_due_polls", "expire_poll", "emit")),
    (router, ("_ROUTES", "RequestContext")),
    (_helpers, ("message_response",)),
)

_EXPECTED_OF_EACH_ENV = ("_work", "_advancing", "_operation_task", "_errors", "settle_timeout")


def verify() -> None:
    """Check that every private part we rely on exists; `RuntimeError` names what is missing."""
    missing = [
        f"{getattr(owner, '__name__', owner)}.{name}"
        for owner, names in _EXPECTED
        for name in names
        if not hasattr(owner, name)
    ]
    refuse(missing)


def refuse(missing: list[str]) -> None:
    """Raise `RuntimeError` naming the private parts that are missing, if any."""
    if missing:
        raise RuntimeError(
            f"simcord {getattr(simcord, '__version__', '?')} changed parts the demo relies on: "
            f"{', '.join(missing)}. Pin simcord 3.2.1, or adapt bot/demo/_private.py."
        )


class SimulatedEnv(simcord.Env):
    """A `simcord.Env` whose time moves only when we say so; see the module's first lines."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.world = SimulatedBackend()
        self.backend = self.world
        refuse([f"Env().{name}" for name in _EXPECTED_OF_EACH_ENV if not hasattr(self, name)])

    async def _settle_internal(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - simcord's own signature
        idle: float = POLL_EVERY,
        dispatch: str | None = None,
        _deadline: float | None = None,
    ) -> None:
        async def settle_once() -> None:
            for _ in range(QUICK_TURNS):
                await asyncio.sleep(0)
            await super(SimulatedEnv, self)._settle_internal(
                timeout=max(timeout or 0.0, self.settle_timeout),
                idle=idle,
                dispatch=dispatch,
                _deadline=_deadline,
            )

        await settle_once()
        if self._advancing:
            return
        limit = self._virtual_time + SHORT_TIMER
        while True:
            due_at = _settlement._next_virtual_timer(self._settlement_state())
            if due_at is None or due_at > limit:
                return
            self._move_clock(due_at)
            await settle_once()

    def _schedule_timer(self, *_args: Any) -> None:
        """Give no timer a fallback in real time."""

    def _capture_errors(self) -> None:
        """Leave the bot's own error handlers alone: what they answer is no failure."""


@asynccontextmanager
async def turn(env: simcord.Env) -> AsyncIterator[None]:
    """Hold the turn to act: others (a click in the preview) are refused until it is given back.

    Everything within the block must happen in the task that entered it.
    """
    while env._operation_task is not None:  # noqa: ASYNC110 - simcord has nothing to wait on
        await asyncio.sleep(POLL_EVERY)
    env._begin_operation("turn")
    try:
        yield
    finally:
        env._end_operation()


def queue_behind_turns(env: simcord.Env, preview: Any) -> None:
    """Let a click in the preview wait while someone else acts, instead of failing."""
    refuse([f"Preview.{name}" for name in ("_action", "_closed") if not hasattr(preview, name)])
    act = preview._action

    async def act_in_turn(context_id: Any, body: Any) -> Any:
        while env._operation_task is not None and not preview._closed:  # noqa: ASYNC110
            await asyncio.sleep(POLL_EVERY)
        return await act(context_id, body)

    preview._action = act_in_turn
