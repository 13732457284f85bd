"""the next poll that opens or closes is found by an index."""

from collections.abc import Sequence

from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_index("ix_poll_state", "poll")
    op.drop_index("ix_poll_closes_at", "poll")
    op.create_index("ix_poll_state_opens_at", "poll", ["state", "opens_at"])
    op.create_index("ix_poll_state_closes_at", "poll", ["state", "closes_at"])


def downgrade() -> None:
    op.drop_index("ix_poll_state_closes_at", "poll")
    op.drop_index("ix_poll_state_opens_at", "poll")
    op.create_index("ix_poll_closes_at", "poll", ["closes_at"])
    op.create_index("ix_poll_state", "poll", ["state"])
