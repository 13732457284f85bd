"""a common pace for several processes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import bot.storage.models.base

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "pace_slot",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("next_at", bot.storage.models.base.UtcTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pace_slot")),
        sa.UniqueConstraint("name", name=op.f("uq_pace_slot_name")),
    )


def downgrade() -> None:
    op.drop_table("pace_slot")
