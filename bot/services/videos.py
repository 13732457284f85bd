"""The secretariat's library of videos, and the letters' slots that are filled from it (S06).

Whether a link leads anywhere is asked over HTTP by whoever stands behind `LinkProbe`, never inside a transaction.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, require
from bot.domain.errors import InvalidInput, NotFound
from bot.domain.programme import Newsletter
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.links import https_link
from bot.services.newsletters import Newsletters
from bot.storage.models import NewsletterVideo, Video

TITLE_LONGEST = 80


class Verdict(StrEnum):
    """What a look at a link found; `UNKNOWN` when nobody could look, which is no fault of the link."""

    ALIVE = "alive"
    DEAD = "dead"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


class LinkProbe(Protocol):
    """Whoever looks where links lead."""

    async def look(self, url: str) -> Verdict:
        """Tell whether a link leads to something that everybody can see."""
        ...


class NoProbe:
    """Where nobody may go out on the net."""

    async def look(self, url: str) -> Verdict:
        """Tell that nobody has looked."""
        return Verdict.UNKNOWN


@dataclass(frozen=True, slots=True)
class VideoForm:
    """A video as it was written in a form."""

    title: str
    url: str
    minutes: str
    subtitles: bool
    circle: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A letter's place for a video, and what is in it."""

    number: int
    title: str
    minutes: int
    url: str | None
    video_id: int | None


class Videos:
    """Keep videos, and fill letters with them."""

    def __init__(self, context: Context, letters: Letters, newsletters: Newsletters) -> None:
        self._context, self._letters, self._newsletters = context, letters, newsletters
        self.probe: LinkProbe = NoProbe()

    async def library(self, actor: Actor, circle: str | None = None) -> list[Video]:
        """Return every video, those of a circle first, then by title."""
        require(actor, Action.SEND_NEWSLETTER, Where())
        async with self._context.database.transaction() as session:
            rows = (await session.scalars(select(Video))).all()
        return sorted(rows, key=lambda video: (video.circle != circle, video.title.casefold()))

    async def one(self, actor: Actor, video_id: int) -> Video:
        """Return a video. Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where())
        async with self._context.database.transaction() as session:
            return await _one(session, video_id)

    async def save(self, actor: Actor, form: VideoForm, video_id: int = 0) -> tuple[Video, Verdict]:
        """Keep a new video, or change one; letters that hold it follow.

        Raises InvalidInput for a link that is not https, is dead or leads inside, for a length that is none, and
        when a letter that holds it would become too long.
        """
        require(actor, Action.SEND_NEWSLETTER, Where())
        url, title, minutes = (
            https_link(form.url),
            form.title.strip()[:TITLE_LONGEST],
            self._minutes(form.minutes),
        )
        verdict = await self._looked(url)
        now = self._context.now()
        async with self._context.database.transaction() as session:
            video = await _one(session, video_id) if video_id else Video(circle=form.circle)
            video.title, video.url, video.minutes, video.subtitles = title, url, minutes, form.subtitles
            if verdict is Verdict.ALIVE:
                video.checked_at, video.dead_since = now, None
            session.add(video)
            await session.flush()
            await session.execute(
                update(NewsletterVideo).where(NewsletterVideo.video_id == video.id).values(url=url)
            )
            held = select(NewsletterVideo.cohort_id, NewsletterVideo.newsletter).distinct()
            held = held.where(NewsletterVideo.video_id == video.id)
            for cohort_id, code in (await session.execute(held)).all():
                await self._newsletters.measured(session, cohort_id, code)
            await audit(session, self._context, actor, "video.save", str(video.id))
            return video, verdict

    async def drop(self, actor: Actor, video_id: int) -> None:
        """Take a video out of the library; letters keep the link they have. Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where())
        async with self._context.database.transaction() as session:
            video = await _one(session, video_id)
            await session.execute(
                update(NewsletterVideo).where(NewsletterVideo.video_id == video_id).values(video_id=None)
            )
            await session.delete(video)
            await audit(session, self._context, actor, "video.drop", str(video_id))

    async def look_again(self, actor: Actor) -> tuple[list[Video], int]:
        """Look at every link of the library. Returns the videos whose links are dead, and how many nobody could look at."""
        videos = await self.library(actor)
        verdicts = await asyncio.gather(*(self.probe.look(video.url) for video in videos))
        now = self._context.now()
        async with self._context.database.transaction() as session:
            for seen, verdict in zip(videos, verdicts, strict=True):
                video = await session.get(Video, seen.id)
                if video is None or video.url != seen.url or verdict is Verdict.UNKNOWN:
                    continue
                video.checked_at = now
                video.dead_since = None if verdict is Verdict.ALIVE else video.dead_since or now
        dead = [video for video in await self.library(actor) if video.dead_since is not None]
        return dead, verdicts.count(Verdict.UNKNOWN)

    async def slots(self, actor: Actor, cohort_id: int, code: str) -> tuple[Newsletter, list[Slot]]:
        """Return a letter's slots and what is in them. Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            letter = await self._letters.current(session, cohort_id, code)
            urls = await self._letters.video_urls(session, cohort_id, letter)
            query = select(NewsletterVideo).where(
                NewsletterVideo.cohort_id == cohort_id, NewsletterVideo.newsletter == code
            )
            ids = {row.slot: row.video_id for row in await session.scalars(query)}
            return letter, [
                Slot(n, video.title, video.minutes, url, ids.get(n))
                for n, (video, url) in enumerate(zip(letter.videos, urls, strict=True), start=1)
            ]

    async def fill(self, actor: Actor, cohort_id: int, code: str, slot: int, video_id: int) -> Newsletter:
        """Put a video of the library into a letter's slot, or empty it (0). Raises InvalidInput, NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        if not video_id:
            return await self._empty(actor, cohort_id, code, slot)
        video = await self.one(actor, video_id)
        await self._looked(video.url)
        return await self._newsletters.set_video(actor, cohort_id, code, slot, video.url, video.id)

    async def put_link(
        self, actor: Actor, cohort_id: int, code: str, slot: int, url: str
    ) -> tuple[Newsletter, Verdict]:
        """Put a link into a letter's slot without keeping it in the library. Raises InvalidInput, NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        verdict = await self._looked(https_link(url))
        return await self._newsletters.set_video(actor, cohort_id, code, slot, url), verdict

    async def _empty(self, actor: Actor, cohort_id: int, code: str, slot: int) -> Newsletter:
        async with self._context.database.transaction() as session:
            await session.execute(
                delete(NewsletterVideo).where(
                    NewsletterVideo.cohort_id == cohort_id, NewsletterVideo.newsletter == code,
                    NewsletterVideo.slot == slot,
                )
            )  # fmt: skip
            await audit(session, self._context, actor, "newsletter.video", f"{code} {slot}")
            return await self._letters.current(session, cohort_id, code)

    async def _looked(self, url: str) -> Verdict:
        """Look at a link. Raises InvalidInput when it is dead or leads inside."""
        verdict = await self.probe.look(url)
        if verdict in (Verdict.DEAD, Verdict.INTERNAL):
            raise InvalidInput(f"error.link_{verdict}")
        return verdict

    def _minutes(self, written: str) -> int:
        most = self._context.programme.rules.videos.max_minutes
        if not written.strip().isdecimal() or not 1 <= int(written) <= most:
            raise InvalidInput("error.video_minutes", most=most)
        return int(written)


async def _one(session: AsyncSession, video_id: int) -> Video:
    found = await session.get(Video, video_id)
    if found is None:
        raise NotFound()
    return found
