"""Every public page for everybody: a language, one heading, labels, texts for pictures, enough contrast."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from domain.events import FormName
from gateway.pages import rendering
from storage.database import Database
from storage.tables import Customer
from tests.gateway.chain import WECHAT, Chain
from tests.gateway.door import NOW, Door
from tests.gateway.test_forms import path

pytestmark = pytest.mark.anyio

STYLE = (Path(rendering.__file__).parent / "style.css").read_text(encoding="utf-8")
READABLE = 4.5  # WCAG 2.2, AA
VOID = {"meta", "img", "input", "link", "br"}


class Outline(HTMLParser):
    """What a screen reader is told of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.language, self.title, self.headings = "", "", 0
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str]] = []
        self.pictures: list[dict[str, str]] = []
        self.ids: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids += [found["id"]] if "id" in found else []
        if tag == "html":
            self.language = found.get("lang", "")
        elif tag == "h1":
            self.headings += 1
        elif tag == "label" and "for" in found:
            self.labelled.add(found["for"])
        elif tag == "img":
            self.pictures.append(found)
        elif tag in ("input", "select", "textarea") and found.get("type") != "hidden":
            self.fields.append(found | {"inside": "label" if "label" in self._open else ""})
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.title += data if self._open[-1:] == ["title"] else ""

    @property
    def unlabelled(self) -> list[dict[str, str]]:
        return [f for f in self.fields if not f["inside"] and f.get("id") not in self.labelled]


async def _pages(door: Door, chain: Chain) -> dict[str, str]:
    """The HTML of every state that a page can have."""
    await chain.put(Customer(external_userid="wm1", stage_since=NOW, created_at=NOW, store_id="S001"))
    await chain.put(chain.code("S002", closed_at=NOW), chain.code("S003", config_id=None, qr_code=None))
    forms = [path(door, "wm1", form) for form in FormName]
    looks = ["/s/S001-cashier", "/s/S001-cashier/nearest", "/s/S002-cashier", "/s/S003-cashier", "/s/nobody"]
    looks += [*forms, path(door, "wm1", days=100), "/f/nothing"]
    found = {p: (await door.http.get(p, headers={"user-agent": WECHAT})).text for p in looks}
    found["nearest"] = (
        await door.http.post("/s/S001-cashier/nearest", data={"lat": "40", "lon": "116"})
    ).text
    for form in forms:
        found[f"mistakes of {form}"] = (await door.http.post(form, data={})).text
    thanks = await door.http.post(path(door, "wm1"), data={"month": "3", "day": "8"})
    return found | {"thanks": thanks.text}


async def test_every_page_can_be_read_aloud(door: Door, database: Database) -> None:
    pages = await _pages(door, await Chain(database).open())
    assert len(pages) == 17
    for name, html in pages.items():
        outline = Outline(html)
        assert outline.language == "zh-CN", name
        assert outline.headings == 1, name
        assert outline.title.strip(), name
        assert outline.unlabelled == [], name
        assert [p for p in outline.pictures if not p.get("alt")] == [], name
        assert len(outline.ids) == len(set(outline.ids)), name
        for field in outline.fields:
            if field.get("aria-invalid"):
                assert field["aria-describedby"] in outline.ids, name


async def test_the_picture_says_what_it_is(door: Door, database: Database) -> None:
    await Chain(database).open()
    answer = await door.http.get("/s/S001-cashier", headers={"user-agent": WECHAT})
    [picture] = Outline(answer.text).pictures
    assert re.fullmatch(r"中关村店(陈静|李薇)的企业微信二维码", picture["alt"])


def _colours(theme: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#\w+);", theme))


LIGHT, DARK = STYLE.split("@media", 1)
ON = [
    *[(text, ground) for text in ("text", "soft", "main") for ground in ("back", "card")],
    *[("on-main", "main"), ("main", "tint"), ("gift", "gift-back"), ("bad", "card"), ("text", "tint")],
]


@pytest.mark.parametrize("theme", [LIGHT, DARK.split("\n}\n")[0]], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), ON, ids=lambda name: str(name))
def test_text_stands_out(theme: str, text: str, ground: str) -> None:
    colours = _colours(theme)
    assert _contrast(colours[text], colours[ground]) >= READABLE


@pytest.mark.parametrize("ground", re.findall(r"--band:.*?(#\w+), (#\w+)", STYLE), ids=str)
def test_the_white_heading_stands_out_on_its_band(ground: tuple[str, str]) -> None:
    assert min(_contrast("#ffffff", colour) for colour in ground) >= READABLE


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """Of an sRGB colour, by WCAG."""
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
