"""`journeys playbook check`, as an author runs it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from settings import ROOT
from starter.__main__ import app
from tests.playbooks.files import GOOD, LINES, write

POLICY = """
default_playbook: coffee
frequency: {most: 1, per: 36h}
quiet_hours: {start: "21:30", end: "08:30"}
groups:
  store: {}
"""
LATE = """
nurture:
  - wait: {until: "23:00"}
  - send: {text: 晚安，明天见}
"""


def _check(*arguments: str | Path) -> tuple[int, list[str]]:
    done = CliRunner().invoke(app, ["playbook", "check", *map(str, arguments)])
    return done.exit_code, done.output.splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, POLICY, "policy.yaml")
    return tmp_path


@pytest.mark.parametrize("shipped", ["playbooks", "playbooks/demo"])
def test_what_is_shipped_has_no_errors(shipped: str) -> None:
    code, lines = _check("--folder", ROOT / shipped)
    assert (code, [line for line in lines if ": error: " in line]) == (0, [])
    assert " playbooks read: 0 errors" in lines[-1]


def test_a_good_file_is_summed_up(folder: Path) -> None:
    code, lines = _check(write(folder, GOOD + "nurture:\n  - send: {text: 新品上架}\n"))
    assert code == 0
    assert lines == [
        "coffee: in any 30 days at most 1 messages to one customer (1 get through the caps), "
        "and 1 confirmations or to-dos of employees for her",
        "1 playbooks read: 0 errors, 0 other findings",
    ]


def test_a_wrong_file_is_named_with_its_line(folder: Path) -> None:
    path = write(folder, GOOD + "nurture:\n  - wiat: 3d\n")
    code, lines = _check(path)
    said = f"{path}:{LINES + 2}: error: nurture.0.wiat: no such field; did you mean 'wait'?"
    assert (code, lines[0]) == (1, said)


def test_a_warning_does_not_fail(folder: Path) -> None:
    path = write(folder, GOOD.rstrip() + LATE)
    code, lines = _check(path)
    assert code == 0
    assert lines[0].startswith(
        f"{path}:{LINES + 3}: warning: nurture.1.send: it is always quiet here (23:00)"
    )


def test_findings_are_errors_where_something_can_never_work(folder: Path) -> None:
    path = write(folder, GOOD + "nurture:\n  - exit: 结束\n  - send: {text: 新品上架}\n")
    code, lines = _check(path)
    assert code == 1
    assert lines[0].startswith(f"{path}:{LINES + 3}: error: nurture.1: nobody comes here")


def test_another_policy_may_be_named(folder: Path) -> None:
    path = write(folder, GOOD + "nurture:\n  - send: {text: 全场五折, channel: group, content: discount}\n")
    code, lines = _check(path)
    assert code == 1
    assert "(M20)" in lines[0]
    generous = write(folder, "default_playbook: coffee\ngroups: {store: {discount: true}}", "other.yaml")
    assert _check(path, "--policy", generous)[0] == 0


def test_the_limits_are_the_usual_ones_where_there_is_no_policy(tmp_path: Path) -> None:
    code, lines = _check(write(tmp_path, GOOD.rstrip() + LATE))
    assert (code, len(lines)) == (0, 2)


def test_the_files_of_a_folder_are_checked_against_each_other(folder: Path) -> None:
    entered = GOOD + "enter:\n  codes:\n    - {placements: [table, wifi]}\n"
    write(folder, entered)
    second = write(folder, entered.replace("playbook: coffee", "playbook: tea"), "tea.yaml")
    code, lines = _check("--folder", folder)
    line = f"{second}:{LINES + 3}: error: enter.codes.0: 'coffee' claims the same people"
    assert code == 1
    assert [one for one in lines if one.startswith(line)]


def test_a_broken_policy_is_named(folder: Path) -> None:
    write(folder, GOOD)
    policy = write(folder, "default_playbook: coffee\nwindwo: 3m", "policy.yaml")
    code, lines = _check("--folder", folder)
    assert (code, lines[0]) == (1, f"{policy}:2: error: windwo: no such field; did you mean 'window'?")


def test_programs_get_json(folder: Path) -> None:
    path = write(folder, GOOD.rstrip() + LATE)
    done = CliRunner().invoke(app, ["playbook", "check", str(path), "--json"])
    told = json.loads(done.output)
    assert {k: told["findings"][0][k] for k in ("file", "line", "field", "severity", "rule")} == {
        "file": str(path),
        "line": LINES + 3,
        "field": "nurture.1.send",
        "severity": "warning",
        "rule": "quiet_hours",
    }
    assert told["playbooks"]["coffee"] == {"touches": 1, "let_through": 1, "confirmations": 1}


def test_a_file_that_is_not_there_is_an_error(folder: Path) -> None:
    code, lines = _check(folder / "nothing.yaml")
    assert (code, "cannot be read" in lines[0]) == (1, True)


def test_a_line_number_is_never_taken_for_a_picture(folder: Path) -> None:
    text = GOOD + "#\n" * (98 - LINES) + "nurture:\n  - wiat: 3d\n"
    code, lines = _check(path := write(folder, text))
    assert (code, lines[0].startswith(f"{path}:100: error: nurture.0.wiat")) == (1, True)
