"""reasons for every kind of poll."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("poll", sa.Column("why", sa.String(), nullable=False, server_default="none"))


def downgrade() -> None:
    op.drop_column("poll", "why")
