"""`journeys codes poster`: entry codes to print."""

import ipaddress
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlsplit

import typer
import typst
from rich.console import Console

from integrations import wecom
from settings import utc_now
from starter import context
from starter.codes_choice import AllCodes, AtPlacements, OfStores, States, chosen
from starter.patience import patiently
from starter.posters.printer import Format, Poster, Printer
from starter.progress import each
from starter.runtime import EXIT_FAILED, CommandFailed, console, run
from storage.tables import EntryCode, Store

CALL = "微信扫一扫，添加本店专属顾问"
COLOUR = "#0f8a5f"
AT_ONCE = 4  # pictures fetched
NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\s]')


class Target(StrEnum):
    PAGE = "page"
    CODE = "code"


@dataclass(frozen=True)
class Look:
    """What all posters of one call share."""

    form: Format
    target: Target
    call: str
    colour: str
    bleed: bool
    logo: Path | None
    font: Path | None
    png: bool
    pdf: bool


def poster(
    out: Annotated[Path, typer.Option(help="the folder to write into; it is made", file_okay=False)],
    state: States = None,
    everything: AllCodes = False,
    store: OfStores = None,
    placement: AtPlacements = None,
    form: Annotated[
        Format, typer.Option("--format", help="a4 and a6 to hang up, card (90 × 54 mm)")
    ] = Format.A4,
    png: Annotated[bool, typer.Option("--png", help="write PNGs of 300 dpi")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="write PDFs; the default without --png")] = False,
    target: Annotated[
        Target,
        typer.Option(help="where the QR leads: our scan page, or the contact way itself (one step less)"),
    ] = Target.PAGE,
    call: Annotated[str, typer.Option(help="what to do and what one gets, parted by a comma")] = CALL,
    logo: Annotated[Path | None, typer.Option(help="a .png, .jpg or .svg file", dir_okay=False)] = None,
    colour: Annotated[str, typer.Option(help="the brand's colour, e.g. #0f8a5f")] = COLOUR,
    bleed: Annotated[
        bool, typer.Option("--bleed", help="3 mm of bleed and crop marks, for a print shop")
    ] = False,
    font: Annotated[
        Path | None, typer.Option(help="a font file, for characters that ours lacks", dir_okay=False)
    ] = None,
) -> None:
    """Write posters, ready to print: the store's name, a call to action and the QR."""
    look = Look(form, target, call, colour, bleed, logo, font, png, pdf or not png)
    run(_posters((state, store, placement, everything), look, out))


async def _posters(
    choice: tuple[list[str] | None, list[str] | None, list[str] | None, bool], look: Look, out: Path
) -> int:
    pages = context.quiet_settings().pages_url
    errors = Console(stderr=True, highlight=False, emoji=False)
    if look.target is Target.PAGE and (problem := unreachable(pages)):
        errors.print(problem, style="yellow", markup=False, soft_wrap=True)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandFailed(f"{out} cannot be written into: {error.strerror}") from None
    async with context.wecom() as (database, client):
        codes = await chosen(database, *choice)
        with tempfile.TemporaryDirectory() as folder:
            written, failed = await _print(codes, look, Path(folder), out, pages, client)
    console.print(f"{written} files in {out}", markup=False)
    for name, reason in failed.items():
        errors.print(f"{name}: {reason}", style="red", markup=False, soft_wrap=True)
    return EXIT_FAILED if failed else 0


async def _print(
    codes: Sequence[tuple[EntryCode, Store]],
    look: Look,
    folder: Path,
    out: Path,
    pages: str,
    client: wecom.WeComClient,
) -> tuple[int, dict[str, str]]:
    printer = Printer(folder, look.form, colour=look.colour, bleed=look.bleed, logo=look.logo, font=look.font)
    written, failed, files = 0, dict[str, str](), dict[Path, str]()

    async def draw(item: tuple[EntryCode, Store]) -> None:
        nonlocal written
        code, store = item
        try:
            _usable(code, store)
            qr: str | bytes = f"{pages}/s/{quote(code.state, safe='')}"
            if look.target is Target.CODE:
                qr = await patiently(lambda: client.fetch_image(code.qr_code or ""))
            one = Poster(store.name, look.call, f"{store.id} · {code.placement}", qr)
            stem = out / NOT_IN_NAMES.sub("_", f"{code.state}-{look.form}")
            if (other := files.setdefault(stem, code.state)) != code.state:
                raise CommandFailed(f"its file would be that of {other}: print it into another folder")
            written += _write(printer, one, look, stem)
        except (CommandFailed, wecom.WeComError, typst.TypstError) as error:
            failed[code.state] = str(error)
        except OSError as error:
            failed[code.state] = f"its file cannot be written: {error.strerror}"

    await each(codes, draw, label="posters", at_once=AT_ONCE)
    return written, failed


def _usable(code: EntryCode, store: Store) -> None:
    """Raises CommandFailed for what must not be hung up."""
    if not code.config_id:
        raise CommandFailed("the code is not made yet: run `journeys codes create` again")
    if code.closed_at is not None and code.closed_at <= utc_now():
        raise CommandFailed("the code is closed: run `journeys codes reopen` first, or choose others")
    if not store.active:
        raise CommandFailed(f"store {store.id} is not active")


def _write(printer: Printer, one: Poster, look: Look, stem: Path) -> int:
    files = []
    if look.pdf:
        files.append((".pdf", printer.pdf(one, utc_now())))
    if look.png:
        files.append((".png", printer.png(one)))
    for suffix, content in files:
        stem.with_name(stem.name + suffix).write_bytes(content)
    return len(files)


def unreachable(pages: str) -> str:
    """Why no phone would reach these pages; "" if one may."""
    host = urlsplit(pages).hostname or ""
    try:
        private = ipaddress.ip_address(host).is_private
    except ValueError:
        private = host in ("", "localhost") or "." not in host
    if not private:
        return ""
    return (
        f"These codes lead to {pages}, which no customer's phone can reach: set PUBLIC_URL before printing."
    )
