"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integrations.corp import Corp, running_corp


@pytest.fixture
async def corp() -> AsyncIterator[Corp]:
    async with running_corp() as corp:
        yield corp
