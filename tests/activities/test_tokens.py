"""The access token that all processes share."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from activities.composition import wecom_client
from integrations import wecom
from storage.database import Database
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio


@pytest.fixture
async def other(shop: Shop, database_url: str) -> AsyncIterator[wecom.WeComClient]:
    """The client of another process, with a pool of its own."""
    database = Database(database_url)
    yield wecom_client(shop.settings, shop.http, database, shop.clock)
    await database.close()


async def test_two_processes_share_one_token(shop: Shop, other: wecom.WeComClient) -> None:
    await shop.client.get_corp_tags()
    await other.get_corp_tags()
    assert shop.calls("gettoken") == 0, "the one of the furnishing is good for both"


async def test_a_refused_token_is_fetched_once_for_all_processes(
    shop: Shop, other: wecom.WeComClient
) -> None:
    """peer-failures §3, check 6: 40014 once → one refresh, one replay, and nobody fights."""
    await asyncio.gather(shop.client.get_corp_tags(), other.get_corp_tags())
    await shop.street.do("token/invalidate")
    asked = shop.calls("externalcontact/get_corp_tag_list")
    await asyncio.gather(shop.client.get_corp_tags(), other.get_corp_tags())
    assert shop.calls("gettoken") == 1
    assert shop.calls("externalcontact/get_corp_tag_list") <= asked + 4, "each once, and replayed once"


async def test_who_comes_late_with_a_refused_token_takes_the_new_one(
    shop: Shop, other: wecom.WeComClient
) -> None:
    await asyncio.gather(shop.client.get_corp_tags(), other.get_corp_tags())
    await shop.street.do("token/invalidate")
    await shop.client.get_corp_tags()
    await other.get_corp_tags()
    assert shop.calls("gettoken") == 1


async def test_many_calls_at_once_fetch_one_token(shop: Shop, other: wecom.WeComClient) -> None:
    await shop.street.do("token/invalidate")
    await asyncio.gather(*(client.get_corp_tags() for client in (shop.client, other) * 10))
    assert shop.calls("gettoken") == 1


async def test_an_expired_token_is_renewed_without_a_refused_call(shop: Shop) -> None:
    await shop.client.get_corp_tags()
    shop.clock.forward(seconds=7201)
    await shop.client.get_corp_tags()
    assert shop.calls("gettoken") == 1
    assert shop.calls("externalcontact/get_corp_tag_list") == 2
