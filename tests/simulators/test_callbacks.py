"""Deliveries: what is sent, repeated, lost, doubled and swapped (contract §3.1, §13.8)."""

from typing import Any

import httpx
import pytest
from defusedxml import ElementTree

from simulators.callback_crypto import CallbackCrypto
from tests.simulators.sim import Receiver, Sim

pytestmark = pytest.mark.anyio


def read(sim: Sim, receiver: Receiver) -> list[str]:
    """The decrypted XML of every request, each with its signature checked."""
    config = sim.world.config
    crypto = CallbackCrypto(config.callback_token, config.callback_aes_key, config.corp_id)
    messages = []
    for request in receiver.requests:
        query = request.url.params
        encrypted = ElementTree.fromstring(request.content).findtext("Encrypt") or ""
        assert query["msg_signature"] == crypto.signature(query["timestamp"], query["nonce"], encrypted)
        messages.append(crypto.decrypt(encrypted))
    return messages


async def deliveries(sim: Sim) -> list[dict[str, Any]]:
    logged: list[dict[str, Any]] = await sim.look("callbacks", settled="true")
    return logged


async def test_an_event_arrives_encrypted_and_signed(sim: Sim, receiver: Receiver) -> None:
    await sim.friend()
    (logged,) = await deliveries(sim)
    assert logged["outcome"] == "delivered"
    assert [attempt["status"] for attempt in logged["attempts"]] == [200]
    assert read(sim, receiver) == [logged["content"]]
    (request,) = receiver.requests
    envelope = ElementTree.fromstring(request.content)
    assert envelope.findtext("ToUserName") == sim.world.config.corp_id
    assert envelope.findtext("AgentID") == "1000002"
    assert request.url.path == "/wecom/callback"


async def test_a_refused_delivery_is_repeated_unchanged(sim: Sim, receiver: Receiver) -> None:
    receiver.statuses = [500, 302]
    await sim.friend()
    (logged,) = await deliveries(sim)
    assert [attempt["status"] for attempt in logged["attempts"]] == [500, 302, 200]
    assert len({request.content for request in receiver.requests}) == 1
    assert len({str(request.url) for request in receiver.requests}) == 1


async def test_after_three_repetitions_it_gives_up(sim: Sim, receiver: Receiver) -> None:
    receiver.statuses = [500] * 9
    await sim.friend()
    (logged,) = await deliveries(sim)
    assert (logged["outcome"], len(logged["attempts"])) == ("failed", 4)


async def test_loss(sim: Sim, receiver: Receiver) -> None:
    await sim.control("callbacks", drop=1)
    for _ in range(2):
        await sim.friend()
    assert [one["outcome"] for one in await deliveries(sim)] == ["dropped", "delivered"]
    assert len(receiver.requests) == 1


async def test_doubling(sim: Sim, receiver: Receiver) -> None:
    await sim.control("callbacks", duplicate=3)
    await sim.friend()
    (logged,) = await deliveries(sim)
    assert read(sim, receiver) == [logged["content"]] * 3
    await sim.control("callbacks", duplicate=1)
    await sim.friend()
    await sim.world.drain()
    assert len(receiver.requests) == 4


async def test_swapping(sim: Sim, receiver: Receiver) -> None:
    await sim.control("callbacks", reorder=True)
    for _ in range(3):
        await sim.friend()
    first, second, third = [one["content"] for one in await deliveries(sim)]
    assert read(sim, receiver) == [second, first, third]


async def test_delay(sim: Sim, receiver: Receiver) -> None:
    await sim.control("callbacks", delay_seconds=0.05)
    await sim.friend()
    assert (await sim.look("callbacks"))[0]["outcome"] == "pending"
    assert receiver.requests == []
    assert (await deliveries(sim))[0]["outcome"] == "delivered"


