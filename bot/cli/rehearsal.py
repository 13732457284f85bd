"""What an operator may ask of a rehearsal, and that its database and the programme's own are never mixed up."""

from datetime import datetime

from bot.cli.calendar import YEARS
from bot.delivery.rehearsal import Rehearsal
from bot.domain.clock import Clock, RehearsalClock, SystemClock
from bot.domain.errors import StartupError

SLOWEST, FASTEST = 0.1, 3600.0  # at the fastest, an hour in a second; a post is then some seconds late


def clock_for(moment: str | None, speed: str | None) -> Clock:
    """Return the clock to run on: a rehearsal's when a moment is given. Raises StartupError."""
    if moment is None:
        if speed is not None:
            raise StartupError("--speed: only a rehearsal has one; give --rehearse-from too")
        return SystemClock()
    return RehearsalClock(_moment(moment), _speed("1" if speed is None else speed))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None or found.year not in range(YEARS[0], YEARS[1] + 1):
        raise StartupError(
            f"--rehearse-from: {text!r} is no moment with a UTC offset between the years {YEARS[0]} and {YEARS[1]}; "
            "write it like 2027-10-14T09:59+02:00"
        )
    return found


def _speed(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not SLOWEST <= found <= FASTEST:
        raise StartupError(f"--speed: {text!r} is no number from {SLOWEST:g} to {FASTEST:g}")
    return found


def rehearsal_on(clock: Clock, made_at: datetime | None) -> Rehearsal | None:
    """Return the rehearsal, or None at the programme's own work. Raises StartupError when clock and database differ."""
    if isinstance(clock, RehearsalClock):
        if made_at is None:
            raise StartupError(
                "BLUP_DATABASE_URL: this is the programme's own database; "
                "a rehearsal needs one made with `blup db upgrade --rehearsal`"
            )
        return Rehearsal(clock, made_at)
    programmes_own(made_at, "start it with `blup run --rehearse-from`")
    return None


def programmes_own(made_at: datetime | None, instead: str) -> None:
    """Refuse a rehearsal's database. Raises StartupError."""
    if made_at is not None:
        raise StartupError(f"BLUP_DATABASE_URL: this database serves rehearsals only; {instead}")
