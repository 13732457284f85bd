"""Which milestones head counts reach: "Med til studiekreds 1, 2 og 3" and its like (S23, S36, S46, S55); pure."""

from collections.abc import Collection

from bot.domain.programme import BY_ITSELF, Programme

_KIND = "meeting"


def reached_by_counts(programme: Programme, attended: Collection[str]) -> list[str]:
    """Return the milestones nobody ticks whose circles all had somebody there; `attended` are those meetings' ids."""
    found = []
    for milestone in programme.milestones.values():
        if milestone.confirm != BY_ITSELF or milestone.kind != _KIND:
            continue
        circles = [m.id for m in programme.meetings.values() if m.newsletter and milestone.id in m.milestones]
        if circles and set(circles) <= set(attended):
            found.append(milestone.id)
    return found


def lines(text: str, most: int, longest: int) -> list[str]:
    """Return what somebody wrote one under the other, without empty lines, numbers and strokes before it."""
    found = [" ".join(line.strip().lstrip("-•*").split()) for line in text.splitlines()]
    return [line[:longest] for line in found if line][:most]
