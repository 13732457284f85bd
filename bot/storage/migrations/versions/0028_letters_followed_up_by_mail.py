"""what a mail said and which it follows, and when an extra letter goes out."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.storage.models.base import UtcTime

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_GOES_AT = """
    UPDATE letter SET goes_at = (
        SELECT max(delivery.due_at) FROM delivery
        WHERE delivery.kind = 'extra_letter' AND delivery.state IN ('pending', 'held')
        AND delivery.key LIKE letter.code || ':%'
    ) WHERE letter.audience IS NOT NULL
"""


def upgrade() -> None:
    with op.batch_alter_table("letter") as table:
        table.add_column(sa.Column("goes_at", UtcTime(), nullable=True))
    with op.batch_alter_table("mail") as table:
        table.add_column(sa.Column("lines", sa.JSON(none_as_null=True), nullable=True))
        table.add_column(sa.Column("follows_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_mail_follows_id_mail"), "mail", ["follows_id"], ["id"])
        table.create_index(op.f("ix_mail_follows_id"), ["follows_id"])
    op.execute(_GOES_AT)


def downgrade() -> None:
    with op.batch_alter_table("mail") as table:
        table.drop_index(op.f("ix_mail_follows_id"))
        table.drop_constraint(op.f("fk_mail_follows_id_mail"), type_="foreignkey")
        table.drop_column("follows_id")
        table.drop_column("lines")
    with op.batch_alter_table("letter") as table:
        table.drop_column("goes_at")
