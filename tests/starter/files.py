"""Files as people and their programs make them."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture" * 10


def write_csv(
    folder: Path, rows: Sequence[Sequence[object]], *, encoding: str = "utf-8", delimiter: str = ","
) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path = folder / "list.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def write_xlsx(folder: Path, rows: Sequence[Sequence[Any]], *, merge: Sequence[str] = ()) -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    for span in merge:
        sheet.merge_cells(span)
    path = folder / "list.xlsx"
    book.save(path)
    return path
