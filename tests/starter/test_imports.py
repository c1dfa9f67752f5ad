"""Files into the database: all of it or nothing, and never more than the file says."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from domain.geo import Coordinates, great_circle_metres, to_wgs84
from starter.chain.importing import Importer, Report
from starter.chain.problems import Problems
from storage import directory
from storage.database import Database
from storage.tables import Employee, Group, Region, Store
from tests.starter.files import PNG, write_csv, write_xlsx

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
PLACES = ["门店编号", "门店名称", "区域", "纬度", "经度", "坐标系", "状态"]
TWO = [
    PLACES,
    ["S001", "中关村店", "北京", "39.984154", "116.307490", "GCJ-02", "营业"],
    ["S002", "望京店", "北京", "", "", "", "停业"],
]


def importer(database: Database, *, dry_run: bool = False) -> Importer:
    return Importer(database, lambda: NOW, dry_run=dry_run)


async def rows(database: Database, table: Any) -> dict[str, Any]:
    async with database.transaction() as session:
        found = (await session.exec(select(table))).all()
    key = table.__table__.primary_key.columns.keys()[0]
    return {getattr(row, key): row for row in found}


async def stores(database: Database, folder: Path, lines: Sequence[Sequence[object]], **how: Any) -> Report:
    dry_run = how.pop("dry_run", False)
    return await importer(database, dry_run=dry_run).stores(write_csv(folder, lines), **how)


async def employees(
    database: Database, folder: Path, lines: Sequence[Sequence[object]], **how: Any
) -> Report:
    return await importer(database).employees(write_csv(folder, lines), **how)


async def groups(database: Database, folder: Path, lines: Sequence[Sequence[object]]) -> Report:
    return await importer(database).groups(write_csv(folder, lines), hand_qr_days=7)


async def refused(work: Any) -> list[str]:
    with pytest.raises(Problems) as caught:
        await work
    return [f"{p.line}|{p.field}|{p.reason}" for p in caught.value.problems]


async def test_stores_come_in_with_their_regions_and_places(database: Database, tmp_path: Path) -> None:
    report = await stores(database, tmp_path, TWO)
    assert (report.new, report.changed, report.missing) == (["S001", "S002"], {}, [])
    assert report.new_regions == ["北京"]
    found = await rows(database, Store)
    first = found["S001"]
    assert (first.name, first.region_id, first.zone, first.active) == (
        "中关村店",
        "北京",
        "Asia/Shanghai",
        True,
    )
    there = to_wgs84(39.984154, 116.30749, Coordinates.GCJ02)
    assert great_circle_metres(first.latitude, first.longitude, *there) < 0.1
    assert 300 < great_circle_metres(first.latitude, first.longitude, 39.984154, 116.30749) < 900
    assert (found["S002"].latitude, found["S002"].active) == (None, False)


async def test_stores_have_managers_and_wifi(database: Database, tmp_path: Path) -> None:
    header = ["门店编号", "门店名称", "店长", "WiFi"]
    await stores(database, tmp_path, [header, ["S001", "中关村店", "ZhangSan", "ZGC，密码 88888888"]])
    found = (await rows(database, Store))["S001"]
    assert (found.manager, found.wifi) == ("zhangsan", "ZGC，密码 88888888")
    report = await stores(database, tmp_path, [["store_id", "manager", "wifi"], ["S001", "", "ZGC"]])
    assert report.changed == {"S001": ["manager", "wifi"]}
    found = (await rows(database, Store))["S001"]
    assert (found.manager, found.wifi) == (None, "ZGC")


async def test_the_same_file_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    await stores(database, tmp_path, TWO)
    again = await stores(database, tmp_path, TWO)
    assert (again.new, again.changed, again.unchanged, again.new_regions) == ([], {}, 2, [])


async def test_a_dry_run_tells_and_changes_nothing(database: Database, tmp_path: Path) -> None:
    report = await stores(database, tmp_path, TWO, dry_run=True)
    assert report.new == ["S001", "S002"]
    assert await rows(database, Store) == await rows(database, Region) == {}
    await stores(database, tmp_path, TWO)
    changed = [["门店编号", "门店名称"], ["S001", "中关村一店"]]
    report = await stores(database, tmp_path, changed, dry_run=True, deactivate_missing=True)
    assert (report.changed, report.missing) == ({"S001": ["name"]}, [])  # S002 is out of use already
    assert (await rows(database, Store))["S001"].name == "中关村店"


async def test_one_bad_line_keeps_all_others_out(database: Database, tmp_path: Path) -> None:
    bad = [*TWO, ["S003", "", "上海", "", "", "", ""], ["S004", "丁", "", "0", "0", "GCJ-02", "也许"]]
    told = await refused(stores(database, tmp_path, bad))
    assert [problem.split("|")[0] for problem in told] == ["4", "5"]
    assert "of the new store S003 is empty" in told[0]
    assert await rows(database, Store) == await rows(database, Region) == {}


async def test_a_column_that_the_file_lacks_is_left_as_it_is(database: Database, tmp_path: Path) -> None:
    await stores(database, tmp_path, TWO)
    report = await stores(database, tmp_path, [["store_id", "address"], ["S001", "海淀区"]])
    assert (report.changed, report.missing, report.deactivated) == ({"S001": ["address"]}, [], [])
    first = (await rows(database, Store))["S001"]
    assert (first.name, first.region_id, first.address) == ("中关村店", "北京", "海淀区")
    assert first.latitude is not None


async def test_an_empty_cell_empties_what_may_be_empty(database: Database, tmp_path: Path) -> None:
    await stores(database, tmp_path, TWO)
    await stores(database, tmp_path, [PLACES, ["S001", "", "", "", "", "", ""]])
    first = (await rows(database, Store))["S001"]
    assert (first.region_id, first.latitude, first.longitude) == (None, None, None)
    assert (first.name, first.active) == ("中关村店", True)


async def test_missing_stores_are_deactivated_only_on_demand(database: Database, tmp_path: Path) -> None:
    everyone = [["store_id", "name"], ["S001", "甲"], ["S002", "乙"], ["S003", "丙"]]
    await stores(database, tmp_path, everyone)
    report = await stores(database, tmp_path, everyone[:2])
    assert (report.missing, report.deactivated) == (["S002", "S003"], [])
    report = await stores(database, tmp_path, everyone[:2], deactivate_missing=True)
    assert report.deactivated == ["S002", "S003"]
    assert [store.active for store in (await rows(database, Store)).values()].count(True) == 1
    again = [["store_id", "状态"], ["S002", "营业"]]
    assert (await stores(database, tmp_path, again)).changed == {"S002": ["active"]}


async def test_a_region_is_known_by_its_id_and_by_its_name(database: Database, tmp_path: Path) -> None:
    async with database.transaction() as session:
        for row in (Region(id="bj", name="北京"), Region(id="n1", name="华北"), Region(id="n2", name="华北")):
            await directory.upsert(session, row)
    header = ["store_id", "name", "region"]
    await stores(database, tmp_path, [header, ["S001", "甲", "北京"], ["S002", "乙", "bj"]])
    assert [store.region_id for store in (await rows(database, Store)).values()] == ["bj", "bj"]
    told = await refused(stores(database, tmp_path, [header, ["S001", "甲", "华北"]]))
    assert told == ["2|region|'华北' is the name of n1, n2"]


async def test_places_without_a_system_need_the_option(database: Database, tmp_path: Path) -> None:
    lines = [
        ["store_id", "name", "lat", "lng"],
        ["S001", "甲", "39.984154", "116.30749"],
        ["S002", "乙", "", ""],
    ]
    told = await refused(stores(database, tmp_path, lines))
    assert told == ["2|坐标系 (coordinates)|is missing"]
    await stores(database, tmp_path, lines, coordinates="BD-09")
    first = (await rows(database, Store))["S001"]
    there = to_wgs84(39.984154, 116.30749, Coordinates.BD09)
    assert great_circle_metres(first.latitude, first.longitude, *there) < 0.1


async def test_employees_belong_to_known_stores(database: Database, tmp_path: Path) -> None:
    await stores(database, tmp_path, TWO)
    header = ["员工账号", "姓名", "门店编号", "班次", "每日上限", "在职"]
    lines = [
        header,
        ["Chen", "陈静", "S001", "周一至周五 09:00-18:00", "50", "是"],
        ["li", "李薇", "S009", "", "", ""],
        ["wang", "", "", "", "", ""],
    ]
    told = await refused(employees(database, tmp_path, lines))
    assert told == ["3|门店编号 (store_id)|S009 is no store"]
    assert "李薇" not in " ".join(told)
    assert await rows(database, Employee) == {}
    lines[2][2] = "S002"
    report = await employees(database, tmp_path, lines)
    assert report.new == ["chen", "li", "wang"]  # userids are compared in lower case
    found = await rows(database, Employee)
    assert (found["chen"].shifts, found["chen"].daily_adds) == (["Mon-Fri 09:00-18:00"], 50)
    assert (found["wang"].name, found["wang"].store_id, found["wang"].active) == ("wang", None, True)


async def test_shifts_alone_can_be_brought_up_to_date(database: Database, tmp_path: Path) -> None:
    await stores(database, tmp_path, TWO)
    await employees(database, tmp_path, [["userid", "name", "store_id"], ["chen", "陈静", "S001"]])
    report = await employees(database, tmp_path, [["userid", "shifts"], ["CHEN", "每天 10:00-22:00"]])
    assert report.changed == {"chen": ["shifts"]}
    one = (await rows(database, Employee))["chen"]
    assert (one.name, one.store_id, one.shifts) == ("陈静", "S001", ["Mon-Sun 10:00-22:00"])
    await employees(database, tmp_path, [["userid", "shifts"], ["chen", ""]])
    assert (await rows(database, Employee))["chen"].shifts == []


async def test_employees_who_are_missing_become_inactive_and_come_back(
    database: Database, tmp_path: Path
) -> None:
    both = [["userid"], ["chen"], ["li"]]
    await employees(database, tmp_path, both)
    report = await employees(database, tmp_path, both[:2], deactivate_missing=True)
    assert report.deactivated == ["li"]
    report = await employees(database, tmp_path, both)
    assert (report.new, report.unchanged) == ([], 2)  # the file says nothing about being at work
    assert not (await rows(database, Employee))["li"].active
    await employees(database, tmp_path, [["userid", "在职"], ["li", "是"]])
    assert (await rows(database, Employee))["li"].active


async def test_userids_that_differ_in_case_alone_are_one(database: Database, tmp_path: Path) -> None:
    told = await refused(employees(database, tmp_path, [["userid"], ["Chen"], ["chen"]]))
    assert told == ["3|userid|chen stands in line 2 already"]


async def test_groups_keep_what_only_wecom_knows(database: Database, tmp_path: Path) -> None:
    await stores(database, tmp_path, TWO)
    async with database.transaction() as session:
        known = Group(
            chat_id="wrA",
            name="旧名",
            members=180,
            customers=170,
            member_version="v1",
            join_config_id="j1",
            created_at=NOW,
        )
        await directory.upsert(session, known)
    report = await groups(
        database,
        tmp_path,
        [["群ID", "群名", "门店编号", "群主"], ["wrA", "", "S001", "Chen"], ["wrB", "乙群", "S002", ""]],
    )
    assert (report.new, report.changed) == (["wrB"], {"wrA": ["owner", "store_id"]})
    found = await rows(database, Group)
    first = found["wrA"]
    assert (first.name, first.members, first.customers, first.member_version) == ("旧名", 180, 170, "v1")
    assert (first.join_config_id, first.store_id, first.owner) == ("j1", "S001", "chen")
    assert (found["wrB"].kind, found["wrB"].created_at) == ("store", NOW)


async def test_a_picture_exported_by_hand_comes_with_its_day(database: Database, tmp_path: Path) -> None:
    await stores(database, tmp_path, TWO)
    (tmp_path / "qr").mkdir()
    (tmp_path / "qr" / "甲.png").write_bytes(PNG)
    header = ["chat_id", "store_id", "qr_picture", "exported_at"]
    lines = [header, ["wrA", "S001", "qr/甲.png", "2026-03-08"]]
    await groups(database, tmp_path, lines)
    group = (await rows(database, Group))["wrA"]
    assert group.hand_qr == PNG
    assert group.hand_qr_exported_at == datetime(2026, 3, 7, 16, tzinfo=UTC)  # Shanghai's midnight
    assert (await groups(database, tmp_path, lines)).unchanged == 1
    await groups(database, tmp_path, [header, ["wrA", "S001", "", ""]])
    assert (await rows(database, Group))["wrA"].hand_qr is None


@pytest.mark.parametrize(
    ("picture", "day", "reason"),
    [
        ("qr.png", "2026-03-03", "is so long ago that the picture is dead"),
        ("qr.png", "2026-03-11", "lies in the future"),
        ("none.png", "2026-03-08", "'none.png' is not there"),
        ("list.csv", "2026-03-08", "'list.csv' is neither PNG nor JPEG"),
        ("big.png", "2026-03-08", "'big.png' is larger than 2 MiB"),
        ("folder", "2026-03-08", "'folder' cannot be read: Is a directory"),
        ("q" * 300, "2026-03-08", f"{'q' * 300!r} cannot be read: File name too long"),
        ("qr.png", "0001-01-01", "is so long ago that the picture is dead"),
        ("qr.png", "9999-12-31", "lies in the future"),
    ],
)
async def test_a_picture_that_nobody_could_use_is_refused(
    database: Database, tmp_path: Path, picture: str, day: str, reason: str
) -> None:
    (tmp_path / "qr.png").write_bytes(PNG)
    (tmp_path / "big.png").write_bytes(PNG + bytes(2**21))
    (tmp_path / "folder").mkdir()
    lines = [["chat_id", "qr_picture", "exported_at"], ["wrA", picture, day]]
    (told,) = await refused(groups(database, tmp_path, lines))
    assert told.endswith(reason)
    assert await rows(database, Group) == {}


async def test_a_chain_of_thousands_comes_in_at_once(database: Database, tmp_path: Path) -> None:
    many = [["store_id", "name", "区域"], *([f"S{n:05}", f"{n}号店", f"大区{n % 7}"] for n in range(3000))]
    path = write_xlsx(tmp_path, many)
    assert len((await importer(database).stores(path)).new) == 3000
    again = await importer(database).stores(path)
    assert (again.unchanged, again.changed) == (3000, {})
    staff = [["userid", "store_id"], *([f"u{n}", f"S{n % 3000:05}"] for n in range(6000))]
    assert len((await employees(database, tmp_path, staff)).new) == 6000


async def test_somebody_who_was_recorded_meanwhile_is_brought_up_to_date(
    database: Database, tmp_path: Path
) -> None:
    """A worker records an unknown employee by id alone."""
    async with database.transaction() as session:
        await directory.ensure_employee(session, "chen")
    await employees(database, tmp_path, [["userid", "name"], ["chen", "陈静"]])
    async with database.transaction() as session:
        names = (await session.exec(select(Employee.name).order_by(col(Employee.userid)))).all()
    assert names == ["陈静"]


async def test_the_time_of_an_export_is_the_stores(database: Database, tmp_path: Path) -> None:
    await stores(database, tmp_path, [["store_id", "name", "zone"], ["T1", "东京店", "Asia/Tokyo"]])
    (tmp_path / "qr.png").write_bytes(PNG)
    lines = [
        ["chat_id", "store_id", "qr_picture", "exported_at"],
        ["wrA", "T1", "qr.png", "2026-03-10 13:00"],
    ]
    await groups(database, tmp_path, lines)
    assert (await rows(database, Group))["wrA"].hand_qr_exported_at == NOW
    await groups(database, tmp_path, [[*lines[0][:1], *lines[0][2:]], ["wrA", "qr.png", "2026-03-10 12:00"]])
    exported = (await rows(database, Group))["wrA"].hand_qr_exported_at
    assert exported == NOW - timedelta(hours=1)  # a file without stores leaves it in Tokyo
