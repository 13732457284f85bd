"""Links looked at: what is dead, what only could not be reached, and what would lead inside."""

import pytest

from bot.delivery.link_check import LinkCheck, Seen, is_open
from bot.services.videos import Verdict

INSIDE = (
    "http://video.dk/1", "https://video.dk:8443/1", "https://anna@video.dk/1", "https://localhost/", "https://intranet/",
    "https://127.0.0.1/", "https://10.1.2.3/", "https://169.254.169.254/latest", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
    "https://192.168.1.1./", "https://１２７.0.0.1/", "https://127.1/", "https://0177.0.0.1/", "https://127.0.0.0x1/",
)  # fmt: skip


@pytest.mark.parametrize("link", INSIDE)
async def test_a_link_that_leads_inside_is_never_asked_for(link: str) -> None:
    async def asked(url: str) -> Seen:
        raise AssertionError(f"{url} was asked for")

    assert await LinkCheck(asked).look(link) is Verdict.INTERNAL


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([Seen(200)], Verdict.ALIVE),
        ([Seen(404)], Verdict.DEAD),
        ([Seen(410)], Verdict.DEAD),
        ([Seen(403)], Verdict.UNKNOWN),
        ([Seen(503)], Verdict.UNKNOWN),
        ([Seen(301, "/film"), Seen(200)], Verdict.ALIVE),
        ([Seen(302, "https://www.video.dk/"), Seen(404)], Verdict.DEAD),
        ([Seen(302, "https://10.0.0.7/admin")], Verdict.INTERNAL),
        ([Seen(302, "http://video.dk/")], Verdict.INTERNAL),
        ([Seen(302, "/rundt")] * 9, Verdict.UNKNOWN),
        ([OSError("no network")], Verdict.UNKNOWN),
        ([TimeoutError()], Verdict.UNKNOWN),
    ],
)  # fmt: skip
async def test_only_what_is_said_to_be_gone_is_dead(
    answers: list[Seen | Exception], verdict: Verdict
) -> None:
    left = iter(answers)

    async def answer(_url: str) -> Seen:
        found = next(left)
        if isinstance(found, Exception):
            raise found
        return found

    assert await LinkCheck(answer).look("https://video.dk/1") is verdict


async def test_a_name_that_stands_for_an_inner_address_is_not_connected_to() -> None:
    assert is_open("185.60.216.35") and not is_open("100.64.0.1") and not is_open("fe80::1%eth0")
    assert await LinkCheck().look("https://localhost.localdomain/") in (Verdict.INTERNAL, Verdict.UNKNOWN)
