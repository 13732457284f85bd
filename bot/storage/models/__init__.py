"""Every table of the programme database."""

from bot.storage.models.base import Base, UtcTime
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
from bot.storage.models.hand_votes import HandCount, OffDiscord
from bot.storage.models.letters import Letter, LetterVersion
from bot.storage.models.meetings import PolledMeeting
from bot.storage.models.pace import PaceSlot
from bot.storage.models.people import AuditEntry, Consent, NextStepDone, Person, RoleAssignment, Rsvp
from bot.storage.models.polls import Ballot, Decision, Poll, PollOption, PollRules
from bot.storage.models.posts import Delivery
from bot.storage.models.register import Register, RegisterEntry
from bot.storage.models.rehearsal import RehearsalMark

__all__ = [
    "AuditEntry",
    "Ballot",
    "Base",
    "Cohort",
    "Consent",
    "CoordinatorGroup",
    "Decision",
    "Delivery",
    "DiscordPlace",
    "Event",
    "HandCount",
    "Invitation",
    "Letter",
    "LetterVersion",
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
    "UtcTime",
    "Village",
]
