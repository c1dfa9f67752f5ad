"""Files as they come: what is read well, and what is told when one is bad. No database is needed for that."""

import random
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from starter.chain import templates
from starter.chain.problems import Problems
from starter.chain.reading import Table, understand
from starter.chain.rows import EmployeeRow, GroupRow, Row, StoreRow
from starter.chain.sheets import read
from starter.runtime import CommandFailed
from tests.starter.files import write_csv, write_xlsx

FIRST_OF_MARCH = datetime(2026, 3, 1)  # noqa: DTZ001 - a cell has no zone
HEADER = ["门店编号", "门店名称", "区域", "城市", "地址", "纬度", "经度", "坐标系", "时区", "状态"]
STORE = ["S001", "中关村店", "北京", "北京", "中关村大街1号", "39.984154", "116.307490", "GCJ-02", "", "营业"]


def _stores(path: Path) -> Table[StoreRow]:
    return understand(read(path), StoreRow)


def _problems(path: Path, model: type[Row] = StoreRow) -> list[str]:
    """Line, field and reason of each, as people read them."""
    try:
        understand(read(path), model).done()
    except Problems as refusal:
        told = refusal
    else:
        return []
    assert all(problem.remedy for problem in told.problems)
    assert str(told).endswith("Nothing was changed. Mend the file and run it again.")
    return [f"{p.line or ''}|{p.field}|{p.reason}" for p in told.problems]


