"""The golden previews of the shipped playbooks: a change of rules shows here as a diff."""

from pathlib import Path

import pytest

from playbooks.loader import read_playbooks
from starter.preview import golden
from starter.preview.running import Wanted

KEPT = golden.wanted()
ANEW = "if this is what you want: .venv/bin/python -m starter.preview.golden, and look at the diff"


@pytest.mark.anyio
@pytest.mark.parametrize("one", KEPT, ids=lambda one: Path(golden.file_of(one)).stem)
async def test_the_preview_is_as_it_was(one: Wanted, database_url: str) -> None:
    path = golden.file_of(one)
    assert path.is_file(), f"{path.name} is missing: .venv/bin/python -m starter.preview.golden"
    text = await golden.text_of(one, database_url)
    assert text.splitlines() == path.read_text(encoding="utf-8").splitlines(), ANEW


def test_every_shipped_playbook_has_one() -> None:
    shipped = {written.model.playbook for written in read_playbooks(golden.PLAYBOOKS)}
    assert {one.book.playbook for one in KEPT} == shipped, "name it in `playbooks:` of a persona"


def test_no_file_is_left_of_a_persona_that_is_gone() -> None:
    assert golden.strangers(KEPT) == []
