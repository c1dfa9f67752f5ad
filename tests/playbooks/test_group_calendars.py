"""Group calendars: the shipped ones, every mistake with its line, and files that change while we run."""

import logging
import os
from pathlib import Path
from textwrap import dedent

import pytest

from domain.group_calendar import AntiSpam, Entry, GroupCalendar, Keyword, Said, Season
from domain.playbook import Frequency
from domain.policy import GroupKind, Policy
from domain.shape import parse_duration
from playbooks.group_calendars import FOLDER, Calendars, load_calendar, load_calendars
from playbooks.loader import PlaybookError, load_policy
from settings import ROOT

POLICY = Policy(
    default_playbook="x",
    groups={
        "store": GroupKind(),
        "welfare": GroupKind(discount=True, frequency=Frequency(most=1, per=parse_duration("20h"))),
    },
)
HEAD = """
kind: store
title: 门店群
purpose: 记得这家店
repeat_after: 1d
"""
README = (ROOT / "playbooks" / FOLDER / "README.md").read_text(encoding="utf-8")


def write(folder: Path, text: str, name: str = "store.yaml") -> Path:
    (folder / FOLDER).mkdir(exist_ok=True)
    path = folder / FOLDER / name
    path.write_text(HEAD.lstrip() + dedent(text), encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    path = write(folder, text)
    with pytest.raises(PlaybookError) as caught:
        load_calendar(path, POLICY)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_the_shipped_calendars_are_right_and_plan_nothing_until_somebody_says_so() -> None:
    found = load_calendars(ROOT / "playbooks", load_policy(ROOT / "playbooks"))
    assert {"store", "welfare", "community"} <= set(found)
    for one in found.values():
        assert not one.calendar.active
        assert one.calendar.entries
        assert one.calendar.rules
        assert one.calendar.anti_spam
        assert one.calendar.keywords


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("entires: []", "5: entires: no such field; did you mean 'entries'?"),
        (
            'entries: [{id: a, at: "10:00", messages: [{text: 甲}]}]',
            "5: entries.0: give `weekdays` or `every`, one of them",
        ),
        (
            'entries: [{id: a, weekdays: [tues], at: "10:00", messages: [{text: 甲}]}]',
            "5: entries.0.weekdays.0: 'tues' is not known; did you mean 'tue'? one of: "
            "mon, tue, wed, thu, fri, sat, sun",
        ),
        (
            'entries: [{id: a, every: 2, at: "10:00", messages: [{text: 甲}],'
            ' season: {first: "02-30", last: "03-01"}}]',
            '5: entries.0.season.first: a day of every year is "mm-dd", in quotes, e.g. "06-01"',
        ),
        (
            'entries: [{id: a, every: 2, at: "10:00", messages: [{text: "{{ stoer.name }}"}]}]',
            "5: entries.0.messages.0.text: 'stoer.name' is not known here; did you mean 'store.name'?",
        ),
        (
            'entries: [{id: a, every: 2, at: "10:00", messages: [{text: "{{ benefit }}"}]}]',
            "5: entries.0.messages.0.text: the entry has no `benefit` to put in: add the field",
        ),
        (
            'entries: [{id: a, every: 2, at: "10:00", content: discount, messages: [{text: 甲}]}]',
            "5: entries.0.content: no discount is ever told in a 'store' group (M20): tell something else, "
            "or do it in a kind of group whose policy says `discount: true`",
        ),
        (
            'keywords: [{words: [wifi, 无线], answer: 甲}, {words: [无线], answer: 乙}]',
            "5: keywords.1.words.0: '无线' has an answer already: keep one",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    assert problems(tmp_path, text) == [said]


def test_m21_a_calendar_that_speaks_more_than_once_a_day_is_refused(tmp_path: Path) -> None:
    text = """
    entries:
      - {id: tip, weekdays: [tue, fri], at: "10:00", messages: [{text: 甲}, {text: 乙}]}
      - {id: shop, weekdays: [tue], at: "18:00", messages: [{text: 丙}, {text: 丁}]}
    """
    assert problems(tmp_path, text) == [
        "8: entries.1.at: Tue 18:00 comes 8h after `tip`; one message in 1–2 days at most (M21): "
        "give one of them another day"
    ]


def test_m21_a_calendar_that_policy_would_refuse_every_day_is_refused(tmp_path: Path) -> None:
    """One in 24 h: who confirms a quarter of an hour later than yesterday has shut the door for tomorrow."""
    text = 'entries: [{id: tip, every: 1, at: "10:00", messages: [{text: 甲}, {text: 乙}]}]'
    [said] = problems(tmp_path, text)
    assert said.startswith("5: entries.0.at: Tue 10:00 comes 1d after `tip`; policy.yaml lets groups of this")
    lax = POLICY.model_copy(update={"groups": {"store": GroupKind(frequency=Frequency(most=9, per="1d"))}})
    assert load_calendar(tmp_path / FOLDER / "store.yaml", lax).calendar.entries


def test_service_messages_are_not_counted_and_the_same_text_does_not_come_too_soon(tmp_path: Path) -> None:
    text = """
    entries:
      - {id: tip, every: 2, at: "10:00", messages: [{text: 甲}]}
      - id: closed
        every: 2
        at: "11:00"
        content: service
        season: {first: "12-24", last: "01-02"}
        messages: [{text: 今天盘点}]
    """
    assert load_calendar(write(tmp_path, text), POLICY)
    path = write(tmp_path, text)
    path.write_text(path.read_text().replace("repeat_after: 1d", "repeat_after: 3d"), encoding="utf-8")
    with pytest.raises(
        PlaybookError, match="the same text comes again after 2d, `repeat_after` is 3d: add mess"
    ):
        load_calendar(path, POLICY)


def test_a_kind_that_the_policy_has_not_and_a_file_of_another_name(tmp_path: Path) -> None:
    path = write(tmp_path, "", "shop.yaml")
    path.write_text(path.read_text().replace("kind: store", "kind: welfrae"), encoding="utf-8")
    with pytest.raises(PlaybookError) as caught:
        load_calendar(path, POLICY)
    assert "the file of this kind is called welfrae.yaml: rename one of them" in str(caught.value)
    assert "did you mean 'welfare'?" in str(caught.value)


def test_what_has_become_wrong_stays_as_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path, 'rules: "一"')
    calendars = Calendars(tmp_path, POLICY)

    def rules() -> str | None:
        found = calendars.of("store")
        return found.calendar.rules if found else None

    def change(text: str, at: int) -> None:
        write(tmp_path, text)
        os.utime(path, ns=(at, at))

    assert rules() == "一"
    change('rules: "二"', 1)
    assert rules() == "二"
    change('rulse: "三"', 2)
    with caplog.at_level(logging.ERROR):
        assert rules() == rules() == "二"
    assert len(caplog.records) == 1, "told once, not at every look"
    assert "did you mean 'rules'?" in caplog.text
    assert calendars.of("welfare") is None
    assert Calendars(None, POLICY).of("store") is None
    path.unlink()
    assert rules() is None


@pytest.mark.parametrize("shape", [GroupCalendar, Entry, Said, Season, AntiSpam, Keyword])
def test_the_authors_readme_explains_every_field(shape: type[GroupCalendar]) -> None:
    missing = [name for name in shape.model_fields if f"`{name}`" not in README]
    assert missing == [], f"explain them in playbooks/{FOLDER}/README.md"


def test_the_example_of_the_readme_is_right(tmp_path: Path) -> None:
    example = README.split("```yaml\n")[1].split("```")[0]
    (tmp_path / FOLDER).mkdir()
    path = tmp_path / FOLDER / "store.yaml"
    path.write_text(example, encoding="utf-8")
    assert load_calendar(path, load_policy(ROOT / "playbooks")).calendar.entries
