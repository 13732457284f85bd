"""What must not stand in clear in the database: e-mail addresses, sealed with a key that lies elsewhere.

A sealed text is Fernet's (AES-128-CBC with HMAC-SHA256); equal texts are sealed differently, so what is looked up has a
fingerprint beside it: an HMAC of its own key. Knows no table.
"""

import base64
import hmac
import secrets
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_LENGTH = 32  # bytes of a key
_FINGERPRINTS = b"blup: fingerprints of addresses"


class SealBroken(Exception):
    """A text was not sealed with any of our keys, or there is none; nothing of it is told."""


class Seal:
    """Keys, the newest first: it seals, all of them open."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        """Take keys as `new_key` makes them. Raises ValueError for what is none."""
        self._keys = tuple(keys)
        self._raw = [raw_key(key) for key in keys]

    def __bool__(self) -> bool:
        """Tell whether there is a key at all."""
        return bool(self._keys)

    def close(self, text: str) -> str:
        """Return a text sealed. Raises SealBroken without a key."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Return what was sealed. Raises SealBroken."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SealBroken from None

    def fingerprint(self, text: str) -> str:
        """Return what a text is found by. Raises SealBroken without a key."""
        if not self._keys:
            raise SealBroken
        return self.fingerprints(text)[0]

    def fingerprints(self, text: str) -> list[str]:
        """Return what a text is found by with each of the keys, the newest first."""
        kinds = [hmac.digest(raw, _FINGERPRINTS, "sha256") for raw in self._raw]
        return [hmac.digest(kind, text.encode(), "sha256").hex() for kind in kinds]

    @cached_property
    def _fernet(self) -> "MultiFernet":
        from cryptography.fernet import Fernet, MultiFernet  # only whoever has mail lists needs it

        if not self._keys:
            raise SealBroken
        return MultiFernet([Fernet(key) for key in self._keys])


def new_key() -> str:
    """Return a key nobody has."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_LENGTH)).decode("ascii")


def raw_key(key: str) -> bytes:
    """Return a key's bytes. Raises ValueError, which quotes nothing, for what is no key."""
    try:
        raw = base64.urlsafe_b64decode(key.encode("ascii"))
    except ValueError:
        raise ValueError("not a key") from None
    if len(raw) != _LENGTH:
        raise ValueError("not a key")
    return raw
