"""Set a page: a Typst template of ours, and what people wrote as data, never as source."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.printing.glyphs import showable

_HERE = Path(__file__).parent
FONTS = _HERE / "fonts"
EMOJI = _HERE / "emoji"  # for pages only: pictures would read two megabytes more each time
TEMPLATES = _HERE / "templates"


def pdf(template: str, data: Mapping[str, Any], made_at: datetime) -> bytes:
    """Return a tagged PDF (PDF/UA-1, read well by screen readers), the same bytes for the same data and moment.

    `template` is a file in templates/ without its ending; it reads `data` as JSON. What no font of ours can show
    becomes an empty box.
    """
    import typst  # 40 MB that are needed by whoever prints only

    shown = showable(data, (FONTS / "DejaVuSans.ttf", EMOJI / "NotoEmoji.ttf"))
    done = typst.compile(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        font_paths=typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS, EMOJI]
        ),
        sys_inputs={"data": json.dumps(shown, ensure_ascii=False)},
        timestamp=int(made_at.timestamp()),
        pdf_standards=["ua-1"],
    )
    assert isinstance(done, bytes), "without an output file it gives the bytes"
    return done
