"""Every service of the bot under one name each; cogs and delivery reach the programme through it."""

from dataclasses import dataclass

from bot.services.calendar import Calendar
from bot.services.calendar_files import CalendarFiles
from bot.services.cohorts import Cohorts
from bot.services.context import Context
from bot.services.corrections import Corrections
from bot.services.decision_choices import DecisionChoices
from bot.services.decision_export import RegisterExport
from bot.services.decision_follow_up import FollowUp
from bot.services.decision_objections import Objections
from bot.services.decisions import Decisions
from bot.services.enrolments import Enrolments
from bot.services.extra_letter_posts import ExtraLetterPosts
from bot.services.extra_letters import ExtraLetters
from bot.services.feeds import Feeds
from bot.services.forgetting import Forgetting
from bot.services.guests import Guests
from bot.services.hand_votes import HandVotes
from bot.services.invitation import InvitationKeeper
from bot.services.lasting_posts import LastingPosts
from bot.services.ledger import Ledger
from bot.services.letter_accounts import LetterAccounts
from bot.services.letter_desk import LetterDesk
from bot.services.letter_sheets import LetterSheets
from bot.services.letter_titles import LetterTitles
from bot.services.letter_versions import LetterVersions
from bot.services.letters import Letters
from bot.services.mail_lists import MailLists
from bot.services.mail_outbox import MailOutbox
from bot.services.mail_planning import MailPlanning
from bot.services.meeting_cards import MeetingCards
from bot.services.meeting_changes import MeetingChanges
from bot.services.meeting_day import MeetingDay
from bot.services.meeting_polls import MeetingPolls
from bot.services.milestones import Milestones
from bot.services.newsletters import Newsletters
from bot.services.outbox import Outbox
from bot.services.people import People
from bot.services.places import Places
from bot.services.planning import Planning
from bot.services.poll_drafts import PollDrafts
from bot.services.poll_life import PollLife
from bot.services.poll_posts import PollPosts
from bot.services.poll_rules import VillageRulesDesk
from bot.services.polled_meetings import PolledMeetings
from bot.services.polls import Polls
from bot.services.posts import Posts
from bot.services.private_reminders import PrivateReminders
from bot.services.provisioning import Provisioning
from bot.services.scheduled_events import ScheduledEvents
from bot.services.seating import Seating
from bot.services.sharing import Sharing
from bot.services.tasks import Tasks
from bot.services.videos import Videos
from bot.services.village_dates import VillageDates


@dataclass(frozen=True)
class Services:
    """The use-cases, ready to be called."""

    context: Context
    calendar: Calendar
    calendar_files: CalendarFiles
    cohorts: Cohorts
    corrections: Corrections
    decisions: Decisions
    enrolments: Enrolments
    extra_letters: ExtraLetters
    decision_choices: DecisionChoices
    feeds: Feeds
    guests: Guests
    hand_votes: HandVotes
    follow_up: FollowUp
    forgetting: Forgetting
    lasting_posts: LastingPosts
    ledger: Ledger
    letter_accounts: LetterAccounts
    letter_desk: LetterDesk
    letter_versions: LetterVersions
    meeting_cards: MeetingCards
    meeting_changes: MeetingChanges
    invitation: InvitationKeeper
    letter_sheets: LetterSheets
    letter_titles: LetterTitles
    mail_lists: MailLists
    mail_outbox: MailOutbox
    meeting_day: MeetingDay
    meeting_polls: MeetingPolls
    milestones: Milestones
    newsletters: Newsletters
    objections: Objections
    outbox: Outbox
    people: People
    places: Places
    planning: Planning
    poll_drafts: PollDrafts
    poll_life: PollLife
    poll_rules: VillageRulesDesk
    polled_meetings: PolledMeetings
    polls: Polls
    private_reminders: PrivateReminders
    provisioning: Provisioning
    videos: Videos
    register_export: RegisterExport
    scheduled_events: ScheduledEvents
    seating: Seating
    sharing: Sharing
    tasks: Tasks
    village_dates: VillageDates


def services_on(context: Context) -> Services:
    """Put the services together."""
    calendar, letters, polls = Calendar(context), Letters(context), Polls(context)
    ledger = Ledger(context)
    files = CalendarFiles(context, calendar)
    posts = Posts(context, calendar, letters, PollPosts(context), files)
    mail_outbox = MailOutbox(context, letters, posts)
    mails = MailPlanning(context)
    extra_posts = ExtraLetterPosts(context, letters, mails)
    planning = Planning(context, calendar, polls, mails, extra_posts)
    newsletters = Newsletters(context, letters, posts)
    return Services(
        context=context,
        calendar=calendar,
        calendar_files=files,
        cohorts=Cohorts(context),
        corrections=Corrections(context, newsletters),
        decisions=Decisions(context),
        enrolments=Enrolments(context),
        extra_letters=ExtraLetters(context, letters, extra_posts),
        decision_choices=DecisionChoices(context),
        feeds=Feeds(context, files),
        guests=Guests(context),
        hand_votes=HandVotes(context),
        follow_up=FollowUp(context),
        forgetting=Forgetting(context),
        lasting_posts=LastingPosts(context),
        ledger=ledger,
        letter_accounts=LetterAccounts(context, newsletters, ledger),
        letter_desk=LetterDesk(context, letters),
        letter_versions=LetterVersions(context, letters),
        meeting_cards=MeetingCards(context),
        meeting_changes=MeetingChanges(context, calendar, planning),
        invitation=InvitationKeeper(context),
        letter_sheets=LetterSheets(context, letters),
        letter_titles=LetterTitles(context, letters),
        mail_lists=MailLists(context),
        mail_outbox=mail_outbox,
        meeting_day=MeetingDay(context, files),
        meeting_polls=MeetingPolls(context),
        milestones=Milestones(context, calendar),
        newsletters=newsletters,
        objections=Objections(context),
        outbox=Outbox(context, posts),
        people=People(context),
        places=Places(context),
        planning=planning,
        poll_drafts=PollDrafts(context),
        poll_life=PollLife(context),
        poll_rules=VillageRulesDesk(context),
        polled_meetings=PolledMeetings(context),
        polls=polls,
        private_reminders=PrivateReminders(context),
        provisioning=Provisioning(context),
        videos=Videos(context, letters, newsletters),
        register_export=RegisterExport(context),
        scheduled_events=ScheduledEvents(context),
        seating=Seating(context),
        sharing=Sharing(context, files),
        tasks=Tasks(context),
        village_dates=VillageDates(context),
    )