def _one(folder: Path, **cells: object) -> list[str]:
    """The problems of one store whose cells are these."""
    row = dict(zip(HEADER, STORE, strict=True)) | cells
    return _problems(write_xlsx(folder, [list(row), list(row.values())]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_in_every_encoding_that_excel_writes(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    table = _stores(write_csv(tmp_path, [HEADER, STORE], encoding=encoding, delimiter=delimiter))
    assert not table.problems
    (row,) = (one.row for one in table.rows)
    assert (row.store_id, row.name, row.address) == ("S001", "中关村店", "中关村大街1号")
    assert (row.latitude, row.longitude, row.coordinates, row.active) == (
        39.984154,
        116.30749,
        "GCJ-02",
        True,
    )
    assert "zone" not in row.model_fields_set  # an empty cell is no zone


def test_a_workbook_is_read_like_a_csv(tmp_path: Path) -> None:
    cells = [*STORE[:5], 39.984154, 116.30749, "高德", None, True]
    (one,) = _stores(write_xlsx(tmp_path, [HEADER, cells])).rows
    (same,) = _stores(write_csv(tmp_path, [HEADER, STORE])).rows
    assert one == same


@pytest.mark.parametrize(
    "header",
    [
        ["store_id", "name"],
        ["Store ID", "NAME"],
        [" 门店编号 ", "门店名称"],
        ["门店编号（必填）*", "门店名称*"],
        ["门店编码", "店名"],
        ["\ufeff门店编号", "门店\u3000名称"],
    ],
)
def test_headers_are_known_by_many_names(tmp_path: Path, header: list[str]) -> None:
    table = _stores(write_csv(tmp_path, [header, ["S001", "中关村店"]]))
    assert [(one.line, one.row.store_id, one.row.name) for one in table.rows] == [(2, "S001", "中关村店")]
    assert table.rows[0].row.model_fields_set == {"store_id", "name"}


def test_a_title_above_the_header_and_blank_lines_do_not_disturb(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["门店信息表"], [], HEADER[:2], ["S001", "甲"], [None, " "], ["S002", "乙"]]
    table = _stores(write_xlsx(tmp_path, rows, merge=["A1:B1"]))
    assert [(one.line, one.row.store_id) for one in table.rows] == [(4, "S001"), (6, "S002")]
    assert not table.problems


def test_hidden_whitespace_and_full_width_signs_are_what_they_look_like(tmp_path: Path) -> None:
    cells = [
        "\u200bＳ００１\u00a0",
        " 中关村店（北区）\n ",
        "\t北京 ",
        "",
        "",
        "３９．９８",
        "１１６．３",
        "gcj－02",
        "",
        "是",
    ]
    (one,) = _stores(write_xlsx(tmp_path, [HEADER, cells])).rows
    assert (one.row.store_id, one.row.region, one.row.latitude) == ("S001", "北京", 39.98)
    assert one.row.name == "中关村店（北区）"  # full-width brackets are right in a name


def test_columns_of_other_programs_are_ignored_by_name(tmp_path: Path) -> None:
    table = _stores(write_csv(tmp_path, [["门店编号", "面积", "店长电话"], ["S001", "120", "13800000000"]]))
    assert table.ignored == ["面积", "店长电话"]
    assert not table.problems


# ---- no table at all


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "||is empty"),
        (b"\n\n,,\n", "||is empty"),
        ("门店编号,门店名称\n".encode(), "||has no lines under its header"),
        ("编码,名字\nS001,甲\n".encode(), "1||has no column 门店编号 (store_id) in its header"),
        (b"\xd0\xcf\x11\xe0old", "||is an old .xls file, or has a password"),
        (
            b"PK\x03\x04nothing",
            "||is a damaged .xlsx file, or another kind of file (BadZipFile: File is not a zip file)",
        ),
        (b"\x00\x01\x02\x03", "||is neither a table in UTF-8 or GB18030 nor an .xlsx file"),
        ('门店编号,门店名称\nS001,"甲\n'.encode(), "2||unexpected end of data"),
    ],
)
def test_what_is_no_such_file_is_told(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    assert _problems(path) == [reason]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert _problems(tmp_path / "none.csv") == ["||cannot be read: No such file or directory"]


def test_another_kind_of_zip_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "list.xlsx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    (told,) = _problems(tmp_path / "list.xlsx")
    assert told.startswith("||is a damaged .xlsx file, or another kind of file")


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/workbook.xml", b"<workbook ", b'<?xml version="1.0" encoding="foo"?><workbook '),
        ("xl/styles.xml", b'numFmtId="0"', b'numFmtId="' + b"9" * 30 + b'"'),
    ],
    ids=["an encoding that nobody knows", "a number that no machine holds"],
)
def test_a_part_that_cannot_be_read_is_damage(tmp_path: Path, part: str, old: bytes, new: bytes) -> None:
    path = write_xlsx(tmp_path, [["门店编号", "门店名称"], ["S001", "甲"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(old, new) if name == part else content)
    (told,) = _problems(path)
    assert told.startswith("||is a damaged .xlsx file, or another kind of file")


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_breaks_the_reader(tmp_path: Path, seed: int) -> None:
    """Bytes are changed in the packed file, or in one of its parts."""
    path = write_xlsx(tmp_path, [["门店编号", "门店名称"], ["S001", "甲"], ["S002", 3.5]])
    chance = random.Random(seed)
    with zipfile.ZipFile(path) as archive:
        parts = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    whole = seed % 2 == 0
    victim = bytearray(path.read_bytes()) if whole else parts[chance.choice(sorted(parts))]
    for _ in range(4):
        victim[chance.randrange(4, len(victim))] = chance.randrange(32, 127)
    if whole:
        path.write_bytes(victim)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, bytes(content))
    assert all(told.count("|") >= 2 for told in _problems(path))


def test_a_slip_in_a_header_is_not_ignored(tmp_path: Path) -> None:
    path = write_csv(tmp_path, [["store_id", "lattitude"], ["S001", "39.9"]])
    assert _problems(path) == ["1||column 'lattitude' is unknown"]


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    path = write_csv(tmp_path, [["门店编号", "名称", "name"], ["S001", "甲", "乙"]])
    assert _problems(path) == ["1|名称 (name)|is the name of two columns"]


# ---- bad cells


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"门店编号": 1234567890123456789}, "number of more than 15 digits"),
        ({"门店编号": 1.234567890123456e18}, "number of more than 15 digits"),
        ({"门店编号": "1.23457E+18"}, "'1.23457E+18' is a number whose digits are lost"),
        ({"门店编号": "12.0"}, "'12.0' was turned into a number"),
        ({"门店编号": 1.5}, "is the number 1.5"),
        ({"门店编号": FIRST_OF_MARCH}, "was turned into a date"),
        ({"门店编号": "S 001"}, "'S 001' cannot be an id"),
        ({"门店编号": "S/001"}, "'S/001' cannot be an id"),
        ({"门店编号": "S" * 29}, "cannot be an id"),
        ({"门店编号": "示例S001"}, "is the example of the template"),
        ({"门店编号": "#N/A"}, "shows the error #N/A"),
        ({"门店编号": "=B1"}, "is a formula whose result is empty or not stored"),
        ({"门店编号": "  "}, "is empty"),
        ({"纬度": "北纬39度"}, "is no number of degrees"),
        ({"纬度": "39.98,116.30"}, "are two numbers"),
        ({"纬度": None}, "is missing"),
        ({"坐标系": None}, "is missing"),
        ({"坐标系": "墨卡托"}, "'墨卡托' is no system of coordinates"),
        ({"纬度": "0", "经度": "0"}, "is 0, and so is the longitude"),
        ({"纬度": "116.30749", "经度": "39.984154"}, "cannot be 116.30749"),
        ({"纬度": "75.99", "经度": "39.47"}, "cannot be 75.99"),
        ({"经度": "200"}, "cannot be 200.0"),
        ({"时区": "Asia/Peking"}, "'Asia/Peking' is no time zone"),
        ({"时区": "东八区"}, "'东八区' is no time zone"),
        ({"状态": "也许"}, "'也许' is neither yes nor no"),
        ({"状态": 2}, "'2' is neither yes nor no"),
    ],
)
def test_a_bad_cell_is_told_with_its_line_and_field(
    tmp_path: Path, cells: dict[str, object], problem: str
) -> None:
    (told,) = _one(tmp_path, **cells)
    line, name, reason = told.split("|")
    assert line == "2"
    assert name
    assert problem in reason


