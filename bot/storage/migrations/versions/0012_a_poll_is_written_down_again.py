"""a poll is written down again when its decision was withdrawn."""

from collections.abc import Sequence

from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("decision") as batch:
        batch.drop_constraint("uq_decision_poll_id", type_="unique")
        batch.create_index(op.f("ix_decision_poll_id"), ["poll_id"])


def downgrade() -> None:
    with op.batch_alter_table("decision") as batch:
        batch.drop_index(op.f("ix_decision_poll_id"))
        batch.create_unique_constraint("uq_decision_poll_id", ["poll_id"])
