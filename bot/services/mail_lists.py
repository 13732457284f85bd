"""Who gets letters by e-mail: the lists of villages and municipalities, the way off them, and addresses that failed.

Addresses stand in one table, sealed, and are never logged or audited; whoever is taken off is deleted.
"""

import re
import secrets
from collections.abc import Mapping

from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, looked_after, may, require
from bot.domain.errors import InvalidInput, NotFound
from bot.domain.mail_addresses import Listed, MailList, read_addresses
from bot.services.audit import audit
from bot.services.context import Context
from bot.storage.database import FORGOTTEN, PLANNED
from bot.storage.models import Cohort, Mail, MailRecipient, Municipality, Village
from bot.storage.repositories import mail_addresses

UNSENT = ("pending", "claimed", "held")
MOST = 200  # addresses on one list
LONGEST_CONSENT = 200
SUPPLIES: Mapping[str, frozenset[str]] = {
    "error_mail.off": frozenset({"phone"}),
    "error_mail.addresses": frozenset({"wrong", "phone"}),
    "error_mail.consent": frozenset({"phone"}),
    "error_mail.full": frozenset({"most", "phone"}),
    "error_mail.where": frozenset({"phone"}),
}


class MailLists:
    """See, fill and empty the lists."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def may_edit(self, actor: Actor, where: Where) -> bool:
        """Tell whether somebody keeps the mail list of a place, and mails are sent at all."""
        return self._context.facts.mail_from is not None and may(actor, Action.EDIT_MAIL_LIST, where)

    async def show(self, actor: Actor, cohort_id: int, scope_key: str) -> MailList:
        """Return a list. Raises NotPermitted, and NotFound for a place that has none."""
        async with self._context.database.transaction() as session:
            name = await self._admit(session, actor, cohort_id, scope_key)
            query = select(MailRecipient).where(
                MailRecipient.cohort_id == cohort_id, MailRecipient.scope_key == scope_key
            )
            seal = self._context.seal
            listed = [_listed(row, seal.open(row.address)) for row in await session.scalars(query)]
            listed.sort(key=lambda entry: entry.address)
            return MailList(cohort_id, scope_key, name, tuple(listed))

    async def add(self, actor: Actor, cohort_id: int, scope_key: str, written: str, consent: str) -> int:
        """Put addresses on a list, with a note of how their owners said yes. Returns how many are new.

        Raises InvalidInput when one is no address, the note is missing, the list would be too long, or no mail is
        sent at all.
        """
        if self._context.facts.mail_from is None:
            raise InvalidInput("error_mail.off")
        good, bad = read_addresses(written)
        if bad or not good:
            raise InvalidInput("error_mail.addresses", wrong=", ".join(bad)[:200])
        if not consent.strip():
            raise InvalidInput("error_mail.consent")
        async with self._context.database.transaction() as session:
            await self._admit(session, actor, cohort_id, scope_key)
            here = (MailRecipient.cohort_id == cohort_id, MailRecipient.scope_key == scope_key)
            seal = self._context.seal
            rows = await session.scalars(select(MailRecipient).where(*here))
            known = {seal.open(row.address): row for row in rows}
            new = [found for found in good if found not in known]
            if len(known) + len(new) > MOST:
                raise InvalidInput("error_mail.full", most=MOST)
            for found in good:
                if found in known:
                    known[found].bounced_at = None  # somebody has looked at it again
            now, note = self._context.now(), " ".join(consent.split())[:LONGEST_CONSENT]
            session.add_all(
                mail_addresses.close(
                    MailRecipient(cohort_id=cohort_id, scope_key=scope_key, consent=note,
                                  token=secrets.token_urlsafe(24), added_by_id=actor.person_id, added_at=now),
                    found, seal)
                for found in new
            )  # fmt: skip
            await audit(session, self._context, actor, "mail_list.add", f"{scope_key} +{len(new)}")
            return len(new)

    async def remove(self, actor: Actor, recipient_id: int) -> MailList:
        """Take an address off its list and forget it. Raises NotFound when it is gone."""
        async with self._context.database.transaction() as session:
            row = await self._own(session, actor, recipient_id)
            cohort_id, scope_key = row.cohort_id, row.scope_key
            await forget(session, row)
            await audit(session, self._context, actor, "mail_list.remove", scope_key)
        return await self.show(actor, cohort_id, scope_key)

    async def came_back(self, actor: Actor, recipient_id: int) -> MailList:
        """Note that a mail to an address came back: nothing more is sent there."""
        async with self._context.database.transaction() as session:
            row = await self._own(session, actor, recipient_id)
            cohort_id, scope_key = row.cohort_id, row.scope_key
            row.bounced_at = self._context.now()
            await audit(session, self._context, actor, "mail_list.bounced", scope_key)
        return await self.show(actor, cohort_id, scope_key)

    async def is_known(self, token: str) -> bool:
        """Tell whether an unsubscribe link still leads to an address."""
        async with self._context.database.transaction() as session:
            return await session.scalar(_by_token(token)) is not None

    async def unsubscribe(self, token: str) -> bool:
        """Take the owner of an unsubscribe link off every list, in every cohort; tell whether there was one."""
        async with self._context.database.transaction() as session:
            row = await session.scalar(_by_token(token))
            if row is None:
                return False
            seal = self._context.seal
            for found in await mail_addresses.same(session, seal.open(row.address), seal):
                await audit(session, self._context, Actor(None, ""), "mail_list.unsubscribe", found.scope_key)
                await forget(session, found)
            return True

    async def _own(self, session: AsyncSession, actor: Actor, recipient_id: int) -> MailRecipient:
        row = await session.get(MailRecipient, recipient_id, with_for_update=True)
        if row is None:
            raise NotFound("error.not_found.other")
        await self._admit(session, actor, row.cohort_id, row.scope_key)
        return row

    async def _admit(self, session: AsyncSession, actor: Actor, cohort_id: int, scope_key: str) -> str:
        """Return the name of a list's owner to somebody who may edit it. Raises NotPermitted and NotFound."""
        kind, _, number = scope_key.partition(":")
        owner: Village | Municipality | None = None
        where = Where(cohort_id=cohort_id)
        if number.isdecimal() and await session.get(Cohort, cohort_id) is not None:
            if kind == "village":
                owner = await session.get(Village, int(number))
                where = Where(village_id=int(number), cohort_id=cohort_id)
                if owner is not None and owner.cohort_id != cohort_id:
                    owner = None
            elif kind == "municipality":
                owner = await session.get(Municipality, int(number))
                where = Where(municipality_id=int(number), cohort_id=cohort_id)
        if owner is None:
            raise NotFound("error_mail.where")
        if where.municipality_id not in looked_after(
            actor, cohort_id
        ):  # a municipality's own coordinators may, too
            require(actor, Action.EDIT_MAIL_LIST, where)
        return owner.name


def _by_token(token: str) -> Select[MailRecipient]:
    wanted = token if re.fullmatch(r"[\w-]{20,64}", token, re.ASCII) else ""
    return select(MailRecipient).where(MailRecipient.token == wanted).with_for_update()


async def forget(session: AsyncSession, row: MailRecipient) -> None:
    """Delete an address for good; what was sent to it is kept without it."""
    await forget_those(session, MailRecipient.id == row.id)


async def forget_those(session: AsyncSession, which: ColumnElement[bool]) -> None:
    """Delete addresses as `forget` does, however many, in a few statements."""
    theirs = Mail.recipient_id.in_(select(MailRecipient.id).where(which))
    for change in (
        update(Mail).where(theirs, Mail.state.in_(UNSENT)).values(state="cancelled"),
        update(Mail).where(theirs).values(recipient_id=None),
    ):
        await session.execute(change.execution_options(synchronize_session="fetch"))
    gone = await session.scalars(delete(MailRecipient).where(which).returning(MailRecipient.id))
    if gone.first() is not None:
        session.info[FORGOTTEN] = session.info[PLANNED] = True


def _listed(row: MailRecipient, address: str) -> Listed:
    return Listed(row.id, address, row.consent, row.added_at, row.bounced_at)