@pytest.mark.parametrize(
    "cells",
    [
        {"纬度": 35.6812, "经度": 139.7671, "坐标系": "WGS-84", "时区": "Asia/Tokyo"},
        {"纬度": "-33.8688", "经度": "151.2093", "坐标系": "WGS84", "时区": "Australia/Sydney"},
        {"纬度": 51.5, "经度": 0.0, "坐标系": "GPS"},
        {"纬度": None, "经度": None, "坐标系": None},
        {"纬度": 39.9, "经度": 116.4, "坐标系": "百度地图"},
        {"门店编号": 1.0},
        {"门店编号": 571},
        {"门店编号": "北京-001"},
        {"时区": "北京时间", "状态": "停业"},
    ],
)
def test_a_good_cell_is_not_refused(tmp_path: Path, cells: dict[str, object]) -> None:
    assert _one(tmp_path, **cells) == []


def test_numbers_keep_what_people_see(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["store_id", "name"])
    for number, form in ((7, "000"), (1.0, "General"), (571, "0")):
        sheet.append([number, 2046])
        sheet.cell(sheet.max_row, 1).number_format = form
    book.save(tmp_path / "list.xlsx")
    rows = _stores(tmp_path / "list.xlsx").rows
    assert [(one.row.store_id, one.row.name) for one in rows] == [
        ("007", "2046"),
        ("1", "2046"),
        ("571", "2046"),
    ]


def test_merged_cells_are_told_since_only_the_first_holds_the_value(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["门店编号", "区域"], ["S001", "北京"], ["S002", None], ["S003", "上海"]]
    assert _problems(write_xlsx(tmp_path, rows, merge=["B2:B3"])) == ["3||B2:B3 are merged cells"]


def test_a_formula_counts_by_the_result_that_was_stored(tmp_path: Path) -> None:
    """openpyxl stores none; a spreadsheet program does, so its file is made by hand here."""
    path = write_xlsx(tmp_path, [["门店编号", "门店名称"], ["S001", "=A2"]])
    stored = tmp_path / "stored.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(stored, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(
                    b'<c r="B2"><f>A2</f><v /></c>', b'<c r="B2" t="str"><f>A2</f><v>S001</v></c>'
                )
                assert b"<v>S001</v>" in content
            target.writestr(name, content)
    assert [one.row.name for one in _stores(stored).rows] == ["S001"]
    assert _problems(path) == ["2|门店名称 (name)|is a formula whose result is empty or not stored"]


def test_an_id_that_stands_twice(tmp_path: Path) -> None:
    rows = [["门店编号"], ["S001"], ["S002"], ["Ｓ００１"]]
    assert _problems(write_csv(tmp_path, rows)) == ["4|门店编号 (store_id)|S001 stands in line 2 already"]


def test_a_comma_too_many_is_not_swallowed(tmp_path: Path) -> None:
    rows = [["门店编号", "地址"], ["S001", "北京市海淀区", "中关村大街1号"]]
    assert _problems(write_csv(tmp_path, rows)) == ["2||has a value in column 3, which has no name"]


def test_lines_are_counted_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    rows = [["门店编号", "地址"], ["S001", "两行\n的地址"], [], ["S 2", ""]]
    (told,) = _problems(write_csv(tmp_path, rows))
    assert told.startswith("4|门店编号")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    rows = [
        [*HEADER[:2], "纬度", "经度", "坐标系", "状态"],
        ["S 1", "甲", "x", "y", "z", "?"],
        ["", "乙"],
        ["S3", "丙"],
    ]
    told = _problems(write_csv(tmp_path, rows))
    assert [problem.split("|")[0] for problem in told] == ["2", "2", "2", "2", "2", "3"]


