"""Day one of a chain at the command line: import, sync, codes, a killed run, posters."""

import asyncio
import csv
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from playbooks.loader import load_playbook
from settings import ROOT, utc_now
from starter.chain.importing import Importer
from storage import directory
from storage.database import Database
from tests.starter.files import write_csv
from tests.starter.shell import Shell, open_shell

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

SIZE = 20
STORES = [["门店编号", "门店名称", "区域"], *([f"S{n:03}", f"{n}号店", "华北"] for n in range(SIZE))]
STAFF = [["员工账号", "门店编号"], *([f"u{n}", f"S{n:03}"] for n in range(SIZE))]
CREATE = ("codes", "create", "--all-stores", "--placement", "cashier", "--placement", "table")
PLAYBOOK = ("--playbook", "coffee-welcome")


@pytest.fixture
async def shell(database_url: str, tmp_path: Path) -> AsyncIterator[Shell]:
    async with open_shell(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def chain(shell: Shell, database: Database) -> Shell:
    """20 stores with one employee each; a playbook is published."""
    async with database.transaction() as session:
        book = load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")
        await directory.publish(session, book, author="test", now=utc_now())
    for n in range(SIZE):
        await shell.street.do("employees", userid=f"u{n}", name=f"员工{n}")
    importer = Importer(database, utc_now)
    await importer.stores(write_csv(shell.folder, STORES))
    await importer.employees(write_csv(shell.folder, STAFF))
    return shell


def states(shell: Shell) -> Counter[str]:
    return Counter(way.spec.state for way in shell.world.ways.contact_ways.values())


async def test_a_killed_run_is_finished_by_the_next_and_makes_every_code_once(chain: Shell) -> None:
    """The answers are slow, so that some calls are under way when the process dies."""
    await chain.street.do(
        "faults", api="externalcontact/add_contact_way", kind="delay", seconds=0.2, times=1000
    )
    for wanted in (7, 24):
        process = await chain.start(*CREATE, *PLAYBOOK)
        while len(chain.world.ways.contact_ways) < wanted:
            assert process.returncode is None, "it ended before it could be killed"
            await asyncio.sleep(0.02)
        process.kill()
        await process.wait()
    await chain.street.delete("faults")
    done = await chain.run(*CREATE, *PLAYBOOK)
    assert done.code == 0, done.err
    assert states(chain) == {f"S{n:03}-{p}": 1 for n in range(SIZE) for p in ("cashier", "table")}
    assert "0 failed" in done.out
    listed = json.loads((await chain.run("codes", "list", "--json")).out)
    assert len(listed) == 2 * SIZE
    assert {row["status"] for row in listed} == {"open"}


async def test_failures_are_told_at_the_end_with_exit_code_1(chain: Shell) -> None:
    await chain.street.do("employees", userid="u7", name="员工7", real_named=False)
    done = await chain.run(*CREATE, *PLAYBOOK)
    assert done.code == 1
    assert "38 new, 0 there already, 2 failed" in done.out
    assert "S007-cashier: externalcontact/add_contact_way: 40098" in done.err
    assert "S007-table" in done.err
    assert "codes: 40 of 40" in done.err  # no terminal: plain lines
    assert len(states(chain)) == 38
    done = await chain.run(*CREATE, *PLAYBOOK, "--json")
    rows = json.loads(done.out)
    assert [row["state"] for row in rows if row["problem"]] == ["S007-cashier", "S007-table"]


async def test_regions_and_closing_and_lists(chain: Shell) -> None:
    done = await chain.run("codes", "create", "--region", "华北", "--placement", "door", *PLAYBOOK)
    assert "20 new" in done.out
    assert "S001-door" in done.out
    assert "http" not in done.out  # no table has room for addresses; the JSON has them
    assert (
        await chain.run("codes", "create", "--region", "华南", "--placement", "door", *PLAYBOOK)
    ).code == 1
    done = await chain.run("codes", "close", "S001-door", "--reason", "本店已搬迁")
    assert done.code == 0
    file = chain.folder / "codes.csv"
    await chain.run("codes", "list", "--store", "S001", "--csv", str(file))
    (row,) = csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())
    assert (row["活码编号"], row["状态"], row["关闭原因"]) == ("S001-door", "closed", "本店已搬迁")
    assert (await chain.run("codes", "reopen", "S001-door")).code == 0
    (again,) = json.loads((await chain.run("codes", "list", "--store", "S001", "--json")).out)
    assert (again["status"], again["reason"]) == ("open", "")


async def test_files_of_excel_in_china_come_in(shell: Shell) -> None:
    for what, rows in (("stores", STORES), ("employees", STAFF)):
        done = await shell.run(what, "import", str(write_csv(shell.folder, rows, encoding="gb18030")))
        assert done.code == 0, done.err
        assert "(CSV, GB18030)" in done.out
        assert f"{SIZE} new" in done.out
    done = await shell.run("stores", "import", str(write_csv(shell.folder, STORES[:5])), "--dry-run")
    assert "16 in use, but not in the file" in done.out
    assert "nothing was changed (--dry-run)" in done.out


