"""What journeys read in a programme year: the posts of a village, the answers people got, the parts to press."""

from typing import Any

from bot.demo.cast import VillageCast
from bot.demo.hands import standing_in
from bot.demo.world import MessageRecord
from bot.demo.year import ProgrammeYear


def posts(year: ProgrammeYear, cast: VillageCast) -> list[MessageRecord]:
    """Return what stands in a village's channel, oldest first."""
    return year.discord.messages(cast.channel_id)


def starting(year: ProgrammeYear, cast: VillageCast, text: str) -> list[MessageRecord]:
    """Return the posts in a village's channel that begin with a text."""
    return [record for record in posts(year, cast) if record.content.startswith(text)]


def said(result: Any) -> str:
    """Return what a person got to see in answer to an action."""
    return str(result.response.content) if result.response is not None else ""


def part(record: MessageRecord, action: str) -> str:
    """Return the id of the first button or menu with an action under a post."""
    return next(custom_id for custom_id in record.custom_ids if custom_id.split(":")[1] == action)


def filled(shown: Any, *values: str) -> dict[str, Any]:
    """Return a form with these values from its top; what else is chosen in it is kept."""
    there = standing_in(shown)
    return {**there, **dict(zip(there, values, strict=False))}
