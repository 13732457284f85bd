"""The desk: a few are served at a time, and whoever has to wait hears so at once."""

import asyncio

import pytest

from bot.desk import Desk


async def test_everybody_in_a_storm_is_told_before_the_next_one_is_served() -> None:
    desk, happened = Desk(at_once=2), list[str]()
    door = asyncio.Event()

    async def told() -> None:
        await asyncio.sleep(0)
        happened.append("told")

    async def come(number: int) -> None:
        if desk.busy:
            await desk.tell(told())
        async with desk.turn():
            await door.wait()
            happened.append(f"served {number}")

    people = [asyncio.create_task(come(number)) for number in range(6)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert happened == ["told"] * 4, "two are at the desk, and nobody is done yet"
    door.set()
    await asyncio.gather(*people)
    assert sorted(happened[4:]) == [f"served {number}" for number in range(6)]
    assert not desk.busy


async def test_somebody_who_could_not_be_told_is_served_all_the_same() -> None:
    desk = Desk(at_once=1)

    async def fails() -> None:
        raise OSError("Discord is away")

    with pytest.raises(OSError, match="away"):
        await desk.tell(fails())
    async with desk.turn():
        assert desk.busy
    assert not desk.busy