async def test_a_bad_file_is_told_whole_and_changes_nothing(shell: Shell) -> None:
    path = write_csv(shell.folder, [["门店编号", "门店名称"], ["S 1", "甲"], ["S2", ""], ["S3", "丙"]])
    done = await shell.run("stores", "import", str(path))
    assert done.code == 1
    assert "list.csv:2: 门店编号 (store_id) 'S 1' cannot be an id: use letters" in done.err
    assert "Nothing was changed." in done.err
    done = await shell.run("stores", "import", str(path), "--json")
    assert done.code == 1
    assert [problem["line"] for problem in json.loads(done.out)["problems"]] == [2, 3]
    assert json.loads((await shell.run("stores", "list", "--json")).out) == []


async def test_templates_and_lists_open(shell: Shell) -> None:
    for what in ("stores", "employees", "groups"):
        assert (await shell.run(what, "template", f"{what}.xlsx")).code == 0
        assert f"no {what}" in (await shell.run(what, "list")).out


async def test_what_cannot_be_written_is_told(chain: Shell) -> None:
    done = await chain.run("stores", "template", f"{'s' * 300}.csv")
    assert (done.code, "cannot be written: File name too long" in done.err) == (1, True)
    await chain.run(
        "codes", "create", "--store", "S001", "--placement", "a b", "--placement", "a_b", *PLAYBOOK
    )
    await chain.run("codes", "create", "--store", "S001", "--placement", "door", *PLAYBOOK)
    (chain.folder / "posters" / "S001-door-card.pdf").mkdir(parents=True)
    done = await chain.run("codes", "poster", "--all", "--out", "posters", "--format", "card")
    assert (done.code, "1 files in posters" in done.out) == (1, True)
    assert "S001-door: its file cannot be written: Is a directory" in done.err
    assert "S001-a_b: its file would be that of S001-a b" in done.err
    assert (await chain.run("codes", "list", "--days", "9" * 12)).code == 2


async def test_wecom_fills_an_empty_chain_and_codes_follow(chain: Shell) -> None:
    await chain.street.do("employees", userid="newcomer", name="新人")
    await chain.street.do("groups", name="1号店福利群", owner="u1")
    done = await chain.run("employees", "sync")
    assert "to assign to a store (import a file with 员工账号 and 门店编号): newcomer" in done.out
    done = await chain.run("groups", "sync", "--json")
    (group,) = json.loads(done.out)["groups"]
    assert (group["what"], group["store"], group["owner"]) == ("new", "S001", "u1")
    await chain.run("codes", "create", "--store", "S001", "--placement", "door", *PLAYBOOK)
    await chain.run("employees", "import", str(write_csv(chain.folder, [STAFF[0], ["newcomer", "S001"]])))
    (change,) = json.loads((await chain.run("codes", "update", "--all", "--json")).out)
    assert (change["state"], change["added"], change["problem"]) == ("S001-door", "newcomer", "")
    (way,) = chain.world.ways.contact_ways.values()
    assert way.spec.user == ["newcomer", "u1"]


async def test_posters_are_written_for_every_code(chain: Shell) -> None:
    await chain.run("codes", "create", "--store", "S001", "--placement", "door", *PLAYBOOK)
    done = await chain.run(
        "codes", "poster", "--all", "--out", "posters", "--format", "card", "--png", "--pdf"
    )
    assert done.code == 0, done.err
    assert sorted(p.name for p in (chain.folder / "posters").iterdir()) == [
        "S001-door-card.pdf",
        "S001-door-card.png",
    ]
    assert done.err == ""
    png = chain.folder / "posters" / "S001-door-card.png"
    assert [code.text for code in zxingcpp.read_barcodes(Image.open(png).convert("L"))] == [
        "https://journeys.example.com/s/S001-door"
    ]
    await chain.run(
        "codes", "poster", "--all", "--out", "posters", "--format", "card", "--png", "--target", "code"
    )
    png = chain.folder / "posters" / "S001-door-card.png"
    (found,) = zxingcpp.read_barcodes(Image.open(png).convert("L"))
    (way,) = chain.world.ways.contact_ways
    assert found.text == f"https://work.weixin.qq.com/u/{way}"
    done = await chain.run("codes", "poster", "S001-door", "--out", "posters", PUBLIC_URL="")
    assert done.code == 0
    assert "set PUBLIC_URL before printing" in done.err
    await chain.run("codes", "close", "S001-door", "--reason", "本店已搬迁")
    done = await chain.run("codes", "poster", "S001-door", "--out", "posters")
    assert (done.code, "the code is closed" in done.err) == (1, True)
