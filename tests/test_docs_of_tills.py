"""docs/tills.md says of every adapter what it can do and which options it has."""

import importlib
import re

import pytest
from pydantic import BaseModel

from integrations.pos import PROVIDERS, Capabilities, capabilities
from settings import ROOT

PAGE = (ROOT / "docs" / "tills.md").read_text(encoding="utf-8")
ROWS = {
    "finds a member by": lambda can: ", ".join(sorted(can.lookup)),
    "lists its members": lambda can: _yes(can.list_members),
    "orders of one member": lambda can: _yes(can.orders_by_member),
    "issues coupons": lambda can: _yes(can.issue_coupon),
    "once by": lambda can: {"key": "our key", "caller_code": "our code", "none": "looking"}[
        can.issue_idempotent
    ],
    "lists its templates": lambda can: _yes(can.templates),
    "lists redeemed coupons": lambda can: _yes(can.redemptions),
    "tells its stock": lambda can: _yes(can.stock),
    "stores have coordinates": lambda can: _yes(can.store_geo),
    "lists its products": lambda can: _yes(can.products),
    "category of an order's line": lambda can: can.line_category.replace("_", " "),
    "pushes news of": lambda can: ", ".join(sorted({kind.split(".")[0] for kind in can.events})),
}


def matrix() -> list[str]:
    """The table, as the code says it."""
    able: dict[str, Capabilities] = {provider: capabilities(provider) for provider in PROVIDERS}
    head = ["| |" + "".join(f" {provider} |" for provider in PROVIDERS), "|---" * (len(PROVIDERS) + 1) + "|"]
    rows = [[title, *map(cell, able.values())] for title, cell in ROWS.items()]
    return [*head, *(f"| {' | '.join(row)} |" for row in rows)]


def _yes(can: bool) -> str:
    return "yes" if can else "–"


def test_what_each_can_do_is_what_the_code_says() -> None:
    section = PAGE.split("\n## What each can do\n", 1)[1].split("\n## ", 1)[0]
    assert [line for line in section.splitlines() if line.startswith("|")] == matrix()


@pytest.mark.parametrize("provider", PROVIDERS[1:])
def test_every_option_is_explained(provider: str) -> None:
    shape: type[BaseModel] = importlib.import_module(f"integrations.pos.{provider}").Options
    section = PAGE.split("\n## Options\n", 1)[1].split("\n## ", 1)[0]
    table = section.split(f"\n### {provider}", 1)[1].split("\n### ", 1)[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(shape.model_fields)
