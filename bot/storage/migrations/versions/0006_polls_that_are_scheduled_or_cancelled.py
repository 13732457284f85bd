"""polls that open by themselves at a chosen time, and polls that are cancelled with a reason."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("poll", sa.Column("scheduled", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("poll", sa.Column("cancelled_because", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("poll", "cancelled_because")
    op.drop_column("poll", "scheduled")