async def test_a_share_of_the_deliveries_is_lost_the_same_for_the_same_seed(sim: Sim) -> None:
    outcomes = []
    for _ in range(2):
        await sim.control("callbacks", drop_rate=0.3, seed=3)
        for _ in range(40):
            await sim.control("callbacks/raw", changes="<Event>x</Event>")
        outcomes.append([one["outcome"] for one in (await deliveries(sim))[-40:]])
    assert outcomes[0] == outcomes[1]
    assert 4 < outcomes[0].count("dropped") < 20
    await sim.http.delete("/_control/callbacks")
    await sim.friend()
    assert (await deliveries(sim))[-1]["outcome"] == "delivered"


async def test_doubling_and_delaying_by_count_or_share(sim: Sim, receiver: Receiver) -> None:
    await sim.control("callbacks", duplicate=2, duplicate_next=1, delay_seconds=0.01, delay_next=1)
    for _ in range(3):
        await sim.friend()
    await sim.world.drain()
    assert len(receiver.requests) == 4
    await sim.http.delete("/_control/callbacks")
    await sim.control("callbacks", duplicate=2, duplicate_rate=0.5, seed=1)
    for _ in range(30):
        await sim.control("callbacks/raw", changes="<Event>x</Event>")
    await sim.world.drain()
    assert 34 + 5 < len(receiver.requests) < 34 + 25


async def test_a_share_is_overtaken_and_nothing_is_lost(sim: Sim, receiver: Receiver) -> None:
    await sim.control("callbacks", reorder_rate=0.5, seed=1)
    for number in range(20):
        await sim.control("callbacks/raw", changes=f"<Event>{number}</Event>")
    await sim.control("callbacks", reorder_rate=0)
    await sim.world.drain()
    sent = [one["content"] for one in await deliveries(sim)]
    arrived = read(sim, receiver)
    assert sorted(arrived) == sorted(sent)
    assert arrived != sent


async def test_what_is_held_goes_out_when_the_button_is_released(sim: Sim, receiver: Receiver) -> None:
    await sim.control("callbacks", reorder=True)
    await sim.friend()
    assert receiver.requests == []
    await sim.control("callbacks", reorder=False)
    await sim.world.drain()
    assert len(receiver.requests) == 1
    assert await sim.refused("callbacks", drop_rate=2) == 422


async def test_an_event_that_nobody_knows(sim: Sim, receiver: Receiver) -> None:
    inner = "<Event><![CDATA[brand_new]]></Event><Mood>good</Mood>"
    await sim.control("callbacks/raw", changes=inner)
    await sim.world.drain()
    (message,) = read(sim, receiver)
    assert message.startswith("<xml><ToUserName>")
    assert message.endswith(f"<MsgType><![CDATA[event]]></MsgType>{inner}</xml>")


async def test_without_an_address_events_are_only_logged(sim: Sim, receiver: Receiver) -> None:
    await sim.control("settings", callback_url=None)
    await sim.friend()
    assert [one["outcome"] for one in await deliveries(sim)] == ["no_url"]
    assert receiver.requests == []


async def test_the_tills_pushes_have_buttons_too(sim: Sim, receiver: Receiver) -> None:
    await sim.control("till/stores", store_id="s1", name="x")
    await sim.control("callbacks", sender="till", drop=1)
    await sim.control("till/orders", store_id="s1", amount_minor=1)
    await sim.friend()
    await sim.world.drain()
    (lost,) = await sim.look("callbacks", sender="till")
    assert lost["outcome"] == "dropped"
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(("quote", "verified"), [("", True), ('"', False)])
async def test_the_url_is_verified_by_a_bare_echo(
    sim: Sim, receiver: Receiver, quote: str, verified: bool
) -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        config, query = sim.world.config, request.url.params
        crypto = CallbackCrypto(config.callback_token, config.callback_aes_key, config.corp_id)
        echostr = query["echostr"]
        assert query["msg_signature"] == crypto.signature(query["timestamp"], query["nonce"], echostr)
        return httpx.Response(200, text=f"{quote}{crypto.decrypt(echostr)}{quote}")

    receiver.answer = echo
    assert await sim.control("callbacks/verify") == {"verified": verified}


async def test_a_url_that_nobody_set_cannot_be_verified(sim: Sim) -> None:
    await sim.control("settings", callback_url=None)
    assert await sim.refused("callbacks/verify") == 409
