"""Letters by e-mail: who is on a list, and one row for each mail. Addresses stand in one table only (docs/privacy.md)."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base


class MailRecipient(Base):
    """An address on the list of a village ("village:7") or a municipality ("municipality:4") in one cohort.

    `address` is sealed (bot/storage/seal.py), and found by its `fingerprint`. `token` is the secret of its unsubscribe
    link. Whoever is taken off is deleted.
    """

    __tablename__ = "mail_recipient"
    __table_args__ = (UniqueConstraint("cohort_id", "scope_key", "fingerprint"),)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    scope_key: Mapped[str]
    address: Mapped[str]
    fingerprint: Mapped[str | None] = mapped_column(index=True)
    consent: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    added_at: Mapped[datetime]
    bounced_at: Mapped[datetime | None]


class Mail(Base):
    """One mail: a post of `place_key`, by e-mail to one address; it holds no address itself.

    state: pending → claimed → sent; or held (not approved yet), bounced (no such address), refused (by the mail
    server, for good), stale, cancelled, not_needed, withdrawn (with its letter).
    `lines` are hashes of the lines its reader may have got: none as long as it surely has not been sent.
    `follows_id` is the mail that this one corrects or takes back.
    """

    __tablename__ = "mail"
    __table_args__ = (Index("ix_mail_state_due_at", "state", "due_at"),)
    key: Mapped[str] = mapped_column(unique=True)
    recipient_id: Mapped[int | None] = mapped_column(
        ForeignKey("mail_recipient.id", ondelete="SET NULL"), index=True
    )
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    place_key: Mapped[str]
    kind: Mapped[str]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    payload: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    due_at: Mapped[datetime]
    useful_until: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default="pending")
    claimed_by: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    lines: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("mail.id"), index=True)
