"""The greeting works on connections of its own: a storm on the common pool does not delay it."""

from typing import Any, cast

import pytest
from temporalio.client import Client

from activities.composition import compose
from domain.customer import WelcomeOutcome
from storage.database import Database
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio


class SilentTemporal:
    """Takes everything."""

    async def start_workflow(self, *args: Any, **options: Any) -> None:
        return None


async def test_a_greeting_needs_nothing_of_the_common_pool(shop: Shop) -> None:
    exhausted = Database("postgresql+psycopg://127.0.0.1:1/none")
    activities = compose(
        shop.settings,
        http=shop.http,
        database=exhausted,
        temporal=cast(Client, SilentTemporal()),
        policy=shop.policy,
        clock=shop.clock,
        welcome_database=shop.database,
    )
    she = await shop.newcomer()
    settled = await shop.run(activities.welcomes.greet, await shop.added(she))
    assert settled.outcome is WelcomeOutcome.SENT
    assert [m["channel"] for m in await shop.received(she)] == ["welcome"]
    await exhausted.close()
