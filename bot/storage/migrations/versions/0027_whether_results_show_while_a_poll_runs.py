"""whether results show while a poll runs, and whether a village's polls ask for reasons."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for name in ("poll", "poll_rules"):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("running", sa.Boolean(), server_default=sa.true(), nullable=False))
    with op.batch_alter_table("poll_rules") as table:
        table.add_column(sa.Column("why", sa.String(), server_default="none", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("poll_rules") as table:
        table.drop_column("why")
    for name in ("poll_rules", "poll"):
        with op.batch_alter_table(name) as table:
            table.drop_column("running")
