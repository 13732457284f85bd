"""The keys that e-mail addresses are sealed with: from the settings, or a file beside a SQLite database."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import make_url

from bot.domain.errors import StartupError
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.locks import serves_several
from bot.storage.repositories import mail_addresses
from bot.storage.seal import Seal, SealBroken, new_key, raw_key

_NO_KEY = (
    "BLUP_PRIVATE_KEY is not set, and there are e-mail addresses in the database; `blup db key` makes one"
)
_WRONG_KEY = (
    "BLUP_PRIVATE_KEY: none of the keys, there or in the file beside the database, opens its e-mail addresses. "
    "Give the one they were sealed with, after a comma if it is not the newest"
)


def seal_of(settings: Settings) -> Seal:
    """Return the keys of an installation; a SQLite database without one gets a file beside it.

    Raises SettingsError when mail is sent from PostgreSQL without a key, StartupError for a file that is none.
    """
    if settings.private_key is not None:
        return Seal([key.strip() for key in settings.private_key.get_secret_value().split(",")])
    url = settings.async_database_url
    if serves_several(url):
        if settings.smtp_url is not None:
            settings.require("BLUP_PRIVATE_KEY")
        return Seal()
    file = Path(f"{make_url(url).database}.key")
    if not file.parent.is_dir():  # there is no database either, and that is said elsewhere
        return Seal()
    try:
        if not file.exists():
            _write(file)
        return Seal([_read(file)])
    except OSError as error:
        raise StartupError(f"{file}: the key cannot be read or written: {error.strerror}") from None


async def seal_all(database: Database, seal: Seal) -> int:
    """Seal the addresses that are in clear or have an older key. Returns how many. Raises StartupError."""
    with _told(seal):
        async with database.transaction() as session:
            return await mail_addresses.close_all(session, seal)


async def can_open_all(settings: Settings) -> int:
    """Return how many addresses there are, all of which our keys open. Raises StartupError, SettingsError."""
    seal, database = seal_of(settings), Database(settings.async_database_url)
    try:
        with _told(seal):
            async with database.transaction() as session:
                return await mail_addresses.open_all(session, seal)
    finally:
        await database.close()


@contextmanager
def _told(seal: Seal) -> Iterator[None]:
    """Say how to mend it when an address cannot be opened."""
    try:
        yield
    except SealBroken:
        raise StartupError(_WRONG_KEY if seal else _NO_KEY) from None


def _read(file: Path) -> str:
    key = file.read_text("ascii", errors="replace").strip()
    try:
        raw_key(key)
    except ValueError:
        raise StartupError(f"{file}: this is not a key; restore the file from the backup") from None
    return key


def _write(file: Path) -> None:
    """Make a key that only its owner can read; one that somebody else has made meanwhile stays.

    The file is there only once its whole key is on the disk: nobody reads half of it, also not after a crash.
    """
    handle, name = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)  # its owner's alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as open_file:
            open_file.write(f"{new_key()}\n")
            open_file.flush()
            os.fsync(open_file.fileno())
        with suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()
