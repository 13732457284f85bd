"""What most commands need first: a database that has been upgraded."""

from datetime import datetime

from bot.domain.errors import StartupError
from bot.storage import rehearsal
from bot.storage import upgrade as migrations
from bot.storage.database import Database


async def upgraded(url: str) -> datetime | None:
    """Make sure that a database can be used. Raises StartupError when it cannot be reached or is too old.

    Returns when it was made, if that was for rehearsals; None for the programme's own.
    """
    database: Database | None = None
    try:
        database = Database(url)
        version = await migrations.current(database.engine)
        made_at = await rehearsal.made_at(database.engine)
    except Exception as error:
        reason = str(error).split("\n", 1)[0]
        raise StartupError(f"BLUP_DATABASE_URL: the database cannot be opened: {reason}") from error
    finally:
        if database is not None:
            await database.close()
    if version != migrations.newest():
        raise StartupError(
            f"the database is at version {version or 'none'}, {migrations.newest()} is needed: run `blup db upgrade`"
            f"{' --rehearsal' * (made_at is not None)}"
        )
    return made_at
