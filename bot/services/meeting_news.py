"""What is told of a meeting of the calendar when it changes: moved, called off, held after all; seats that came free.

The news goes to every channel that has heard of the meeting, and is written when it goes out. A channel that has
not heard of one change when the next comes hears of both at once, and of nothing when all is as it was.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.posting import PostingHours
from bot.domain.programme import Meeting, Scope
from bot.messages import meetings as build
from bot.messages.message import Message
from bot.messages.posts import when
from bot.services.context import Context
from bot.services.places import village_key
from bot.storage.models import Cohort, Delivery, Event, Rsvp
from bot.storage.repositories import deliveries, mails
from bot.storage.repositories.deliveries import Post

KIND, WAITING_LIST = "meeting_news", "waiting_list"
MOVED, PICKED, CALLED_OFF, BACK = "moved", "picked", "called_off", "back"
_HEARD = ("sent", "claimed")


class MeetingNews:
    """Plan such posts, and write them when they go out."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def tell(
        self, session: AsyncSession, event: Event, says: str, before_at: datetime | None = None
    ) -> None:
        """Plan the news in every channel that has heard of the meeting; what waits from before falls away.

        Where people would else come in vain, because the meeting begins, or was to begin, before posts are allowed
        again, it goes out at once. While it is off nobody is told that it was moved.
        """
        if event.called_off_at is not None and before_at is not None:
            await self._remember(session, event, before_at)
            return
        now, unsaid = self._context.now(), await self._take_back(session, event)
        event.news_at = now
        believed = [
            datetime.fromisoformat(str(said["before_at"])) for said in unsaid.values() if "before_at" in said
        ]
        first = min(at for at in (event.starts_at, before_at, *believed) if at is not None)
        due, at_once = await self._due(session, event, first)
        posts = [
            Post(f"{payload['says']}:{event.id}:{event.sequence}:{key}", key, KIND, due, event.starts_at, urgent=True,
                 at_once=at_once, cohort_id=event.cohort_id, event_id=event.id, payload=payload)
            for key in sorted(await self._told(session, event))
            if (payload := _payload(event, says, before_at, unsaid.get(key, {}))) is not None
        ]  # fmt: skip
        await deliveries.plan(session, posts, now)
        await mails.repeat(session, event.id, posts)

    async def moved_up(self, session: AsyncSession, event: Event, place_key: str, people: int) -> None:
        """Tell a channel that so many of its people now have a seat; what waits there already says it for all."""
        mine = (Delivery.event_id == event.id) & (Delivery.place_key == place_key)
        query = select(Delivery).where(mine, Delivery.kind == WAITING_LIST).order_by(Delivery.id)
        rows = (await session.scalars(query.with_for_update())).all()
        for row in rows:
            if row.state == "pending":
                row.payload = {"people": _people(row) + people}
                return
        now = self._context.now()
        due, at_once = await self._due(session, event, event.starts_at)
        post = Post(f"seats:{event.id}:{len(rows)}:{place_key}", place_key, WAITING_LIST, due, event.starts_at,
                    urgent=True, at_once=at_once, cohort_id=event.cohort_id, event_id=event.id,
                    payload={"people": people})  # fmt: skip
        await deliveries.plan(session, [post], now)

    async def compose(self, session: AsyncSession, delivery: Delivery) -> Message | None:
        """Write a post; None when the meeting has changed since it was planned, or is off."""
        event = await session.get(Event, delivery.event_id)
        meeting = self._context.programme.meetings.get(event.code) if event is not None else None
        if event is None or meeting is None:
            return None
        texts, said = self._context.texts, delivery.payload
        at = when(texts, event.starts_at, self._context.now(), self._context.programme.timezone)
        if delivery.kind == WAITING_LIST:
            if event.called_off_at is not None:
                return None
            return build.moved_up(texts, event.id, meeting.title, at, _people(delivery))
        says = str(said["says"])
        if (says == CALLED_OFF) is not (event.called_off_at is not None):
            return None
        before = said.get("before_at")
        return build.news(
            texts, event.id, says, title=meeting.title, number=meeting.number, when=at, starts_at=event.starts_at,
            before_at=datetime.fromisoformat(str(before)) if before else None,
            reason=event.called_off_because or "", venue=event.venue or "",
        )  # fmt: skip

    async def _remember(self, session: AsyncSession, event: Event, before_at: datetime) -> None:
        """Let a calling-off that has not gone out keep the time its channel knows, should it be taken back."""
        for row in await session.scalars(_unsaid(event).with_for_update()):
            row.payload = {"before_at": before_at.isoformat(), **row.payload}

    async def _take_back(self, session: AsyncSession, event: Event) -> dict[str, dict[str, object]]:
        """Cancel news that has not gone out. Returns what was to be said in each place."""
        unsaid = {}
        for row in await session.scalars(_unsaid(event).with_for_update()):
            row.state, unsaid[row.place_key] = "cancelled", row.payload
        await mails.take_back(session, event.id, KIND)
        return unsaid

    async def _told(self, session: AsyncSession, event: Event) -> set[str]:
        """Return the channels that have heard of a meeting: by a post, by a phase's list of dates, by an answer."""
        about = select(Delivery.place_key).where(Delivery.event_id == event.id, Delivery.state.in_(_HEARD))
        answered = select(Rsvp.place_key).where(Rsvp.event_id == event.id, Rsvp.place_key.is_not(None))
        found = {*await session.scalars(about), *(key for key in await session.scalars(answered) if key)}
        found |= set(await mails.places_told(session, event.id))
        meeting = self._context.programme.meetings[event.code]
        opening = select(Delivery.place_key).where(
            Delivery.cohort_id == event.cohort_id, Delivery.kind == "phase_opening",
            Delivery.key.startswith(f"{meeting.phase}:opening:"), Delivery.state.in_(_HEARD),
        )  # fmt: skip
        return found | {key for key in await session.scalars(opening) if _on_its_list(event, meeting, key)}

    async def _due(self, session: AsyncSession, event: Event, first: datetime) -> tuple[datetime, bool]:
        """Return when news may go out, and whether it must not wait: the meeting begins `first`."""
        now = self._context.now()
        allowed = (await self._hours(session, event)).allowed_from(now)
        return (now, True) if allowed >= first else (allowed, False)

    async def _hours(self, session: AsyncSession, event: Event) -> PostingHours:
        cohort = await session.get_one(Cohort, event.cohort_id)
        programme = self._context.programme
        quiet = self._context.off(cohort.start_year).posts
        return PostingHours(programme.rules, ZoneInfo(programme.timezone), quiet)


