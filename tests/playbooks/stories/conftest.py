"""Every persona lives once; the tests of a module look at the same life."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from domain.policy import Policy
from playbooks.loader import load_policy
from starter.preview.persona import Persona
from starter.preview.personas import find_persona
from starter.preview.running import Wanted
from tests import engines
from tests.playbooks.stories.living import PLAYBOOKS, Life, book, live

Lives = Callable[..., Life]


@pytest.fixture(scope="module")
def lives(postgres: str) -> Lives:
    """`lives("coffee-chain", "office_worker")`: as long as her golden preview, with the shipped policy."""
    known: dict[str, Life] = {}

    def lived(
        name: str, who: str | Persona, *, days: int | None = None, policy: Policy | None = None
    ) -> Life:
        persona = find_persona(who, PLAYBOOKS) if isinstance(who, str) else who
        wanted = Wanted(book(name), persona, policy or load_policy(PLAYBOOKS), days or persona.days)
        if (key := _key(wanted)) not in known:
            with engines.fresh_database(postgres) as url:
                known[key] = asyncio.run(live(url, wanted))
        return known[key]

    return lived


def _key(wanted: Wanted) -> str:
    parts: list[Any] = [wanted.book.playbook, wanted.persona.model_dump_json(), wanted.days]
    return "/".join([*map(str, parts), wanted.policy.model_dump_json()])
