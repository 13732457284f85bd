"""What goes out to Discord: one row for each post, planned ahead, claimed, sent once, and kept as a receipt."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base


class Delivery(Base):
    """One post to one channel. `key` says what it is ("VC01:r7:village:3"), so nothing can be planned twice.

    state: pending → claimed → sent; or held (a letter nobody has approved), parked (cannot be sent), stale (too late),
    cancelled (no longer wanted), not_needed (its moment came, and there was nothing to say),
    withdrawn (a letter that was taken back: where it had gone, one plain line stands in its place).

    `version` is the letter's version that was written out. A row with `edits_id` changes the post of that row, which
    keeps its own mark; it is no post by itself.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_state_due_at", "state", "due_at"),
        Index("ix_delivery_place_sent_on", "place_key", "sent_on"),
    )
    key: Mapped[str] = mapped_column(unique=True)
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"), index=True)
    place_key: Mapped[str]
    kind: Mapped[str]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    poll_id: Mapped[int | None] = mapped_column(ForeignKey("poll.id"), index=True)
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    payload: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    due_at: Mapped[datetime]
    useful_until: Mapped[datetime | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    at_once: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="pending")
    claimed_by: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    sent_on: Mapped[date | None]
    channel_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    version: Mapped[int | None]
    edits_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"), index=True)
