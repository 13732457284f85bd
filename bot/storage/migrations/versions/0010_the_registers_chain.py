"""the register's numbers by year, its chain, and until when members may object.

What was recorded before keeps its number within its year, and is final.
"""

from collections import defaultdict
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from bot.domain import register as rules
from bot.domain.register import Entry
from bot.storage.models.base import UtcTime

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OLD_KEY, _NEW_KEY = "uq_decision_scope_key_number", "uq_decision_scope_key_year_number"
_ZONE = ZoneInfo("Europe/Copenhagen")


def upgrade() -> None:
    op.create_table(
        "register",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope_key", sa.String(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("letters", sa.String(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.CheckConstraint("entries >= 0", name=op.f("ck_register_counts_entries")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_register_cohort_id_cohort")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register")),
        sa.UniqueConstraint("cohort_id", "letters", name=op.f("uq_register_cohort_id_letters")),
        sa.UniqueConstraint("scope_key", name=op.f("uq_register_scope_key")),
    )
    op.create_table(
        "register_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope_key", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("salt", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_register_entry_decision_id_decision")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_register_entry_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entry")),
        sa.UniqueConstraint("scope_key", "position", name=op.f("uq_register_entry_scope_key_position")),
    )
    op.create_index(op.f("ix_register_entry_decision_id"), "register_entry", ["decision_id"])
    op.create_index(op.f("ix_register_entry_person_id"), "register_entry", ["person_id"])
    with op.batch_alter_table("decision") as batch:
        batch.add_column(sa.Column("year", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("objections_until", UtcTime(), nullable=True))
        batch.drop_constraint(_OLD_KEY, type_="unique")
        batch.create_unique_constraint(_NEW_KEY, ["scope_key", "year", "number"])
        batch.create_index(op.f("ix_decision_objections_until"), ["objections_until"])
    _chain(op.get_bind())
    with op.batch_alter_table("decision") as batch:
        batch.alter_column("year", existing_type=sa.Integer(), nullable=False)


def _chain(connection: sa.Connection) -> None:
    """Give what was recorded before its year and its links, as the services write them."""
    table = sa.table(
        "decision", sa.column("id"), sa.column("year"), sa.column("number"), sa.column("scope_key"),
        sa.column("cohort_id"), sa.column("kind"), sa.column("title"), sa.column("text"), sa.column("how"),
        sa.column("decided_on", sa.Date()), sa.column("code"), sa.column("milestone"), sa.column("poll_id"),
        sa.column("replaces_id"), sa.column("recorded_by_role"), sa.column("recorded_at", UtcTime()),
    )  # fmt: skip
    by_place: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(sa.select(table).order_by(table.c.id)):
        by_place[row.scope_key].append(row)
    for scope_key, rows in by_place.items():
        letters = _begin(connection, scope_key, rows[0].cohort_id)
        numbers: dict[int, str] = {}
        position, head = 0, rules.BEGINNING
        for row in rows:
            year = row.recorded_at.astimezone(_ZONE).year
            connection.execute(table.update().where(table.c.id == row.id).values(year=year))
            numbers[row.id] = rules.full_number(letters, year, row.number)
            for kind, content in (
                (Entry.RECORDED, _said(row, numbers.get(row.replaces_id))),
                (Entry.FINAL, {}),
            ):
                position += 1
                link = rules.link(
                    head, position, kind, numbers[row.id], row.recorded_at, row.recorded_by_role, content
                )
                connection.execute(
                    _ENTRY.insert().values(
                        scope_key=scope_key, position=position, decision_id=row.id, kind=str(kind), content={},
                        at=row.recorded_at, role=row.recorded_by_role, previous=head, hash=link,
                    )
                )  # fmt: skip
                head = link
        connection.execute(
            _REGISTER.update().where(_REGISTER.c.scope_key == scope_key).values(entries=position, head=head)
        )


_REGISTER = sa.table(
    "register", sa.column("scope_key"), sa.column("cohort_id"), sa.column("letters"), sa.column("entries"),
    sa.column("head"),
)  # fmt: skip
_ENTRY = sa.table(
    "register_entry", sa.column("scope_key"), sa.column("position"), sa.column("decision_id"), sa.column("kind"),
    sa.column("content", sa.JSON()), sa.column("at", UtcTime()), sa.column("role"), sa.column("previous"),
    sa.column("hash"),
)  # fmt: skip


def _begin(connection: sa.Connection, scope_key: str, cohort_id: int) -> str:
    names = sa.text(
        "SELECT 'village:' || v.id AS key, v.name AS name, m.name AS town FROM village v"
        " JOIN municipality m ON m.id = v.municipality_id WHERE v.cohort_id = :cohort"
        " UNION ALL SELECT 'group:' || g.id, g.name, '' FROM coordinator_group g WHERE g.cohort_id = :cohort"
    )
    places = {row.key: row for row in connection.execute(names, {"cohort": cohort_id})}
    here = places.get(scope_key, SimpleNamespace(name=scope_key, town=""))
    others = [row.name for key, row in places.items() if key != scope_key]
    taken = connection.scalars(sa.select(_REGISTER.c.letters).where(_REGISTER.c.cohort_id == cohort_id)).all()
    letters = rules.letters_for(here.name, here.town, others, set(taken))
    connection.execute(
        _REGISTER.insert().values(
            scope_key=scope_key, cohort_id=cohort_id, letters=letters, entries=0, head=rules.BEGINNING
        )
    )
    return letters


def _said(row: Any, replaces: str | None) -> dict[str, object]:
    return {
        "kind": row.kind, "title": row.title, "text": row.text, "how": row.how,
        "decided_on": row.decided_on.isoformat(), "code": row.code, "milestone": row.milestone,
        "by_poll": row.poll_id is not None, "replaces": replaces,
    }  # fmt: skip


def downgrade() -> None:
    op.drop_table("register_entry")
    op.drop_table("register")
    with op.batch_alter_table("decision") as batch:
        batch.drop_index(op.f("ix_decision_objections_until"))
        batch.drop_constraint(_NEW_KEY, type_="unique")
        batch.create_unique_constraint(_OLD_KEY, ["scope_key", "number"])
        batch.drop_column("objections_until")
        batch.drop_column("year")
