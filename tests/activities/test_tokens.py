"""The access token that all processes share."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

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


async def test_a_wrong_secret_is_tried_once_by_all_processes_and_a_changed_one_at_once(
    shop: Shop, other: wecom.WeComClient, database_url: str
) -> None:
    """About 2000 wrong tries in an hour ban the address (contract §1.1)."""
    right = shop.settings.wecom_secret.get_secret_value()
    await shop.street.do("settings", secret="another-secret")
    await shop.street.do("token/invalidate")
    for client in (shop.client, other, shop.client, other):
        with pytest.raises(wecom.Misconfigured) as caught:
            await client.get_corp_tags()
        assert caught.value.errcode == 40001
    restarted = Database(database_url)
    with pytest.raises(wecom.Misconfigured, match="a changed secret is tried at once") as caught:
        await wecom_client(shop.settings, shop.http, restarted, shop.clock).get_corp_tags()
    assert right not in str(caught.value)
    assert shop.calls("gettoken") == 1
    changed = shop.settings.model_copy(update={"wecom_secret": SecretStr("another-secret")})
    await wecom_client(changed, shop.http, restarted, shop.clock).get_corp_tags()
    assert shop.calls("gettoken") == 2
    await restarted.close()


async def test_a_wrong_secret_is_tried_again_after_five_minutes(shop: Shop) -> None:
    """Somebody may have mended it in WeCom's console instead."""
    await shop.street.do("settings", secret="another-secret")
    await shop.street.do("token/invalidate")
    for seconds in (0, 299, 2):
        shop.clock.forward(seconds=seconds)
        with pytest.raises(wecom.Misconfigured):
            await shop.client.get_corp_tags()
    assert shop.calls("gettoken") == 2
