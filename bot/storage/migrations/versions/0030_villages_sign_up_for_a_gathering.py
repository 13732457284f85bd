"""with how many a village comes to a gathering, and whether it presents there."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.storage.models.base import UtcTime

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("village_id", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("presents", sa.Boolean(), nullable=True),
        sa.Column("presents_since", UtcTime(), nullable=True),
        sa.CheckConstraint("people > 0", name=op.f("ck_enrolment_people")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_enrolment_event_id_event")),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_enrolment_village_id_village")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("event_id", "village_id", name=op.f("uq_enrolment_event_id_village_id")),
    )
    op.create_index(op.f("ix_enrolment_village_id"), "enrolment", ["village_id"])


def downgrade() -> None:
    op.drop_table("enrolment")
