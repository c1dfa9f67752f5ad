"""What is not an authentic, understandable callback changes nothing, and the door stays open."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from gateway.bodies import MAX_BODY_BYTES
from starter.preview.serving import free_socket, serving
from tests.gateway.door import CALLBACK, NOW, Door, envelope

pytestmark = pytest.mark.anyio

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    "<xml><Encrypt>&b;</Encrypt></xml>"
)


async def refused(door: Door, answer: httpx.Response, status: int) -> None:
    """Refused with this status; nothing is stored, and the next callback is taken."""
    assert answer.status_code == status
    assert await door.rows() == []
    assert (await door.callback(door.raw("<Event>still_open</Event>"))).status_code == 200


# ---- the address is saved


async def test_the_address_is_verified_with_the_bare_echo(door: Door) -> None:
    echo, query = door.sealed("4567890123456789012")
    answer = await door.http.get(CALLBACK, params={**query, "echostr": echo})
    assert (answer.status_code, answer.text) == (200, "4567890123456789012")


@pytest.mark.parametrize("missing", ["msg_signature", "timestamp", "nonce", "echostr"])
async def test_an_echo_with_a_missing_part_is_refused(door: Door, missing: str) -> None:
    echo, query = door.sealed("1")
    parts = {**query, "echostr": echo}
    del parts[missing]
    assert (await door.http.get(CALLBACK, params=parts)).status_code == 403


async def test_an_echo_for_another_corp_is_refused(door: Door) -> None:
    echo, query = door.sealed("1", corp_id="wwanother")
    assert (await door.http.get(CALLBACK, params={**query, "echostr": echo})).status_code == 403


# ---- who sends it, and when


async def test_a_bad_signature_is_refused(door: Door) -> None:
    encrypted, query = door.sealed(door.add("wm1"))
    bad = query | {"msg_signature": "0" * 40}
    await refused(door, await door.http.post(CALLBACK, params=bad, content=envelope(encrypted)), 403)


async def test_a_body_that_was_changed_on_the_way_is_refused(door: Door) -> None:
    encrypted, query = door.sealed(door.add("wm1"))
    changed = envelope("A" + encrypted[1:])
    await refused(door, await door.http.post(CALLBACK, params=query, content=changed), 403)


@pytest.mark.parametrize("age", [601, -601])
async def test_a_stale_timestamp_is_refused_as_a_replay(door: Door, age: int) -> None:
    answer = await door.callback(door.add("wm1"), at=NOW - timedelta(seconds=age))
    assert answer.text == "StaleTimestamp"
    await refused(door, answer, 403)


async def test_a_late_repetition_within_ten_minutes_is_taken(door: Door) -> None:
    answer = await door.callback(door.add("wm-late"), at=NOW - timedelta(seconds=599))
    assert answer.status_code == 200


async def test_a_callback_for_another_corp_is_refused(door: Door) -> None:
    await refused(door, await door.callback(door.add("wm1"), corp_id="wwanother"), 403)


async def test_an_unsigned_post_is_refused(door: Door) -> None:
    await refused(door, await door.http.post(CALLBACK, content=b"<xml/>"), 403)


# ---- what it is


async def test_a_truncated_body_is_refused(door: Door) -> None:
    encrypted, query = door.sealed(door.add("wm1"))
    half = envelope(encrypted)[:-30]
    await refused(door, await door.http.post(CALLBACK, params=query, content=half), 400)


async def test_a_truncated_text_that_is_signed_is_refused(door: Door) -> None:
    await refused(door, await door.callback(door.add("wm1")[:-20]), 400)


async def test_an_entity_bomb_is_refused_unopened(door: Door) -> None:
    _, query = door.sealed("x")
    await refused(door, await door.http.post(CALLBACK, params=query, content=BOMB), 400)


async def test_an_entity_bomb_inside_the_encryption_is_refused(door: Door) -> None:
    await refused(door, await door.callback(BOMB), 400)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe\x00", b"<xml>", b"null", b"{" * 5000])
async def test_a_body_that_is_nothing_is_refused(door: Door, body: bytes) -> None:
    _, query = door.sealed("x")
    answer = await door.http.post(CALLBACK, params=query, content=body)
    assert answer.status_code in (400, 403)
    await refused(door, answer, answer.status_code)


@pytest.mark.parametrize("missing", ["UserID", "ExternalUserID"])
async def test_a_known_event_without_its_ids_is_refused(door: Door, missing: str) -> None:
    await refused(door, await door.callback(without(door.add("wm1"), missing)), 400)


def without(xml: str, name: str) -> str:
    return re.sub(f"<{name}>.*?</{name}>", "", xml)


async def test_the_json_envelope_is_taken_as_well(door: Door) -> None:
    encrypted, query = door.sealed(door.add("wm-json"))
    body = json.dumps({"tousername": "ww", "encrypt": encrypted, "agentid": "1"})
    assert (await door.http.post(CALLBACK, params=query, content=body)).status_code == 200
    assert (await door.row()).subject == "customer/wm-json"


# ---- how much it is: over a real socket, because servers differ here


@pytest.fixture
async def over_http(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    listening = free_socket()
    app = door.http._transport.app  # type: ignore[attr-defined]
    async with (
        serving(app, listening),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{listening.port}", trust_env=False) as http,
    ):
        yield http


async def chunks(total: int) -> AsyncIterator[bytes]:
    """Sent without saying how much it will be."""
    for _ in range(total // 65536):
        yield b" " * 65536


@pytest.mark.parametrize("path", [CALLBACK, "/pos/generic/events"])
async def test_a_body_over_one_mebibyte_is_refused(
    door: Door, over_http: httpx.AsyncClient, path: str
) -> None:
    answer = await over_http.post(path, content=b" " * (MAX_BODY_BYTES + 1))
    await refused(door, answer, 413)


async def test_an_endless_body_is_not_read_to_its_end(door: Door, over_http: httpx.AsyncClient) -> None:
    answer = await over_http.post(CALLBACK, content=chunks(64 * MAX_BODY_BYTES))
    await refused(door, answer, 413)


async def test_a_body_of_one_mebibyte_is_read(over_http: httpx.AsyncClient) -> None:
    answer = await over_http.post(CALLBACK, content=b" " * MAX_BODY_BYTES)
    assert answer.status_code == 400
