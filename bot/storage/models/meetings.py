"""Meetings whose day a village or coordinator group has voted for."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.storage.models.base import Base
from bot.storage.models.cohorts import Event


class PolledMeeting(Base):
    """What such a meeting has besides its event, whose code is "poll:12" and whose scope_key is its place.

    One that is called off keeps its row and its answers.
    """

    __tablename__ = "polled_meeting"
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), unique=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id"), unique=True)
    title: Mapped[str]
    event: Mapped[Event] = relationship(lazy="joined", innerjoin=True)
