"""`journeys segments …` as a process, against a real database."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from settings import ROOT, utc_now
from storage.database import Database
from storage.tables import Customer, Group, GroupMember
from tests.starter.shell import Done, Shell, open_shell
from tests.storage.chain import Chain

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shell(database_url: str, tmp_path: Path, database: Database) -> AsyncIterator[Shell]:
    """Two friends, and a customer who is known from a group only."""
    chain, now = await Chain(database).open(), utc_now()
    for customer in ("wm1", "wm2"):
        await chain.befriend(customer, "chen")
    for row in (
        Customer(external_userid="wm3", stage_since=now, created_at=now),
        Group(chat_id="g1", store_id="S1", created_at=now),
        GroupMember(chat_id="g1", member_id="wm3", joined_at=now),
    ):
        async with database.transaction() as session:
            session.add(row)
    (tmp_path / "playbooks").mkdir()
    for name in ("policy.yaml", "segments.yaml"):
        shutil.copy(ROOT / "playbooks" / name, tmp_path / "playbooks" / name)
    async with open_shell(database_url, tmp_path) as opened:
        yield opened


async def run(shell: Shell, *arguments: str) -> Done:
    return await shell.run("segments", *arguments, PLAYBOOKS_DIR=str(shell.folder / "playbooks"))


async def test_the_saved_ones_are_listed_and_shown(shell: Shell) -> None:
    listed = json.loads((await run(shell, "list", "--json")).out)
    assert [one["segment"] for one in listed[:4]] == ["buyer", "new", "regular", "high_ticket"]
    shown = await run(shell, "show", "high_ticket")
    assert "高客单" in shown.out
    assert "orders ≥ 2 and ticket ≥ 60 yuan" in shown.out
    wrong = await run(shell, "show", "high-ticket")
    assert wrong.code == 1
    assert "there is no segment 'high-ticket'" in wrong.err
    assert "did you mean 'high_ticket'?; see `journeys segments list`" in wrong.err


async def test_m04_a_count_says_who_is_reached_and_why_the_others_are_not(shell: Shell) -> None:
    told = await run(shell, "count", "new")
    assert told.code == 0, told.err
    for line in (("targeted", "3", "100.0 %"), ("1:1", "2", "66.7 %"), ("group", "1", "33.3 %")):
        assert any(all(part in said for part in line) for said in told.out.splitlines()), told.out
    assert "known from a group only: reached with the whole group, never one by one" in told.out
    assert json.loads((await run(shell, "count", "new", "--json")).out) == {
        "targeted": 3,
        "reachable": {"private": 2, "group": 1, "moments": 2},
        "share": 1.0,
        "why_not": [
            {
                "rule": "group_only",
                "customers": 1,
                "because": "known from a group only: reached with the whole group, never one by one",
            }
        ],
    }


async def test_a_condition_is_tried_out_before_it_is_saved(shell: Shell) -> None:
    (shell.folder / "friends.yml").write_text("reachable: private\n", encoding="utf-8")
    found = json.loads((await run(shell, "sample", "--file", "friends.yml", "--size", "9", "--json")).out)
    assert sorted(one["customer"] for one in found) == ["wm1", "wm2"]
    (shell.folder / "friends.yml").write_text("tag: 高频\nreachabel: private\n", encoding="utf-8")
    wrong = await run(shell, "count", "--file", "friends.yml")
    assert wrong.code == 1
    assert "friends.yml:2: reachabel: no such field; did you mean 'reachable'" in wrong.err
    for both_or_none in ((), ("new", "--file", "friends.yml")):
        assert "give the name of a segment, or --file" in (await run(shell, "count", *both_or_none)).err
