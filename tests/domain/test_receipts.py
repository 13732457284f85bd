"""Why a post has not arrived, and whether what stands in a channel is what the ledger says."""

import pytest

from bot.domain.receipts import LATE, NO_CHANNEL, Trouble, trouble_of
from bot.domain.standing import Fault, Finding, compare


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (LATE, Trouble.LATE),
        (NO_CHANNEL, Trouble.NO_CHANNEL),
        ("404 Not Found (error code: 10003): Unknown Channel", Trouble.NO_CHANNEL),
        ("403 Forbidden (error code: 50001): Missing Access", Trouble.NO_ACCESS),
        ("403 Forbidden (error code: 50013): Missing Permissions", Trouble.NO_ACCESS),
        ("400 Bad Request (error code: 50035): Invalid Form Body", Trouble.REFUSED),
        ("429 Too Many Requests (error code: 0)", Trouble.OUT_OF_REACH),
        ("503 Service Unavailable (error code: 0): the server is unwell", Trouble.OUT_OF_REACH),
        ("TimeoutError()", Trouble.OUT_OF_REACH),
    ],
)
def test_an_error_is_told_as_what_to_do_about_it(error: str, trouble: Trouble) -> None:
    assert trouble_of(error) is trouble


def test_a_channel_where_each_post_stands_once_has_nothing_wrong() -> None:
    assert compare({1: "a", 2: "b"}, [(100, 1), (101, 2)], {}) == []


def test_what_is_missing_doubled_or_of_nobody_is_found() -> None:
    found = compare({1: "a", 2: "b"}, [(100, 2), (101, 7), (102, 2), (103, 8)], {8: "just now"})
    assert found == [
        Finding(Fault.LOST, 1, "a"),
        Finding(Fault.DOUBLED, 2, "b", (100, 102)),
        Finding(Fault.UNKNOWN, 7, None, (101,)),
    ]


def test_what_went_out_while_the_channel_was_read_may_stand_there_but_once() -> None:
    assert compare({}, [(100, 8), (101, 8)], {8: "now"}) == [Finding(Fault.DOUBLED, 8, "now", (100, 101))]
