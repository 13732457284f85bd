"""From a request on the wire to simcord's router, and back."""

import io
import json
from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any
from urllib.parse import unquote

import discord
from aiohttp import web
from simcord.backend import Backend
from simcord.backend.errors import BackendError
from simcord.http import router, routes  # noqa: F401 - importing the routes registers them

Asked = tuple[Any, list[discord.File]]
_ONLY_ON_GATEWAY = {"members", "channels", "threads", "presences", "voice_states", "joined_at", "unavailable"}


async def read(request: web.Request) -> Asked:
    """Return a request's JSON and its files, whether sent plainly or as a form."""
    if not request.content_type.startswith("multipart/"):
        raw = await request.read()
        return (json.loads(raw) if raw else None), []
    form = await request.post()
    body = json.loads(str(form["payload_json"])) if "payload_json" in form else None
    told = {f"files[{one['id']}]": one.get("description") for one in (body or {}).get("attachments", ())}
    files = [
        discord.File(io.BytesIO(part.file.read()), part.filename, description=told.get(name))
        for name, part in form.items()
        if isinstance(part, web.FileField)
    ]
    return body, files


def work(backend: Backend, request: web.Request, path: str, asked: Asked, gaps: list[str]) -> web.Response:
    """Do what is asked; what simcord does not know is added to `gaps`."""
    reason = request.headers.get("X-Audit-Log-Reason")
    body, files = asked
    try:
        result = router.dispatch(
            backend,
            request.method,
            path,
            json=body,
            params=dict(request.query),
            files=files,
            reason=unquote(reason) if reason else None,
            message_content_access=False,
        )
    except (router.RouteNotImplemented, router.UnsupportedField) as error:
        gaps.append(str(error))
        return answer(error.status, error.to_json())
    except BackendError as error:
        return answer(error.status, error.to_json())
    if result is None:
        return web.Response(status=204)
    return answer(200, _bare(result) if fnmatch(path, "/guilds/*") and path.count("/") == 2 else result)


def answer(status: int, data: object, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return an answer in JSON; a charset in the content type would hide it from discord.py."""
    body = json.dumps(data).encode()
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def hang_up(request: web.Request) -> web.Response:
    """Break the connection instead of an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _bare(guild: dict[str, Any]) -> dict[str, Any]:
    """Return a server as REST gives it: simcord adds what only the gateway tells."""
    return {key: value for key, value in guild.items() if key not in _ONLY_ON_GATEWAY}
