"""Discord's rate limits: so many requests a second for a bot, and a bucket for each route, told in headers.

Windows are fixed: each begins with its first request. Answers to interactions are bound by neither.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any


@dataclass(frozen=True)
class Allowance:
    """How many requests are let through in a window of so many seconds."""

    requests: int
    seconds: float


GLOBAL = Allowance(50, 1.0)
MESSAGES = Allowance(5, 5.0)
NAME_AND_TOPIC = Allowance(2, 600.0)
GENEROUS = Allowance(100, 1.0)

_NEVER_COUNTED = "interactions"
_NOT_COUNTED_GLOBALLY = "webhooks"
_WITH_OWN_BUCKETS = ("channels", "guilds", "webhooks")
_MANY_WINDOWS = 10_000


@dataclass
class Window:
    """One window that runs."""

    allowance: Allowance
    ends: float
    used: int = 0

    def take(self) -> bool:
        """Count one request. Tells whether it is let through."""
        self.used += 1
        return self.used <= self.allowance.requests

    def remaining(self) -> int:
        """Return how many more are let through."""
        return max(0, self.allowance.requests - self.used)


@dataclass(frozen=True)
class Verdict:
    """What the limits say of one request: headers of its answer, and the body of a 429 if it is refused."""

    headers: Mapping[str, str]
    refusal: Mapping[str, Any] | None = None


class Limits:
    """Every window of every bot."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], Window] = {}

    def judge(self, token: str, method: str, path: str, body: object, now: float) -> Verdict:
        """Count a request that has arrived at this moment (in seconds since 1970)."""
        kind, *parts = path.strip("/").split("/")
        if kind == _NEVER_COUNTED:
            return Verdict({})
        if kind != _NOT_COUNTED_GLOBALLY:
            everything = self._window("global", token, GLOBAL, now)
            if not everything.take():
                return refusal(everything.ends - now, {"X-RateLimit-Global": "true"}, scope="global")
        whose = "/".join(parts[: 2 if kind == "webhooks" else 1]) if kind in _WITH_OWN_BUCKETS else ""
        route = _route(method, kind, parts)
        sends = route == "POST channels/{}/messages"
        bucket = self._window(route, whose, MESSAGES if sends else GENEROUS, now)
        passes = bucket.take()
        headers = _headers(bucket, route, now)
        if not passes:
            return refusal(bucket.ends - now, headers)
        if route == "PATCH channels/{}" and isinstance(body, dict) and {"name", "topic"} & body.keys():
            names = self._window("name and topic", whose, NAME_AND_TOPIC, now)
            if not names.take():  # as on Discord, the headers tell of the route's bucket only
                return refusal(names.ends - now, headers)
        return Verdict(headers)

    def _window(self, name: str, whose: str, allowance: Allowance, now: float) -> Window:
        window = self._windows.get((name, whose))
        if window is None or window.ends <= now:
            if len(self._windows) >= _MANY_WINDOWS:
                self._windows = {key: old for key, old in self._windows.items() if old.ends > now}
            window = self._windows[name, whose] = Window(allowance, now + allowance.seconds)
        return window


class NoLimits(Limits):
    """Lets everything through, and says nothing."""

    def judge(self, token: str, method: str, path: str, body: object, now: float) -> Verdict:
        """Let a request through."""
        return Verdict({})


def refusal(seconds: float, headers: Mapping[str, str], scope: str = "user") -> Verdict:
    """Return a 429: come again after so many seconds. Without Via, discord.py takes it for a ban."""
    told = {"Retry-After": str(ceil(seconds)), "X-RateLimit-Scope": scope, "Via": "1.1 google"}
    body = {
        "message": "You are being rate limited.",
        "retry_after": round(seconds, 3),
        "global": scope == "global",
    }
    return Verdict({**headers, **told}, body)


def _route(method: str, kind: str, parts: list[str]) -> str:
    """Return what a request has in common with others of its bucket: its path without ids."""
    if "reactions" in parts:
        parts = parts[: parts.index("reactions") + 1]
    if kind == "webhooks":
        parts = ["{}", "{}", *parts[2:]]
    return f"{method} " + "/".join((kind, *("{}" if part.isdigit() else part for part in parts)))


def _headers(bucket: Window, route: str, now: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(bucket.allowance.requests),
        "X-RateLimit-Remaining": str(bucket.remaining()),
        "X-RateLimit-Reset": f"{bucket.ends:.3f}",
        "X-RateLimit-Reset-After": f"{bucket.ends - now:.3f}",
        "X-RateLimit-Bucket": _hash(route),
    }


@lru_cache(maxsize=1000)
def _hash(route: str) -> str:
    return hashlib.sha256(route.encode()).hexdigest()[:32]
