"""HTML with security headers. Templates are Liquid with autoescape: whatever is filled in stays text."""

import base64
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from liquid import Environment, FileSystemLoader, Markup, StrictUndefined
from liquid.extra import BlockTag, ExtendsTag
from starlette.responses import HTMLResponse

from storage.scans import Elsewhere

_FOLDER = Path(__file__).parent
_NONE = "'none'"
_environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
_environment.add_tag(ExtendsTag)
_environment.add_tag(BlockTag)


def _inlined(name: str) -> Markup:
    """A file of ours as it stands in the page: without comments and indents, for slow networks."""
    lines = [line.strip() for line in (_FOLDER / name).read_text(encoding="utf-8").splitlines()]
    return Markup("\n".join(line for line in lines if line and not line.startswith(("//", "/*"))))


STYLE, NEAREST = _inlined("style.css"), _inlined("nearest.js")


def page(
    template: str, status: int = 200, *, picture: str | None = None, asks_where: bool = False, **values: Any
) -> HTMLResponse:
    """One page. `picture` is the address of the only picture it may load; every value has to be given."""
    script = NEAREST if asks_where else None
    html = _environment.get_template(template).render(style=STYLE, script=script, **values)
    return HTMLResponse(html, status, headers=_headers(picture, script))


def message(title: str, text: str, status: int, **more: Any) -> HTMLResponse:
    """A page that says one thing; `more`: store, again, places, done."""
    values = {"store": None, "again": None, "places": [], "done": False} | more
    return page("message.html", status, title=title, text=text, **values)


def unavailable() -> HTMLResponse:
    """PostgreSQL does not answer."""
    answer = message("请稍等一下", "网络有点忙，请过一会儿再试一次。", 503, again="")
    answer.headers["Retry-After"] = "5"
    return answer


def path_of(state: str) -> str:
    return f"/s/{quote(state, safe='')}"


def place(one: Elsewhere) -> dict[str, Any]:
    """A line of a list of stores."""
    distance = None if one.metres is None else distance_text(one.metres)
    return {"path": path_of(one.state), "store": one.store, "address": one.address, "distance": distance}


def distance_text(metres: float) -> str:
    if metres < 950:
        return f"{max(round(metres / 50) * 50, 50)} 米"
    kilometres = metres / 1000
    return f"{kilometres:.1f} 公里" if kilometres < 10 else f"{kilometres:.0f} 公里"


def _headers(picture: str | None, script: Markup | None) -> dict[str, str]:
    policy = [
        "default-src 'none'",
        f"style-src {_hash(STYLE)}",
        f"img-src {_origin(picture) if picture else _NONE}",
        f"script-src {_hash(script) if script else _NONE}",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": f"geolocation={'(self)' if script else '()'}",
        "Cache-Control": "no-store",
    }


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
