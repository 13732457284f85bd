"""The secretariat's desk of letters: the year at a glance, what is missing, and approval before anything goes out (S05)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content.findings import Remark
from bot.domain.access import Action, Actor, Where, require
from bot.domain.errors import Conflict
from bot.domain.programme import Newsletter, is_extra
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.letter_gate import LetterGate
from bot.services.letter_receipts import receipt_of
from bot.services.letter_versions import keep_ticks
from bot.services.letters import APPROVED, DRAFT, READY, Letters
from bot.storage.database import one_at_a_time
from bot.storage.models import Cohort, Delivery, Letter, NextStepDone, Person
from bot.storage.repositories import deliveries, mails
from bot.storage.repositories import events as events_table
from bot.storage.repositories import letters as letters_table

SENT, HELD, GONE, WITHDRAWN, GOES = "sent", "held", "gone", "withdrawn", "planned"
_OVER = (SENT, GONE, WITHDRAWN)
_MAILED = "mailed"  # an extra letter has gone out by e-mail, perhaps to places without Discord alone


@dataclass(frozen=True, slots=True)
class LetterStatus:
    """A letter at a glance; `standing` is draft, ready, approved, held, sent, or gone when its time passed unsent."""

    letter: Newsletter
    send_at: datetime
    days: int
    standing: str
    needs_approval: bool
    sent: int
    waiting: int
    failed: int
    videos_missing: int
    subtitles_missing: int


@dataclass(frozen=True, slots=True)
class LetterBoard:
    """A year's letters: those that have not gone out first, the next one at the top."""

    cohort: str
    letters: Sequence[LetterStatus]


@dataclass(frozen=True, slots=True)
class LetterCard:
    """A letter taken out of the pile."""

    status: LetterStatus
    version: int
    written_at: datetime | None
    writer: str
    approved_at: datetime | None
    approver: str
    because: str


@dataclass(frozen=True, slots=True)
class Approval:
    """How an attempt to approve ended; `complete` when no letter of the year is left to approve."""

    approved: bool
    letter: Newsletter
    remarks: Sequence[Remark]
    let_go: int = 0
    complete: bool = False


@dataclass(frozen=True, slots=True)
class StepCount:
    """How many places have ticked a next step, of those that have the letter."""

    step: str
    places: int


