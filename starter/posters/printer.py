"""Draws posters. The QR of a page's address is drawn as vectors; WeCom's own is a picture and stays one."""

import io
import json
import re
import shutil
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import segno
import typst

from starter.posters.characters import drawable
from starter.runtime import CommandFailed

HERE = Path(__file__).parent
TEMPLATE, FONTS = HERE / "poster.typ", HERE / "fonts"
FAMILY = "Noto Sans CJK SC"
PRINT_PPI = 300
QUIET_MODULES = 4  # of white round a QR, by its standard
HINT = "打开微信扫一扫"
LOGOS = {".png", ".jpg", ".jpeg", ".svg"}


class Format(StrEnum):
    A4 = "a4"
    A6 = "a6"
    CARD = "card"


@dataclass(frozen=True)
class Poster:
    """`call` is parted at its first comma into what to do and what one gets; `qr`: address or picture."""

    name: str
    call: str
    footer: str
    qr: str | bytes


class Printer:
    """Draws many posters of one look. `folder` is a temporary one, which holds what Typst may read."""

    def __init__(
        self,
        folder: Path,
        form: Format,
        *,
        colour: str,
        bleed: bool = False,
        logo: Path | None = None,
        font: Path | None = None,
    ) -> None:
        if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
            raise CommandFailed(f"{colour!r} is no colour: write it like #0f8a5f")
        self._folder, self._form, self._colour, self._bleed = folder, form, colour, bleed
        self._logo = _copied(folder, logo, "logo") if logo else None
        (folder / "fonts").mkdir()
        faces = [*sorted(FONTS.glob("*.otf")), *([font] if font else [])]
        self._drawable = frozenset().union(*(drawable(face) for face in faces))
        if font:
            shutil.copy(font, folder / "fonts" / font.name)
        own = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder / "fonts"]
        )
        fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS, folder / "fonts"]
        )
        self._families = [*(family for family in own.families() if family != FAMILY), FAMILY]
        shutil.copy(TEMPLATE, folder / TEMPLATE.name)
        self._compiler = typst.Compiler(
            folder / TEMPLATE.name, root=folder, font_paths=fonts, ignore_system_fonts=True
        )

    def pdf(self, poster: Poster, now: datetime) -> bytes:
        """Vectors and embedded fonts. The same poster at the same time is the same file."""
        data = self._data(poster)
        return self._bytes(
            self._compiler.compile(format="pdf", sys_inputs=data, timestamp=int(now.timestamp()))
        )

    def png(self, poster: Poster, ppi: float = PRINT_PPI) -> bytes:
        return self._bytes(self._compiler.compile(format="png", ppi=ppi, sys_inputs=self._data(poster)))

    def _data(self, poster: Poster) -> dict[str, str]:
        self._check(poster)
        qr = (
            {"svg": vector(poster.qr)}
            if isinstance(poster.qr, str)
            else {"picture": self._picture(poster.qr)}
        )
        call = [half.strip() for half in re.split("[，,\n]", poster.call, maxsplit=1) if half.strip()]
        data = {
            "format": self._form,
            "colour": self._colour,
            "bleed": self._bleed,
            "fonts": self._families,
            "logo": self._logo,
            "name": poster.name,
            "call": call,
            "hint": HINT,
            "footer": poster.footer,
            "qr": qr,
        }
        return {"data": json.dumps(data, ensure_ascii=False)}

    def _check(self, poster: Poster) -> None:
        """Raises CommandFailed for what would be printed as an empty box."""
        for what, text in (("name", poster.name), ("call", poster.call), ("footer", poster.footer)):
            missing = sorted({c for c in text if ord(c) not in self._drawable and not c.isspace()})
            if missing:
                named = ", ".join(
                    f"{c} (U+{ord(c):04X} {unicodedata.name(c, '')})".replace(" )", ")") for c in missing
                )
                raise CommandFailed(
                    f"the font has no {named}, which the {what} needs: give one that has it with --font"
                )
        if not poster.call.strip():
            raise CommandFailed("--call is empty: say what to do and what one gets")

    def _picture(self, content: bytes) -> str:
        kind = "png" if content.startswith(b"\x89PNG") else "jpg"
        if kind == "jpg" and not content.startswith(b"\xff\xd8"):
            raise CommandFailed("WeCom's picture of the code is neither PNG nor JPEG: try again")
        (self._folder / f"code.{kind}").write_bytes(content)
        return f"code.{kind}"

    def _bytes(self, made: bytes | list[bytes] | None) -> bytes:
        if not isinstance(made, bytes):
            raise TypeError(f"one page was expected, not {type(made).__name__}")
        return made


def vector(address: str) -> str:
    """An SVG, black on white, with the quiet zone."""
    made = io.BytesIO()
    code = segno.make_qr(address, error="q")
    code.save(made, kind="svg", border=QUIET_MODULES, omitsize=True, xmldecl=False, dark="#000", light="#fff")
    return made.getvalue().decode()


def _copied(folder: Path, file: Path, name: str) -> str:
    if file.suffix.lower() not in LOGOS or not file.is_file():
        raise CommandFailed(f"{file} is no picture: give a .png, .jpg or .svg file")
    copy = folder / f"{name}{file.suffix.lower()}"
    shutil.copy(file, copy)
    return copy.name
