"""the life of a poll: opened at a chosen time, cancelled, extended, tied; and a village's rules for its polls."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.storage.models.base import UtcTime

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS: tuple[sa.Column[object], ...] = (
    sa.Column("scheduled", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("cancelled_because", sa.String(), nullable=True),
    sa.Column("extend_days", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("extended_at", UtcTime(), nullable=True),
    sa.Column("tie", sa.String(), nullable=False, server_default="nothing"),
    sa.Column("settled", sa.Integer(), nullable=True),
)


def upgrade() -> None:
    for column in _COLUMNS:
        op.add_column("poll", column)
    op.create_table(
        "poll_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("village_id", sa.Integer(), nullable=False),
        sa.Column("voters", sa.String(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("quorum", sa.String(), nullable=True),
        sa.Column("extend_days", sa.Integer(), nullable=False),
        sa.Column("tie", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["village_id"], ["village.id"], name=op.f("fk_poll_rules_village_id_village")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_rules")),
        sa.UniqueConstraint("village_id", name=op.f("uq_poll_rules_village_id")),
    )


def downgrade() -> None:
    op.drop_table("poll_rules")
    for column in reversed(_COLUMNS):
        op.drop_column("poll", column.name)
