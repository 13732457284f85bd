"""What a post settles by standing in its channels: coordinators are invited to the villages' circles (S09, PR-05)."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.milestones import settled_by_invitations
from bot.domain.programme import VILLAGE_CIRCLE
from bot.services.context import Context
from bot.services.places import group_key
from bot.storage.models import Cohort, Delivery
from bot.storage.repositories.milestones import cohort_scope, reach, reached

_TO_COME = ("pending", "claimed", "held", "parked")


async def settle_by_post(session: AsyncSession, context: Context, delivery_id: int, on: date) -> None:
    """Reach what a post that now stands in its channel settles: a cohort's, once every group has the invitation.

    `on` is the day it was sent. Nothing happens for a post of another kind.
    """
    query = select(Delivery).where(Delivery.id == delivery_id, Delivery.kind == "reminder")
    post = await session.scalar(query.where(Delivery.place_key.startswith(group_key(0)[:-1])))
    codes = settled_by_invitations(context.programme)
    if post is None or post.cohort_id is None or not codes or not _invites(context, post):
        return
    same = select(Delivery).where(Delivery.event_id == post.event_id, Delivery.state.in_(_TO_COME))
    for other in await session.scalars(same.where(Delivery.kind == "reminder")):
        if other.payload["reminder"] == post.payload["reminder"]:
            return
    scope = cohort_scope(post.cohort_id)
    if set(codes) <= await reached(session, scope.key):
        return
    await session.execute(select(Cohort.id).where(Cohort.id == post.cohort_id).with_for_update())
    await reach(session, scope, codes, on)


def _invites(context: Context, post: Delivery) -> bool:
    """Tell whether a post asks coordinators to a villages' circle."""
    meeting = context.programme.meetings.get(str(post.payload["meeting"]))
    if meeting is None or meeting.kind != VILLAGE_CIRCLE:
        return False
    asked = (r for r in context.programme.reminders_of(meeting) if r.to == "coordinators" and "rsvp" in r.add)
    return post.payload["reminder"] in {reminder.id for reminder in asked}
