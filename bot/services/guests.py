"""People outside Discord who come to a public meeting: they sign up on a page, or ring the secretariat (S62).

They take seats and wait like everybody else. Name and answer are deleted thirty days after the meeting (PRIVACY); a
guest has a page of their own, under a secret address, to see whether there is a seat and to take the answer back.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, require
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.programme import PUBLIC
from bot.domain.seats import MOST_PEOPLE, Answer
from bot.messages.guests import GuestEntry, GuestList, GuestPage, Invited
from bot.services.attendance import Attendance
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.people import LONGEST_NAME, checksum, tidy_name
from bot.services.places import village_key
from bot.services.seating import Seating, waiting_number
from bot.storage.database import FORGOTTEN
from bot.storage.models import Consent, Event, Guest, Person, Rsvp, Village

PATH, OWN_PATH = "/kom/{event_id}", "/kom/svar/{token}"
MOST = 1000  # guests of one meeting that the page takes
_KEY = re.compile(r"[A-Za-z0-9_-]{32}")
SUPPLIES: Mapping[str, frozenset[str]] = {
    "error_guests.name": frozenset(),
    "error_guests.people": frozenset({"most"}),
    "error_guests.closed": frozenset({"title", "phone"}),
    "error_guests.full": frozenset({"phone"}),
}


def address_of(context: Context, event: Event) -> str | None:
    """Return the public address where people sign up for a meeting; None where there is none."""
    base, meeting = context.facts.public_url, context.programme.meetings.get(event.code)
    if base is None or meeting is None or PUBLIC not in meeting.audience:
        return None
    return f"{base}{PATH.format(event_id=event.id)}"


class Guests:
    """Sign up and back out without an account; the secretariat's list."""

    def __init__(self, context: Context) -> None:
        self._context, self._attendance = context, Attendance(context)
        self._seating = Seating(context)

    async def invited(self, event_id: int) -> Invited | None:
        """Return what the page tells of a public meeting; None where there is none."""
        async with self._context.database.transaction() as session:
            event = await session.get(Event, event_id)
            title = self._title(event)
            if event is None or title is None:
                return None
            query = select(Village).where(
                Village.cohort_id == event.cohort_id, Village.agreed_at.is_not(None)
            )
            villages = (await session.scalars(query.order_by(Village.name, Village.id))).all()
            left = await self._seating.left(session, event, None) if event.seats is not None else None
            return Invited(
                event.id, title, event.starts_at, event.ends_at, event.venue or "", left, self._open(event),
                event.called_off_at is not None, [(row.id, f"{row.name} ({row.municipality.name})") for row in villages],
                secrets.token_urlsafe(24),
            )  # fmt: skip

    async def sign_up(self, event_id: int, key: str, name: str, people: str, village: str = "") -> None:
        """Note that a guest comes; the same key again changes nothing, so that a second press is one guest.

        Raises NotFound, InvalidInput, and Conflict when it is over, off, or too many have signed up.
        """
        if not _KEY.fullmatch(key):
            raise NotFound("error_people.meeting_gone")
        async with self._context.database.transaction() as session:
            await self._add(session, event_id, key, name, people, village)

    async def add(self, actor: Actor, event_id: int, name: str, people: str) -> GuestList:
        """Note a guest who rang the secretariat. Raises NotPermitted, and as `sign_up`."""
        require(actor, Action.KEEP_GUESTS, Where())
        async with self._context.database.transaction() as session:
            await self._add(session, event_id, secrets.token_urlsafe(24), name, people, "")
            await audit(session, self._context, actor, "guest.added", f"event:{event_id}")
            return await self._listed(session, event_id)

    async def own(self, key: str) -> GuestPage | None:
        """Return what stands behind a guest's own address; None where there is nothing."""
        async with self._context.database.transaction() as session:
            guest = await self._by_key(session, key)
            if guest is None:
                return None
            event = await session.get_one(Event, guest.event_id)
            person = await session.get_one(Person, guest.person_id)
            query = select(Rsvp).where(Rsvp.person_id == guest.person_id, Rsvp.event_id == event.id)
            row = (await session.scalars(query)).one_or_none()
            if row is None:
                return None
            waits = await waiting_number(session, event.id, row) if row.waiting_since is not None else None
            return GuestPage(
                self._title(event) or "", event.starts_at, event.venue or "", person.display_name or "",
                row.people, waits, event.called_off_at is not None, self._open(event),
            )  # fmt: skip

    async def back_out(self, key: str) -> bool:
        """Delete a guest by their own address; who waits gets the seats. False where there is none."""
        async with self._context.database.transaction() as session:
            guest = await self._by_key(session, key)
            if guest is None:
                return False
            await self._forget(session, guest)
            return True

    async def listed(self, actor: Actor, event_id: int) -> GuestList:
        """Return a meeting's guests by name. Raises NotPermitted, NotFound."""
        require(actor, Action.KEEP_GUESTS, Where())
        async with self._context.database.transaction() as session:
            return await self._listed(session, event_id)

    async def remove(self, actor: Actor, event_id: int, guest_id: int) -> GuestList:
        """Delete a guest who asked for it. Raises NotPermitted, NotFound."""
        require(actor, Action.KEEP_GUESTS, Where())
        async with self._context.database.transaction() as session:
            query = select(Guest).where(Guest.id == guest_id, Guest.event_id == event_id)
            guest = (await session.scalars(query)).one_or_none()
            if guest is not None:
                await self._forget(session, guest)
                await audit(session, self._context, actor, "guest.removed", f"event:{event_id}")
            return await self._listed(session, event_id)

    async def _add(
        self, session: AsyncSession, event_id: int, key: str, name: str, people: str, village: str
    ) -> None:
        event = await session.get(Event, event_id, with_for_update={"key_share": True})
        title = self._title(event)
        if event is None or title is None:
            raise NotFound("error_people.meeting_gone")
        if await self._by_key(session, key) is not None:
            return
        phone = self._context.facts.phone
        if not self._open(event):
            raise Conflict("error_guests.closed", title=title, phone=phone)
        name, count = _name(name), _people(people)
        guests = select(func.count()).select_from(Guest).where(Guest.event_id == event.id)
        if (await session.scalar(guests) or 0) >= MOST:
            raise Conflict("error_guests.full", phone=phone)
        now = self._context.now()
        person = Person(display_name=name, created_at=now)
        session.add(person)
        await session.flush()
        agreed = checksum(self._context.texts("guest.consent", controller=self._context.facts.controller))
        session.add(Guest(person_id=person.id, event_id=event.id, token_hash=_hash(key)))
        session.add(Consent(person_id=person.id, purpose="guest", text_version=agreed, given_at=now))
        row = Rsvp(person_id=person.id, event_id=event.id, people=count)
        place_key = await self._place(session, event, village)
        await self._attendance.change(session, event, row, Answer.YES, place_key)

    async def _place(self, session: AsyncSession, event: Event, village: str) -> str | None:
        """Return the village that a guest has named, if it takes part."""
        number = int(village) if village.isascii() and village.isdecimal() and len(village) < 10 else 0
        found = await session.get(Village, number)
        if found is None or found.cohort_id != event.cohort_id or found.agreed_at is None:
            return None
        return village_key(found.id)

    async def _forget(self, session: AsyncSession, guest: Guest) -> None:
        event = await session.get_one(Event, guest.event_id, with_for_update={"key_share": True})
        await session.execute(delete(Person).where(Person.id == guest.person_id))
        session.expunge(guest)
        session.info[FORGOTTEN] = True
        await self._seating.move_up(session, event)

    async def _by_key(self, session: AsyncSession, key: str) -> Guest | None:
        return await session.scalar(select(Guest).where(Guest.token_hash == _hash(key)))

    async def _listed(self, session: AsyncSession, event_id: int) -> GuestList:
        event = await session.get(Event, event_id)
        title = self._title(event)
        if event is None or title is None:
            raise NotFound("error_people.meeting_gone")
        query = select(Guest.id, Person.display_name, Rsvp.people, Rsvp.waiting_since, Rsvp.place_key)
        query = query.join(Person, Person.id == Guest.person_id).join(Rsvp, Rsvp.person_id == Guest.person_id)
        query = query.where(Guest.event_id == event.id).order_by(Person.display_name, Guest.id)
        rows = (await session.execute(query)).all()
        names = await _villages(session, [row.place_key for row in rows if row.place_key])
        return GuestList(
            event.id, title, event.starts_at, address_of(self._context, event), self._open(event),
            [GuestEntry(row.id, row.display_name or "", row.people, row.waiting_since is not None,
                        names.get(row.place_key, "")) for row in rows],
        )  # fmt: skip

    def _title(self, event: Event | None) -> str | None:
        """Return the title of a public meeting; None for every other."""
        meeting = self._context.programme.meetings.get(event.code) if event is not None else None
        return meeting.title if meeting is not None and PUBLIC in meeting.audience else None

    def _open(self, event: Event) -> bool:
        return event.called_off_at is None and event.ends_at > self._context.now()


async def _villages(session: AsyncSession, keys: Sequence[str]) -> dict[str, str]:
    ids = [int(key.partition(":")[2]) for key in keys]
    rows = await session.execute(select(Village.id, Village.name).where(Village.id.in_(ids)))
    return {village_key(number): name for number, name in rows}


def _name(written: str) -> str:
    name = tidy_name("".join(c for c in written if c.isprintable() or c.isspace()))
    if sum(map(str.isalpha, name)) < 2 or "://" in name or len(" ".join(written.split())) > LONGEST_NAME:
        raise InvalidInput("error_guests.name")
    return name


def _people(written: str) -> int:
    text = written.strip()
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:4]) <= MOST_PEOPLE or len(text) > 4:
        raise InvalidInput("error_guests.people", most=MOST_PEOPLE)
    return int(text)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
