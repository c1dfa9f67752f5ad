"""`journeys campaign check`, and what a wrong command line is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from starter.__main__ import app

POLICY = "default_playbook: xincha\ngroups:\n  welfare: {discount: true}\n"
WEEK = """
campaign: member-week
title: 会员周
segment: {reachable: [private, group]}
channel: [private, group]
group: welfare
content: discount
words:
  private: {text: 会员周全场八五折。}
  group: {text: 会员周全场八五折，就在店里。}
rollout:
  - {name: pilot, share: 5, then_wait: 1d}
  - {name: all}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    path = tmp_path / "campaigns" / "week.yaml"
    path.write_text(WEEK, encoding="utf-8")
    return path


def check(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["campaign", "check", *map(str, arguments)])


def test_a_good_file_is_told_in_a_line(file: Path) -> None:
    done = check(file)
    assert done.exit_code == 0, done.output
    assert "member-week: by private, group; waves: pilot → all" in done.output


def test_all_campaigns_of_the_folder_are_checked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYBOOKS_DIR", str(file.parent.parent))
    (file.parent / "same.yaml").write_text(WEEK, encoding="utf-8")
    done = check()
    assert done.exit_code == 1
    assert "week.yaml:2: campaign: two files call themselves 'member-week'" in done.output


def test_m20_a_discount_for_the_wrong_group_is_an_error_with_its_line(file: Path) -> None:
    file.write_text(WEEK.replace("welfare", "store"), encoding="utf-8")
    done = check(file, "--json")
    assert done.exit_code == 1
    [finding] = json.loads(done.output)["findings"]
    assert (finding["line"], finding["field"]) == (7, "content")
    assert "(M20)" in finding["text"]


def test_a_moment_that_is_over_is_an_error(file: Path) -> None:
    file.write_text(WEEK + 'send_at: "2020-01-01T10:00:00+08:00"\n', encoding="utf-8")
    done = check(file)
    assert done.exit_code == 1
    assert "send_at: is in the past" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("adapt", "week", "--region", "bj", "--by", "li"), "--file, --skip or --shift"),
        (("cancel", "week", "--by", "li"), "--reason"),
        (("create", "week.yaml"), "--by"),
    ],
)
def test_a_wrong_command_line_is_told(arguments: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, ["campaign", *arguments], terminal_width=200, color=False)
    assert done.exit_code == 2
    assert said in done.output
