"""The server's own list of events: which steps lead from what stands to what should."""

from datetime import UTC, datetime, timedelta

from bot.domain.scheduled_events import MOST, Change, Listed, Make, Note, Remove, steps

AT = datetime(2027, 10, 26, 17, tzinfo=UTC)


def listed(name: str, days: int = 0) -> Listed:
    return Listed(name, AT + timedelta(days=days), AT + timedelta(days=days, hours=2), "Online", "BLUP")


def test_what_is_missing_is_made_what_differs_changed_and_what_is_off_or_unknown_removed() -> None:
    wanted = {1: listed("ny"), 2: listed("flyttet", 3), 3: listed("ens")}
    stands = {22: listed("flyttet"), 33: listed("ens"), 44: listed("aflyst"), 55: listed("ukendt")}
    found = steps(wanted, {2: 22, 3: 33, 4: 44}, stands)
    assert found == [Remove(44), Remove(55), Make(1, wanted[1]), Change(22, wanted[2])]


def test_one_that_was_made_by_a_bot_that_was_killed_is_known_again_and_not_doubled() -> None:
    assert steps({1: listed("kreds")}, {}, {11: listed("kreds")}) == [Note(1, 11)]
    assert steps({1: listed("kreds")}, {1: 11}, {11: listed("kreds")}) == []


def test_one_that_somebody_deleted_is_made_anew_and_no_more_than_discord_takes() -> None:
    assert steps({1: listed("kreds")}, {1: 11}, {}) == [Make(1, listed("kreds"))]
    many = {number: listed("kreds", number) for number in range(MOST + 20)}
    assert len(steps(many, {}, {})) == MOST
