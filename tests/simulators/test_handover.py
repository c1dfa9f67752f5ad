"""Customers pass to another employee (contract §9, §13.13)."""

import asyncio
from contextlib import suppress
from typing import Any

import anyio
import pytest

from simulators.acts import due
from tests.simulators.sim import Sim
from tests.simulators.test_tags import MARK, make_tags

pytestmark = pytest.mark.anyio

MOVE = "externalcontact/transfer_customer"
RESULT = "externalcontact/transfer_result"
MOVE_RESIGNED = "externalcontact/resigned/transfer_customer"
RESULT_RESIGNED = "externalcontact/resigned/transfer_result"
UNASSIGNED = "externalcontact/get_unassigned_list"
PAIR = {"handover_userid": "zhangsan", "takeover_userid": "lisi"}
HOUR, DAY = 3600, 24 * 3600


async def move(sim: Sim, *people: str, path: str = MOVE, **more: Any) -> list[int]:
    """The errcode of each."""
    sim.token = ""
    answer = await sim.api(path, {**PAIR, "external_userid": people, **more})
    assert answer["errcode"] == 0, answer
    assert [one["external_userid"] for one in answer["customer"]] == list(people)
    return [one["errcode"] for one in answer["customer"]]


async def statuses(sim: Sim, path: str = RESULT, **more: Any) -> dict[str, int]:
    answer = await sim.api(path, {**PAIR, **more})
    return {one["external_userid"]: one["status"] for one in answer["customer"]}


def changes(sim: Sim, start: int) -> list[tuple[str | None, ...]]:
    names = ("ChangeType", "UserID", "Source", "FailReason", "WelcomeCode")
    return [tuple(event.get(name) for name in names) for event in sim.events()[start:]]


async def two(sim: Sim) -> str:
    """A customer of zhangsan, and lisi who may take over."""
    await sim.employee("lisi")
    return await sim.friend("zhangsan", state="door")


async def test_an_accepted_customer_changes_hands_a_day_later(sim: Sim) -> None:
    person = await two(sim)
    (gold,) = await make_tags(sim, "gold")
    await sim.api(MARK, {"userid": "zhangsan", "external_userid": person, "add_tag": [gold]})
    events = len(sim.events())
    assert await move(sim, person, transfer_success_msg="以后由李四为您服务") == [0]
    assert await statuses(sim) == {person: 2}
    (waiting,) = (await sim.api(RESULT, PAIR))["customer"]
    assert waiting["takeover_time"] == sim.world.clock.unix() + DAY
    await sim.later(DAY - 1)
    assert await statuses(sim) == {person: 2}
    assert len(sim.events()) == events, "the call itself causes nothing"
    await sim.advance(1)
    assert changes(sim, events) == [
        ("del_external_contact", "zhangsan", "DELETE_BY_TRANSFER", None, None),
        ("add_external_contact", "lisi", None, None, None),
    ]
    assert await statuses(sim) == {person: 1}
    (follower,) = (await sim.api("externalcontact/get", external_userid=person))["follow_user"]
    assert (follower["userid"], follower["add_way"], follower["oper_userid"]) == ("lisi", 202, "lisi")
    assert [tag["tag_id"] for tag in follower["tags"]] == [gold]
    assert "state" not in follower
    (message,) = await sim.look(f"received/{person}")
    assert (message["channel"], message["text"]) == ("handover", "以后由李四为您服务")
    assert [one["kind"] for one in await sim.look("notices", userid="lisi")] == ["handover"]


async def test_tags_may_stay_behind(sim: Sim) -> None:
    await sim.control("settings", handover_keeps_tags=False)
    person = await two(sim)
    (gold,) = await make_tags(sim, "gold")
    await sim.api(MARK, {"userid": "zhangsan", "external_userid": person, "add_tag": [gold]})
    await move(sim, person)
    await sim.advance(DAY)
    assert await sim.look(f"tags/{person}") == {"lisi": []}


