"""From a sheet to rows: finds the header, maps its names to fields, and tells everything that is wrong."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import ValidationError

from starter.chain.cells import is_empty, plain
from starter.chain.problems import BadCell, Problem, Problems
from starter.chain.rows import Row
from starter.chain.sheets import Sheet, Value

R = TypeVar("R", bound=Row)
HEADER_WITHIN = 10  # lines; above it there may be a title
ALIKE = 0.8  # of 1: a name so close to one of ours is a slip, not another column


@dataclass(frozen=True)
class Numbered(Generic[R]):
    """A row, and the line where it stands."""

    line: int
    row: R


@dataclass
class Table(Generic[R]):
    """A file as it was understood. `problems` may still grow when the database is asked."""

    sheet: Sheet
    model: type[R]
    rows: list[Numbered[R]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)  # field → its name in this file

    def problem(self, line: int | None, name: str, reason: str, remedy: str) -> None:
        """`name`: a field."""
        title = self.titles.get(name) or next((c.title for f, c in self.model.columns() if f == name), name)
        shown = title if not name or normal(title) == normal(name) else f"{title} ({name})"
        self.problems.append(Problem(self.sheet.path.name, line, shown, reason, remedy))

    def done(self) -> None:
        """Raises Problems if there are any."""
        if self.problems:
            raise Problems(sorted(self.problems, key=lambda p: p.line or 0))


def understand(sheet: Sheet, model: type[R], defaults: Mapping[str, Value] | None = None) -> Table[R]:
    """All rows and all problems. `defaults` stand in for cells that are empty or lack a column.

    Raises Problems at once only for a file without a usable header, where no line means anything.
    """
    table = Table(sheet, model)
    header_line, fields = _header(table)
    filled = [(number, cells) for number, cells in sheet.lines if number > header_line and _any(cells)]
    if not filled:
        table.problem(None, "", "has no lines under its header", "fill it in")
        table.done()
    for last, merged in sheet.merged:
        if last >= header_line:
            table.problem(last, "", f"{merged} are merged cells", "unmerge them and fill in every cell")
    seen: dict[str, int] = {}
    for number, cells in filled:
        found = _row(table, number, cells, fields, defaults or {})
        if found is None:
            continue
        key = str(getattr(found, model.key()))
        if key in seen:
            table.problem(
                number, model.key(), f"{key} stands in line {seen[key]} already", "delete one of the two"
            )
        else:
            seen[key] = number
            table.rows.append(Numbered(number, found))
    return table


def normal(title: object) -> str:
    """How names of columns are compared: "门店编号（必填）*" is "门店编号", "Store ID" is "store_id"."""
    return re.sub(r"[\s_*:#-]|\(.*?\)|\[.*?\]", "", plain(title).lower())


def _header(table: Table[R]) -> tuple[int, dict[int, str]]:
    """Its line, and the field of each column; "" for one that is ignored."""
    known = _known(table.model)
    lines = [(number, cells) for number, cells in table.sheet.lines if _any(cells)][:HEADER_WITHIN]
    for number, cells in lines:
        if known.get(table.model.key(), set()) & {normal(cell) for cell in cells if not is_empty(cell)}:
            return number, _columns(table, number, cells, known)
    first = next(table.model.columns())[1].title
    reason = "is empty" if not lines else f"has no column {first} ({table.model.key()}) in its header"
    remedy = "`template` writes a file with the right header"
    table.problem(lines[0][0] if lines else None, "", reason, remedy)
    raise Problems(table.problems)


def _columns(
    table: Table[R], number: int, cells: Sequence[Value], known: Mapping[str, set[str]]
) -> dict[int, str]:
    fields: dict[int, str] = {}
    for place, cell in enumerate(cells):
        if is_empty(cell):
            continue
        name = next((f for f, names in known.items() if normal(cell) in names), None)
        if name is None:
            fields[place] = ""
            _stranger(table, number, plain(cell), known)
        elif name in table.titles:
            fields[place] = ""
            table.problem(number, name, "is the name of two columns", "delete one of them")
        else:
            fields[place], table.titles[name] = name, plain(cell)
    return fields


def _stranger(table: Table[R], number: int, title: str, known: Mapping[str, set[str]]) -> None:
    """A column that we do not know: another program's, or a slip."""
    names = [name for names in known.values() for name in names]
    close = difflib.get_close_matches(normal(title), names, n=1, cutoff=ALIKE)
    if close:
        table.problem(number, "", f"column {title!r} is unknown", f"{close[0]!r} is meant? Else rename it")
    else:
        table.ignored.append(title)


def _known(model: type[Row]) -> dict[str, set[str]]:
    return {name: {normal(n) for n in (name, c.title, *c.aliases)} for name, c in model.columns()}


def _row(
    table: Table[R],
    number: int,
    cells: Sequence[Value],
    fields: Mapping[int, str],
    defaults: Mapping[str, Value],
) -> R | None:
    given: dict[str, Value] = {}
    for place, cell in enumerate(cells):
        if fields.get(place):
            given[fields[place]] = cell
        elif place not in fields and not is_empty(cell):
            remedy = "a comma inside of a cell needs quotation marks round the cell; else name the column"
            table.problem(number, "", f"has a value in column {place + 1}, which has no name", remedy)
            return None
    values = _without_empty(table.model, given)
    for name, default in defaults.items():
        if values.get(name) is None:
            values[name] = default
    if is_empty(values.get(table.model.key())):
        table.problem(number, table.model.key(), "is empty", "fill it in, or delete the line")
        return None
    try:
        return table.model.model_validate(values)
    except ValidationError as error:
        for one in error.errors():
            context = one.get("ctx", {})
            name = context.get("field") or str(one["loc"][0] if one["loc"] else "")
            table.problem(number, name, context.get("reason", one["msg"]), context.get("remedy", "mend it"))
        return None


def _without_empty(model: type[Row], given: Mapping[str, Value]) -> dict[str, Value]:
    """An empty cell empties a field that may be empty, and says nothing about one that may not."""
    filled: dict[str, Value] = {}
    for name, value in given.items():
        if not is_empty(value):
            filled[name] = value
        elif model.may_be_none(name):
            filled[name] = None
        elif name == "shifts":
            filled[name] = ""
    return filled


def _any(cells: Sequence[Value]) -> bool:
    return any(isinstance(cell, BadCell) or not is_empty(cell) for cell in cells)
