"""Logging: readable lines at a terminal, one JSON object a line in production; never a vote, text or token."""

import json
import logging
import logging.config
from typing import Literal

_FIELDS = ("action", "key", "reference")


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


def set_up(level: str, style: Literal["text", "json"]) -> None:
    """Send every log line to standard error."""
    text = {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"text": text, "json": {"()": JsonLines}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": style}},
            "root": {"level": level, "handlers": ["stderr"]},
            "loggers": {"discord": {"level": "WARNING"}, "apscheduler": {"level": "WARNING"},
                        "alembic": {"level": "WARNING"}},
        }
    )  # fmt: skip