async def test_a_customer_refuses(sim: Sim) -> None:
    person = await two(sim)
    await move(sim, person)
    events = len(sim.events())
    await sim.control("handovers/refuse", external_userid=person)
    assert changes(sim, events) == [("transfer_fail", "lisi", None, "customer_refused", None)]
    await sim.later(DAY)
    assert await statuses(sim) == {person: 3}
    assert (await sim.look(f"tags/{person}")).keys() == {"zhangsan"}
    assert await sim.refused("handovers/refuse", external_userid=person) == 409
    assert await move(sim, person) == [0], "a refused one does not count, and may be tried again"


async def test_the_taker_is_full_in_the_end_or_from_the_start(sim: Sim) -> None:
    person = await two(sim)
    await sim.employee("lisi", contact_cap=1)
    assert await move(sim, person) == [0]
    await sim.control("add", userid="lisi", external_userid=await sim.person())
    events = len(sim.events())
    await sim.later(DAY)
    assert changes(sim, events) == [("transfer_fail", "lisi", None, "customer_limit_exceed", None)]
    assert await statuses(sim) == {person: 4}
    assert await move(sim, person) == [40099]


async def test_a_customer_who_is_gone_by_then_has_no_record(sim: Sim) -> None:
    person = await two(sim)
    await move(sim, person)
    await sim.control("delete", userid="zhangsan", external_userid=person, by="employee")
    await sim.later(DAY)
    assert await statuses(sim) == {person: 5}


async def test_who_knows_the_taker_already_is_not_added_again(sim: Sim) -> None:
    person = await two(sim)
    await sim.control("add", userid="lisi", external_userid=person)
    (gold,) = await make_tags(sim, "gold")
    await sim.api(MARK, {"userid": "zhangsan", "external_userid": person, "add_tag": [gold]})
    await move(sim, person)
    events = len(sim.events())
    await sim.advance(DAY)
    assert [one[0] for one in changes(sim, events)] == ["del_external_contact"]
    assert await sim.look(f"tags/{person}") == {"lisi": ["gold"]}


async def test_each_customer_has_an_errcode(sim: Sim) -> None:
    person, half = await two(sim), await sim.friend("zhangsan", half=True)
    stranger = await sim.person()
    assert await move(sim, person, half, stranger, "wm_none") == [0, 40131, 40131, 40096]
    assert await move(sim, person) == [40129]