class LetterDesk:
    """See, check and approve letters."""

    def __init__(self, context: Context, letters: Letters) -> None:
        self._context, self._letters = context, letters
        self._gate = LetterGate(context, letters)
        self._zone = ZoneInfo(context.programme.timezone)

    async def board(self, actor: Actor, cohort_id: int) -> LetterBoard:
        """Return the year's letters and where each stands."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            cohort = await session.get_one(Cohort, cohort_id)
            rows = await letters_table.of_cohort(session, cohort_id)
            states = await self._states(session, cohort_id)
            untold = await letters_table.without_subtitles(session, cohort_id)
            found = []
            for event in await events_table.common(session, cohort_id):
                circle = self._context.programme.meetings.get(event.code)
                if circle and circle.newsletter and event.newsletter_at:
                    found.append(
                        await self._status(
                            session,
                            cohort_id,
                            circle.newsletter,
                            event.newsletter_at,
                            event.starts_at,
                            rows,
                            states,
                            untold,
                        )
                    )
            for code, row in rows.items():
                if is_extra(code) and row.send_at:
                    found.append(
                        await self._status(session, cohort_id, code, row.send_at, None, rows, states, untold)
                    )
        over = [status for status in found if status.standing in _OVER]
        coming = [status for status in found if status.standing not in _OVER]
        over.sort(key=lambda status: status.send_at, reverse=True)
        coming.sort(key=lambda status: status.send_at)
        return LetterBoard(cohort.title, [*coming, *over])

    async def card(self, actor: Actor, cohort_id: int, code: str) -> LetterCard:
        """Return one letter with its newest version and its approval. Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        board = await self.board(actor, cohort_id)
        status = next((status for status in board.letters if status.letter.id == code), None)
        async with self._context.database.transaction() as session:
            await self._letters.current(session, cohort_id, code)
            if status is None:
                raise Conflict()
            row = await letters_table.find(session, cohort_id, code)
            version = await letters_table.newest(session, row.id) if row else None
            by_now = row is not None and status.standing in (APPROVED, SENT)
            return LetterCard(
                status, version.number if version else 0, version.written_at if version else None,
                await _name(session, version.written_by_id if version else None),
                row.approved_at if row and by_now else None,
                await _name(session, row.approved_by_id if row and by_now else None),
                (row.approved_because or "") if row and by_now else "",
            )  # fmt: skip

    async def check(self, actor: Actor, cohort_id: int, code: str) -> tuple[Newsletter, list[Remark]]:
        """Return what is found in a letter as it stands. Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            letter = await self._letters.current(session, cohort_id, code)
            return letter, await self._gate.remarks(session, cohort_id, letter)

    async def set_ready(self, actor: Actor, cohort_id: int, code: str) -> None:
        """Say that a letter is written and waits to be approved. Raises NotFound."""
        await self._wait_for_approval(actor, cohort_id, code, DRAFT, "newsletter.ready")

    async def reopen(self, actor: Actor, cohort_id: int, code: str) -> None:
        """Take an approval back: what has not gone out waits for a new one. Raises NotFound."""
        await self._wait_for_approval(actor, cohort_id, code, APPROVED, "newsletter.reopen")

    async def _wait_for_approval(
        self, actor: Actor, cohort_id: int, code: str, before: str, action: str
    ) -> None:
        """Let a letter that is a draft, or was approved (`before`), wait to be approved."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            await self._letters.current(session, cohort_id, code)
            row = await letters_table.made(session, cohort_id, code)
            if row.state == before:
                row.state = READY
                await audit(session, self._context, actor, action, code)

    async def approve(
        self, actor: Actor, cohort_id: int, code: str, version: int, because: str = ""
    ) -> Approval:
        """Let a letter go out as that version has it; what was held for want of it goes at once.

        A letter with doubts is approved only with a reason, one with faults not at all. Raises Conflict when
        somebody has written on it since or it was taken back, NotFound.
        """
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            letter = await self._letters.current(session, cohort_id, code)
            row = await letters_table.made(session, cohort_id, code)
            if version != await self._letters.version(session, cohort_id, code):
                raise Conflict("error.letter_changed", title=letter.title)
            if row.withdrawn_at is not None:
                raise Conflict("error.letter_withdrawn", title=letter.title)
            remarks = await self._gate.remarks(session, cohort_id, letter)
            doubts = [remark for remark in remarks if not remark.only_told]
            if any(remark.stops for remark in remarks) or (doubts and not because.strip()):
                return Approval(False, letter, remarks)
            known_so_far = await self._letters.published(session, cohort_id, code)
            await keep_ticks(session, row, known_so_far.next_steps, letter.next_steps)
            row.state, row.approved_version, row.approved_at = APPROVED, version, self._context.now()
            row.approved_by_id = actor.person_id
            row.approved_because = because.strip() if doubts else None
            await session.flush()
            await one_at_a_time(session, "deliveries")  # a claim that found it unapproved holds it first
            let_go = await deliveries.let_go(session, cohort_id, code)
            if let_go:
                receipt = receipt_of(
                    cohort_id, code, row.approved_at, stamp=f"{row.approved_at:%Y%m%dT%H%M%S}"
                )
                await deliveries.plan(session, [receipt])
            await mails.let_go(session, cohort_id, code)
            await audit(session, self._context, actor, "newsletter.approve", f"{code} {version}")
            await session.flush()
            known = await letters_table.of_cohort(session, cohort_id)
            states = [known[code].state for code in self._context.programme.newsletters if code in known]
            complete = states.count(APPROVED) == len(self._context.programme.newsletters)
            return Approval(True, letter, remarks, let_go, complete)

    async def steps(self, actor: Actor, cohort_id: int, code: str) -> tuple[Newsletter, int, list[StepCount]]:
        """Return a letter, how many places have it, and how many of those have ticked each next step: no names."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            letter = await self._letters.published(session, cohort_id, code)
            have = select(Delivery.place_key).where(
                deliveries.of_letter(code), Delivery.cohort_id == cohort_id, Delivery.state == "sent"
            )
            query = select(NextStepDone.step, func.count()).where(
                NextStepDone.newsletter == code, NextStepDone.place_key.in_(have)
            )
            done = dict((await session.execute(query.group_by(NextStepDone.step))).all())
            total = await session.scalar(select(func.count()).select_from(have.subquery())) or 0
            return letter, total, [StepCount(s, done.get(n, 0)) for n, s in enumerate(letter.next_steps)]

    async def _states(self, session: AsyncSession, cohort_id: int) -> dict[str, dict[str, int]]:
        """Return how many posts of each letter are in each state."""
        query = select(Delivery.key, Delivery.state).where(
            Delivery.cohort_id == cohort_id, Delivery.kind.in_(deliveries.LETTERS)
        )
        found: dict[str, dict[str, int]] = {}
        for key, state in await session.execute(query):
            counts = found.setdefault(key.partition(":")[0], {})
            counts[state] = counts.get(state, 0) + 1
        for code in await mails.extra_letters_sent(session, cohort_id):
            found.setdefault(code, {})[_MAILED] = 1
        return found

    async def _status(
        self, session: AsyncSession, cohort_id: int, code: str, send_at: datetime, over_at: datetime | None,
        rows: dict[str, Letter], states: dict[str, dict[str, int]], untold: dict[str, int],
    ) -> LetterStatus:  # fmt: skip
        """Return where a letter stands that is to go out at a moment, and is of use until another."""
        now, counts = self._context.now(), states.get(code, {})
        letter = await self._letters.current(session, cohort_id, code)
        urls = await self._letters.video_urls(session, cohort_id, letter)
        waiting = counts.get("pending", 0) + counts.get("claimed", 0)
        row = rows.get(code)
        asks = self._context.programme.rules.newsletter_approval is not None
        may_go = await self._letters.may_go(session, cohort_id, code)
        standing = row.state if row else DRAFT
        if row is not None and row.withdrawn_at is not None:
            standing = WITHDRAWN
        elif counts.get(deliveries.HELD):
            standing = HELD
        elif (counts.get("sent") or counts.get(_MAILED)) and not (send_at > now and waiting):
            standing = SENT
        elif is_extra(code) and waiting:
            standing = GOES
        elif over_at is not None and over_at <= now:
            standing = GONE
        elif standing == APPROVED and not may_go:
            standing = READY
        day = send_at.astimezone(self._zone).date()
        return LetterStatus(
            letter, send_at, (day - now.astimezone(self._zone).date()).days, standing,
            asks and not may_go, counts.get("sent", 0), waiting + counts.get(deliveries.HELD, 0),
            counts.get("parked", 0), sum(not url for url in urls),
            untold.get(code, 0),
        )  # fmt: skip


async def _name(session: AsyncSession, person_id: int | None) -> str:
    person = await session.get(Person, person_id) if person_id is not None else None
    return (person.display_name or "") if person else ""