async def told_of_changes(session: AsyncSession, events: Sequence[Event]) -> set[tuple[int, str]]:
    """Return meeting and place of all news that was told, or will be, of these meetings."""
    query = select(Delivery.event_id, Delivery.place_key).where(
        Delivery.event_id.in_([event.id for event in events]),
        Delivery.kind == KIND,
        Delivery.state != "cancelled",
    )
    return {(int(event_id or 0), key) for event_id, key in await session.execute(query)} if events else set()


def _unsaid(event: Event) -> Select[Delivery]:
    waits = (Delivery.kind == KIND) & (Delivery.state == "pending")
    return select(Delivery).where(Delivery.event_id == event.id, waits).order_by(Delivery.id)


def _people(delivery: Delivery) -> int:
    return int(str(delivery.payload["people"]))


def _payload(
    event: Event, says: str, before_at: datetime | None, unsaid: dict[str, object]
) -> dict[str, object] | None:
    """Return what a channel is told, which has not heard yet what was to be said before; None for nothing new."""
    believed = unsaid.get("before_at") or (before_at.isoformat() if before_at else None)
    if says == BACK and unsaid.get("says") == CALLED_OFF:
        says = MOVED
    if says in (MOVED, PICKED) and (
        believed is None or datetime.fromisoformat(str(believed)) == event.starts_at
    ):
        return None
    return {"says": says, **({"before_at": believed} if believed else {})}


def _on_its_list(event: Event, meeting: Meeting, place_key: str) -> bool:
    """Tell whether a place's list of the phase's dates holds the meeting."""
    if event.village_id is not None:
        return place_key == village_key(event.village_id)
    if meeting.scope is Scope.COORDINATOR_GROUP:
        return place_key.startswith("group:")
    return meeting.window is None
