"""polls that come again every week, month or year until a day."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("poll", sa.Column("repeat", sa.String(), nullable=True))
    op.add_column("poll", sa.Column("repeat_from", sa.Date(), nullable=True))
    op.add_column("poll", sa.Column("repeat_until", sa.Date(), nullable=True))


def downgrade() -> None:
    for name in ("repeat_until", "repeat_from", "repeat"):
        op.drop_column("poll", name)
