"""Set a page: a Typst template of ours, and what people wrote as data, never as source."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
FONTS = _HERE / "fonts"
TEMPLATES = _HERE / "templates"


def pdf(template: str, data: Mapping[str, Any], made_at: datetime) -> bytes:
    """Return a tagged PDF (PDF/UA-1, read well by screen readers), the same bytes for the same data and moment.

    `template` is a file in templates/ without its ending; it reads `data` as JSON.
    """
    import typst  # 40 MB that are needed by whoever prints only

    done = typst.compile(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        font_paths=typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS]),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=int(made_at.timestamp()),
        pdf_standards=["ua-1"],
    )
    assert isinstance(done, bytes), "without an output file it gives the bytes"
    return done
