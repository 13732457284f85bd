"""A cohort's letters and the versions of their text."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import one_at_a_time
from bot.storage.models import Letter, LetterVersion, NewsletterVideo, Video


async def find(session: AsyncSession, cohort_id: int, code: str) -> Letter | None:
    """Return a letter's row, or None while nobody has worked on it."""
    query = select(Letter).where(Letter.cohort_id == cohort_id, Letter.code == code)
    return await session.scalar(query)


async def of_cohort(session: AsyncSession, cohort_id: int) -> dict[str, Letter]:
    """Return the letters somebody has worked on, by code."""
    rows = await session.scalars(select(Letter).where(Letter.cohort_id == cohort_id))
    return {row.code: row for row in rows}


async def withdrawn(session: AsyncSession, cohort_id: int) -> frozenset[str]:
    """Return the letters that have been taken back."""
    query = select(Letter.code).where(Letter.cohort_id == cohort_id, Letter.withdrawn_at.is_not(None))
    return frozenset(await session.scalars(query))


async def made(session: AsyncSession, cohort_id: int, code: str) -> Letter:
    """Return a letter's row, which is made when nobody has worked on it; others wait with the same letter."""
    await one_at_a_time(session, f"letter {cohort_id} {code}")
    row = await find(session, cohort_id, code)
    if row is None:
        row = Letter(cohort_id=cohort_id, code=code, state="draft")
        session.add(row)
        await session.flush()
    return row


async def newest(session: AsyncSession, letter_id: int) -> LetterVersion | None:
    """Return the version that goes out, or None when that is the content's own text."""
    query = (
        select(LetterVersion)
        .where(LetterVersion.letter_id == letter_id, LetterVersion.aside.is_(False))
        .order_by(LetterVersion.number.desc())
        .limit(1)
    )
    return await session.scalar(query)


async def version(session: AsyncSession, letter_id: int, number: int) -> LetterVersion | None:
    """Return one version of a letter; None for the content's own text."""
    query = select(LetterVersion).where(LetterVersion.letter_id == letter_id, LetterVersion.number == number)
    return await session.scalar(query)


async def versions(session: AsyncSession, cohort_id: int, code: str) -> Sequence[LetterVersion]:
    """Return every version of a letter, the oldest first."""
    query = (
        select(LetterVersion)
        .join(Letter, LetterVersion.letter_id == Letter.id)
        .where(Letter.cohort_id == cohort_id, Letter.code == code)
        .order_by(LetterVersion.number)
    )
    return (await session.scalars(query)).all()


async def without_subtitles(session: AsyncSession, cohort_id: int) -> dict[str, int]:
    """Return how many of a letter's videos have no Danish subtitles, for letters that have such."""
    query = (
        select(NewsletterVideo.newsletter, func.count())
        .join(Video, NewsletterVideo.video_id == Video.id)
        .where(NewsletterVideo.cohort_id == cohort_id, Video.subtitles.is_(False))
        .group_by(NewsletterVideo.newsletter)
    )
    return dict((await session.execute(query)).all())
