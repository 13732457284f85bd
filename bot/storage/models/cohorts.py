"""Who takes part: cohorts, municipalities, villages, coordinator groups, and their places on Discord."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.storage.models.base import Base


class Cohort(Base):
    """One run of the programme, August to September the year after."""

    __tablename__ = "cohort"
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    start_year: Mapped[int] = mapped_column(unique=True)
    programme_id: Mapped[str]
    created_at: Mapped[datetime]


class Municipality(Base):
    """A local authority; `key` is its name folded for comparison. One that says no to Discord has no channels."""

    __tablename__ = "municipality"
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    discord: Mapped[bool] = mapped_column(default=True, server_default=true())


class CoordinatorGroup(Base):
    """Coordinators across municipalities, one channel for each group."""

    __tablename__ = "coordinator_group"
    __table_args__ = (UniqueConstraint("cohort_id", "key"), UniqueConstraint("id", "cohort_id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    name: Mapped[str]
    key: Mapped[str]
    created_at: Mapped[datetime]
    cohort: Mapped[Cohort] = relationship(lazy="joined")


class Village(Base):
    """A village in one cohort. `agreed_at` is set when agreement and both contacts are in place (hard gate)."""

    __tablename__ = "village"
    __table_args__ = (
        UniqueConstraint("cohort_id", "municipality_id", "key"),
        UniqueConstraint("id", "cohort_id"),
        ForeignKeyConstraint(
            ["coordinator_group_id", "cohort_id"], ["coordinator_group.id", "coordinator_group.cohort_id"]
        ),
    )
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), index=True)
    coordinator_group_id: Mapped[int]
    name: Mapped[str]
    key: Mapped[str]
    local_council: Mapped[str | None]
    contact_person: Mapped[str | None]
    state: Mapped[str]
    agreed_at: Mapped[datetime | None]
    open_to_coordinator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    cohort: Mapped[Cohort] = relationship(lazy="joined")
    municipality: Mapped[Municipality] = relationship(lazy="joined")

    @property
    def on_discord(self) -> bool:
        """Whether it has, or is to have, a channel: it is agreed, and its municipality uses Discord."""
        return self.agreed_at is not None and self.municipality.discord


class DiscordPlace(Base):
    """Where something of ours stands on Discord: `key` is "village:7", "role:village:7", "category:3:1" …"""

    __tablename__ = "discord_place"
    key: Mapped[str] = mapped_column(unique=True)
    discord_id: Mapped[int] = mapped_column(BigInteger, unique=True)


class Invitation(Base):
    """The code of our lasting invitation to the welcome channel; one row at most."""

    __tablename__ = "invitation"
    code: Mapped[str]
    seen_at: Mapped[datetime]


class Event(Base):
    """A meeting of a cohort, or of one village; `scope_key` is "cohort" or "village:7".

    `sequence` counts every change that people's own calendars must hear of, `moves` those of its time alone;
    `news_at` is when its channels were last told of one. `slot_at` is a time that no other village may have.
    `said_yes` is what stays when the names are deleted.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("cohort_id", "code", "scope_key"),
        UniqueConstraint("cohort_id", "code", "slot_at"),
        ForeignKeyConstraint(["village_id", "cohort_id"], ["village.id", "village.cohort_id"]),
        CheckConstraint("ends_at > starts_at", name="has_a_length"),
    )
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    village_id: Mapped[int | None] = mapped_column(index=True)
    code: Mapped[str]
    scope_key: Mapped[str]
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    newsletter_at: Mapped[datetime | None]
    moved_by: Mapped[str | None]
    picked: Mapped[bool] = mapped_column(default=False)
    link: Mapped[str | None]
    venue: Mapped[str | None]
    seats: Mapped[int | None]
    slot_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    moves: Mapped[int] = mapped_column(default=0)
    news_at: Mapped[datetime | None]
    called_off_at: Mapped[datetime | None]
    called_off_because: Mapped[str | None]
    said_yes: Mapped[int | None]


class NewsletterVideo(Base):
    """A link the secretariat has filled into a letter's video slot, from its library or by itself."""

    __tablename__ = "newsletter_video"
    __table_args__ = (UniqueConstraint("cohort_id", "newsletter", "slot"),)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    newsletter: Mapped[str]
    slot: Mapped[int]
    url: Mapped[str]
    video_id: Mapped[int | None] = mapped_column(ForeignKey("video.id"))


class MilestoneState(Base):
    """How far a village (or the cohort) is with a milestone; no row means not started."""

    __tablename__ = "milestone_state"
    __table_args__ = (UniqueConstraint("cohort_id", "scope_key", "code"),)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("village.id"), index=True)
    scope_key: Mapped[str]
    code: Mapped[str]
    state: Mapped[str]
    reached_on: Mapped[date | None]
