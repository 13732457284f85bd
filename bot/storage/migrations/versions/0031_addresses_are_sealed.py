"""e-mail addresses are sealed, and found by a fingerprint; `blup db upgrade` seals what stands in clear."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BY_ADDRESS = "uq_mail_recipient_cohort_id_scope_key_address"
_BY_FINGERPRINT = "uq_mail_recipient_cohort_id_scope_key_fingerprint"


def upgrade() -> None:
    with op.batch_alter_table("mail_recipient") as table:
        table.add_column(sa.Column("fingerprint", sa.String(), nullable=True))
        table.drop_constraint(op.f(_BY_ADDRESS), type_="unique")
        table.create_unique_constraint(op.f(_BY_FINGERPRINT), ["cohort_id", "scope_key", "fingerprint"])
        table.create_index(op.f("ix_mail_recipient_fingerprint"), ["fingerprint"])


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM mail_recipient WHERE fingerprint IS NOT NULL")):
        raise RuntimeError("sealed addresses cannot be read by an older version: empty the mail lists first")
    with op.batch_alter_table("mail_recipient") as table:
        table.drop_index(op.f("ix_mail_recipient_fingerprint"))
        table.drop_constraint(op.f(_BY_FINGERPRINT), type_="unique")
        table.create_unique_constraint(op.f(_BY_ADDRESS), ["cohort_id", "scope_key", "address"])
        table.drop_column("fingerprint")
