"""Playbook files written for one test."""

from pathlib import Path
from textwrap import dedent

import pytest

from playbooks.loader import PlaybookError, load_playbook

GOOD = """
playbook: coffee
title: Coffee
welcome:
  text: "{{ customer.nickname }}, welcome to {{ store.name }}: {{ benefit }}"
  benefit: 5 off
"""
LINES = GOOD.strip().count("\n") + 1


def write(folder: Path, text: str, name: str = "coffee.yaml") -> Path:
    path = folder / name
    path.write_text(dedent(text).strip() + "\n", encoding="utf-8")
    return path


def problems_of(path: Path) -> list[str]:
    """What is wrong with a file, without its path."""
    with pytest.raises(PlaybookError) as caught:
        load_playbook(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]
