"""The files of overstock rules (M51): one clear error for each mistake; the shipped one is right."""

import re
from pathlib import Path
from shutil import copy

import pytest

from domain.overstock import OverstockRule
from domain.playbook import Condition, Way
from playbooks.loader import PlaybookError
from playbooks.overstock_files import FOLDER, load_rules
from settings import ROOT
from tests.playbooks.files import write
from tests.playbooks.test_corpus import FOREIGN

GOOD = """
overstock: melon
title: 西瓜
product: "6001"
at_least: 30
days_left: 2
down_to: 5
hours: {start: "10:00", end: "20:00"}
likes: {category: 西瓜, least: 2, within: 60d}
who: regulars
words:
  private: {text: "{{ store.name }}的西瓜到了"}
author: 王芳
approver: 李强
"""
SEGMENTS = "segments: [{name: regulars, title: 常客, who: {visits: {least: 4, within: 30d}}}]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corp's folder, without any rule."""
    copy(ROOT / "playbooks" / "policy.yaml", tmp_path)
    write(tmp_path, SEGMENTS, "segments.yaml")
    (tmp_path / FOLDER).mkdir()
    return tmp_path


def problems_of(folder: Path, *texts: str) -> list[str]:
    """Without the folder."""
    for number, text in enumerate(texts, 1):
        write(folder / FOLDER, text, f"{number}.yaml")
    with pytest.raises(PlaybookError) as caught:
        load_rules(folder)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{folder / FOLDER}/") for line in lines)
    return [line.removeprefix(f"{folder / FOLDER}/") for line in lines]


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("at_least: 30", "atleast: 30", "1.yaml:4: atleast: no such field; did you mean 'at_least'?"),
        ("at_least: 30", "at_least: 0", "1.yaml:4: at_least: "),
        ("days_left: 2", "days_left: two", "1.yaml:5: days_left: "),
        ("overstock: melon", "overstock: 西瓜", "1.yaml:1: overstock: only 1 to 20 lower-case letters"),
        ("down_to: 5", "down_to: 30", "1.yaml:6: down_to: is not less than `at_least` 30"),
        ('"20:00"', '"08:00"', "1.yaml:7: hours: they end before they start"),
        ('"20:00"', "20", '1.yaml:7: hours.end: a time of day is "hh:mm"'),
        ("category: 西瓜,", "", "1.yaml:8: likes: give either `product` or `category`"),
        ("who: regulars", "who: regular", "1.yaml:9: who: there is no segment 'regular'"),
        ("who: regulars", "who: {tier: rich}", "1.yaml:9: who.tier: "),
        ("who: regulars", "who: {life_stage: 孕期}", "1.yaml:9: who.life_stage: only a journey knows"),
        ("{{ store.name }}", "{{ shop.name }}", "1.yaml:11: words.private.text: "),
        ("{{ store.name }}", "{{ benefit }}", "1.yaml:11: words.private.text: "),
        (
            "who: regulars",
            "channel: [group, private]",
            "1.yaml:9: channel: a group would tell it to everybody",
        ),
        ("  private:", "  moments:", "1.yaml:10: words: `private` is in `channel` and has no words"),
        ("approver: 李强", "approver: ' 王芳'", "1.yaml:13: approver: is the author"),
        ("approver: 李强", "", "1.yaml:1: approver: missing"),
    ],
)
def test_one_mistake_is_said_with_its_line(folder: Path, good: str, bad: str, said: str) -> None:
    assert good in GOOD
    found = problems_of(folder, GOOD.replace(good, bad))
    assert any(line.startswith(said) for line in found), found
    assert not any(FOREIGN.search(line) for line in found)


def test_1_to_1_comes_before_moments(folder: Path) -> None:
    said = "channel: [moments, private]\ntag: 西瓜\nwords:\n  moments: {text: 西瓜到了}"
    [problem] = problems_of(folder, GOOD.replace("words:", said))
    assert problem == "1.yaml:10: channel: 1:1 comes first (M51): begin with `private`"


def test_two_files_do_not_share_a_name(folder: Path) -> None:
    assert problems_of(folder, GOOD, GOOD) == [
        "2.yaml:1: overstock: two files call themselves 'melon': change `overstock:` here or in 1.yaml"
    ]


def test_a_segment_is_resolved_when_the_rule_is_read(folder: Path) -> None:
    write(folder / FOLDER, GOOD, "melon.yaml")
    [rule] = load_rules(folder)
    assert rule.who == Condition.model_validate({"visits": {"least": 4, "within": "30d"}})
    assert (rule.rule.channel, rule.rule.product) == ([Way.PRIVATE], ["6001"])
    assert OverstockRule.model_validate(rule.rule.model_dump(mode="json")) == rule.rule


def test_a_corp_may_have_no_rules(tmp_path: Path) -> None:
    assert load_rules(tmp_path) == []


def test_every_field_is_explained_to_its_authors() -> None:
    told = (ROOT / "playbooks" / FOLDER / "README.md").read_text(encoding="utf-8")
    cells = " ".join(line.split(" | ")[0] for line in told.splitlines() if line.startswith("| `"))
    assert set(OverstockRule.model_fields) - set(re.findall(r"`(\w+)`", cells)) == set()


def test_the_shipped_rule_can_be_used_and_waits_until_somebody_says_so() -> None:
    assert [(rule.rule.overstock, rule.rule.active) for rule in load_rules(ROOT / "playbooks")] == [
        ("watermelon", False)
    ]
