"""the mark of a rehearsal."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import bot.storage.models.base

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "rehearsal_mark",
        sa.Column("made_at", bot.storage.models.base.UtcTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_rehearsal_mark_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal_mark")),
    )


def downgrade() -> None:
    op.drop_table("rehearsal_mark")
