"""What codes bring, counted by hand."""

import csv
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from starter import codes_list
from starter.codes_list import NOT_MADE, row_of
from storage.database import Database
from storage.tables import Customer, EntryCode, Follow, Group, GroupMember, Order, ScanCount, Store
from storage.yields import Yield, yields
from tests.integrations.corp import running_corp
from tests.starter.opening import PLAYBOOK, Opening

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 10, 18, tzinfo=UTC)  # the 11th in Shanghai, the 10th in Berlin
CHINA = {"shanghai": "Asia/Shanghai", "berlin": "Europe/Berlin"}


@pytest.fixture
async def opening(database: Database) -> AsyncIterator[Opening]:
    async with running_corp() as corp:
        made = Opening(database, corp)
        for store_id, zone in CHINA.items():
            await made.put(Store(id=store_id, name=store_id, zone=zone))
            await made.put(code(f"{store_id}-a", store_id))
        yield made


def code(state: str, store_id: str) -> EntryCode:
    return EntryCode(state=state, store_id=store_id, placement="a", playbook=PLAYBOOK, created_at=NOW)


def follow(customer: str, state: str | None, since: datetime, userid: str = "chen", **more: Any) -> Follow:
    return Follow(userid=userid, external_userid=customer, state=state, since=since, **more)


async def counted(opening: Opening, days: int | None = None) -> dict[str, Yield]:
    async with opening.database.transaction() as session:
        return await yields(session, NOW, days)


async def test_scans_adds_and_joins_are_counted(opening: Opening) -> None:
    group = Group(chat_id="wrA", store_id="shanghai", created_at=NOW)
    await opening.put(group, Group(chat_id="wrB", created_at=NOW))
    await opening.put(
        ScanCount(state="shanghai-a", day=date(2026, 3, 10), scans=7),
        ScanCount(state="shanghai-a", day=date(2026, 3, 11), scans=3),
        follow("wm1", "shanghai-a", NOW - timedelta(hours=3)),
        follow("wm1", "shanghai-a", NOW, userid="li"),  # the same customer with a second employee
        follow("wm2", "shanghai-a", NOW - timedelta(hours=2), lost_at=NOW),
        follow("wm3", "shanghai-a", NOW - timedelta(hours=1)),
        follow("wm4", "shanghai-a", NOW, half=True),
        follow("wm5", None, NOW),
        follow("wm6", "somebody-elses", NOW),
    )
    for customer, chat_id, left in (("wm1", "wrA", None), ("wm1", "wrB", None), ("wm2", "wrA", NOW)):
        await opening.put(GroupMember(chat_id=chat_id, member_id=customer, joined_at=NOW, left_at=left))
    found = await counted(opening)
    assert found == {"shanghai-a": Yield(scans=10, adds=3, joins=1, last_add=NOW)}
    assert found["shanghai-a"].rate == pytest.approx(0.3)


async def test_the_delay_from_purchase_to_add_is_a_median_of_those_who_had_just_bought(
    opening: Opening,
) -> None:
    """M31: the best moment to be added is the first touch with the product."""
    minutes = {"wm1": 2, "wm2": 10, "wm3": 3, "wm4": 25 * 60, "wm5": -5}
    for number, (customer, apart) in enumerate(minutes.items()):
        await opening.put(
            Customer(external_userid=customer, member_id=f"m{number}", stage_since=NOW, created_at=NOW),
            follow(customer, "shanghai-a", NOW),
            order(f"o{number}", f"m{number}", NOW - timedelta(minutes=apart)),
            order(f"old{number}", f"m{number}", NOW - timedelta(days=2)),
        )
    await opening.put(order("later", "m0", NOW - timedelta(minutes=1), status="cancelled"))
    await opening.put(follow("nobody", "berlin-a", NOW))
    found = await counted(opening)
    assert found["shanghai-a"].delay == timedelta(minutes=3)
    assert found["berlin-a"].delay is None
    row = row_of(code("shanghai-a", "shanghai"), Store(id="shanghai", name="店"), found["shanghai-a"], NOW)
    assert row["delay_minutes"] == 3.0


