"""times of villages' meetings that are given once."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.storage.models.base import UtcTime

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("event") as batch:
        batch.add_column(sa.Column("slot_at", UtcTime(), nullable=True))
        batch.create_unique_constraint(
            op.f("uq_event_cohort_id_code_slot_at"), ["cohort_id", "code", "slot_at"]
        )


def downgrade() -> None:
    with op.batch_alter_table("event") as batch:
        batch.drop_constraint(op.f("uq_event_cohort_id_code_slot_at"), type_="unique")
        batch.drop_column("slot_at")
