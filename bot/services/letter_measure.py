"""Fill a letter for every receiver before anybody gets it, and say for whom it would not do."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content.filling import TemplateFault
from bot.content.findings import Finding
from bot.content.letter_text import letter_names
from bot.content.simple_letters import meetings_in
from bot.domain.access import Role
from bot.domain.programme import Newsletter, is_extra
from bot.messages.poll_parts import LONGEST
from bot.services.context import Context
from bot.services.letter_audience import audience_of, places_of
from bot.services.letters import Letters
from bot.services.places import place_of
from bot.storage.models import (
    CoordinatorGroup,
    Event,
    NewsletterVideo,
    Person,
    RoleAssignment,
    Video,
    Village,
)
from bot.storage.repositories.events import COHORT_SCOPE

_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Receiver:
    """A place that a letter is for; a group has no village."""

    name: str
    village: Village | None = None


async def measure(
    session: AsyncSession, context: Context, letters: Letters, cohort_id: int, letter: Newsletter
) -> list[Finding]:
    """Return what goes wrong at any receiver: its longest text, what cannot be filled, who is missing."""
    found: list[Finding] = []
    urls = await letters.video_urls(session, cohort_id, letter)
    query = select(NewsletterVideo.slot, Video).join(Video, NewsletterVideo.video_id == Video.id)
    query = query.where(NewsletterVideo.cohort_id == cohort_id, NewsletterVideo.newsletter == letter.id)
    library = dict((await session.execute(query)).all())
    for number, (video, url) in enumerate(zip(letter.videos, urls, strict=True), start=1):
        row = library.get(number)
        what = {"number": number, "title": video.title}
        if not url:
            found.append(Finding("no_video", f"video {number} has no link", what))
        elif row is not None and row.dead_since is not None:
            found.append(Finding("dead_video", f"video {number} is gone", what))
        elif row is not None and not row.subtitles:
            found.append(Finding("no_subtitles", f"video {number} has no subtitles", what))
    receivers = await _receivers(session, context, cohort_id, letter)
    if not receivers:
        return [*found, Finding("no_receiver", "nobody gets it")]
    common, own = await _events(session, cohort_id, letter)
    names = await _coordinators(session, cohort_id)
    unknown = context.texts("letter.unknown_coordinator")
    long: list[tuple[int, str]] = []
    broken: list[str] = []
    without: list[str] = []
    for number, receiver in enumerate(receivers):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)  # measuring many must not keep people waiting
        village = receiver.village
        coordinator = names.get(village.municipality_id, "") if village else ""
        events = {**common, **own.get(village.id if village else 0, {})}
        try:
            text = letters.fill(letter, receiver.name, coordinator or unknown, events, urls)
        except TemplateFault:
            broken.append(receiver.name)
            continue
        if len(text) > LONGEST:
            long.append((len(text), receiver.name))
        if village and not coordinator and "coordinator" in letter.body:
            without.append(receiver.name)
    if long:
        count, place = max(long)
        values = {
            "place": place,
            "count": count,
            "over": count - LONGEST,
            "limit": LONGEST,
            "more": len(long) - 1,
        }
        found.append(Finding("too_long", f"{place}: {count} characters", values))
    for code, places in (("not_filled", broken), ("no_coordinator", without)):
        if places:
            found.append(Finding(code, places[0], {"place": places[0], "more": len(places) - 1}))
    return found


async def _receivers(
    session: AsyncSession, context: Context, cohort_id: int, letter: Newsletter
) -> list[Receiver]:
    if is_extra(letter.id):
        return await _of_audience(session, context, cohort_id, letter)
    if "village" not in letter_names(context.programme.circle_of(letter.id)):
        groups = select(CoordinatorGroup).where(CoordinatorGroup.cohort_id == cohort_id)
        return [
            Receiver(group.name) for group in await session.scalars(groups.order_by(CoordinatorGroup.name))
        ]
    query = select(Village).where(Village.cohort_id == cohort_id, Village.agreed_at.is_not(None))
    return [
        Receiver(village.name, village) for village in await session.scalars(query.order_by(Village.name))
    ]


async def _of_audience(
    session: AsyncSession, context: Context, cohort_id: int, letter: Newsletter
) -> list[Receiver]:
    """Return whom an extra letter is meant for."""
    found = []
    for key in await places_of(session, context, cohort_id, await audience_of(session, cohort_id, letter.id)):
        place = await place_of(session, key)
        owner = place.village or place.group
        assert owner is not None, "only villages and groups are written to"
        found.append(Receiver(owner.name, place.village))
    return found


async def _events(
    session: AsyncSession, cohort_id: int, letter: Newsletter
) -> tuple[dict[str, Event], Mapping[int, dict[str, Event]]]:
    """Return the cohort's common meetings, and of the villages' own those that the letter speaks of."""
    spoken_of = Event.village_id.is_not(None) & Event.code.in_(sorted(meetings_in(letter.body)))
    query = select(Event).where(Event.cohort_id == cohort_id, or_(Event.scope_key == COHORT_SCOPE, spoken_of))
    common: dict[str, Event] = {}
    own: dict[int, dict[str, Event]] = {}
    for event in await session.scalars(query):
        (common if event.village_id is None else own.setdefault(event.village_id, {}))[event.code] = event
    return common, own


async def _coordinators(session: AsyncSession, cohort_id: int) -> dict[int | None, str]:
    """Return who looks after each municipality: who has done so for longest."""
    query = (
        select(RoleAssignment.municipality_id, Person.display_name)
        .join(Person, RoleAssignment.person_id == Person.id)
        .where(RoleAssignment.role == Role.COORDINATOR, RoleAssignment.until.is_(None))
        .where(RoleAssignment.cohort_id == cohort_id)
        .order_by(RoleAssignment.since.desc())
    )
    return {municipality_id: name or "" for municipality_id, name in await session.execute(query)}
