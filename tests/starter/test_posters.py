"""Posters: what is printed can be scanned, is set in our own font, and fits."""

import io
import re
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import segno
import zxingcpp
from PIL import Image

from starter.posters.characters import drawable
from starter.posters.printer import FONTS, Format, Poster, Printer
from starter.posters_command import unreachable
from starter.runtime import CommandFailed

NOW = datetime(2026, 3, 10, tzinfo=UTC)
ADDRESS = "https://journeys.example.com/s/S001-cashier"
CALL = "扫码添加店长企业微信，领取新人券"
SHORT, LONG = "望京店", "星空咖啡（北京朝阳区大望路华贸购物中心三层东北角旗舰店）第二营业厅"
SIZES = {Format.A4: (210, 297), Format.A6: (105, 148.5), Format.CARD: (90, 54)}  # mm


def printer(folder: Path, form: Format = Format.A4, **look: Any) -> Printer:
    return Printer(folder, form, **{"colour": "#0f8a5f", **look})


def poster(name: str = SHORT, qr: str | bytes = ADDRESS, call: str = CALL) -> Poster:
    return Poster(name=name, call=call, footer="S001 · cashier", qr=qr)


def wecoms_picture(address: str = "https://work.weixin.qq.com/u/vc0123456789abcdef") -> bytes:
    made = io.BytesIO()
    segno.make_qr(address, error="m").save(made, kind="png", scale=10, border=2)
    return made.getvalue()


def scanned(png: bytes) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(png)).convert("L"))]


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("bleed", [False, True])
@pytest.mark.parametrize("name", [SHORT, LONG], ids=["short", "long"])
def test_a_printed_code_can_be_scanned(tmp_path: Path, form: Format, bleed: bool, name: str) -> None:
    draw = printer(tmp_path, form, bleed=bleed)
    assert scanned(draw.png(poster(name), ppi=100)) == [ADDRESS]
    (found,) = scanned(draw.png(poster(name, wecoms_picture()), ppi=150))
    assert found.startswith("https://work.weixin.qq.com/u/")


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#ffd23f", "#c8102e", "#1d4ed8"])
def test_no_colour_spoils_the_code(tmp_path: Path, colour: str) -> None:
    assert scanned(printer(tmp_path, Format.A6, colour=colour).png(poster(), ppi=100)) == [ADDRESS]


@pytest.mark.parametrize("form", Format)
def test_a_png_has_300_dots_an_inch(tmp_path: Path, form: Format) -> None:
    image = Image.open(io.BytesIO(printer(tmp_path, form).png(poster())))
    assert list(image.size) == pytest.approx([mm / 25.4 * 300 for mm in SIZES[form]], abs=1)
    assert scanned(printer(_folder(tmp_path), form).png(poster())) == [ADDRESS]


def _folder(folder: Path) -> Path:
    (folder / "again").mkdir()
    return folder / "again"


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("bleed", [False, True])
def test_a_pdf_has_one_page_of_the_right_size_and_its_fonts_inside(
    tmp_path: Path, form: Format, bleed: bool
) -> None:
    pdf = printer(tmp_path, form, bleed=bleed).pdf(poster(), NOW)
    (box,) = re.findall(rb"/MediaBox ?\[([^\]]+)\]", _plain(pdf))
    more = 16 if bleed else 0  # mm of bleed and marks on both sides
    wanted = [(mm + more) / 25.4 * 72 for mm in SIZES[form]]
    assert [float(part) for part in box.split()][2:] == pytest.approx(wanted, abs=0.5)
    assert b"NotoSansCJKsc" in _plain(pdf)
    assert b"/Subtype /Image" not in _plain(pdf)  # the QR is drawn with lines
    assert b"/Subtype/Image" not in _plain(pdf)


def _plain(pdf: bytes) -> bytes:
    """With the contents of its compressed streams."""
    parts = [pdf]
    for found in re.finditer(rb"stream\r?\n", pdf):
        try:
            parts.append(zlib.decompressobj().decompress(pdf[found.end() :]))
        except zlib.error:
            continue
    return b"\n".join(parts)


