"""Break text into lines for a picture: SVG does not do it, and our one font's letters are about so wide."""

_NARROW, _WIDE = frozenset(" ijlftrI.,:;!'|()[]-/"), frozenset("mwMWæÆ@%…—")
_ELLIPSIS = "…"
_LAST = "\ufffe"  # from here on the font has nothing
_BOLDER = 1.12  # so much wider are bold letters


def wrapped(text: str, width: float, size: float, most: int, *, bold: bool = False) -> list[str]:
    """Return a text as lines that are no wider than `width` at a font size; what is over `most` lines is cut.

    Signs that the font does not have, or that no picture may hold, are left out.
    """
    room = width / size / (_BOLDER if bold else 1)
    lines: list[str] = [""]
    for word in "".join(sign for sign in text if sign.isspace() or " " < sign < _LAST).split():
        for piece in _pieces(word, room):
            longer = f"{lines[-1]} {piece}".strip()
            if lines[-1] and _width(longer) > room:
                lines.append(piece)
            else:
                lines[-1] = longer
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and _width(last + _ELLIPSIS) > room:
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip() + _ELLIPSIS]


def _pieces(word: str, room: float) -> list[str]:
    """Return a word, in pieces when it is wider than a line."""
    pieces = [""]
    for sign in word:
        if pieces[-1] and _width(pieces[-1] + sign) > room:
            pieces.append("")
        pieces[-1] += sign
    return pieces


def _width(text: str) -> float:
    """Return about how wide a text is, in font sizes."""
    return sum(0.41 if s in _NARROW else 0.99 if s in _WIDE else 0.76 if s.isupper() else 0.64 for s in text)
