"""The pace: as fast as Discord allows in every second, people first, and one pace for several processes."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from bot.delivery.pace import LIMIT_PER_SECOND, Pace, Reserve, SharedPace
from tests.delivery.clockwork import Clockwork, told


def busiest_second(moments: Sequence[float]) -> int:
    """Return how many fell into the second that holds most."""
    return max(sum(begin <= moment < begin + 1 for moment in moments) for begin in moments)


async def let_through(loop: Clockwork, pace: Pace, count: int, moments: list[float]) -> None:
    async def one() -> None:
        await pace.take(patient=True)
        moments.append(loop.time())

    await asyncio.gather(*(one() for _ in range(count)))


def test_no_second_holds_more_than_discord_allows_and_hardly_fewer() -> None:
    async def story(loop: Clockwork) -> None:
        moments: list[float] = []
        await let_through(loop, Pace(), 960, moments)
        assert busiest_second(moments) <= LIMIT_PER_SECOND
        assert 960 / LIMIT_PER_SECOND / (moments[-1] - moments[0]) > 0.97

    told(story)


def test_after_a_stall_there_is_no_rush() -> None:
    async def story(loop: Clockwork) -> None:
        pace, moments = Pace(), list[float]()
        await let_through(loop, pace, 100, moments)
        loop.stall(5)
        await let_through(loop, pace, 200, moments)
        assert busiest_second(moments) <= LIMIT_PER_SECOND

    told(story)


def test_whoever_answers_a_person_goes_before_a_broadcast() -> None:
    async def story(loop: Clockwork) -> None:
        pace, order = Pace(), list[str]()

        async def go(name: str, *, patient: bool) -> None:
            await pace.take(patient=patient)
            order.append(name)

        letters = [asyncio.create_task(go("letter", patient=True)) for _ in range(100)]
        await asyncio.sleep(0.5)
        before = len(order)
        await asyncio.create_task(go("answer", patient=False))
        assert order.index("answer") == before
        await asyncio.gather(*letters)
        assert len(order) == 101

    told(story)


def test_who_has_given_up_takes_nobodys_turn() -> None:
    async def story(loop: Clockwork) -> None:
        pace = Pace()
        await pace.take()
        waiting = [asyncio.create_task(pace.take()) for _ in range(100)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        begun = loop.time()
        await pace.take()
        assert loop.time() - begun < 0.05

    told(story)


def test_when_discord_says_wait_nothing_goes() -> None:
    async def story(loop: Clockwork) -> None:
        pace = Pace()
        await pace.take()
        pace.hold(30)
        begun = loop.time()
        await pace.take()
        assert loop.time() - begun >= 30

    told(story)


def test_several_processes_keep_one_pace_and_none_is_left_behind() -> None:
    async def story(loop: Clockwork) -> None:
        free_at = loop.time()

        async def reserve(seconds: float) -> float:
            nonlocal free_at
            begins = max(free_at, loop.time())
            free_at = begins + seconds
            await asyncio.sleep(0.002)  # the database takes its time
            return begins - loop.time()

        all_moments: list[float] = []
        of_each: list[list[float]] = [[], [], []]
        await asyncio.gather(*(let_through(loop, SharedPace(reserve), 300, own) for own in of_each))
        for own in of_each:
            all_moments += own
        assert busiest_second(all_moments) <= LIMIT_PER_SECOND
        assert 900 / LIMIT_PER_SECOND / (max(all_moments) - min(all_moments)) > 0.8
        ends = sorted(own[-1] for own in of_each)
        assert all(later - sooner < 3 for sooner, later in pairwise(ends))

    told(story)


def test_an_answer_that_is_read_late_reaches_into_nobody_elses_moments() -> None:
    async def story(loop: Clockwork) -> None:
        free_at = loop.time()

        def reading_after(seconds: float) -> Reserve:
            async def reserve(span: float) -> float:
                nonlocal free_at
                begins = max(free_at, loop.time())
                free_at = begins + span
                begins_in = begins - loop.time()
                await asyncio.sleep(seconds)
                return begins_in

            return reserve

        moments: list[float] = []
        paces = [SharedPace(reading_after(seconds)) for seconds in (0.002, 0.002, 0.5)]
        await asyncio.gather(*(let_through(loop, pace, 200, moments) for pace in paces))
        assert busiest_second(moments) <= LIMIT_PER_SECOND

    told(story)


def test_while_the_database_is_away_a_process_waits_and_then_goes_on() -> None:
    async def story(loop: Clockwork) -> None:
        tries = 0

        async def reserve(_: float) -> float:
            nonlocal tries
            tries += 1
            if tries < 4:
                raise OSError("the database is away")
            return 0.0

        moments: list[float] = []
        await let_through(loop, SharedPace(reserve), 3, moments)
        assert len(moments) == 3

    told(story)
