"""meetings that are moved, called off and have seats; answers with how many come, and for which village."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.storage.models.base import UtcTime

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_FROM_POLLED = """
UPDATE event SET
    sequence = (SELECT p.sequence FROM polled_meeting p WHERE p.event_id = event.id),
    venue = (SELECT p.venue FROM polled_meeting p WHERE p.event_id = event.id),
    called_off_at = (SELECT p.called_off_at FROM polled_meeting p WHERE p.event_id = event.id)
WHERE id IN (SELECT event_id FROM polled_meeting)
"""
_TO_POLLED = """
UPDATE polled_meeting SET
    sequence = (SELECT e.sequence FROM event e WHERE e.id = polled_meeting.event_id),
    venue = (SELECT e.venue FROM event e WHERE e.id = polled_meeting.event_id),
    called_off_at = (SELECT e.called_off_at FROM event e WHERE e.id = polled_meeting.event_id)
"""


def upgrade() -> None:
    for column in (
        sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("moves", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("news_at", UtcTime(), nullable=True),
        sa.Column("called_off_at", UtcTime(), nullable=True),
        sa.Column("called_off_because", sa.String(), nullable=True),
        sa.Column("venue", sa.String(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("said_yes", sa.Integer(), nullable=True),
    ):
        op.add_column("event", column)
    op.execute(_FROM_POLLED)
    with op.batch_alter_table("polled_meeting") as batch:
        for name in ("sequence", "venue", "called_off_at"):
            batch.drop_column(name)
    for column in (
        sa.Column("answer", sa.String(), nullable=False, server_default="yes"),
        sa.Column("people", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("place_key", sa.String(), nullable=True),
        sa.Column("waiting_since", UtcTime(), nullable=True),
        sa.Column("asked_again_at", UtcTime(), nullable=True),
    ):
        op.add_column("rsvp", column)
    op.execute("UPDATE rsvp SET answer = CASE WHEN coming THEN 'yes' ELSE 'no' END")
    with op.batch_alter_table("rsvp") as batch:
        batch.drop_column("coming")


def downgrade() -> None:
    op.add_column("rsvp", sa.Column("coming", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE rsvp SET coming = (answer = 'yes')")
    with op.batch_alter_table("rsvp") as batch:
        for name in ("asked_again_at", "waiting_since", "place_key", "people", "answer"):
            batch.drop_column(name)
    op.add_column("polled_meeting", sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("polled_meeting", sa.Column("venue", sa.String(), nullable=True))
    op.add_column("polled_meeting", sa.Column("called_off_at", UtcTime(), nullable=True))
    op.execute(_TO_POLLED)
    with op.batch_alter_table("event") as batch:
        for name in (
            "said_yes",
            "seats",
            "venue",
            "called_off_because",
            "called_off_at",
            "news_at",
            "moves",
            "sequence",
        ):
            batch.drop_column(name)
