"""The file formats: CSV as any program writes it, XLSX as Excel and WPS do."""

import csv
import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from defusedxml import ElementTree
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from starter.chain.problems import BadCell, Problem, Problems

MAX_BYTES, MAX_XML_BYTES, MAX_LINES = 32 * 2**20, 512 * 2**20, 200_000
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
SAVE_AS = "save it in Excel or WPS as .xlsx, or as CSV"
EXCEL_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"}
# Whatever openpyxl, zipfile and zlib say about bytes that are no workbook.
DAMAGED = (
    *(BadZipFile, InvalidFileException, ElementTree.ParseError, zlib.error, OSError, EOFError, RuntimeError),
    *(LookupError, ValueError, TypeError, AttributeError, NotImplementedError, StopIteration),
    *(ArithmeticError, struct.error),
)
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"

Value = str | int | float | bool | datetime | date | time | BadCell | None


@dataclass(frozen=True)
class Sheet:
    """`lines` are numbered as a spreadsheet program shows them, from 1. `merged` are its merged ranges."""

    path: Path
    form: str  # what it was read as, e.g. "CSV, GB18030"
    lines: Sequence[tuple[int, Sequence[Value]]]
    merged: Sequence[tuple[int, str]] = field(default_factory=tuple)  # last line, e.g. "A2:A5"


def read(path: Path) -> Sheet:
    """The first visible sheet of a file. Raises Problems for what is no such file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _no_sheet(path, f"cannot be read: {error.strerror}", "check the name") from None
    if len(content) > MAX_BYTES:
        raise _no_sheet(path, f"is larger than {MAX_BYTES // 2**20} MiB", "split it, or delete pictures")
    if content.startswith(OLE):
        raise _no_sheet(path, "is an old .xls file, or has a password", SAVE_AS)
    if content.startswith(ZIP):
        return _xlsx(path, content)
    return _csv(path, content)


def _csv(path: Path, content: bytes) -> Sheet:
    text, encoding = _decoded(path, content)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[tuple[int, Sequence[Value]]] = []
    try:
        for cells in reader:
            lines.append((len(lines) + 1, cells))
    except csv.Error as error:
        remedy = (
            "a quotation mark in a cell is written twice, and a cell with a comma stands in quotation marks"
        )
        raise Problems([Problem(path.name, reader.line_num, "", str(error), remedy)]) from None
    return Sheet(path, f"CSV, {encoding}", lines)


def _decoded(path: Path, content: bytes) -> tuple[str, str]:
    tries = ["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for encoding in tries:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text, encoding.upper().removesuffix("-SIG")
    raise _no_sheet(path, "is neither a table in UTF-8 or GB18030 nor an .xlsx file", SAVE_AS)


def _xlsx(path: Path, content: bytes) -> Sheet:
    """Read twice: what Excel showed last, and which of it are formulas."""
    try:
        _check_size(path, content)
        with warnings.catch_warnings(action="ignore"):  # of what we do not use: pictures, validations, …
            shown = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            typed = load_workbook(io.BytesIO(content), read_only=True)
            index = next(i for i, one in enumerate(shown.worksheets) if one.sheet_state == "visible")
            lines = list(_lines(path, shown.worksheets[index], typed.worksheets[index]))
        merged = _merged(content, shown.worksheets[index].title)
    except DAMAGED as error:
        found = f"({type(error).__name__}: {error})"
        raise _no_sheet(path, f"is a damaged .xlsx file, or another kind of file {found}", SAVE_AS) from None
    return Sheet(path, "XLSX", lines, merged)


def _lines(path: Path, shown: Any, typed: Any) -> Iterator[tuple[int, Sequence[Value]]]:
    for sheet in (shown, typed):
        sheet.reset_dimensions()  # some programs write wrong ones, and rows would be lost
    for number, (values, formulas) in enumerate(zip(shown.iter_rows(), typed.iter_rows(), strict=True), 1):
        cells = [_cell(value, formula) for value, formula in zip(values, formulas, strict=True)]
        if number > MAX_LINES:
            raise _no_sheet(path, f"has more than {MAX_LINES} lines", "split it")
        yield number, cells


def _cell(shown: Any, typed: Any) -> Value:
    value = shown.value
    if value is None and typed.data_type == "f":
        return BadCell(
            "is a formula whose result is empty or not stored", "copy the column and paste it as values"
        )
    if isinstance(value, str) and value in EXCEL_ERRORS:
        return BadCell(f"shows the error {value}", "mend the formula, or type the value")
    zeros = re.fullmatch("0{2,}", str(shown.number_format)) if isinstance(value, int | float) else None
    if zeros and float(value).is_integer():
        return str(int(value)).zfill(len(zeros[0]))  # a cell that shows 007 holds 7
    return value if isinstance(value, str | int | float | bool | datetime | date | time) else None


def _check_size(path: Path, content: bytes) -> None:
    with ZipFile(io.BytesIO(content)) as archive:
        if sum(one.file_size for one in archive.infolist()) > MAX_XML_BYTES:
            raise _no_sheet(path, "unpacks to far too much", "copy the table into a new file")


def _merged(content: bytes, title: str) -> list[tuple[int, str]]:
    """openpyxl does not tell them when it reads without building the whole sheet."""
    with ZipFile(io.BytesIO(content)) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        rid = next(
            e.get(f"{OFFICE}id") for e in book.iter() if e.get("name") == title and e.get(f"{OFFICE}id")
        )
        target = next(str(e.get("Target")) for e in links.iter() if e.get("Id") == rid)
        name = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        found = re.findall(rb'mergeCell\s[^>]*?ref="([A-Z0-9:]+)"', archive.read(name))
    ranges = [one.decode() for one in found]
    return [(range_boundaries(one)[3] or 0, one) for one in ranges]


def _no_sheet(path: Path, reason: str, remedy: str) -> Problems:
    return Problems([Problem(path.name, None, "", reason, remedy)])
