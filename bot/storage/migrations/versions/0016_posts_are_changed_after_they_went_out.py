"""posts are changed after they went out."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("delivery") as batch:
        batch.add_column(sa.Column("version", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("edits_id", sa.Integer(), nullable=True))
        batch.create_index(op.f("ix_delivery_edits_id"), ["edits_id"])
        batch.create_foreign_key(op.f("fk_delivery_edits_id_delivery"), "delivery", ["edits_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("delivery") as batch:
        batch.drop_constraint(op.f("fk_delivery_edits_id_delivery"), type_="foreignkey")
        batch.drop_index(op.f("ix_delivery_edits_id"))
        batch.drop_column("edits_id")
        batch.drop_column("version")
