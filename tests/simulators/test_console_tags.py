"""Tags in the console and in clients: who may change what, which events come (contract §3.4, §3.6, §5)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim
from tests.simulators.test_tags import ADD, LIST, MARK, make_tags

pytestmark = pytest.mark.anyio

EDIT = "externalcontact/edit_corp_tag"
DELETE = "externalcontact/del_corp_tag"


def told(sim: Sim, start: int = 0) -> list[tuple[str | None, ...]]:
    names = ("ChangeType", "TagType", "Id", "StrategyId")
    events = [event for event in sim.events() if event["Event"] == "change_external_tag"]
    return [tuple(event.get(name) for name in names) for event in events[start:]]


async def test_the_console_makes_tags_and_tells_it(sim: Sim) -> None:
    made = await sim.control("console/tags", group_name="来源", tags=["街头", "收银台"])
    group_id, (street, till) = made["group_id"], made["tag_ids"].values()
    assert told(sim) == [
        ("create", "tag_group", group_id, None),
        ("create", "tag", street, None),
        ("create", "tag", till, None),
    ]
    more = await sim.control("console/tags", group_name="来源", tags=["网店"])
    assert more["group_id"] == group_id
    assert told(sim, 3) == [("create", "tag", more["tag_ids"]["网店"], None)], "the group is not new"
    (group,) = (await sim.api(LIST, {}))["tag_group"]
    assert [tag["name"] for tag in group["tag"]] == ["街头", "收银台", "网店"]


async def test_what_the_console_refuses(sim: Sim) -> None:
    await sim.control("console/tags", group_name="g", tags=["a"])
    assert await sim.refused("console/tags", group_name="g", tags=["a"]) == 409
    assert await sim.refused("console/tags", group_name="h", tags=["a", "a"]) == 422
    assert await sim.refused("console/tags", group_name="h", tags=[]) == 422
    assert await sim.refused("console/tags", group_name="h", tags=["a"], strategy_id=9) == 404
    await sim.control("settings", corp_tags=1)
    assert await sim.refused("console/tags", group_name="h", tags=["b"]) == 409


async def test_the_console_edits_what_any_app_made(sim: Sim) -> None:
    (gold,) = await make_tags(sim, "gold")
    (group,) = (await sim.api(LIST, {}))["tag_group"]
    await sim.control("console/tags/edit", id=gold, name="platinum")
    await sim.control("console/tags/edit", id=group["group_id"], order=5)
    assert told(sim) == [
        ("update", "tag", gold, None),
        ("update", "tag_group", group["group_id"], None),
    ]
    (group,) = (await sim.api(LIST, {}))["tag_group"]
    assert (group["order"], group["tag"][0]["name"]) == (5, "platinum")
    assert await sim.refused("console/tags/edit", id="et_none", name="x") == 409


async def test_the_console_deletes_a_tag_and_with_the_last_one_its_group(sim: Sim) -> None:
    person = await sim.friend()
    gold, silver = await make_tags(sim, "gold", "silver")
    group_id = (await sim.api(LIST, {}))["tag_group"][0]["group_id"]
    await sim.api(MARK, {"userid": "zhangsan", "external_userid": person, "add_tag": [gold, silver]})
    await sim.control("console/tags/delete", ids=[gold])
    assert told(sim) == [("delete", "tag", gold, None)]
    assert await sim.look(f"tags/{person}") == {"zhangsan": ["silver"]}
    await sim.control("console/tags/delete", ids=[group_id])
    assert told(sim, 1) == [("delete", "tag", silver, None), ("delete", "tag_group", group_id, None)]
    assert (await sim.api(LIST, {}))["tag_group"] == []


async def test_shuffling_tags_and_groups(sim: Sim) -> None:
    gold, silver = await make_tags(sim, "gold", "silver")
    await make_tags(sim, "new", group="stage")
    tier, stage = (await sim.api(LIST, {}))["tag_group"]
    await sim.control("console/tags/shuffle", group_id=tier["group_id"], ids=[silver, gold])
    await sim.control("console/tags/shuffle", ids=[stage["group_id"], tier["group_id"]])
    assert told(sim) == [("shuffle", None, tier["group_id"], None), ("shuffle", None, None, None)]
    first, second = (await sim.api(LIST, {}))["tag_group"]
    assert first["group_name"] == "stage"
    assert [tag["name"] for tag in second["tag"]] == ["silver", "gold"]
    assert await sim.refused("console/tags/shuffle", group_id=tier["group_id"], ids=[gold]) == 422


async def test_an_app_changes_only_what_it_made(sim: Sim) -> None:
    made = await sim.control("console/tags", group_name="console", tags=["a"])
    (gold,) = await make_tags(sim, "gold")
    other = await sim.other_app()
    foreign = made["tag_ids"]["a"]
    assert await sim.errcode(EDIT, {"id": foreign, "name": "b"}) == 301002
    assert await sim.errcode(DELETE, {"group_id": [made["group_id"]]}) == 301002
    assert await other.errcode(EDIT, {"id": gold, "name": "b"}) == 301002
    assert await other.errcode(DELETE, {"tag_id": [gold]}) == 301002
    assert await sim.errcode(EDIT, {"id": gold, "name": "b"}) == 0
    assert await other.errcode(ADD, {"group_name": "tier", "tag": [{"name": "new"}]}) == 0, "adding is free"
    person = await sim.friend()
    body = {"userid": "zhangsan", "external_userid": person, "add_tag": [foreign]}
    assert await sim.errcode(MARK, body) == 0, "and so is marking"


async def test_an_agentid_is_the_callers_own(sim: Sim) -> None:
    (gold,) = await make_tags(sim, "gold")
    assert await sim.errcode(EDIT, {"id": gold, "order": 1, "agentid": 1000002}) == 0
    assert await sim.errcode(EDIT, {"id": gold, "order": 1, "agentid": 7}) == 301002


# ---- strategy tags

ADD_STRATEGY = "externalcontact/add_strategy_tag"
LIST_STRATEGY = "externalcontact/get_strategy_tag_list"


async def strategy(sim: Sim, **more: Any) -> int:
    return int((await sim.control("console/strategies", name="华东", **more))["strategy_id"])


async def test_strategy_tags_are_a_world_of_their_own(sim: Sim) -> None:
    number = await strategy(sim)
    body = {"strategy_id": number, "group_name": "tier", "tag": [{"name": "gold"}]}
    group = (await sim.api(ADD_STRATEGY, body))["tag_group"]
    tag_id = group["tag"][0]["id"]
    assert (group["strategy_id"], group["group_id"][:2], tag_id[:2]) == (number, "st", "st")
    assert (await sim.api(LIST, {}))["tag_group"] == []
    for asked in ({}, {"strategy_id": number}, {"tag_id": [tag_id]}, {"group_id": [group["group_id"]]}):
        (found,) = (await sim.api(LIST_STRATEGY, asked))["tag_group"]
        assert found["tag"][0]["name"] == "gold"
    assert await sim.errcode(EDIT, {"id": tag_id, "name": "x"}) == 40068
    assert await sim.errcode("externalcontact/edit_strategy_tag", {"id": tag_id, "name": "x"}) == 0
    assert await sim.errcode("externalcontact/del_strategy_tag", {"group_id": [group["group_id"]]}) == 0
    assert (await sim.api(LIST_STRATEGY, {}))["tag_group"] == []


async def test_a_strategy_tag_on_a_customer_is_of_type_3(sim: Sim) -> None:
    body = {"strategy_id": await strategy(sim), "group_name": "tier", "tag": [{"name": "gold"}]}
    tag_id = (await sim.api(ADD_STRATEGY, body))["tag_group"]["tag"][0]["id"]
    person = await sim.friend()
    mark = {"userid": "zhangsan", "external_userid": person, "add_tag": [tag_id]}
    assert await sim.errcode(MARK, mark) == 0
    detail = await sim.api("externalcontact/get", external_userid=person)
    (tag,) = detail["follow_user"][0]["tags"]
    assert tag == {"group_name": "tier", "tag_name": "gold", "tag_id": tag_id, "type": 3}
    other = await sim.other_app()
    assert await other.errcode(MARK, mark) == 40068, "only for the app that made the rule group"


async def test_whose_strategy_it_is(sim: Sim) -> None:
    other = await sim.other_app()
    number = await strategy(sim, app=1000003)
    body = {"strategy_id": number, "group_name": "tier", "tag": [{"name": "gold"}]}
    assert await sim.errcode(ADD_STRATEGY, body) == 301002
    assert await sim.errcode(ADD_STRATEGY, {**body, "strategy_id": 99}) == 40058
    assert await sim.errcode(LIST_STRATEGY, {"strategy_id": number}) == 301002
    assert await other.errcode(ADD_STRATEGY, body) == 0
    assert (await sim.api(LIST_STRATEGY, {}))["tag_group"] == []


async def test_both_kinds_share_the_quota_and_the_console_names_the_strategy(sim: Sim) -> None:
    number = await strategy(sim)
    await sim.control("settings", corp_tags=1)
    made = await sim.control("console/tags", group_name="tier", tags=["gold"], strategy_id=number)
    assert told(sim)[1] == ("create", "tag", made["tag_ids"]["gold"], str(number))
    assert await sim.errcode(ADD, {"group_name": "g", "tag": [{"name": "a"}]}) == 40126


# ---- the client


async def test_an_employee_edits_a_customer(sim: Sim) -> None:
    person = await sim.friend(state="door")
    (gold,) = await make_tags(sim, "gold")
    pair = {"userid": "zhangsan", "external_userid": person}
    await sim.control(
        "edit_customer", **pair, remark="李姐", add_tag=[gold], personal_tags=[{"name": "爱喝美式"}]
    )
    event = sim.last_event()
    assert (event["ChangeType"], event["State"]) == ("edit_external_contact", "door")
    (follower,) = (await sim.api("externalcontact/get", external_userid=person))["follow_user"]
    assert follower["remark"] == "李姐"
    assert [tag["type"] for tag in follower["tags"]] == [1, 2]
    assert "tag_id" not in follower["tags"][1]
    await sim.control("edit_customer", **pair, remove_tag=[gold])
    assert await sim.look(f"tags/{person}") == {"zhangsan": []}


async def test_a_new_remark_mobile_alone_is_silent(sim: Sim) -> None:
    person = await sim.friend()
    events = len(sim.events())
    pair = {"userid": "zhangsan", "external_userid": person}
    await sim.control("edit_customer", **pair, remark_mobiles=["13800000001"])
    assert len(sim.events()) == events
    await sim.control("edit_customer", **pair, description="常客")
    assert len(sim.events()) == events + 1
    assert await sim.refused("edit_customer", **pair, add_tag=["et_none"]) == 409
