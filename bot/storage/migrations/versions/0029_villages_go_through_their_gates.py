"""the state of each village follows the gates it has reached."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

GATES = (
    ("OP-08", "mobilising"),
    ("M1-15", "mapping"),
    ("M2-10", "facilitating"),
    ("M3-10", "organising"),
    ("M4-11", "completed"),
)  # in the order of the programme as it was; a state holds only when every gate before it is reached


def upgrade() -> None:
    change = sa.text(
        "UPDATE village SET state = :state WHERE agreed_at IS NOT NULL AND (SELECT count(DISTINCT code) FROM "
        "milestone_state WHERE village_id = village.id AND state = 'reached' AND code IN :codes) = :gates"
    ).bindparams(sa.bindparam("codes", expanding=True))
    for number, (_, state) in enumerate(GATES, start=1):
        codes = [code for code, _ in GATES[:number]]
        op.get_bind().execute(change, {"state": state, "codes": codes, "gates": number})


def downgrade() -> None:
    op.execute("UPDATE village SET state = 'prelude' WHERE agreed_at IS NOT NULL")
