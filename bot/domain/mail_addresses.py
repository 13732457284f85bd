"""Which e-mail addresses we write to: plain ones only, so that nothing can be smuggled into a mail's head."""

import re
from dataclasses import dataclass
from datetime import datetime

LONGEST = 254
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


@dataclass(frozen=True, slots=True)
class Listed:
    """One address on a list."""

    id: int
    address: str
    consent: str
    added_at: datetime
    bounced_at: datetime | None


@dataclass(frozen=True, slots=True)
class MailList:
    """The list of a village or a municipality in one cohort."""

    cohort_id: int
    scope_key: str
    name: str
    listed: tuple[Listed, ...]


def read_addresses(text: str) -> tuple[list[str], list[str]]:
    """Return the addresses in a text, each once and as we write it, and the words that are none.

    They stand on lines of their own, or with commas, semicolons or spaces between.
    """
    good: list[str] = []
    bad: list[str] = []
    for word in re.split(r"[\s,;]+", text.strip()):
        found = address(word.strip("<>"))
        if found is None and word:
            bad.append(word)
        elif found is not None and found not in good:
            good.append(found)
    return good, bad


def address(word: str) -> str | None:
    """Return an address in small letters, its domain as mail servers know it; None when it is no address."""
    local, at, domain = word.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    found = f"{local.lower()}@{domain}"
    right = at and len(local) <= 64 and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    return found if right and len(found) <= LONGEST else None
