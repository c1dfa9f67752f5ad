"""`journeys groups allow`, `disallow`, `allowances`: a name and a reason for what a kind forbids (M20)."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from settings import utc_now
from storage.database import Database
from storage.tables import Group
from tests.starter.shell import Shell, open_shell

pytestmark = pytest.mark.anyio

WHO = ("--by", "王敏", "--reason", "临期清仓")


async def test_leave_is_given_shown_and_taken_back(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        for chat_id, kind in (("wr1", "store"), ("wr2", "welfare")):
            session.add(Group(chat_id=chat_id, kind=kind, name=f"{kind}群", created_at=utc_now()))
    tomorrow = f"{utc_now() + timedelta(days=1):%Y-%m-%d}"
    async with open_shell(database_url, tmp_path) as shell:
        await refused(shell, "wr1", "--until", "2020-01-01", why="give a later day")
        await refused(shell, "wr3", "--until", tomorrow, why="there is no group wr3")
        await refused(shell, "wr2", "--until", tomorrow, why="welfare may be told discount without it")
        done = await shell.run("groups", "allow", "wr1", "--until", tomorrow, *WHO)
        assert (done.code, f"up to the end of {tomorrow}, allowed by 王敏" in done.out) == (0, True)
        [row] = json.loads((await shell.run("groups", "allowances", "--json")).out)
        assert (row["chat_id"], row["content"], row["by"], row["reason"]) == ("wr1", "discount", *WHO[1::2])
        assert (await shell.run("groups", "disallow", "wr1", *WHO)).code == 0
        assert (await shell.run("groups", "disallow", "wr1", *WHO)).code == 1
        assert json.loads((await shell.run("groups", "allowances", "--json")).out) == []
        [over] = json.loads((await shell.run("groups", "allowances", "--all", "--json")).out)
        assert over["taken_back"] == "王敏: 临期清仓"


async def refused(shell: Shell, *words: str, why: str) -> None:
    done = await shell.run("groups", "allow", *words, *WHO)
    assert done.code == 1
    assert why in done.err + done.out
