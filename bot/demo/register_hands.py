"""What people do with decisions that stand in their channel: object, answer, set a deadline, and get it done."""

from datetime import date, datetime, timedelta

from bot.demo.cast import VillageCast
from bot.demo.hands import private_ids
from bot.demo.stage import Stage
from bot.demo.world import MessageRecord
from bot.domain.decisions import Status

DEADLINE_AFTER = timedelta(days=21)


class RegisterHands:
    """Acts on decisions, the same in every run, and keeps what was done for the account."""

    def __init__(self, year: Stage) -> None:
        self._year = year
        self.objections = 0
        self.deadlines: dict[int, tuple[date, str]] = {}
        self._kept: set[int] = set()
        self._done: set[int] = set()

    async def recorded(self, cast: VillageCast, record: MessageRecord, decision_id: int, mood: float) -> None:
        """Let a villager object to some of the decisions, and the minute-taker set a deadline for others."""
        if mood < 0.15:
            await self._object(cast, record)
        elif mood < 0.4:
            await self._set_deadline(cast, record, decision_id)

    async def _object(self, cast: VillageCast, record: MessageRecord) -> None:
        villager = cast.who("villager")[0]
        shown = await self._year.hands.press(villager, record, _part(record, "decision_object"))
        if shown.modal is not None:
            words = {"reason": "Vi talte om at vente til foråret."}
            await villager.submit_modal(shown, self._year.hands.filled(shown, words))
            self.objections += 1

    async def _set_deadline(self, cast: VillageCast, record: MessageRecord, decision_id: int) -> None:
        actor, hands = cast.secretary, self._year.hands
        day = (self._year.discord.now() + DEADLINE_AFTER).astimezone(self._year.zone).date()
        quiet = self._year.app.services.context.off(self._year.plan.start_year).posts
        if any(day - timedelta(days=before) in quiet for before in (7, 0)):
            return  # a reminder would come when it is of no use
        shown = await hands.press(actor, record, _part(record, "decision_open"))
        ways = [custom_id for custom_id in private_ids(shown) if ":decision_follow_up:" in custom_id]
        if shown.response is None or not ways:
            return
        who = await actor.click(shown.response, custom_id=ways[0])
        assert who.response is not None, "the menu of roles did not come"
        form = await actor.select(who.response, ["steering"], custom_id=private_ids(who)[0])
        await actor.submit_modal(form, hands.filled(form, {"deadline": f"{day:%d-%m-%Y}"}))
        self.deadlines[decision_id] = (day, f"village:{cast.village_id}")

    async def keep(self, cast: VillageCast, record: MessageRecord, custom_id: str, decision_id: int) -> None:
        """Let whoever wrote it down keep what somebody objected to."""
        if decision_id not in self._kept:
            self._kept.add(decision_id)
            actor = self._year.secretariat if "sekretariatet" in record.content[:20] else cast.secretary
            await self._year.hands.press(actor, record, custom_id)

    async def done(self, cast: VillageCast, record: MessageRecord, custom_id: str, decision_id: int) -> None:
        """Let the lead say that it is done, on the day itself."""
        day, _ = self.deadlines[decision_id]
        today = self._year.discord.now().astimezone(self._year.zone).date()
        if today >= day and decision_id not in self._done:
            self._done.add(decision_id)
            await self._year.hands.press(cast.lead, record, custom_id)

    def reminders(self, until: datetime) -> set[str]:
        """Return the keys of the reminders that must stand by a moment."""
        found = set()
        for decision_id, (day, place) in self.deadlines.items():
            for before in (7, 0):
                if day - timedelta(days=before) <= until.astimezone(self._year.zone).date():
                    found.add(f"decision_due:{decision_id}:deadline:{day}:{before}:{place}")
        return found

    async def not_final(self, recorded_before: datetime) -> list[str]:
        """Return the decisions that should be final, for all objections are answered, and are not."""
        found = []
        for cast in self._year.villages:
            place = await self._year.app.services.places.of_channel(cast.channel_id)
            page = await self._year.app.services.decisions.list_of(place)
            for number in range(1, page.pages + 1):
                shown = await self._year.app.services.decisions.list_of(place, page=number)
                found += [
                    f"the end of {view.ref}"
                    for view in shown.decisions
                    if view.status is Status.PROPOSED and view.recorded_at < recorded_before
                ]
        return found


def _part(record: MessageRecord, action: str) -> str:
    return next(custom_id for custom_id in record.custom_ids if f":{action}:" in custom_id)
