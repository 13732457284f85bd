"""Posts that a channel must hold for as long as it stands: the way in, open polls, what can be objected to."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import select

from bot.domain.poll_view import OPEN
from bot.services.context import Context
from bot.services.outbox import DECISION_POST, OPEN_POST
from bot.services.places import WELCOME, channel_ids
from bot.storage.models import Decision, Delivery, Poll
from bot.storage.repositories import deliveries
from bot.storage.repositories.deliveries import Post


class LastingPosts:
    """Plan such posts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def welcome(self) -> None:
        """Plan the lasting post in the welcome channel, once; new wording is posted anew."""
        said = self._context.texts("people.welcome", phone=self._context.facts.phone)
        version = hashlib.sha256(said.encode()).hexdigest()[:12]
        async with self._context.database.transaction() as session:
            await deliveries.plan(session, [self._welcome(version)])

    def _welcome(self, version: str) -> Post:
        return Post(f"welcome:{version}", WELCOME, "welcome", self._context.now(), at_once=True)

    async def replant(self, place_keys: Sequence[str]) -> None:
        """Post anew what a channel that was made again must hold: the way in, open polls, and what can be objected to."""
        async with self._context.database.transaction() as session:
            places = await channel_ids(session)
            now = self._context.now()
            posts = (
                [self._welcome(f"again:{places[WELCOME]}")]
                if WELCOME in place_keys and WELCOME in places
                else []
            )
            query = select(Poll).where(
                Poll.scope_key.in_(place_keys), Poll.state == OPEN, Poll.closes_at > now
            )
            for poll in await session.scalars(query.order_by(Poll.id)):
                key = f"poll:{poll.id}:open:{places[poll.scope_key]}"
                posts.append(Post(key, poll.scope_key, OPEN_POST, now, poll.closes_at, at_once=True,
                                  cohort_id=poll.cohort_id, poll_id=poll.id))  # fmt: skip
            stood = select(Delivery.decision_id).where(
                Delivery.kind == DECISION_POST, Delivery.state == "sent", Delivery.place_key.in_(place_keys)
            )
            objectable = select(Decision).where(Decision.id.in_(stood), Decision.objections_until > now)
            for row in await session.scalars(objectable.order_by(Decision.id)):
                key = f"decision:{row.id}:{places[row.scope_key]}"
                posts.append(Post(key, row.scope_key, DECISION_POST, now, row.objections_until, at_once=True,
                                  cohort_id=row.cohort_id, decision_id=row.id))  # fmt: skip
            await deliveries.plan(session, posts)
