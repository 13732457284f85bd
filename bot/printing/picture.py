"""Draw a picture: an SVG template of ours, filled with what people wrote (escaped), as a PNG."""

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.printing.paper import FONTS, TEMPLATES
from bot.printing.wrapping import wrapped

_drawings = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_drawings.filters["wrapped"] = wrapped


def png(template: str, **values: Any) -> bytes:
    """Return a picture, twice the size its SVG names so that it is sharp on a phone.

    `template` is a file in templates/ without its ending.
    """
    import resvg_py  # needed by whoever draws only

    drawn = _drawings.get_template(f"{template}.svg.j2").render(values)
    return resvg_py.svg_to_bytes(
        svg_string=drawn,
        zoom=2,
        skip_system_fonts=True,
        font_dirs=[str(FONTS)],
        font_family="DejaVu Sans",
    )
