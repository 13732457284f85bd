"""Every table of the programme database."""

from bot.storage.models.base import Base, UtcTime
from bot.storage.models.calendars import DiscordEvent, Feed
from bot.storage.models.cohorts import (
    Cohort,
    CoordinatorGroup,
    DiscordPlace,
    Event,
    Invitation,
    MilestoneState,
    Municipality,
    NewsletterVideo,
    Village,
)
from bot.storage.models.enrolments import Enrolment, Guest
from bot.storage.models.hand_votes import HandCount, OffDiscord
from bot.storage.models.letters import Letter, LetterVersion, Video
from bot.storage.models.mail import Mail, MailRecipient
from bot.storage.models.meeting_day import AgreedStep, HeadCount, MeetingNotes, SharedNote
from bot.storage.models.meetings import PolledMeeting
from bot.storage.models.pace import PaceSlot
from bot.storage.models.people import AuditEntry, Consent, NextStepDone, Person, RoleAssignment, Rsvp
from bot.storage.models.polls import Ballot, Decision, Poll, PollOption, PollRules
from bot.storage.models.posts import Delivery
from bot.storage.models.register import Register, RegisterEntry
from bot.storage.models.rehearsal import RehearsalMark
from bot.storage.models.tasks import TaskDone

__all__ = [
    "AgreedStep",
    "AuditEntry",
    "Ballot",
    "Base",
    "Cohort",
    "Consent",
    "CoordinatorGroup",
    "Decision",
    "Delivery",
    "DiscordEvent",
    "DiscordPlace",
    "Enrolment",
    "Event",
    "Feed",
    "Guest",
    "HandCount",
    "HeadCount",
    "Invitation",
    "Letter",
    "LetterVersion",
    "Mail",
    "MailRecipient",
    "MeetingNotes",
    "MilestoneState",
    "Municipality",
    "NewsletterVideo",
    "NextStepDone",
    "OffDiscord",
    "PaceSlot",
    "Person",
    "Poll",
    "PollOption",
    "PollRules",
    "PolledMeeting",
    "Register",
    "RegisterEntry",
    "RehearsalMark",
    "RoleAssignment",
    "Rsvp",
    "SharedNote",
    "TaskDone",
    "UtcTime",
    "Video",
    "Village",
]
