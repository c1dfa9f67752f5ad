"""Empty files to fill in: Chinese headers, one example line and, in a workbook, what every column means."""

import csv
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from starter.chain.rows import Row
from starter.runtime import CommandFailed

EXCEL_TEXT = "@"  # else Excel turns ids into numbers and shifts into dates
FILLED_LINES = 2_000  # so many are formatted as text
NARROWEST, WIDEST = 12, 40  # characters


def write(model: type[Row], path: Path, *, xlsx: bool) -> None:
    """Raises CommandFailed rather than write over a file that may have been filled in."""
    try:
        if path.exists():
            raise CommandFailed(f"{path} exists already: choose another name, or delete it")
        if not path.parent.is_dir():
            raise CommandFailed(f"there is no folder {path.parent}: make it, or choose another name")
        if xlsx or path.suffix.lower() == ".xlsx":
            _workbook(model).save(path)
        else:
            _csv(model, path)
    except OSError as error:
        raise CommandFailed(f"{path} cannot be written: {error.strerror}") from None


def _csv(model: type[Row], path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # without a BOM Excel reads it as GB18030
        writer = csv.writer(file)
        writer.writerow(column.title for _, column in model.columns())
        writer.writerow(column.example for _, column in model.columns())


def _workbook(model: type[Row]) -> Workbook:
    book = Workbook()
    sheet, notes = book.worksheets[0], book.create_sheet("说明")
    sheet.title = "导入"
    notes.append(["列名", "英文列名", "必填", "说明", "示例"])
    for number, (name, column) in enumerate(model.columns(), start=1):
        letter = get_column_letter(number)
        needed = "是" if name == model.key() else ""
        notes.append([column.title, name, needed, column.note, column.example])
        sheet.cell(1, number, column.title)
        sheet.column_dimensions[letter].width = min(max(NARROWEST, 2 * len(column.example)), WIDEST)
        for line in range(2, FILLED_LINES):
            sheet.cell(line, number).number_format = EXCEL_TEXT
        sheet.cell(2, number, column.example)
    sheet.freeze_panes = "A2"
    for header in (*sheet[1], *notes[1]):
        header.font, header.fill = Font(bold=True), PatternFill("solid", fgColor="DDEBF7")
    for letter, width in zip("ABCDE", (16, 14, 8, 56, 40), strict=True):
        notes.column_dimensions[letter].width = width
    return book
