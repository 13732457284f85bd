"""Search as people write: letter case makes no difference, and å may be written aa, æ ae and ø oe (S63)."""

import unicodedata

_WRITTEN_OUT = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe"})


def folded(text: str) -> str:
    """Return a text as it is compared: composed, without case, Danish letters written out."""
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return composed.translate(_WRITTEN_OUT)


def words_of(search: str) -> list[str]:
    """Return the words of a search, folded; "#3" is the number 3."""
    return [word.removeprefix("#") for word in folded(search).split()]
