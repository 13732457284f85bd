"""Compare what the ledger says was sent to a channel with what stands there."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What can be wrong with a post."""

    LOST = "lost"
    DOUBLED = "doubled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One post that does not stand as the ledger says; `key` is None when the ledger does not have it there."""

    fault: Fault
    mark: int
    key: str | None
    messages: tuple[int, ...] = ()


def compare(
    sent: Mapping[int, str], standing: Collection[tuple[int, int]], welcome: Mapping[int, str]
) -> list[Finding]:
    """Return what is wrong in one channel.

    `sent` has the key of every mark that must stand there, `standing` the mark of every message as (message,
    mark), `welcome` the marks that may stand there besides: what went out while the channel was read.
    """
    messages: dict[int, list[int]] = defaultdict(list)
    for message_id, mark in standing:
        messages[mark].append(message_id)
    lost = [Finding(Fault.LOST, mark, key) for mark, key in sent.items() if mark not in messages]
    known = {**welcome, **sent}
    others = []
    for mark, found in messages.items():
        if mark not in known:
            others.append(Finding(Fault.UNKNOWN, mark, None, tuple(found)))
        elif len(found) > 1:
            others.append(Finding(Fault.DOUBLED, mark, known[mark], tuple(found)))
    return [*lost, *others]
