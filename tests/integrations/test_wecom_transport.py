"""What counts as an answer, what may have been done without one, and that nothing is repeated."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from integrations.wecom import (
    BusinessState,
    Message,
    Refused,
    Transient,
    Unreachable,
)
from tests.integrations.fakes import FakeWeCom, client_on, error

pytestmark = pytest.mark.anyio

WELCOME = "externalcontact/send_welcome_msg"
LIST = "externalcontact/list"


async def send(fake: FakeWeCom) -> None:
    await client_on(fake).send_welcome_msg("CODE", Message(text="hello"))


@pytest.mark.parametrize("failure", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_a_connection_never_made_means_not_done(failure: type[httpx.TransportError]) -> None:
    fake = FakeWeCom().prepare(WELCOME, failure("down"))
    with pytest.raises(Unreachable) as caught:
        await send(fake)
    assert not caught.value.maybe_done
    assert len(fake.calls(WELCOME)) == 1


@pytest.mark.parametrize(
    "reply",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("cut"),
        httpx.WriteTimeout("slow"),
        httpx.RemoteProtocolError("gone"),
        httpx.Response(500),
        httpx.Response(503, json={"errcode": 0}),
        httpx.Response(429),
        httpx.Response(200, text="<html>a proxy speaks</html>"),
        httpx.Response(200, text="[1]"),
        httpx.Response(200, text="[" * 100_000),
        httpx.Response(200, text='{"errcode": "many"}'),
        httpx.Response(200, content=b"\xff\xfe"),
    ],
    ids=lambda reply: type(reply).__name__ if isinstance(reply, Exception) else str(reply.status_code),
)
async def test_without_a_usable_answer_it_may_have_been_done(reply: httpx.Response | Exception) -> None:
    fake = FakeWeCom().prepare(WELCOME, reply)
    with pytest.raises(Unreachable) as caught:
        await send(fake)
    assert caught.value.maybe_done
    assert len(fake.calls(WELCOME)) == 1


async def as_chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


GZIP = {"content-encoding": "gzip"}


async def test_an_answer_that_cannot_be_unpacked_may_have_been_done() -> None:
    reply = httpx.Response(200, content=as_chunks(b"not gzip"), headers=GZIP)
    with pytest.raises(Unreachable) as caught:
        await send(FakeWeCom().prepare(WELCOME, reply))
    assert caught.value.maybe_done


async def test_a_bomb_of_an_answer_is_given_up() -> None:
    bomb = gzip.compress(b" " * (64 * 1024 * 1024))
    reply = httpx.Response(200, content=as_chunks(bomb), headers=GZIP)
    with pytest.raises(Unreachable, match="larger than"):
        await send(FakeWeCom().prepare(WELCOME, reply))


async def test_the_timeout_bounds_the_whole_call() -> None:
    async def trickle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(WELCOME):
            await asyncio.sleep(60)
        return await FakeWeCom()(request)

    client = client_on(trickle)
    with pytest.raises(Unreachable) as caught:
        await client.send_welcome_msg("CODE", Message(text="hello"), timeout_seconds=0.05)
    assert caught.value.maybe_done


@pytest.mark.parametrize("status", [301, 302, 404])
async def test_a_wrong_address_is_refused_for_good_and_names_the_api(status: int) -> None:
    fake = FakeWeCom().prepare(WELCOME, httpx.Response(status, headers={"location": "https://elsewhere"}))
    with pytest.raises(Refused) as caught:
        await send(fake)
    assert caught.value.errcode is None
    assert caught.value.api == WELCOME
    assert str(status) in str(caught.value)


@pytest.mark.parametrize(
    "ok", [{"errcode": 0}, {"errcode": "0", "errmsg": ""}, {}, {"errcode": None}, {"new_field": {"a": 1}}]
)
async def test_success_in_all_its_forms(ok: dict[str, object]) -> None:
    await send(FakeWeCom().prepare(WELCOME, ok))


async def test_an_errcode_as_text_counts() -> None:
    with pytest.raises(BusinessState):
        await send(FakeWeCom().prepare(WELCOME, {"errcode": "41051", "errmsg": ""}))


async def test_a_transient_error_is_not_repeated_here() -> None:
    fake = FakeWeCom().prepare(WELCOME, error(-1))
    with pytest.raises(Transient):
        await send(fake)
    assert len(fake.calls(WELCOME)) == 1


async def test_the_token_travels_in_the_query_and_the_body_is_json() -> None:
    fake = FakeWeCom().prepare(WELCOME, {})
    await send(fake)
    (request,) = fake.calls(WELCOME)
    assert request.method == "POST"
    assert dict(request.url.params) == {"access_token": "token-number-1"}
    assert request.headers["content-type"] == "application/json"
    assert fake.bodies(WELCOME) == [{"welcome_code": "CODE", "text": {"content": "hello"}}]


async def test_an_answer_with_a_hole_names_the_place_and_not_the_values() -> None:
    fake = FakeWeCom().prepare("externalcontact/get", {"external_contact": {"name": "李四", "type": "x"}})
    with pytest.raises(Unreachable) as caught:
        await client_on(fake).get_external_contact("wm1")
    assert "external_contact.external_userid" in str(caught.value)
    assert "李四" not in str(caught.value)


async def test_a_cursor_that_does_not_advance_ends_with_an_error() -> None:
    page = {"group_chat_list": [{"chat_id": "wr1", "status": 0}], "next_cursor": "again"}
    fake = FakeWeCom().prepare("externalcontact/groupchat/list", page)
    with pytest.raises(Unreachable, match="cursor"):
        [chat async for chat in client_on(fake).list_group_chats()]
    assert len(fake.requests) == 3  # gettoken and two pages
