"""Fault buttons: what the caller sees, and whether the effect has happened."""

from typing import Any

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

ADD_TAG = "externalcontact/add_corp_tag"
BODY = {"group_name": "tier", "tag": [{"name": "gold"}]}


async def press(sim: Sim, kind: str, **more: Any) -> None:
    await sim.control("faults", api=ADD_TAG, kind=kind, **more)


async def add_tag(sim: Sim) -> int:
    query = {"access_token": await sim.access_token()}
    answer = await sim.http.post(f"/cgi-bin/{ADD_TAG}", params=query, json=BODY)
    return answer.status_code


def tag_groups(sim: Sim) -> int:
    return len(sim.world.tags.groups)


async def test_an_errcode_so_many_times(sim: Sim) -> None:
    await press(sim, "errcode", errcode=-1, times=2)
    assert [await sim.errcode(ADD_TAG, BODY) for _ in range(3)] == [-1, -1, 0]


@pytest.mark.parametrize(
    ("kind", "status", "effect"),
    [("http_500", 500, 0), ("timeout_before", 504, 0), ("timeout_after", 504, 1), ("delay", 200, 1)],
)
async def test_other_faults(sim: Sim, kind: str, status: int, effect: int) -> None:
    await press(sim, kind, seconds=0.01)
    assert (await add_tag(sim), tag_groups(sim)) == (status, effect)
    assert await sim.look("faults") == []
    counts = (await sim.look("calls"))["counts"]
    assert counts[ADD_TAG] == 1, "a call that fails is a call"


async def test_faults_of_one_api_leave_others_alone_and_can_be_released(sim: Sim) -> None:
    await press(sim, "errcode", errcode=-1)
    assert await sim.errcode("externalcontact/get_corp_tag_list", {}) == 0
    assert [fault["api"] for fault in await sim.look("faults")] == [ADD_TAG]
    await sim.http.delete("/_control/faults")
    assert await sim.errcode(ADD_TAG, BODY) == 0


async def test_a_token_is_asked_for_before_any_fault(sim: Sim) -> None:
    await press(sim, "errcode", errcode=-1)
    answer = await sim.http.post(f"/cgi-bin/{ADD_TAG}", json=BODY)
    assert answer.json()["errcode"] == 41001


async def test_the_till_loses_an_answer_after_the_effect(sim: Sim) -> None:
    member = (await sim.control("till/members", name="x"))["member_id"]
    headers = {"Authorization": "Bearer till-key"}
    body = {"template_id": "t", "member_id": member, "idempotency_key": "k"}
    await sim.control("faults", api="POST pos/coupons", kind="timeout_after")
    await sim.control("faults", api="pos/orders/{order_id}", kind="errcode", errcode=429)
    assert (await sim.http.get("/pos/coupons", headers=headers)).json() == {"coupons": []}
    assert (await sim.http.post("/pos/coupons", json=body, headers=headers)).status_code == 504
    assert (await sim.http.post("/pos/coupons", json=body, headers=headers)).status_code == 200
    assert (await sim.http.get("/pos/orders/1", headers=headers)).status_code == 429
    counts = (await sim.look("calls"))["counts"]
    assert (counts["POST pos/coupons"], counts["GET pos/coupons"]) == (2, 1)


async def test_nonsense_buttons(sim: Sim) -> None:
    assert await sim.refused("faults", api=ADD_TAG, kind="errcode") == 422
    assert await sim.refused("faults", api=ADD_TAG, kind="delay", errcode=1) == 422
    assert await sim.refused("faults", api=ADD_TAG, kind="explode") == 422
    assert await sim.refused("faults", api=ADD_TAG, kind="delay", times=0) == 422


async def test_garbage_comes_back_after_the_effect(sim: Sim) -> None:
    await press(sim, "garbage")
    query = {"access_token": await sim.access_token()}
    answer = await sim.http.post(f"/cgi-bin/{ADD_TAG}", params=query, json=BODY)
    assert (answer.status_code, "Error-Code" in answer.headers, tag_groups(sim)) == (200, False, 1)
    assert answer.text.startswith("<html>")


async def many(sim: Sim, count: int = 60) -> list[int]:
    return [await sim.errcode("externalcontact/get_corp_tag_list", {}) for _ in range(count)]


async def test_a_share_of_the_calls_until_it_is_released(sim: Sim) -> None:
    button = {"api": "externalcontact/get_corp_tag_list", "kind": "errcode", "errcode": -1, "rate": 0.3}
    await sim.control("faults", **button, seed=7)
    first = await many(sim)
    assert 0.1 < first.count(-1) / len(first) < 0.5
    assert set(first) == {0, -1}
    await sim.http.delete("/_control/faults")
    assert set(await many(sim, 10)) == {0}
    await sim.control("faults", **button, seed=7)
    assert await many(sim) == first, "the same seed draws the same lots"


async def test_a_share_of_the_calls_so_many_times(sim: Sim) -> None:
    api = "externalcontact/get_corp_tag_list"
    await sim.control("faults", api=api, kind="errcode", errcode=-1, rate=0.5, times=3)
    assert (await many(sim)).count(-1) == 3
    assert await sim.look("faults") == []


async def test_a_star_stands_for_a_family_of_apis(sim: Sim) -> None:
    await sim.employee()
    await sim.control("faults", api="externalcontact/*", kind="errcode", errcode=6000, times=2)
    assert await sim.errcode("user/get", userid="zhangsan") == 0
    assert await sim.errcode("externalcontact/get_follow_user_list") == 6000
    assert await sim.errcode(ADD_TAG, BODY) == 6000
    assert await sim.errcode(ADD_TAG, BODY) == 0


async def test_nonsense_rates(sim: Sim) -> None:
    for rate in (0, 1.1):
        assert await sim.refused("faults", api=ADD_TAG, kind="delay", rate=rate) == 422
