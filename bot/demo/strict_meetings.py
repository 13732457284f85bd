"""Discord's limits around meetings that simcord lets pass: threads from a post, and the server's list of events."""

from typing import Any

from simcord.backend.errors import BackendError, invalid_form_body
from simcord.http.router import RequestContext

from bot.demo._private_routes import Handler, Rule

EVENTS_TO_COME = 100
LONGEST = {"name": 100, "description": 1000}
LOCATION_LONGEST = 100
_SCHEDULED = 1


def open_thread(ctx: RequestContext, create: Handler) -> Any:
    """Refuse a second thread of one message, and a name that is too long."""
    if ctx.int_arg("message_id") in ctx.backend.channels:
        raise BackendError(400, 160004, "A thread has already been created for this message")
    _check_length("name", str(ctx.body().get("name") or ""), LONGEST["name"])
    return create(ctx)


def schedule(ctx: RequestContext, proceed: Handler) -> Any:
    """Refuse texts that are too long, and one event too many."""
    body = ctx.body()
    for name, longest in LONGEST.items():
        _check_length(name, str(body.get(name) or ""), longest)
    _check_length(
        "location", str((body.get("entity_metadata") or {}).get("location") or ""), LOCATION_LONGEST
    )
    events = ctx.backend.get_guild(ctx.int_arg("guild_id")).scheduled_events.values()
    if sum(event.status == _SCHEDULED for event in events) >= EVENTS_TO_COME:
        raise BackendError(400, 30038, "Maximum number of uncompleted guild scheduled events reached (100)")
    return proceed(ctx)


def _check_length(field: str, text: str, longest: int) -> None:
    if len(text) > longest:
        told = {"code": "BASE_TYPE_MAX_LENGTH", "message": f"Must be {longest} or fewer in length."}
        raise invalid_form_body(errors={field: {"_errors": [told]}})


RULES: dict[tuple[str, str], Rule] = {
    ("POST", "/channels/{channel_id}/messages/{message_id}/threads"): open_thread,
    ("POST", "/guilds/{guild_id}/scheduled-events"): schedule,
}
