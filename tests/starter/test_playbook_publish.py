"""Publishing, looking at what is published, and what differs: the command line as a process."""

import json
import logging
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import worker
from playbooks.loader import load_playbook, playbook_files, read_corp
from playbooks.writing import as_yaml
from settings import ROOT, utc_now
from storage import directory
from storage.database import Database
from tests.starter.shell import Shell, open_shell

pytestmark = pytest.mark.anyio
NAME = "coffee-welcome"
SIGNED = ("--by", "anna", "--note", "autumn")
SHIPPED = [path.name for path in playbook_files(ROOT / "playbooks")]


@pytest.fixture
async def shell(database_url: str, tmp_path: Path) -> AsyncIterator[Shell]:
    async with open_shell(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corp's own playbooks: one of the shipped ones, and a policy."""
    made = tmp_path / "ours"
    made.mkdir()
    shutil.copy(ROOT / "playbooks" / f"{NAME}.yaml", made)
    (made / "policy.yaml").write_text(f"default_playbook: {NAME}\n", encoding="utf-8")
    return made


def edit(folder: Path, old: str = "wait: 4d", new: str = "wait: 6d") -> Path:
    path = folder / f"{NAME}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return path


async def test_published_versions_are_numbered_and_say_who_when_and_why(shell: Shell, folder: Path) -> None:
    file = str(folder / f"{NAME}.yaml")
    first = await shell.run("playbook", "publish", file, *SIGNED)
    again = await shell.run("playbook", "publish", file, *SIGNED)
    edit(folder)
    second = await shell.run("playbook", "publish", file, "--by", "li", "--note", "longer", "--json")
    assert f"published {NAME} as version 1" in first.out
    assert f"{NAME} is as in version 1: unchanged" in again.out
    assert json.loads(second.out) == [{"file": file, "playbook": NAME, "number": 2, "new": True}]
    versions = json.loads((await shell.run("playbook", "versions", NAME, "--json")).out)
    assert [(v["number"], v["by"], v["note"]) for v in versions] == [
        (2, "li", "longer"),
        (1, "anna", "autumn"),
    ]
    [listed] = json.loads((await shell.run("playbook", "list", "--json")).out)
    assert (listed["number"], listed["inside"]) == (2, 0)


async def test_what_is_shown_is_what_was_published(shell: Shell, folder: Path) -> None:
    before = load_playbook(folder / f"{NAME}.yaml")
    await shell.run("playbook", "publish", str(folder / f"{NAME}.yaml"), *SIGNED)
    await shell.run("playbook", "publish", str(edit(folder)), *SIGNED)
    shown = await shell.run("playbook", "show", NAME, "--number", "1")
    assert "nurture.0" in shown.out
    assert "wait 4d" in shown.out
    copy = folder.parent / "copy.yaml"
    copy.write_text(
        (await shell.run("playbook", "show", NAME, "--number", "1", "--yaml")).out, encoding="utf-8"
    )
    assert load_playbook(copy) == before


async def test_a_diff_of_a_file_and_a_version_in_words(shell: Shell, folder: Path) -> None:
    file = edit(folder)
    await shell.run("playbook", "publish", str(file), *SIGNED)
    edit(folder, "wait: 6d", "wait: 9d")
    said = await shell.run("playbook", "diff", f"{NAME}@1", str(file))
    same = await shell.run("playbook", "diff", NAME, f"{NAME}@1")
    assert said.out.strip() == "nurture.0: wait changed: 6d → 9d"
    assert "say the same" in same.out
    found = json.loads((await shell.run("playbook", "diff", NAME, str(file), "--json")).out)
    assert found == [{"place": "nurture.0", "what": "wait changed: 6d → 9d"}]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "nobody"), "no playbook 'nobody' is published; nothing is published yet"),
        (("versions", "nobody"), "see `journeys playbook list`"),
        (("diff", "nobody", "nobody@x"), "nothing is published yet"),
        (("publish", "gone.yaml", *SIGNED), "gone.yaml"),
        (("publish", "gone.yaml", "--by", "anna", "--note", " "), "--by and --note must say something"),
        (("migrate", "--undo", "coffee-m1", *SIGNED), "there is no move 'coffee-m1'"),
        (("migrate", "nobody", "--to", "1", "--policy", "stay", "--dry-run"), "nothing is published yet"),
    ],
)
async def test_what_cannot_be_done_is_said(shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    done = await shell.run("playbook", *arguments)
    assert done.code == 1
    assert said in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("migrate", "coffee", *SIGNED), "give NAME, --to and --policy"),
        (("migrate", "coffee", "--to", "1", "--policy", "stay"), "--by and --note must say something"),
        (("migrate", "coffee", "--to", "1", "--policy", "leap", *SIGNED), "'leap'"),
    ],
)
async def test_a_wrong_command_line_is_told_apart(
    shell: Shell, arguments: tuple[str, ...], said: str
) -> None:
    done = await shell.run("playbook", *arguments)
    assert done.code == 2
    assert said in " ".join(done.err.split())


async def test_nothing_moved_is_said(shell: Shell) -> None:
    assert "no customers were ever moved" in (await shell.run("playbook", "moves")).out


async def test_a_broken_file_publishes_nothing(shell: Shell, folder: Path) -> None:
    done = await shell.run("playbook", "publish", str(edit(folder, "wait: 4d", "wait: four")), *SIGNED)
    assert done.code == 1
    assert f"{NAME}.yaml:" in done.err
    assert "nothing is published" in (await shell.run("playbook", "list")).out


async def test_a_restarted_worker_publishes_nothing_but_what_never_was(
    database: Database, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Editing a file changes nothing for customers until somebody publishes it."""
    caplog.set_level(logging.INFO)
    await worker.publish(read_corp(folder)[0], database)
    file = edit(folder)
    await worker.publish(read_corp(folder)[0], database)
    async with database.transaction() as session:
        current = await directory.newest_version(session, NAME)
    assert current is not None
    assert (current.number, current.author) == (1, "worker")
    assert f"journeys playbook publish {file} --by NAME" in caplog.text
    assert "differs from version 1" in caplog.text
    caplog.clear()
    edit(folder, "wait: 6d", "wait: 4d")
    await worker.publish(read_corp(folder)[0], database)
    assert caplog.text == ""


@pytest.mark.parametrize(
    "statement", ["UPDATE playbook_versions SET note = 'x'", "DELETE FROM playbook_versions"]
)
async def test_nothing_can_change_a_published_version(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await directory.publish(
            session, load_playbook(ROOT / "playbooks" / f"{NAME}.yaml"), author="anna", now=utc_now()
        )
    with pytest.raises(DBAPIError, match="never changed"):
        async with database.transaction() as session:
            await (await session.connection()).execute(text(statement))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_playbook_is_the_same_when_it_is_written_and_read_again(name: str) -> None:
    from ruamel.yaml import YAML

    from domain.playbook import Playbook

    book = load_playbook(ROOT / "playbooks" / name)
    assert Playbook.model_validate(YAML(typ="safe").load(as_yaml(book))) == book
