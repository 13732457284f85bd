"""meetings whose day was voted for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.storage.models.base import UtcTime

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "polled_meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("called_off_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_polled_meeting_event_id_event")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_polled_meeting_poll_id_poll")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_polled_meeting")),
        sa.UniqueConstraint("event_id", name=op.f("uq_polled_meeting_event_id")),
        sa.UniqueConstraint("poll_id", name=op.f("uq_polled_meeting_poll_id")),
    )


def downgrade() -> None:
    op.drop_table("polled_meeting")
    op.execute("DELETE FROM rsvp WHERE event_id IN (SELECT id FROM event WHERE code LIKE 'poll:%')")
    op.execute("DELETE FROM delivery WHERE event_id IN (SELECT id FROM event WHERE code LIKE 'poll:%')")
    op.execute("DELETE FROM event WHERE code LIKE 'poll:%'")
