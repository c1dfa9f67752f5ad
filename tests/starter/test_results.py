"""The commands of results and removals, as an operator meets them."""

import csv
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.campaign import Campaign, CampaignStatus, Words
from domain.playbook import Way
from playbooks.loader import load_playbook
from settings import ROOT, utc_now
from starter.output import csv_file
from starter.runtime import CommandFailed
from storage import directory
from storage.database import Database
from storage.tables import CampaignRow, Employee, EntryCode, Region, ScanCount, Store
from tests.starter.shell import Shell, open_shell

pytestmark = pytest.mark.anyio

NOW = utc_now()  # commands look at the real clock


@pytest.fixture
async def shell(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Shell]:
    async with database.transaction() as session:
        book = load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")
        await directory.publish(session, book, author="test", now=NOW)
        for row in (Region(id="bj", name="北京"), *_stores()):
            await directory.upsert(session, row)
    async with open_shell(database_url, tmp_path) as running:
        yield running


def _stores() -> list[Any]:
    rows: list[Any] = []
    for store in ("S1", "S2"):
        rows += [
            Store(id=store, name=store, region_id="bj"),
            Employee(userid=f"e{store}".lower(), name="=员工", store_id=store),
            EntryCode(state=f"{store}-cashier", store_id=store, placement="cashier", created_at=NOW),
            ScanCount(state=f"{store}-cashier", day=NOW.date(), scans=100),
        ]
    return rows


async def test_a_funnel_and_its_alerts_are_shown_and_written(shell: Shell) -> None:
    shown = await shell.run("results", "funnel", "--by", "store", "--json")
    lines = {(line["store"], line["step"]): line for line in json.loads(shown.out)}
    assert lines["S1", "scanned"]["people"] == 100
    assert (lines["S1", "friend"]["lost"], lines["S1", "friend"]["of_first"]) == (100, 0.0)
    wide = await shell.run("results", "funnel")
    assert (wide.code, "coffee-welcome" in wide.out, "friend" in wide.out) == (0, True, True)
    done = await shell.run("results", "alerts", "--rate", "0.6", "--csv", "alerts.csv")
    assert done.code == 0
    with (shell.folder / "alerts.csv").open(encoding="utf-8-sig") as file:
        found = list(csv.DictReader(file))
    assert [(row["region"], row["store"], row["scans"]) for row in found] == [
        ("bj", "S1", "100"),
        ("bj", "S2", "100"),
    ]
    assert "no store is far under" in (await shell.run("results", "alerts", "--at-least", "101")).out


async def test_m23_what_counts_first_is_who_bought_again(shell: Shell, database: Database) -> None:
    body = Campaign(
        campaign="spring",
        title="春",
        segment="all",
        channel=[Way.PRIVATE],
        words={Way.PRIVATE: Words(text="新")},
    )
    async with database.transaction() as session:
        session.add(
            CampaignRow(
                id="spring",
                body=body.model_dump(mode="json"),
                who={},
                status=CampaignStatus.RUNNING,
                author="ann",
                created_at=NOW,
            )
        )
    told = json.loads((await shell.run("results", "campaign", "spring", "--json")).out)
    assert told["real"][0]["targeted"] == 0
    assert "nobody was held out" in told["lift"][0]["says"]
    shown = await shell.run("results", "campaign", "spring", "--by", "region")
    assert (shown.code, "bought again" in shown.out) == (0, True)
    missing = await shell.run("results", "campaign", "autumn")
    assert (missing.code, "journeys campaign list" in missing.err) == (1, True)
    book = json.loads((await shell.run("results", "playbook", "coffee-welcome", "--json")).out)
    assert (book["entered"], book["lift"][0]["measure"]) == (0, "bought again")
    assert (await shell.run("results", "playbook", "coffee-welcome", "--version", "1")).code == 0


async def test_removals_are_checked_listed_and_missed(shell: Shell) -> None:
    file = str(ROOT / "playbooks" / "removals" / "coffee-groups.yaml")
    assert "2 old groups, 328 people" in (await shell.run("removals", "check", file)).out
    assert "no removals" in (await shell.run("removals", "list")).out
    missing = await shell.run("removals", "report", "spring")
    assert (missing.code, "journeys removals list" in missing.err) == (1, True)


def test_excel_reads_chinese_and_runs_no_formula(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    with csv_file(file) as write:
        write({"name": "=1+1", "number": -3, "at": datetime(2026, 3, 2, tzinfo=UTC), "none": None})
        write({"name": "中文", "number": 0.5, "at": None, "none": timedelta(hours=1)})
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert rows == [
        ["name", "number", "at", "none"],
        ["'=1+1", "-3", "2026-03-02 00:00:00Z", ""],
        ["中文", "0.5", "", "1:00:00"],
    ]
    with pytest.raises(CommandFailed, match="cannot be written"), csv_file(tmp_path / "no" / "out.csv"):
        raise AssertionError("it was opened")
