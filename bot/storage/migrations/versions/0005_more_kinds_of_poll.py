"""more kinds of poll: marks on ballots, the count's places, reasons."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.storage.models.base import UtcTime

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS: tuple[tuple[str, sa.Column[object]], ...] = (
    ("poll", sa.Column("kind", sa.String(), nullable=False, server_default="choice")),
    ("poll", sa.Column("fewest", sa.Integer(), nullable=False, server_default="1")),
    ("poll", sa.Column("points", sa.Integer(), nullable=False, server_default="0")),
    ("poll", sa.Column("majority", sa.String(), nullable=False, server_default="most")),
    ("poll", sa.Column("counted", sa.JSON(), nullable=True)),
    ("poll_option", sa.Column("given", sa.Integer(), nullable=True)),
    ("poll_option", sa.Column("place", sa.Integer(), nullable=True)),
    ("poll_option", sa.Column("starts_at", UtcTime(), nullable=True)),
    ("ballot", sa.Column("mark", sa.Integer(), nullable=False, server_default="1")),
    ("ballot", sa.Column("reason", sa.String(), nullable=True)),
)


def upgrade() -> None:
    for table, column in _COLUMNS:
        op.add_column(table, column)


def downgrade() -> None:
    for table, column in reversed(_COLUMNS):
        op.drop_column(table, column.name)
