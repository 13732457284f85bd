"""Draw an address as a square code that a telephone's camera reads."""


def qr(address: str) -> str:
    """Return a QR code as SVG, with the white edge that cameras need."""
    import segno  # needed by whoever prints an invitation only

    return segno.make(address, error="m", micro=False).svg_inline(border=4)
