"""`journeys tasks …`: what waits for employees, and how they keep up."""

import csv
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.touches import Channel, TouchStatus
from settings import utc_now
from storage.database import Database
from storage.tables import Batch, Employee, Region, Store, Touch
from tests.starter.shell import Shell, open_shell

pytestmark = pytest.mark.anyio

NOW = utc_now().replace(microsecond=0)


@pytest.fixture
async def shell(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Shell]:
    """Li has confirmed one task after 10 minutes, let one expire, and has one to confirm; chen has none."""
    await put(database, Region(id="bj", name="北京"))
    await put(database, Store(id="S002", name="望京店", region_id="bj"), Store(id="S001", name="中关村店"))
    await put(database, Employee(userid="li", name="李薇", store_id="S002"))
    created = NOW - timedelta(hours=3)
    tapped = {"status": TouchStatus.SENT, "sent_at": created + timedelta(minutes=10)}
    await task(database, created, "一", 2, "settled", **tapped)
    late = await task(database, created, "二", 1, "settled", status=TouchStatus.EXPIRED)
    late.reminded_at, late.escalated_at = [created.isoformat()], NOW
    await put(database, late)
    await task(database, created, "三，请您来坐坐", 4, "flushed", status=TouchStatus.TASKED)
    async with open_shell(database_url, tmp_path) as opened:
        yield opened


async def put(database: Database, *rows: Any) -> None:
    async with database.transaction() as session:
        for row in rows:
            await session.merge(row)


async def task(
    database: Database, at: datetime, text: str, customers: int, stands: str, **more: Any
) -> Batch:
    async with database.transaction() as session:
        batch = Batch(
            userid="li",
            content_key=text,
            content={},
            window_ends_at=at,
            status=stands,
            text=text,
            claimed_at=at,
            expires_at=at + timedelta(hours=24),
        )
        session.add(batch)
        await session.flush()
        for number in range(customers):
            key, who = f"{text}/{number}", f"wm{number}"
            values: dict[str, Any] = {
                "key": key,
                "external_userid": who,
                "userid": "li",
                "planned_at": at,
            } | more
            session.add(Touch(channel=Channel.PRIVATE, batch_id=batch.id, **values))
    return batch


async def test_the_list_shows_what_waits_and_since_when(shell: Shell) -> None:
    [row] = json.loads((await shell.run("tasks", "list", "--region", "bj", "--json")).out)
    assert (row["employee"], row["store"], row["channel"], row["recipients"]) == ("li", "S002", "private", 4)
    assert re.fullmatch(r"3h|4h|[12]\d\dm", row["age"]), "of the task; the command's clock is the real one"
    assert row["text"] == "三，请您来坐坐"
    assert "nothing waits" in (await shell.run("tasks", "list", "--store", "S001")).out


async def test_sla_by_store_says_how_many_were_confirmed_and_how_soon(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "sla.csv"
    assert (await shell.run("tasks", "sla", "--by", "store", "--csv", str(file))).code == 0
    with file.open(encoding="utf-8-sig", newline="") as lines:
        [row] = csv.DictReader(lines)
    assert row == {
        "store": "S002",
        "name": "望京店",
        "tasks": "3",
        "customers": "7",
        "open": "1",
        "confirmed_percent": "50.0",
        "median_minutes": "10.0",
        "reminded": "1",
        "escalated": "0",
        "no_manager": "1",
        "expired": "1",
        "backfilled": "0",
    }


async def test_sla_counts_the_days_that_are_asked_for(shell: Shell) -> None:
    past = f"{NOW - timedelta(days=9):%F}"
    done = await shell.run("tasks", "sla", "--by", "region", "--until", past)
    assert "no tasks were created in these days" in done.out
    [row] = json.loads((await shell.run("tasks", "sla", "--by", "region", "--since", past, "--json")).out)
    assert (row["region"], row["tasks"]) == ("bj", 3)


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        (("tasks", "list", "--store", "S9"), "there is no store S9; see `journeys stores list`"),
        (("tasks", "list", "--region", "sh"), "there is no region sh; the regions are bj (北京)"),
        (("tasks", "list", "--employee", "Zhao"), "there is no employee zhao"),
        (("tasks", "sla", "--since", "2026-03-02", "--until", "2026-03-01"), "--since is after --until"),
        (("results", "funnel", "--since", "2026-03-02", "--until", "2026-03-01"), "--since is after --until"),
        (("groups", "audit", "--store", "S9"), "there is no store S9"),
    ],
)
async def test_a_filter_that_means_nothing_is_an_error(
    shell: Shell, filters: tuple[str, ...], says: str
) -> None:
    done = await shell.run(*filters)
    assert (done.code, done.out) == (1, "")
    assert says in done.err