def order(order_id: str, member_id: str, at: datetime, status: str = "paid") -> Order:
    told: dict[str, Any] = {"provider": "till", "store_id": "shanghai", "paid_minor": 100, "updated_at": at}
    return Order(order_id=order_id, member_id=member_id, paid_at=at, status=status, **told)


async def test_days_are_those_of_each_store(opening: Opening) -> None:
    """At 18:00 UTC it is the next day in Shanghai already."""
    for store_id in CHINA:
        for back in range(4):
            since = NOW - timedelta(days=back)
            await opening.put(follow(f"{store_id}{back}", f"{store_id}-a", since))
        for day in (9, 10, 11):
            await opening.put(ScanCount(state=f"{store_id}-a", day=date(2026, 3, day), scans=1))
    midnight = datetime(2026, 3, 10, 16, tzinfo=UTC)  # Shanghai's
    await opening.put(follow("early", "shanghai-a", midnight - timedelta(seconds=1)))
    await opening.put(follow("late", "shanghai-a", midnight))
    one = await counted(opening, days=1)
    assert (one["shanghai-a"].adds, one["shanghai-a"].scans) == (2, 1)
    assert (one["berlin-a"].adds, one["berlin-a"].scans) == (1, 2)
    two = await counted(opening, days=2)
    assert (two["shanghai-a"].adds, two["shanghai-a"].scans) == (4, 2)
    assert (await counted(opening))["shanghai-a"].adds == 6


async def test_the_number_of_queries_does_not_grow_with_the_codes(opening: Opening) -> None:
    statements: list[str] = []
    event.listen(
        opening.database.engine.sync_engine,
        "before_cursor_execute",
        lambda conn, cursor, statement, *rest: statements.append(statement),
    )
    await counted(opening, days=7)
    few = len(statements)
    for n in range(60):
        await opening.put(code(f"shanghai-{n}", "shanghai"), follow(f"wm{n}", f"shanghai-{n}", NOW))
    statements.clear()
    assert len(await counted(opening, days=7)) == 60
    assert len(statements) == few


def test_no_cell_of_the_file_is_a_formula(tmp_path: Path) -> None:
    store = Store(id="-S1", name='=HYPERLINK("http://x")')
    one = EntryCode(state="+a", store_id="-S1", placement="@a", playbook="p", created_at=NOW)
    file = tmp_path / "codes.csv"
    codes_list._write(file, [row_of(one, store, Yield(scans=2, adds=1), NOW)], {"-S1": "Asia/Shanghai"})
    with file.open(encoding="utf-8-sig", newline="") as content:
        _, cells = csv.reader(content)
    assert cells[:4] == ["'+a", "'-S1", '\'=HYPERLINK("http://x")', "'@a"]
    assert cells[7:10] == ["2", "1", "0.5"]


def test_a_code_says_how_it_stands() -> None:
    store = Store(id="shanghai", name="店")
    one = code("shanghai-a", "shanghai")
    assert row_of(one, store, Yield(), NOW)["status"] == NOT_MADE
    one.config_id = "way"
    assert row_of(one, store, Yield(), NOW)["status"] == "open"
    one.closed_at, one.closed_reason = NOW + timedelta(days=1), "装修"
    assert row_of(one, store, Yield(), NOW)["status"] == "open"
    later = row_of(one, store, Yield(scans=3, adds=1), NOW + timedelta(days=2))
    assert (later["status"], later["reason"], later["rate"]) == ("closed", "装修", 0.3333)
    one.closed_at = None
    store.active = False
    assert row_of(one, store, Yield(), NOW)["status"] == "store inactive"
    assert row_of(one, store, Yield(adds=2), NOW)["rate"] is None
