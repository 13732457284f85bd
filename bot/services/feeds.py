"""Calendars to subscribe to: each person has an address of their own to a place's meetings, over HTTP.

The address is a secret that is shown once and stored as a checksum. Whoever no longer belongs to the place gets
nothing more: the rights are asked each time.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content.templates import Ready
from bot.domain.access import Action, Actor, Where, require
from bot.domain.errors import CompanionError, NotFound
from bot.messages.calendar_files import feed
from bot.services.audit import audit
from bot.services.calendar_files import CalendarFiles
from bot.services.context import Context
from bot.services.membership import own_person
from bot.services.people import actor_of
from bot.services.places import SECRETARIAT, Place, place_of
from bot.storage.models import Cohort, Feed, Person
from bot.storage.repositories import people as people_table

SECRET_BYTES = 24
PATH = "/kalender/{token}.ics"
_COHORT = "cohort:"


@dataclass(frozen=True, slots=True)
class Page:
    """A feed as it is served; `etag` changes when a meeting does, and only then."""

    body: bytes
    etag: str


class Feeds:
    """Make addresses, and serve what is behind them."""

    def __init__(self, context: Context, files: CalendarFiles) -> None:
        self._context, self._files = context, files

    @property
    def offered(self) -> bool:
        """Tell whether people can reach our pages at all."""
        return self._context.facts.public_url is not None

    async def standing(self, actor: Actor, place: Place) -> datetime | None:
        """Return when somebody's address to a place's calendar was made. Raises NotPermitted, NotFound, Conflict."""
        async with self._context.database.transaction() as session:
            person = await own_person(session, actor)
            await self._check(session, person, place)
            row = await self._row(session, person.id, key_of(place))
            return row.made_at if row else None

    async def make(self, actor: Actor, place: Place) -> str:
        """Make somebody's address, in the place of the one that was; it is told this once. Raises as `standing`."""
        token = secrets.token_urlsafe(SECRET_BYTES)
        async with self._context.database.transaction() as session:
            person = await own_person(session, actor)
            await self._check(session, person, place)
            row = await self._row(session, person.id, key_of(place))
            if row is None:
                row = Feed(person_id=person.id, place_key=key_of(place))
                session.add(row)
            row.token_hash, row.made_at = _checksum(token), self._context.now()
            await audit(session, self._context, actor, "feed.made", key_of(place))
        return f"{self._context.facts.public_url}{PATH.format(token=token)}"

    async def read(self, token: str) -> Page | None:
        """Return what stands behind an address; None where there is nothing, or the right to see it has ended."""
        async with self._context.database.transaction() as session:
            row = await session.scalar(select(Feed).where(Feed.token_hash == _checksum(token)))
            if row is None:
                return None
            person = await session.get_one(Person, row.person_id)
            try:
                place = await _place(session, row.place_key)
                await self._check(session, person, place)
            except CompanionError:
                return None
            meetings = await self._files.of_place(session, place)
        owner = Ready(self._files.name(place))  # a calendar knows no markup
        title = self._context.texts("calendar_file.feed_title", place=owner)
        mark = hashlib.sha256(repr((str(title), meetings)).encode()).hexdigest()[:32]
        body = feed(meetings, self._files.calendars(place), self._context.now(), str(title))
        return Page(body, mark)

    async def _check(self, session: AsyncSession, person: Person, place: Place) -> None:
        if not self.offered:
            raise CompanionError("error.old_button")
        held = await people_table.roles_now(session, person.id)
        actor = await actor_of(session, person, held, person.discord_user_id, person.display_name or "")
        if place.village is not None:
            require(actor, Action.SEE_VILLAGE, place.where)
            return
        if place.cohort is None:
            raise NotFound("error.not_found.place")
        where = place.where if place.group else Where(cohort_id=place.cohort.id)
        require(actor, Action.SUBSCRIBE_GROUP, where)

    async def _row(self, session: AsyncSession, person_id: int, key: str) -> Feed | None:
        return await session.scalar(select(Feed).where(Feed.person_id == person_id, Feed.place_key == key))


def key_of(place: Place) -> str:
    """Return what a feed is of: a village, a group, or the cohort that the secretariat's channel looks at."""
    return cohort_key(place.cohort.id) if place.key == SECRETARIAT and place.cohort else place.key


def cohort_key(cohort_id: int) -> str:
    """Return the key of a cohort's own feed."""
    return f"{_COHORT}{cohort_id}"


async def _place(session: AsyncSession, key: str) -> Place:
    if not key.startswith(_COHORT):
        return await place_of(session, key)
    return Place(SECRETARIAT, running=await session.get(Cohort, int(key.removeprefix(_COHORT))))


def _checksum(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
