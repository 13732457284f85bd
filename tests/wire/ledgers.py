"""A bot's database as a story sees it from outside: its posts, and who has them in hand."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import create_engine, event, func, make_url, select, text, update
from sqlalchemy.orm import Session

from bot.storage.models import Delivery, DiscordPlace

UNSETTLED = ("pending", "claimed")
BEGINS = "Opslag "


def sync_url(url: str) -> str:
    """Return the address for a driver that waits."""
    return url.replace("+aiosqlite", "")


class Ledger:
    """Short looks into the database, on one connection: it is looked at many times a second."""

    def __init__(self, url: str) -> None:
        parsed = make_url(sync_url(url))
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        options = {"timeout": 15} if parsed.drivername == "sqlite" else {}
        # A story may end every connection or restart the server: then the next look makes a new one.
        self._engine = create_engine(parsed, pool_size=1, pool_pre_ping=True, connect_args=options)
        if parsed.drivername == "sqlite":
            event.listen(self._engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
            event.listen(self._engine, "connect", lambda c, _: setattr(c, "isolation_level", None))

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a transaction that is kept at the end."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give the connection back. The next look opens another."""
        self._engine.dispose()

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """Ask, or change, in plain SQL."""
        with self.session() as session:
            found = session.connection().execute(text(sql))
            return [tuple(row) for row in found] if found.returns_rows else []

    def villages(self) -> list[str]:
        """Return the places of all villages."""
        return [f"village:{row[0]}" for row in self.ask("SELECT id FROM village ORDER BY id")]

    def post(self, name: object, places: Iterable[str], *, idle_only: bool = False) -> int:
        """Put a post for each place in the ledger, due now. Returns how many; `idle_only`: where none waits."""
        now = datetime.now(UTC)
        with self.session() as session:
            ours = Delivery.state.in_(UNSETTLED), Delivery.key.startswith("test:")
            busy = set(session.scalars(select(Delivery.place_key).where(*ours)))
            rows = [
                Delivery(
                    key=f"test:{name}:{place}", place_key=place, kind="notice", due_at=now, urgent=True,
                    at_once=True, payload={"said": f"{BEGINS}{name} til {place}"},
                )
                for place in places
                if not (idle_only and place in busy)
            ]  # fmt: skip
            session.add_all(rows)
            return len(rows)

    def tick(self, places: Sequence[str], seconds: int) -> None:
        """Plan a small post for every moment to come: a bot alone on SQLite wakes for what it knows of only."""
        now = datetime.now(UTC)
        with self.session() as session:
            for number in range(seconds):
                due_at, place = now + timedelta(seconds=number), places[number % len(places)]
                session.add(
                    Delivery(
                        key=f"tick:{number}", place_key=place, kind="notice", due_at=due_at, urgent=True,
                        at_once=True, payload={"said": f"Klokken slår {number}"},
                    )
                )  # fmt: skip

    def waiting(self) -> int:
        """Return how many posts of the stories have no receipt yet."""
        with self.session() as session:
            query = select(func.count()).where(Delivery.state != "sent", Delivery.key.startswith("test:"))
            return session.scalar(query) or 0

    def claims(self) -> dict[int, str]:
        """Return the posts in somebody's hands, and in whose."""
        with self.session() as session:
            query = select(Delivery.id, Delivery.claimed_by).where(Delivery.state == "claimed")
            return {row.id: row.claimed_by or "" for row in session.execute(query)}

    def shorten(self, ids: Iterable[int], seconds: float) -> None:
        """Let the leases of these posts run out so soon, as if they had been claimed long ago."""
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        with self.session() as session:
            session.execute(
                update(Delivery)
                .where(Delivery.id.in_(ids), Delivery.state == "claimed", Delivery.lease_until > until)
                .values(lease_until=until)
            )

    def receipts(self) -> list[tuple[str, int | None, str, int | None]]:
        """Return of each post of the stories what it says, its village's channel, its state and its receipt."""
        with self.session() as session:
            query = (
                select(Delivery.payload, DiscordPlace.discord_id, Delivery.state, Delivery.message_id)
                .outerjoin(DiscordPlace, DiscordPlace.key == Delivery.place_key)
                .where(Delivery.key.startswith("test:"))
            )
            return [(str(row[0]["said"]), row[1], row[2], row[3]) for row in session.execute(query)]
