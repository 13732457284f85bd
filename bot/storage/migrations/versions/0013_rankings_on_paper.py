"""ballots with rankings that were given on paper or by telephone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("hand_count", sa.Column("rankings", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("hand_count", "rankings")
