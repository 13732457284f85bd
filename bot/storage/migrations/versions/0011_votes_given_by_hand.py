"""votes given by hand, on paper and by telephone; how many people are not on Discord."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.storage.models.base import UtcTime

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "hand_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("turnout", sa.Integer(), nullable=False),
        sa.Column("votes", sa.JSON(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.Column("entered_at", UtcTime(), nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", UtcTime(), nullable=True),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        sa.CheckConstraint("confirmed_by_id <> entered_by_id", name=op.f("ck_hand_count_two_people")),
        sa.CheckConstraint("turnout > 0", name=op.f("ck_hand_count_somebody_voted")),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["person.id"], name=op.f("fk_hand_count_confirmed_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["person.id"], name=op.f("fk_hand_count_entered_by_id_person")
        ),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_hand_count_poll_id_poll")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_count")),
    )
    op.create_index(op.f("ix_hand_count_poll_id"), "hand_count", ["poll_id"])
    op.create_table(
        "off_discord",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("village_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.CheckConstraint("people >= 0", name=op.f("ck_off_discord_people")),
        sa.ForeignKeyConstraint(
            ["village_id"], ["village.id"], name=op.f("fk_off_discord_village_id_village")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_off_discord")),
        sa.UniqueConstraint("village_id", "body", name=op.f("uq_off_discord_village_id_body")),
    )


def downgrade() -> None:
    op.drop_table("off_discord")
    op.drop_index(op.f("ix_hand_count_poll_id"), table_name="hand_count")
    op.drop_table("hand_count")
