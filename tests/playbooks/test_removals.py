"""Files of removals: the shipped one can be read, and what is wrong in one is said with its line."""

from pathlib import Path

import pytest

from domain.todos import TEXT_CHARS
from playbooks.removals import load_removal, words
from playbooks.source import PlaybookError
from settings import ROOT

SHIPPED = ROOT / "playbooks" / "removals"


def test_the_shipped_ones_can_be_posted() -> None:
    for path in SHIPPED.glob("*.yaml"):
        removal = load_removal(path).model
        for notice in removal.notices:
            for group in removal.groups:
                assert "二维码" in words(removal, group, notice, "中关村店")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "{{ days_left }}天，扫",
            "{{ days_lefft }}天，扫",
            "13: notices.1.text: 'days_lefft' is not known here",
        ),
        ("还没进新群", "还没进新群" * TEXT_CHARS, "notices.2.text: may become"),
        ("days_before: 7", "days_before: 14", "two notices on the same day, 14 before the end"),
        ("name: 望京店咖啡1群", "name: 中关村店咖啡1群", "two groups are called '中关村店咖啡1群'"),
        ("people: 142", "people: many", "25: groups.1.people: a whole number is expected"),
        ("benefit:", "benefits:", "did you mean 'benefit'?"),
    ],
)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (SHIPPED / "coffee-groups.yaml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "broken.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PlaybookError) as raised:
        load_removal(file)
    assert said in str(raised.value)
