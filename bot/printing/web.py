"""Write a page of HTML: a template of ours, filled with what people wrote (escaped)."""

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.printing.paper import TEMPLATES

_pages = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(template: str, **values: Any) -> str:
    """Return a page; `template` is a file in templates/ without its ending."""
    return _pages.get_template(f"{template}.html.j2").render(values)
