"""a library of videos, which letters' slots are filled from."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.storage.models.base import UtcTime

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "video",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("subtitles", sa.Boolean(), nullable=False),
        sa.Column("circle", sa.String(), nullable=True),
        sa.Column("checked_at", UtcTime(), nullable=True),
        sa.Column("dead_since", UtcTime(), nullable=True),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_video_has_a_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video")),
    )
    with op.batch_alter_table("newsletter_video") as table:
        table.add_column(sa.Column("video_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_newsletter_video_video_id_video"), "video", ["video_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("newsletter_video") as table:
        table.drop_constraint(op.f("fk_newsletter_video_video_id_video"), type_="foreignkey")
        table.drop_column("video_id")
    op.drop_table("video")
