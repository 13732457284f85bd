"""Discord's memory of nonces: a message repeated within a few minutes is stored once.

simcord drops `nonce` and `enforce_nonce`; without this, a bot that repeats a doubtful
message would seem to double it, and one that forgets its nonce would seem to be right.
"""

from typing import Any

from simcord.backend.errors import invalid_form_body
from simcord.http.router import RequestContext

from bot.demo._private_routes import Handler, message_response

NONCE_LENGTH = 25
WINDOW = 300.0
"""Seconds of virtual time a nonce is remembered; Discord says only "the past few minutes"."""


class Nonces:
    """What the bot has sent lately, by channel and nonce."""

    def __init__(self, window: float = WINDOW) -> None:
        self._window = window
        self._sent: dict[tuple[int, str], tuple[float, int]] = {}

    def forget(self) -> None:
        """Remember nothing any longer, as if the window had passed."""
        self._sent.clear()

    def send(self, ctx: RequestContext, send: Handler) -> Any:
        """Store a message, unless its nonce says that it is already there.

        A repeated nonce whose message was deleted answers "Unknown Message" (10008), and one
        of more than 25 characters is refused (50035).
        """
        nonce = ctx.body().get("nonce")
        if nonce is None:
            return send(ctx)
        if len(str(nonce)) > NONCE_LENGTH:
            raise invalid_form_body("nonce: Must be 25 or fewer in length.")
        now = ctx.backend.clock.elapsed
        key = (ctx.int_arg("channel_id"), str(nonce))
        self._forget(now - self._window)
        if ctx.body().get("enforce_nonce") and key in self._sent:
            message = ctx.backend.get_message(key[0], self._sent[key][1])
            return {**message_response(ctx, message), "nonce": nonce}
        answer = send(ctx)
        self._sent.setdefault(key, (now, int(answer["id"])))
        return {**answer, "nonce": nonce}

    def _forget(self, before: float) -> None:
        """Drop what is older than the window; the oldest stand first."""
        while self._sent:
            key, (sent_at, _) = next(iter(self._sent.items()))
            if sent_at >= before:
                return
            del self._sent[key]
