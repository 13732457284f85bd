"""how many questions a month a village wants to be asked."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("poll_rules") as table:
        table.add_column(sa.Column("monthly", sa.Integer(), server_default="8", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("poll_rules") as table:
        table.drop_column("monthly")
