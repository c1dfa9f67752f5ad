"""Single flight, the margin of 300 s, and the one refresh and replay (contract §1.1)."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from integrations.wecom import (
    MemoryTokenStore,
    Message,
    Misconfigured,
    Token,
    TokenRejected,
    TokenSource,
    Unreachable,
)
from tests.integrations.fakes import SECRET, START, Clock, FakeWeCom, client_on, error

pytestmark = pytest.mark.anyio

LIST = "externalcontact/list"
OK = {"errcode": 0, "external_userid": []}


class CountingStore(MemoryTokenStore):
    def __init__(self) -> None:
        super().__init__()
        self.loads = 0
        self.locks = 0

    async def load(self) -> Token | None:
        self.loads += 1
        await asyncio.sleep(0.001)  # as a database would
        return await super().load()

    def lock(self) -> AbstractAsyncContextManager[None]:
        self.locks += 1
        return super().lock()


async def test_fifty_calls_at_once_fetch_one_token_under_one_lock() -> None:
    fake, store = FakeWeCom().prepare(LIST, OK), CountingStore()
    client = client_on(fake, store=store)
    await asyncio.gather(*(client.list_external_contacts(f"user{n}") for n in range(50)))
    assert len(fake.calls("gettoken")) == 1
    assert len(fake.calls(LIST)) == 50
    assert store.locks == 1


async def test_two_clients_with_one_store_fetch_one_token() -> None:
    fake, store = FakeWeCom().prepare(LIST, OK), CountingStore()
    clients = client_on(fake, store=store), client_on(fake, store=store)
    await asyncio.gather(*(client.list_external_contacts("zhangsan") for client in clients))
    assert len(fake.calls("gettoken")) == 1
    assert store.locks == 2


async def test_the_rejection_of_a_token_that_is_gone_forgets_nothing() -> None:
    async def fetch() -> Token:
        return Token(value=SecretStr("new"), expires_at=START + timedelta(hours=2))

    store = CountingStore()
    source = TokenSource(fetch, store, Clock())
    assert await source.get() == "new"
    await source.rejected("old")
    loads = store.loads
    assert await source.get() == "new"
    assert store.loads == loads


@pytest.mark.parametrize(("passed_seconds", "tokens"), [(6899, 1), (6900, 2)])
async def test_a_token_is_renewed_when_300_seconds_remain(passed_seconds: int, tokens: int) -> None:
    fake, clock = FakeWeCom().prepare(LIST, OK), Clock()
    client = client_on(fake, clock=clock)
    await client.list_external_contacts("zhangsan")
    clock.advance(passed_seconds)
    await client.list_external_contacts("zhangsan")
    assert fake.tokens == tokens


@pytest.mark.parametrize("errcode", [40014, 42001, 40001])
async def test_a_rejected_token_costs_one_refresh_and_one_replay(errcode: int) -> None:
    fake = FakeWeCom().prepare(LIST, error(errcode), OK)
    assert await client_on(fake).list_external_contacts("zhangsan") == []
    assert fake.used_tokens(LIST) == ["token-number-1", "token-number-2"]


async def test_a_second_rejection_is_permanent() -> None:
    fake = FakeWeCom().prepare(LIST, error(40014))
    with pytest.raises(TokenRejected):
        await client_on(fake).list_external_contacts("zhangsan")
    assert len(fake.calls(LIST)) == 2
    assert fake.tokens == 2


async def test_many_rejections_of_one_token_cost_one_refresh() -> None:
    def only_the_second_token(request: httpx.Request) -> httpx.Response:
        known = request.url.params["access_token"] == "token-number-2"
        return httpx.Response(200, json=OK if known else error(40014))

    fake = FakeWeCom().prepare(LIST, only_the_second_token)
    client = client_on(fake)
    await asyncio.gather(*(client.list_external_contacts(f"user{n}") for n in range(20)))
    assert fake.tokens == 2


async def test_a_token_that_another_process_renewed_is_used_without_a_fetch() -> None:
    fake, store = FakeWeCom().prepare(LIST, OK), MemoryTokenStore()
    first, second = client_on(fake, store=store), client_on(fake, store=store)
    await first.list_external_contacts("zhangsan")
    await second.list_external_contacts("zhangsan")
    fake.prepare(LIST, error(40014), OK)
    await first.list_external_contacts("zhangsan")  # renews
    fake.prepare(LIST, error(40014), OK)
    await second.list_external_contacts("zhangsan")  # still used the old one
    assert fake.tokens == 2
    assert fake.used_tokens(LIST)[-1] == "token-number-2"


@pytest.mark.parametrize("errcode", [40001, 40013])
async def test_a_wrong_secret_is_tried_once_and_then_remembered(errcode: int) -> None:
    fake, clock = FakeWeCom().prepare("gettoken", error(errcode)), Clock()
    client = client_on(fake, clock=clock)
    for _ in range(10):
        with pytest.raises(Misconfigured) as caught:
            await client.list_external_contacts("zhangsan")
        assert caught.value.errcode == errcode
    assert len(fake.calls("gettoken")) == 1
    clock.advance(300)
    with pytest.raises(Misconfigured):
        await client.list_external_contacts("zhangsan")
    assert len(fake.calls("gettoken")) == 2


async def test_a_mended_secret_works_after_the_memory_ends() -> None:
    fake, clock = FakeWeCom().prepare("gettoken", error(40001)).prepare(LIST, OK), Clock()
    client = client_on(fake, clock=clock)
    with pytest.raises(Misconfigured):
        await client.list_external_contacts("zhangsan")
    fake.prepare("gettoken", {"access_token": "good-token", "expires_in": "7200"})
    clock.advance(301)
    await client.list_external_contacts("zhangsan")
    assert fake.used_tokens(LIST) == ["good-token"]


async def test_a_wrong_secret_is_tried_by_one_process_and_known_to_all_and_after_a_restart() -> None:
    fake, clock, store = FakeWeCom().prepare("gettoken", error(40001)), Clock(), MemoryTokenStore()
    for _ in range(20):
        with pytest.raises(Misconfigured, match="secret") as caught:
            await client_on(fake, clock=clock, store=store).list_external_contacts("zhangsan")
        assert caught.value.errcode == 40001
        clock.advance(1)
    assert len(fake.calls("gettoken")) == 1


async def test_another_secret_is_tried_at_once() -> None:
    fake, store = FakeWeCom().prepare("gettoken", error(40001)).prepare(LIST, OK), MemoryTokenStore()
    with pytest.raises(Misconfigured):
        await client_on(fake, store=store).list_external_contacts("zhangsan")
    fake.prepare("gettoken", {"access_token": "good-token", "expires_in": 7200})
    await client_on(fake, store=store, secret="the-new-secret").list_external_contacts("zhangsan")
    assert fake.used_tokens(LIST) == ["good-token"]


async def test_an_untrusted_address_is_one_machines_own_trouble() -> None:
    fake, store = FakeWeCom().prepare("gettoken", error(60020)).prepare(LIST, OK), MemoryTokenStore()
    with pytest.raises(Misconfigured):
        await client_on(fake, store=store).list_external_contacts("zhangsan")
    fake.prepare("gettoken", {"access_token": "good-token", "expires_in": 7200})
    await client_on(fake, store=store).list_external_contacts("zhangsan")
    assert len(fake.calls("gettoken")) == 2


async def test_the_memory_of_a_secret_does_not_hold_the_secret() -> None:
    fake, store = FakeWeCom().prepare("gettoken", error(40001)), MemoryTokenStore()
    with pytest.raises(Misconfigured) as caught:
        await client_on(fake, store=store).list_external_contacts("zhangsan")
    assert SECRET not in f"{await store.wrong_secret()!r} {caught.value}"


@pytest.mark.parametrize(
    "reply",
    [httpx.ReadTimeout("slow"), httpx.Response(502), httpx.Response(200, text="<html>"), {"errcode": 0}],
)
async def test_without_a_token_the_call_itself_was_certainly_not_made(
    reply: Exception | httpx.Response | dict[str, object],
) -> None:
    fake = FakeWeCom().prepare("gettoken", reply)
    with pytest.raises(Unreachable) as caught:
        await client_on(fake).send_welcome_msg("CODE", Message(text="hello"))
    assert not caught.value.maybe_done


async def test_waiting_for_a_token_counts_against_the_calls_time() -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    with pytest.raises(Unreachable) as caught:
        await client_on(never).send_welcome_msg("CODE", Message(text="hello"), timeout_seconds=0.05)
    assert not caught.value.maybe_done


async def test_a_call_whose_time_is_over_when_the_token_comes_is_not_made() -> None:
    fake = FakeWeCom().prepare(LIST, OK)
    client = client_on(fake)
    await client.list_external_contacts("zhangsan")
    with pytest.raises(Unreachable) as caught:
        await client.send_welcome_msg("CODE", Message(text="hello"), timeout_seconds=1e-9)
    assert not caught.value.maybe_done
    assert len(fake.requests) == 2


@pytest.mark.anyio
async def test_near_its_end_the_same_token_is_not_fetched_with_every_call() -> None:
    """WeCom answers gettoken with the same token while it is valid (contract §1.1)."""
    fetched = 0

    async def fetch() -> Token:
        nonlocal fetched
        fetched += 1
        return Token(value=SecretStr("same"), expires_at=START + timedelta(minutes=4))

    source = TokenSource(fetch, MemoryTokenStore(), lambda: START)
    for _ in range(5):
        assert await source.get() == "same"
    assert fetched == 1
