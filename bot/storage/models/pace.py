"""When the next request may go, where several processes share one bot account."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base


class PaceSlot(Base):
    """The next free moment of a pace, by the database's own clock."""

    __tablename__ = "pace_slot"
    name: Mapped[str] = mapped_column(unique=True)
    next_at: Mapped[datetime]
