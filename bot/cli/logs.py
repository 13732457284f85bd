"""Logging: readable lines at a terminal, one JSON object a line in production; never a vote, text or token."""

import json
import logging
import logging.config
from typing import Literal

import aiohttp
import discord

_CONNECTION_TROUBLE = (
    OSError,
    TimeoutError,
    aiohttp.ClientError,
    discord.ConnectionClosed,
    discord.GatewayNotFound,
)
_NOISY = ("discord", "apscheduler", "alembic")
_INDISCREET = ("aiosqlite", "sqlalchemy", "psycopg")  # when talkative, they write out every value: votes, too
_TELLS_ADDRESSES = (
    "aiohttp.server"  # of pages that are secrets; what fails in a page of ours is logged by web.py
)
_FIELDS = ("action", "key", "reference", "route")


class JsonLines(logging.Formatter):
    """One JSON object for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as JSON."""
        found: dict[str, object] = {
            "at": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        found.update({name: getattr(record, name) for name in _FIELDS if hasattr(record, name)})
        if record.exc_info:
            found["exception"] = self.formatException(record.exc_info)
        return json.dumps(found, ensure_ascii=False)


class CalmDiscord(logging.Filter):
    """Make a lost connection one line, since discord.py tries again; leave out that there is no voice."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass a record on, without the traceback of a connection that will be made again."""
        if not record.name.startswith("discord"):
            return True
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, _CONNECTION_TROUBLE):
            record.msg, record.args = f"{record.getMessage()}: {error!r}", ()
            record.exc_info = record.exc_text = None
        return not record.getMessage().endswith("voice will NOT be supported")


def set_up(level: str, style: Literal["text", "json"]) -> None:
    """Send every log line to standard error."""
    text = {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"text": text, "json": {"()": JsonLines}},
            "filters": {"calm": {"()": CalmDiscord}},
            "handlers": {
                "stderr": {"class": "logging.StreamHandler", "formatter": style, "filters": ["calm"]}
            },
            "root": {"level": level, "handlers": ["stderr"]},
            "loggers": {
                **{name: {"level": "WARNING"} for name in (*_NOISY, *_INDISCREET)},
                _TELLS_ADDRESSES: {"level": "CRITICAL"},
            },
        }
    )
