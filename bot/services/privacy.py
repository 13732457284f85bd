"""Insight and erasure: show somebody everything held about them, and remove it (PRIVACY section 5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Actor, Role
from bot.domain.errors import Conflict
from bot.messages.privacy import MyData, Records
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.erasure import erase_person
from bot.services.membership import own_person, tell_of_missing_lead
from bot.services.places import place_of
from bot.storage.models import (
    AuditEntry,
    Ballot,
    Cohort,
    Consent,
    Decision,
    Event,
    Feed,
    Letter,
    LetterVersion,
    MailRecipient,
    Municipality,
    Person,
    Poll,
    PolledMeeting,
    PollOption,
    RegisterEntry,
    RoleAssignment,
    Rsvp,
    Village,
)

SUPPLIES: Mapping[str, frozenset[str]] = {"error_people.nothing_held": frozenset()}
SECRET_VOTES, MESSAGES, DOCUMENTS, CONTACT = "secret_votes", "messages", "documents", "contact"


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure could not reach: `left` holds keys of texts under "people.left"."""

    left: tuple[str, ...]


class Privacy:
    """A person's own rights."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def my_data(self, actor: Actor) -> MyData:
        """Return everything held about the actor. Raises Conflict when that is nothing."""
        if actor.person_id is None:
            raise Conflict("error_people.nothing_held")
        async with self._context.database.transaction() as session:
            person = await own_person(session, actor)
            records = {
                "roles": await _roles(session, person.id),
                "consents": await _consents(session, person.id),
                "meeting_answers": await self._answers(session, person.id),
                "feeds": [{"place": await _name(session, row.place_key), "at": row.made_at} for row in
                          await session.scalars(select(Feed).where(Feed.person_id == person.id))],
                "open_votes": await _votes(session, person.id),
                "polls_started": await _rows(session, select(Poll.question, Poll.opens_at)
                                             .where(Poll.asked_by_id == person.id)),
                "decisions_recorded": await _rows(session, select(Decision.title, Decision.decided_on)
                                                  .where(Decision.recorded_by_id == person.id)),
                "objections": await _rows(session, select(RegisterEntry.at, RegisterEntry.words.label("reason"))
                                          .where(RegisterEntry.person_id == person.id)),
                "letters_written": await _rows(session, select(LetterVersion.title, LetterVersion.written_at)
                                               .where(LetterVersion.written_by_id == person.id)),
                "letters_approved": await _rows(session, select(Letter.code, Letter.approved_at)
                                                .where(Letter.approved_by_id == person.id)),
                "mail_list": await _rows(session, select(MailRecipient.added_at.label("at"), MailRecipient.scope_key
                                                         .label("subject")).where(MailRecipient.added_by_id == person.id)),
                "log": await _rows(
                    session, select(AuditEntry.at, AuditEntry.role, AuditEntry.action, AuditEntry.subject)
                    .where(AuditEntry.person_id == person.id)),
            }  # fmt: skip
            name, account = person.display_name or "", person.discord_user_id or 0
            return MyData(name, account, person.created_at, records, person.reminded_privately)

    async def _answers(self, session: AsyncSession, person_id: int) -> Records:
        columns = (Event.code, PolledMeeting.title, Event.starts_at, Rsvp.answer, Rsvp.people, Rsvp.answered_at,
                   Rsvp.waiting_since, Rsvp.asked_again_at, Rsvp.place_key)  # fmt: skip
        query = select(*columns).join_from(Rsvp, Event)
        query = query.outerjoin(PolledMeeting, PolledMeeting.event_id == Event.id)
        found = await _rows(session, query.where(Rsvp.person_id == person_id))
        meetings = self._context.programme.meetings
        for row in found:
            code = str(row.pop("code"))
            row["title"] = meetings[code].title if code in meetings else row["title"] or code
            key = row.pop("place_key")
            row["place"] = await _name(session, str(key)) if key else ""
        return found

    async def erase(self, actor: Actor) -> Erased:
        """Take the actor out of the programme at once. Raises Conflict when nothing is held."""
        if actor.person_id is None:
            raise Conflict("error_people.nothing_held")
        async with self._context.database.transaction() as session:
            person = await own_person(session, actor)
            left = await _left(session, person)
            roles = await erase_person(session, self._context, person)
            nameless = Actor(None, "", actor.roles)
            await audit(session, self._context, nameless, "person.erased", f"person:{person.id}")
            for row in roles:
                if row.role == Role.STEERING_LEAD:
                    village = await session.get_one(Village, row.village_id)
                    await tell_of_missing_lead(session, self._context, village)
            return Erased(left)


async def _rows(session: AsyncSession, query: Any) -> Records:
    return [dict(row) for row in (await session.execute(query)).mappings()]


async def _name(session: AsyncSession, place_key: str) -> str:
    """Return the village or group an answer was given in, or the channel's own name."""
    if place_key.startswith("cohort:"):
        return (await session.get_one(Cohort, int(place_key.removeprefix("cohort:")))).title
    place = await place_of(session, place_key)
    owner = place.village or place.group
    return owner.name if owner else place_key


async def _roles(session: AsyncSession, person_id: int) -> Records:
    query = (
        select(RoleAssignment.role, Village.name.label("village"), Municipality.name.label("municipality"),
               RoleAssignment.since, RoleAssignment.until)
        .outerjoin(Village, RoleAssignment.village_id == Village.id)
        .outerjoin(Municipality, RoleAssignment.municipality_id == Municipality.id)
        .where(RoleAssignment.person_id == person_id)
        .order_by(RoleAssignment.id)
    )  # fmt: skip
    return await _rows(session, query)


async def _consents(session: AsyncSession, person_id: int) -> Records:
    columns = Consent.purpose, Consent.text_version, Consent.given_at, Consent.withdrawn_at
    return await _rows(session, select(*columns).where(Consent.person_id == person_id).order_by(Consent.id))


async def _votes(session: AsyncSession, person_id: int) -> Records:
    columns = Poll.question, PollOption.text.label("choice"), Ballot.mark, Ballot.reason
    query = select(*columns).join_from(Ballot, PollOption).join(Poll, Ballot.poll_id == Poll.id)
    return await _rows(session, query.where(Ballot.person_id == person_id).order_by(Ballot.id))


async def _left(session: AsyncSession, person: Person) -> tuple[str, ...]:
    """Return what an erasure cannot reach; the secretariat's contacts only if the name stands there."""
    name = (person.display_name or "").casefold()
    contacts = await session.scalars(
        select(Village.contact_person).where(Village.contact_person.is_not(None))
    )
    named = bool(name) and any(name in (contact or "").casefold() for contact in contacts)
    return (SECRET_VOTES, MESSAGES, DOCUMENTS, *((CONTACT,) if named else ()))
