"""E-mail addresses in the database: sealed all of them, with the newest key."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import FORGOTTEN
from bot.storage.models import MailRecipient
from bot.storage.seal import Seal


def close(row: MailRecipient, address: str, seal: Seal) -> MailRecipient:
    """Write an address into a row, and what it is found by. Raises SealBroken without a key."""
    row.address, row.fingerprint = seal.close(address), seal.fingerprint(address)
    return row


async def close_all(session: AsyncSession, seal: Seal) -> int:
    """Seal what stands in clear, from before addresses were sealed, or was sealed with an older key.

    Returns how many. Raises SealBroken when there are addresses that no key opens.
    """
    changed = 0
    for row in await session.scalars(select(MailRecipient).order_by(MailRecipient.id).with_for_update()):
        in_clear = "@" in row.address  # no sealed one has that sign
        address = row.address if in_clear else seal.open(row.address)
        if row.fingerprint != seal.fingerprint(address):
            close(row, address, seal)
            changed += 1
    if changed:
        session.info[FORGOTTEN] = True
    return changed


async def open_all(session: AsyncSession, seal: Seal) -> int:
    """Return how many addresses there are. Raises SealBroken when there is one that no key opens."""
    sealed = (await session.scalars(select(MailRecipient.address))).all()
    for address in sealed:
        if "@" not in address:
            seal.open(address)
    return len(sealed)


async def same(session: AsyncSession, address: str, seal: Seal) -> list[MailRecipient]:
    """Return the rows of an address on every list, locked."""
    found = MailRecipient.fingerprint.in_(seal.fingerprints(address))
    return list(
        await session.scalars(select(MailRecipient).where(found).order_by(MailRecipient.id).with_for_update())
    )