def test_the_same_poster_is_the_same_file(tmp_path: Path) -> None:
    draw = printer(tmp_path)
    assert draw.pdf(poster(), NOW) == draw.pdf(poster(), NOW)
    assert draw.png(poster(), ppi=50) != draw.png(poster(LONG), ppi=50)


# ---- fonts


def test_our_fonts_have_what_chinese_shops_are_called() -> None:
    for face in FONTS.glob("*.otf"):
        has = drawable(face)
        assert {ord(c) for c in f"{SHORT}{LONG}{CALL}龘燚喆堃淼鑫犇㙍·（）《》〇①℃¥€™龍鳳樓"} - has <= {
            ord("龘")
        }
        gb2312 = {bytes([hi, lo]) for hi in range(0xB0, 0xF8) for lo in range(0xA1, 0xFF)}
        hanzi = {ord(c) for pair in gb2312 if (c := pair.decode("gb2312", "ignore"))}
        assert len(hanzi) == 6763
        assert hanzi <= has


def test_a_character_that_the_font_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"the font has no 𰻝 \(U\+30EDD.*, which the name needs.*--font"):
        printer(tmp_path).pdf(poster("𰻝𰻝面馆"), NOW)
    with pytest.raises(CommandFailed, match="which the call needs"):
        printer(_folder(tmp_path)).pdf(poster(call="扫码🎁，领券"), NOW)


def test_another_font_comes_first_and_ours_helps_out(tmp_path: Path) -> None:
    other = tmp_path / "other.otf"
    ours = (FONTS / "NotoSansCJKsc-Bold.otf").read_bytes()
    for name in ("NotoSansCJKsc", "Noto Sans CJK SC"):  # the same font under a name of the same length
        renamed = name.replace("Noto", "Halt")
        for encoding in ("ascii", "utf-16-be"):
            ours = ours.replace(name.encode(encoding), renamed.encode(encoding))
    other.write_bytes(ours)
    pdf = printer(tmp_path, font=other).pdf(poster(), NOW)
    assert b"HaltSansCJK" in _plain(pdf)


def test_what_is_no_font_is_told(tmp_path: Path) -> None:
    file = tmp_path / "font.ttf"
    for content in (b"", b"no font at all", b"OTTO\0\1", (FONTS / "OFL.txt").read_bytes()):
        file.write_bytes(content)
        with pytest.raises(CommandFailed, match="no font that can be read"):
            drawable(file)


# ---- looks


def test_a_logo_is_printed(tmp_path: Path) -> None:
    logo = tmp_path / "Logo.PNG"
    Image.new("RGB", (300, 120), "#123456").save(logo, "png")
    folder = _folder(tmp_path)
    png = printer(folder, logo=logo).png(poster(), ppi=60)
    colours = Image.open(io.BytesIO(png)).convert("RGB").getcolors(10**6) or []
    assert (0x12, 0x34, 0x56) in {colour for _, colour in colours}
    assert scanned(png) == [ADDRESS]


@pytest.mark.parametrize("look", [{"colour": "green"}, {"colour": "#12345"}, {"logo": Path("none.png")}])
def test_wrong_looks_are_refused(tmp_path: Path, look: dict[str, Any]) -> None:
    with pytest.raises(CommandFailed):
        printer(tmp_path, **look)


def test_a_picture_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="neither PNG nor JPEG"):
        printer(tmp_path).pdf(poster(qr=b"<html>"), NOW)


@pytest.mark.parametrize(
    ("pages", "reached"),
    [
        ("https://journeys.example.com", True),
        ("https://139.224.1.1/x", True),
        ("http://127.0.0.1:8080", False),
        ("http://localhost:8080", False),
        ("http://192.168.1.4", False),
        ("http://gateway", False),
    ],
)
def test_posters_that_lead_nowhere_are_warned_of(pages: str, reached: bool) -> None:
    assert (unreachable(pages) == "") is reached
