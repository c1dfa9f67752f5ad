"""The first playbook of playbooks/README.md runs: it does what somebody meant who has read only that page."""

import re
from pathlib import Path

import pytest

from playbooks.loader import load_policy, read_playbook
from settings import ROOT
from starter.preview import golden
from starter.preview.persona import Persona
from starter.preview.running import Wanted

AUTHORS = (ROOT / "playbooks" / "README.md").read_text(encoding="utf-8")
GIFT, REMINDER = "生日快乐", "还没有用"
TOLD = {"day": 1, "answer": {"form": "birthday", "in_days": 12}}
USED = {"after": "coupon", "delay": "1d", "buy": {"yuan": 50, "coupon": "BIRTHDAY20"}}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("does", "gift", "reminder"),
    [([TOLD], "day 12 ", "day 15 "), ([TOLD, USED], "day 12 ", None), ([], None, None)],
    ids=["the coupon is not used", "the coupon is used", "the birthday is not told"],
)
async def test_it_runs(
    tmp_path: Path, database_url: str, does: list[object], gift: str | None, reminder: str | None
) -> None:
    first = re.findall(r"^```yaml\n(.*?)^```", AUTHORS, re.MULTILINE | re.DOTALL)[0]
    (tmp_path / "birthday-coupon.yaml").write_text(first, encoding="utf-8")
    book = read_playbook(tmp_path / "birthday-coupon.yaml")
    persona = Persona.model_validate(
        {"persona": "birthday", "title": "寿星", "nickname": "小雨", "member": True, "does": does}
    )
    page = await golden.text_of(Wanted(book, persona, load_policy(ROOT / "playbooks"), days=20), database_url)
    assert (_day_of(page, GIFT), _day_of(page, REMINDER)) == (gift, reminder)


def _day_of(page: str, words: str) -> str | None:
    """The day under which some words of a message stand; None where they were never sent."""
    before, found, _ = page.partition(words)
    return re.findall(r"^day \d+ ", before, re.MULTILINE)[-1] if found else None
