"""Search as people write: letter case makes no difference, å may be written aa, æ ae and ø oe, endings may differ (S63)."""

import unicodedata

_WRITTEN_OUT = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe"})

_AROUND = "#.,;:!?()[]»«\"'“”"
_ENDINGS = ("ernes", "erne", "enes", "ene", "ens", "ets", "ers", "er", "en", "et", "es", "e", "s")
_SHORTEST_STEM = 4


def folded(text: str) -> str:
    """Return a text as it is compared: composed, without case, Danish letters written out."""
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return composed.translate(_WRITTEN_OUT)


def words_of(search: str) -> list[str]:
    """Return the words of a search, folded and without the signs around them; "#3" is the number 3."""
    words = (word.strip(_AROUND) for word in folded(search).split())
    return [word for word in words if word]


def stem(word: str) -> str:
    """Return a folded word without its ending, so that bænkene finds bænk; a short one is left as it is."""
    if word.isalpha():
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
                return word.removesuffix(ending)
    return word
