"""what the secretariat has done before a village has a channel of its own."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.storage.models.base import UtcTime

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "task_done",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("scope_key", sa.String(), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_task_done_cohort_id_cohort")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_done")),
        sa.UniqueConstraint(
            "cohort_id", "code", "scope_key", name=op.f("uq_task_done_cohort_id_code_scope_key")
        ),
    )


def downgrade() -> None:
    op.drop_table("task_done")
