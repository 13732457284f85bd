"""Take a person out of the programme: what is about them goes, what others need stays without a name (PRIVACY section 5).

Whether somebody asked for it or their time is up, it is done here and in one way.
"""

from collections.abc import Sequence

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.attendance import forget_answers
from bot.services.context import Context
from bot.services.places import person_key
from bot.storage.database import FORGOTTEN
from bot.storage.models import (
    AuditEntry,
    Ballot,
    Decision,
    Delivery,
    Feed,
    HandCount,
    Letter,
    LetterVersion,
    MailRecipient,
    Person,
    Poll,
    RegisterEntry,
    RoleAssignment,
)
from bot.storage.repositories import people as people_table

_NAMED_BY = (
    Decision.recorded_by_id,
    Poll.asked_by_id,
    AuditEntry.person_id,
    HandCount.entered_by_id,
    HandCount.confirmed_by_id,
    MailRecipient.added_by_id,
    Letter.approved_by_id,
    LetterVersion.written_by_id,
)


async def erase_person(session: AsyncSession, context: Context, person: Person) -> Sequence[RoleAssignment]:
    """Remove name, account, answers, open votes and objections; roles and consents end. Returns the roles that ended.

    Secret votes cannot be found. The empty row stays so that history still counts right.
    """
    now = context.now()
    roles = await people_table.roles_now(session, person.id)
    for role in roles:
        role.until = now
    for consent in await people_table.consents(session, person.id):
        consent.withdrawn_at = now
    await forget_answers(session, context, person.id)
    await session.execute(delete(Feed).where(Feed.person_id == person.id))
    await session.execute(delete(Ballot).where(Ballot.person_id == person.id))
    await session.execute(delete(Delivery).where(Delivery.place_key == person_key(person.id)))
    own_words = update(RegisterEntry).where(RegisterEntry.person_id == person.id)
    await session.execute(own_words.values(person_id=None, words=None, salt=None))
    waiting = (HandCount.entered_by_id == person.id) & HandCount.confirmed_at.is_(None)
    await session.execute(  # nobody may confirm their own, also not as somebody new
        update(HandCount).where(waiting, HandCount.withdrawn_at.is_(None)).values(withdrawn_at=now)
    )
    for column in _NAMED_BY:
        await session.execute(update(column.class_).where(column == person.id).values({column: None}))
    person.display_name, person.discord_user_id, person.erased_at = None, None, now
    person.reminded_privately = False
    await session.flush()
    session.info[FORGOTTEN] = True
    return roles
