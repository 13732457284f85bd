"""What the secretariat is told of letters nobody has approved: days ahead, when one is held, when it is too late (S05).

And of one outside the calendar whose time came before anybody let it go.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.calendar import local
from bot.domain.posting import PostingHours
from bot.domain.programme import is_extra
from bot.messages import letter_desk as build
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.places import SECRETARIAT
from bot.storage.models import Cohort, Delivery, Event
from bot.storage.repositories import deliveries
from bot.storage.repositories import letters as letters_table
from bot.storage.repositories.deliveries import Post

KIND, NEWS = "letter_task", "letter_news"  # planned ahead with the calendar; told when it happens
AHEAD, HELD, GONE, UNSENT = "ahead", "held", "gone", "unsent"


def warnings(
    context: Context, cohort: Cohort, code: str, event: Event, due: datetime, hours: PostingHours
) -> Iterator[Post]:
    """Yield the posts that bring up a letter which is to go out at `due`, if nobody has approved it by then."""
    rule = context.programme.rules.newsletter_approval
    days = sorted(rule.warn_days, reverse=True) if rule else ()
    planned: dict[
        datetime, Post
    ] = {}  # after a quiet period two may fall together: then the later one speaks
    for before in days:
        day = due.astimezone(hours.zone).date() - timedelta(days=before)
        at = hours.allowed_from(local(day, context.programme.rules.newsletter_time, hours.zone))
        if cohort.created_at <= at < due:
            key = f"letter:{code}:ahead{before}:{SECRETARIAT}:{cohort.id}"
            planned[at] = Post(key, SECRETARIAT, KIND, at, due, cohort_id=cohort.id, event_id=event.id,
                               payload={"newsletter": code, "says": AHEAD, "at": due.isoformat()})  # fmt: skip
    yield from planned.values()


def unsent(cohort_id: int, code: str, at: datetime) -> Post:
    """Return the post that brings up an extra letter whose time has come, if nobody has let it go by then."""
    payload: dict[str, object] = {"newsletter": code, "says": UNSENT, "at": at.isoformat()}
    key = f"letter:{code}:{UNSENT}:{cohort_id}"
    return Post(key, SECRETARIAT, NEWS, at, at_once=True, cohort_id=cohort_id, payload=payload)


async def tell_of_letter(session: AsyncSession, row: Delivery, says: str, now: datetime) -> None:
    """Tell the secretariat what became of a letter, once for the moment it was due."""
    code = str(row.payload["newsletter"])
    at = row.due_at.isoformat() if says == HELD else (row.useful_until or now).isoformat()
    key = f"letter:{code}:{says}:{row.cohort_id}:{at}"
    told: set[str] = session.info.setdefault("told of letters", set())
    if key not in told:
        told.add(key)
        payload: dict[str, object] = {"newsletter": code, "says": says, "at": at}
        post = Post(key, SECRETARIAT, NEWS, now, at_once=True, cohort_id=row.cohort_id,
                    event_id=row.event_id, payload=payload)  # fmt: skip
        await deliveries.plan(session, [post])


async def compose(
    session: AsyncSession, context: Context, letters: Letters, delivery: Delivery
) -> Message | None:
    """Write such a post; None when the letter has been approved since, or the content has it no more."""
    code, says = str(delivery.payload["newsletter"]), str(delivery.payload["says"])
    gone = code not in context.programme.newsletters and not is_extra(code)
    if gone or delivery.cohort_id is None:
        return None
    if says == UNSENT:
        row = await letters_table.find(session, delivery.cohort_id, code)
        if row is None or row.goes_at is not None or row.withdrawn_at is not None:
            return None
    elif says != GONE and await letters.may_go(session, delivery.cohort_id, code):
        return None
    letter = await letters.current(session, delivery.cohort_id, code)
    urls = await letters.video_urls(session, delivery.cohort_id, letter)
    at = datetime.fromisoformat(str(delivery.payload["at"]))
    missing = sum(not url for url in urls)
    return build.news(context.texts, says, letter.title, at, missing, (delivery.cohort_id, code))
