"""Which of a cohort's places a post of the calendar is for (S07, S09)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.domain.access import Role
from bot.domain.programme import COORDINATOR_CIRCLE, VILLAGE_CIRCLE, Meeting, Reminder, Scope
from bot.storage.models import Event


@dataclass(frozen=True)
class Target:
    """A place that gets posts, and since when: nothing from before it joined is sent to it."""

    place_key: str
    since: datetime
    village_id: int | None = None


@dataclass(frozen=True)
class PostAudience:
    """The places of a cohort, and which of them a post is for."""

    villages: Sequence[Target]
    groups: Sequence[Target]
    secretariat: Target

    @cached_property
    def _own(self) -> dict[int | None, list[Target]]:
        return {target.village_id: [target] for target in self.villages}

    def of_scope(self, meeting: Meeting, event: Event) -> Iterable[Target]:
        """Return the channels a meeting belongs to."""
        if meeting.kind == COORDINATOR_CIRCLE or meeting.scope is Scope.COORDINATOR_GROUP:
            return self.groups
        if meeting.scope is Scope.MUNICIPALITY:
            return ()
        if meeting.scope is Scope.VILLAGE and meeting.kind != VILLAGE_CIRCLE:
            return self._own.get(event.village_id, ())
        return [*self.villages, *(self.groups if "coordinator" in meeting.audience else ())]

    def of_body(self, body: Role) -> Iterable[Target]:
        """Return the channels where those who own a milestone are spoken to."""
        if body is Role.SECRETARIAT:
            return [self.secretariat]
        return self.groups if body is Role.COORDINATOR else self.villages

    def of_reminder(self, meeting: Meeting, event: Event, reminder: Reminder) -> Iterable[Target]:
        """Return the channels a reminder goes to; a village's own meeting never doubles in the others' channels."""
        if reminder.to == "secretariat":
            return [self.secretariat] if event.village_id is None else ()
        if reminder.to == "coordinators":
            return self.groups if event.village_id is None else ()
        return self.of_scope(meeting, event)
