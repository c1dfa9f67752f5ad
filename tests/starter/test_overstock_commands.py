"""`journeys overstock check`: what is wrong with rules before they start anything."""

import json
from pathlib import Path
from shutil import copy

import pytest
from typer.testing import CliRunner

from integrations.pos import generic
from playbooks.overstock_files import FOLDER
from settings import ROOT
from starter.overstock_commands import app
from tests.playbooks.files import write
from tests.playbooks.test_overstock_files import GOOD


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One rule in a corp's folder."""
    (tmp_path / FOLDER).mkdir()
    copy(ROOT / "playbooks" / "policy.yaml", tmp_path)
    return write(tmp_path / FOLDER, GOOD.replace("who: regulars\n", ""), "melon.yaml")


def check(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", *arguments])
    return done.exit_code, done.stdout


def test_a_good_rule_is_told_in_one_line(file: Path) -> None:
    code, said = check(str(file))
    assert code == 0
    assert "melon: 30 or more of 6001 in every store, for at most 2 days more" in said
    assert "by 王芳, approved by 李强" in said


def test_a_wrong_rule_is_told_with_its_line(file: Path) -> None:
    write(file.parent, file.read_text(encoding="utf-8").replace("李强", "王芳"), file.name)
    code, said = check(str(file), "--json")
    [finding] = json.loads(said)["findings"]
    assert code == 1
    assert (finding["file"], finding["line"], finding["field"]) == (str(file), 12, "approver")


def test_m51_no_rule_is_let_through_where_the_till_has_no_stock(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = generic.CAPABILITIES.model_copy(update={"stock": False})
    monkeypatch.setattr(generic, "CAPABILITIES", without)
    code, said = check(str(file))
    assert code == 1
    assert f"{file}:1: the file: the till (generic) cannot tell what stores have" in said
