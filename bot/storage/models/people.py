"""People and their roles, consents and answers. Columns here hold personal data: see docs/privacy.md."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.storage.models.base import Base


class Person(Base):
    """Someone who has pressed a button; erased people keep their row without name or account.

    One who is `reminded_privately` of polls gets a message of their own.
    """

    __tablename__ = "person"
    discord_user_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    display_name: Mapped[str | None]
    created_at: Mapped[datetime]
    reminded_privately: Mapped[bool] = mapped_column(default=False, server_default=false())
    erased_at: Mapped[datetime | None]


class RoleAssignment(Base):
    """A role a person has in one village, municipality or cohort, from a day until another."""

    __tablename__ = "role_assignment"
    __table_args__ = (
        Index(
            "uq_role_assignment_active",
            "person_id",
            "role",
            "scope_key",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str]
    scope_key: Mapped[str]
    village_id: Mapped[int | None] = mapped_column(ForeignKey("village.id"), index=True)
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipality.id"))
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined")


class Consent(Base):
    """What a person has said yes to, and to which wording."""

    __tablename__ = "consent"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str]
    text_version: Mapped[str]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Rsvp(Base):
    """Whether a person comes to a meeting, with how many, and from which village or group they answered.

    `waiting_since` stands while there is no seat for them, `asked_again_at` while they have not answered anew
    after the meeting was moved.
    """

    __tablename__ = "rsvp"
    __table_args__ = (UniqueConstraint("person_id", "event_id"),)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    answer: Mapped[str]
    people: Mapped[int] = mapped_column(default=1)
    place_key: Mapped[str | None]
    answered_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]
    asked_again_at: Mapped[datetime | None]


class NextStepDone(Base):
    """A next step of a letter that a village or a coordinator group has ticked off."""

    __tablename__ = "next_step_done"
    __table_args__ = (UniqueConstraint("place_key", "newsletter", "step"),)
    place_key: Mapped[str]
    newsletter: Mapped[str]
    step: Mapped[int]
    done_at: Mapped[datetime]


class AuditEntry(Base):
    """Who (by role) changed what, when."""

    __tablename__ = "audit_entry"
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
