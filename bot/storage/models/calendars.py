"""Where a meeting stands outside our own channels: addresses to subscribe to, and Discord's own list of events."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base


class Feed(Base):
    """One person's address to one place's calendar; only a checksum of it is kept, so it can be shown but once."""

    __tablename__ = "feed"
    __table_args__ = (UniqueConstraint("person_id", "place_key"),)
    token_hash: Mapped[str] = mapped_column(unique=True)
    place_key: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    made_at: Mapped[datetime]


class DiscordEvent(Base):
    """A meeting in the server's own list of events; no row means that it stands there no more, or not yet."""

    __tablename__ = "discord_event"
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), unique=True)
    discord_id: Mapped[int] = mapped_column(BigInteger, unique=True)
