"""Links that somebody has written: only whole https addresses become buttons, for Discord refuses a post with another."""

from urllib.parse import urlsplit

from bot.domain.errors import InvalidInput

LONGEST = 400
_SCHEME = "https://"
_NEVER = frozenset(" \t\n<>()[]\"'`\\")


def https_link(written: str) -> str:
    """Return a checked link; a telephone may have begun it with a capital.

    Raises InvalidInput unless it is a plain https address of a named place, without a login.
    """
    url = written.strip()
    if url[: len(_SCHEME)].casefold() == _SCHEME:
        url = _SCHEME + url[len(_SCHEME) :]
    if not url.startswith(_SCHEME) or _NEVER & set(url) or len(url) > LONGEST or not _has_host(url):
        raise InvalidInput("error.link")
    return url


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    labels = (parts.hostname or "").removesuffix(".").split(".")
    return "@" not in parts.netloc and len(labels) > 1 and all(labels)
