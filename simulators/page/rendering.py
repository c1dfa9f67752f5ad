"""HTML without anything from outside. Templates are Liquid with autoescape: what is filled in stays text."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from liquid import Environment, FileSystemLoader, StrictUndefined
from liquid.extra import BlockTag, ExtendsTag

from simulators.clock import CHINA

FOLDER = Path(__file__).parent
# The browser itself makes sure that nothing is loaded from anywhere else.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

_environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
_environment.add_tag(ExtendsTag)
_environment.add_tag(BlockTag)


def page(template: str, **values: Any) -> HTMLResponse:
    html = _environment.get_template(template).render(**values)
    return HTMLResponse(html, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})


def clock_text(at: datetime | None) -> str:
    """As a clock in China shows it."""
    return "" if at is None else f"{at.astimezone(CHINA):%m-%d %H:%M:%S}"
