"""Write a newsletter out for one receiver: its dates, names and video links filled in (S05, S06)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content.letter_text import MeetingText, letter_values, render_letter, video_block, videos_ready
from bot.content.simple_letters import require_plain
from bot.domain.access import Role
from bot.domain.errors import NotFound
from bot.domain.programme import Newsletter, is_extra
from bot.services.context import Context
from bot.services.places import Place
from bot.storage.models import Event, LetterVersion, NewsletterVideo, Person, RoleAssignment, Video
from bot.storage.repositories import events as events_table
from bot.storage.repositories import letters as letters_table

DRAFT, READY, APPROVED = "draft", "ready", "approved"
_RELEASED = "released letters"  # in a session's info, as the next
_CURRENT = "current letters"  # in a session's info: a batch of one letter's posts asks for its text once


class Letters:
    """Fill letters for villages and coordinator groups."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def current(self, session: AsyncSession, cohort_id: int, code: str) -> Newsletter:
        """Return a letter as it stands now: the secretariat's newest version, else the content's. Raises NotFound."""
        return (await self._standing(session, cohort_id, code))[0]

    async def version(self, session: AsyncSession, cohort_id: int, code: str) -> int:
        """Return the number of the version that goes out; 0 is the content's own text. Raises NotFound."""
        return (await self._standing(session, cohort_id, code))[1]

    async def may_go(self, session: AsyncSession, cohort_id: int, code: str) -> bool:
        """Tell whether a letter may go out: approved as it stands, or in a programme without approvals."""
        if self._context.programme.rules.newsletter_approval is None:
            return True
        return (await self._standing(session, cohort_id, code))[2]

    async def released(
        self, session: AsyncSession, cohort_id: int, code: str
    ) -> tuple[Newsletter, int] | None:
        """Return the text that was approved last, and the number of its version, whatever was written since.

        None before the first approval; without approvals it is the letter as it stands. Raises NotFound.
        """
        letter, number, _ = await self._standing(session, cohort_id, code)
        if self._context.programme.rules.newsletter_approval is None:
            return letter, number
        known: dict[tuple[int, str], tuple[Newsletter, int] | None] = session.info.setdefault(_RELEASED, {})
        if (cohort_id, code) not in known:
            row = await letters_table.find(session, cohort_id, code)
            approved = row.approved_version if row else None
            if row is None or approved is None or approved == number:
                known[cohort_id, code] = None if approved is None else (letter, number)
            else:
                text = self._context.programme.letter(code)
                if version := await letters_table.version(session, row.id, approved):
                    text = written(text, version)
                known[cohort_id, code] = (await _with_library(session, cohort_id, text), approved)
        return known[cohort_id, code]

    async def published(self, session: AsyncSession, cohort_id: int, code: str) -> Newsletter:
        """Return a letter as villages may know it: as it was approved last, else the content's own. Raises NotFound."""
        released = await self.released(session, cohort_id, code)
        if released is not None:
            return released[0]
        return await _with_library(session, cohort_id, self._context.programme.letter(code))

    async def _standing(
        self, session: AsyncSession, cohort_id: int, code: str
    ) -> tuple[Newsletter, int, bool]:
        """Return a letter's text, the number of its version, and whether that is approved."""
        known: dict[tuple[int, str], tuple[Newsletter, int, bool]] = session.info.setdefault(_CURRENT, {})
        if (cohort_id, code) not in known:
            row = await letters_table.find(session, cohort_id, code)
            if code not in self._context.programme.newsletters and (row is None or not is_extra(code)):
                raise NotFound("error.not_found.newsletter", text=code)
            template = self._context.programme.letter(code)
            version = await letters_table.newest(session, row.id) if row else None
            number = version.number if version else 0
            approved = row is not None and row.state == APPROVED and row.approved_version == number
            letter = written(template, version) if version else template
            known[cohort_id, code] = (await _with_library(session, cohort_id, letter), number, approved)
        return known[cohort_id, code]

    async def text(self, session: AsyncSession, letter: Newsletter, place: Place, named: str = "") -> str:
        """Return a letter as this place will read it; `named` stands for the village where several are meant."""
        assert place.cohort is not None
        events = await self._events(session, place)
        urls = await self.video_urls(session, place.cohort.id, letter)
        village = named or (place.village.name if place.village else "")
        if is_extra(letter.id) and place.group is not None:
            village = place.group.name
        return self.fill(letter, village, await self._coordinator(session, place), events, urls)

    def fill(
        self,
        letter: Newsletter,
        village: str,
        coordinator: str,
        events: Mapping[str, Event],
        urls: Sequence[str | None],
    ) -> str:
        """Return a letter filled with what one receiver is to read. Raises TemplateFault."""
        template = self._context.programme.newsletters.get(letter.id)
        if template is None or template.body != letter.body:
            require_plain(letter.body)
        values = letter_values(
            self._context.programme.circle_of(letter.id),
            describe=lambda code: self._describe(events[code]),
            village=village,
            phone=self._context.facts.phone,
            coordinator=coordinator,
            videos=video_block(letter, urls, self._context.texts),
            videos_ready=videos_ready(letter, urls),
        )
        return render_letter(letter, values=values)

    async def video_urls(
        self, session: AsyncSession, cohort_id: int, letter: Newsletter
    ) -> Sequence[str | None]:
        """Return the links of a letter's videos: the secretariat's, else the content's own."""
        query = select(NewsletterVideo).where(
            NewsletterVideo.cohort_id == cohort_id, NewsletterVideo.newsletter == letter.id
        )
        filled = {row.slot: row.url for row in await session.scalars(query)}
        return [filled.get(slot, video.url) for slot, video in enumerate(letter.videos, start=1)]

    async def _events(self, session: AsyncSession, place: Place) -> dict[str, Event]:
        assert place.cohort is not None
        found = {row.code: row for row in await events_table.common(session, place.cohort.id)}
        if place.village is not None:
            own = await events_table.of_village(session, place.village)
            found.update({row.code: row for row in own if row.village_id is not None})
        return found

    async def _coordinator(self, session: AsyncSession, place: Place) -> str:
        """Return the name of the municipality's coordinator, or what to call one who is not known."""
        if place.village is None:
            return ""
        query = (
            select(Person.display_name)
            .join(RoleAssignment, RoleAssignment.person_id == Person.id)
            .where(RoleAssignment.role == Role.COORDINATOR, RoleAssignment.until.is_(None))
            .where(RoleAssignment.cohort_id == place.village.cohort_id)
            .where(RoleAssignment.municipality_id == place.village.municipality_id)
            .order_by(RoleAssignment.since)
            .limit(1)
        )
        return await session.scalar(query) or self._context.texts("letter.unknown_coordinator")

    def _describe(self, event: Event) -> MeetingText:
        meeting = self._context.programme.meetings[event.code]
        texts = self._context.texts
        return MeetingText(
            date=texts("letter.date", starts_at=event.starts_at),
            time=texts("letter.time", starts_at=event.starts_at, ends_at=event.ends_at),
            number=meeting.number,
            title=meeting.title,
        )


def written(template: Newsletter, version: LetterVersion) -> Newsletter:
    """Return a letter as a version has it; its videos are kept apart from its text."""
    return replace(template, title=version.title, body=version.body, next_steps=tuple(version.next_steps))


async def _with_library(session: AsyncSession, cohort_id: int, letter: Newsletter) -> Newsletter:
    """Return a letter whose slots that are filled from the library bear those videos' titles and minutes."""
    query = select(NewsletterVideo.slot, Video).join(Video, NewsletterVideo.video_id == Video.id)
    query = query.where(NewsletterVideo.cohort_id == cohort_id, NewsletterVideo.newsletter == letter.id)
    filled = dict((await session.execute(query)).all())
    if not filled:
        return letter
    slots = [
        replace(slot, title=filled[n].title, minutes=filled[n].minutes) if n in filled else slot
        for n, slot in enumerate(letter.videos, start=1)
    ]
    return replace(letter, videos=tuple(slots))


def forget(session: AsyncSession) -> None:
    """Let the next question in this transaction see a version that was just written."""
    session.info.pop(_CURRENT, None)
    session.info.pop(_RELEASED, None)