@given(st.lists(st.lists(st.text(max_size=12), max_size=5), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_no_file_breaks_the_reader(tmp_path: Path, rows: list[list[str]]) -> None:
    path = tmp_path / "list.csv"
    path.write_text("\n".join(",".join(row) for row in [["store_id", "name"], *rows]), encoding="utf-8")
    assert all(told.count("|") >= 2 for told in _problems(path))


# ---- employees and groups


@pytest.mark.parametrize(
    ("header", "cell", "reason"),
    [
        ("班次", "朝九晚五", "'朝九晚五' is no shift"),
        ("班次", "周一 09:00-09:00", "does not say when it ends"),
        ("每日上限", "0", "'0' is no number of friends a day"),
        ("每日上限", "很多", "'很多' is no number of friends a day"),
        ("在职", "可能", "is neither yes nor no"),
    ],
)
def test_bad_cells_of_employees(tmp_path: Path, header: str, cell: str, reason: str) -> None:
    (told,) = _problems(write_csv(tmp_path, [["员工账号", header], ["zhangsan", cell]]), EmployeeRow)
    assert told.startswith("2|")
    assert reason in told


def test_an_employee_as_people_write_one(tmp_path: Path) -> None:
    shifts = "周一至周五 09：00-18：00；周六 10:00-20:00"
    rows = [
        ["员工账号", "班次", "每日上限", "在职"],
        ["ZhangSan", shifts, "50", "在职"],
        ["张三", "", "", ""],
    ]
    table = understand(read(write_csv(tmp_path, rows)), EmployeeRow)
    (one,) = table.rows
    assert one.row.shifts == ["Mon-Fri 09:00-18:00", "Sat 10:00-20:00"]
    assert (one.row.userid, one.row.daily_adds) == ("zhangsan", 50)
    assert [problem.reason for problem in table.problems] == ["'张三' cannot be an id"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"qr_picture": "a.png"}, "is missing"),
        ({"exported_at": "2026-03-01"}, "is missing"),
        ({"qr_picture": "a.png", "exported_at": "2026-02-31"}, "'2026-02-31' is no day"),
        ({"qr_picture": "a.png", "exported_at": "昨天"}, "'昨天' is no day"),
        ({"owner": "张三"}, "'张三' cannot be an id"),
    ],
)
def test_bad_cells_of_groups(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    rows = [["chat_id", *cells], ["wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA", *cells.values()]]
    (told,) = _problems(write_csv(tmp_path, rows), GroupRow)
    assert told.endswith(reason)


@pytest.mark.parametrize(
    "day", ["2026-03-01", "2026/3/1", "2026年3月1日", "2026-03-01 00:00", FIRST_OF_MARCH]
)
def test_days_as_people_write_them(tmp_path: Path, day: Any) -> None:
    rows = [["chat_id", "qr_picture", "exported_at"], ["wrA", "a.png", day]]
    (one,) = understand(read(write_xlsx(tmp_path, rows)), GroupRow).rows
    assert one.row.exported_at == FIRST_OF_MARCH


# ---- templates


@pytest.mark.parametrize("model", [StoreRow, EmployeeRow, GroupRow])
@pytest.mark.parametrize("name", ["list.csv", "list.xlsx"])
def test_a_template_is_a_file_that_is_understood_once_its_example_is_mended(
    tmp_path: Path, model: type[Row], name: str
) -> None:
    path = tmp_path / name
    templates.write(model, path, xlsx=False)
    (told,) = _problems(path, model)
    assert told.startswith("2|")
    assert told.endswith("is the example of the template")
    sheet = read(path)
    mended = [[str(cell).removeprefix("示例") for cell in cells] for _, cells in sheet.lines if any(cells)]
    assert _problems(write_csv(tmp_path, mended), model) == []


def test_a_template_keeps_ids_as_text(tmp_path: Path) -> None:
    templates.write(StoreRow, tmp_path / "list.xlsx", xlsx=True)
    book = load_workbook(tmp_path / "list.xlsx")
    assert [sheet.title for sheet in book.worksheets] == ["导入", "说明"]
    assert book.worksheets[0]["A500"].number_format == "@"


def test_a_template_does_not_write_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("my work", encoding="utf-8")
    with pytest.raises(CommandFailed, match="exists already"):
        templates.write(StoreRow, path, xlsx=False)
    assert path.read_text(encoding="utf-8") == "my work"