async def test_the_third_time_in_ninety_days_is_too_often(sim: Sim) -> None:
    person = await two(sim)
    there, back = PAIR, {"handover_userid": "lisi", "takeover_userid": "zhangsan"}
    assert await move(sim, person, **there) == [0]
    await sim.later(DAY)
    assert await move(sim, person, **back) == [0]
    await sim.later(DAY)
    assert await move(sim, person, **there) == [40128]
    await sim.later(87 * DAY)
    assert await move(sim, person, **there) == [40128], "the first was on the 90th day before"
    await sim.later(DAY)
    assert await move(sim, person, **there) == [0]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"takeover_userid": "ZhangSan"}, 40130),
        ({"takeover_userid": "nobody"}, 60111),
        ({"takeover_userid": "asleep"}, 41054),
        ({"takeover_userid": "unnamed"}, 40098),
        ({"takeover_userid": "apart"}, 84074),
        ({"takeover_userid": "away"}, 40205),
        ({"takeover_userid": "hidden"}, 60011),
        ({"handover_userid": "nobody"}, 60111),
        ({"external_userid": []}, 40058),
        ({"external_userid": ["wm"] * 101}, 40058),
        ({"transfer_success_msg": "长" * 201}, 40058),
        ({"transfer_success_msg": "长" * 200}, 0),
    ],
)
async def test_who_can_take_over(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    person = await two(sim)
    await sim.employee("asleep", activated=False)
    await sim.employee("unnamed", real_named=False)
    await sim.employee("apart", in_contact_scope=False)
    await sim.employee("away", logged_in_lately=False)
    await sim.employee("hidden")
    seen = ["zhangsan", "lisi", "asleep", "unnamed", "apart", "away"]
    await sim.control("apps/1000002", visible={"users": seen})
    assert await sim.errcode(MOVE, {**PAIR, "external_userid": [person], **changes}) == errcode


async def test_the_customers_of_one_who_left_wait_for_somebody(sim: Sim) -> None:
    person, other = await two(sim), await sim.friend("zhangsan")
    body = {**PAIR, "external_userid": [person]}
    assert await sim.errcode(MOVE_RESIGNED, body) == 40097
    assert await sim.errcode(RESULT_RESIGNED, PAIR) == 40097
    await sim.control("employees/zhangsan/resign")
    left = sim.world.clock.unix()
    (first, second) = (await sim.api(UNASSIGNED, {}))["info"]
    assert first == {"handover_userid": "zhangsan", "external_userid": person, "dimission_time": left}
    assert second["external_userid"] == other
    assert await sim.errcode(MOVE, body) == 60111, "not on the job any more"
    assert await move(sim, person, path=MOVE_RESIGNED) == [0]
    assert [one["external_userid"] for one in (await sim.api(UNASSIGNED, {}))["info"]] == [other]
    events = len(sim.events())
    await sim.later(DAY)
    assert await statuses(sim, RESULT_RESIGNED) == {person: 1}
    assert changes(sim, events) == [("add_external_contact", "lisi", None, None, None)]
    assert await sim.look(f"received/{person}") == [], "no words for the customer of one who left"


async def test_a_refused_customer_is_unassigned_again(sim: Sim) -> None:
    person = await two(sim)
    await sim.control("employees/zhangsan/resign")
    await move(sim, person, path=MOVE_RESIGNED)
    await sim.control("handovers/refuse", external_userid=person, takeover_userid="lisi")
    assert await statuses(sim, RESULT_RESIGNED) == {person: 3}
    assert [one["external_userid"] for one in (await sim.api(UNASSIGNED, {}))["info"]] == [person]


async def test_the_unassigned_by_page_and_by_cursor(sim: Sim) -> None:
    people = [await two(sim) for _ in range(3)]
    await sim.control("employees/zhangsan/resign")
    first = await sim.api(UNASSIGNED, {"page_id": 0, "page_size": 2})
    second = await sim.api(UNASSIGNED, {"page_id": 1, "page_size": 2})
    assert [one["external_userid"] for one in first["info"] + second["info"]] == people
    assert (first["is_last"], second["is_last"]) == (False, True)
    first = await sim.api(UNASSIGNED, {"page_size": 2})
    second = await sim.api(UNASSIGNED, {"page_size": 2, "cursor": first["next_cursor"]})
    assert [one["external_userid"] for one in first["info"] + second["info"]] == people
    assert (first["is_last"], second["is_last"]) == (False, True)
    assert await sim.errcode(UNASSIGNED, {"page_id": 50, "page_size": 1000}) == 40058
    assert await sim.errcode(UNASSIGNED, {"page_id": 49, "page_size": 1000}) == 0


async def test_a_result_needs_people_who_exist(sim: Sim) -> None:
    await two(sim)
    assert await statuses(sim) == {}
    assert await sim.errcode(RESULT, {**PAIR, "takeover_userid": "nobody"}) == 60111
    assert await sim.errcode(RESULT, {**PAIR, "handover_userid": "nobody"}) == 60111


async def test_a_handover_follows_a_userid_that_changes(sim: Sim) -> None:
    person = await two(sim)
    await move(sim, person)
    await sim.control("employees/lisi/rename", userid="li.si")
    await sim.later(DAY)
    assert (await sim.look(f"tags/{person}")).keys() == {"li.si"}


async def test_a_clock_that_moves_by_itself_needs_a_look(sim: Sim) -> None:
    """As in a test that has a clock of its own: `tick`, or any call, lets happen what is due."""
    person = await two(sim)
    await move(sim, person)
    events = len(sim.events())
    sim.world.clock.advance(DAY)
    assert len(sim.events()) == events
    await sim.control("tick")
    assert len(sim.events()) == events + 2


async def test_a_simulator_that_runs_by_itself_needs_no_look(
    sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "TICK_SECONDS", 0)
    person = await two(sim)
    await move(sim, person)
    events = len(sim.events())
    sim.world.clock.advance(DAY)
    changed = anyio.Event()
    ticking = asyncio.create_task(due.tick(lambda: sim.world, changed.set))
    await changed.wait()
    ticking.cancel()
    with suppress(asyncio.CancelledError):
        await ticking
    assert len(sim.events()) == events + 2
