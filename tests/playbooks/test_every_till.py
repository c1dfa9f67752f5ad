"""The coffee chain with each kind of till: only settings differ, and she lives the same life."""

import dataclasses
from typing import Any

import pytest

from integrations.pos import PROVIDERS
from starter.preview import golden

ACTIVITIES = {"FIRST5": 5001, "CASHIER5": 5002, "WINBACK10": 5003}  # what Youzan calls the templates
OPTIONS: dict[str, dict[str, Any]] = {
    "youzan": {"activities": ACTIVITIES, "read_delay_seconds": 0, "calls_per_second": 20.0}
}


@pytest.mark.anyio
@pytest.mark.parametrize("provider", PROVIDERS[1:])  # the golden preview itself is lived with the generic one
async def test_the_coffee_chain_runs_end_to_end(provider: str, database_url: str) -> None:
    [one] = [
        one
        for one in golden.wanted()
        if (one.book.playbook, one.persona.persona) == ("coffee-chain", "office_worker")
    ]
    settings = {"pos_provider": provider, "pos_options": OPTIONS.get(provider, {})}
    text = await golden.text_of(dataclasses.replace(one, settings=settings), database_url)
    assert text.splitlines() == golden.file_of(one).read_text(encoding="utf-8").splitlines()
