"""The bot's own web server: what it says to whom, and what it keeps to itself."""

import asyncio
import logging

import aiohttp
import pytest
from aiohttp import web

from bot.cli.logs import set_up
from bot.delivery.web import Web


async def _secret(request: web.Request) -> web.Response:
    match request.match_info["word"]:
        case "sesam":
            return web.Response(text="indenfor")
        case "fejl":
            raise RuntimeError("en fejl i en side")
    raise web.HTTPNotFound


async def test_a_page_answers_and_whatever_is_not_there_gets_the_same_refusal() -> None:
    server = Web([web.get("/hemmelig/{word}", _secret)], "127.0.0.1", 0)
    await server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as person:
            inside = await person.get("/hemmelig/sesam")
            assert (inside.status, await inside.text()) == (200, "indenfor")
            assert inside.headers["X-Robots-Tag"] == "noindex, nofollow"
            wrong, nothing = await person.get("/hemmelig/forkert"), await person.get("/andet")
            assert (
                (wrong.status, await wrong.text()) == (nothing.status, await nothing.text()) == (404, "404\n")
            )
            failed = await person.get("/hemmelig/fejl")
            assert (failed.status, await failed.text()) == (500, "500\n")
    finally:
        await server.stop()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_no_address_is_logged_whatever_is_asked(capfd: pytest.CaptureFixture[str]) -> None:
    root, kept = logging.getLogger(), logging.getLogger().handlers[:]
    set_up("DEBUG", "json")
    server = Web([web.get("/hemmelig/{word}", _secret)], "127.0.0.1", 0)
    await server.start()
    try:
        for line in (
            "GET /hemmelig/sesam HTTP/1.1", "GET /hemmelig/fejl?a=sesam HTTP/1.1", "GET /sesam sesam HTTP/9.9",
        ):  # fmt: skip
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"{line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            await reader.read()
            writer.close()
        taken = Web([], "127.0.0.1", server.port)
        with pytest.raises(OSError):
            await taken.start()
        await taken.stop()
    finally:
        await server.stop()
        root.handlers[:] = kept
        root.setLevel("WARNING")
    said = capfd.readouterr().err
    assert "/hemmelig/{word}" in said and "en fejl i en side" in said
    assert "sesam" not in said
