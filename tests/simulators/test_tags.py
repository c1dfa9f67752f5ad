"""Corp tags and the marking of pairs (contract §5.1, §5.2, §13.17)."""

from typing import Any

import anyio
import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

ADD = "externalcontact/add_corp_tag"
LIST = "externalcontact/get_corp_tag_list"
MARK = "externalcontact/mark_tag"


async def make_tags(sim: Sim, *names: str, group: str = "tier") -> list[str]:
    body = {"group_name": group, "tag": [{"name": name} for name in names]}
    answer = await sim.api(ADD, body)
    return [tag["id"] for tag in answer["tag_group"]["tag"]]


async def test_an_existing_group_name_means_add_to_that_group(sim: Sim) -> None:
    first = (await sim.api(ADD, {"group_name": "tier", "tag": [{"name": "gold"}]}))["tag_group"]
    second = (await sim.api(ADD, {"group_name": "tier", "tag": [{"name": "silver"}]}))["tag_group"]
    third = (await sim.api(ADD, {"group_id": first["group_id"], "tag": [{"name": "new"}]}))["tag_group"]
    assert first["group_id"] == second["group_id"] == third["group_id"]
    assert [tag["name"] for tag in second["tag"]] == ["silver"], "only the new ones are returned"


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"group_name": "tier", "tag": [{"name": "gold"}]}, 40071),
        ({"group_name": "tier", "tag": []}, 40063),
        ({"tag": [{"name": "gold"}]}, 40063),
        ({"group_id": "et_none", "tag": [{"name": "x"}]}, 40068),
        ({"group_name": "组" * 31, "tag": [{"name": "x"}]}, 40058),
        ({"group_name": "g", "tag": [{"name": "x" * 31}]}, 40058),
        ({"group_name": "g", "tag": [{"order": 1}]}, 40058),
        ({"group_name": "g", "tag": [{"name": "x", "order": 2**32}]}, 40058),
        ({"group_name": "g", "tag": [{"name": "x", "order": 2**32 - 1}]}, 0),
    ],
)
async def test_what_may_be_added(sim: Sim, body: dict[str, Any], errcode: int) -> None:
    await make_tags(sim, "gold")
    assert await sim.errcode(ADD, body) == errcode


async def test_the_same_name_twice_collapses_into_one(sim: Sim) -> None:
    assert len(await make_tags(sim, "gold", "silver", "gold")) == 2


async def test_the_corps_limit(sim: Sim) -> None:
    await sim.control("settings", corp_tags=2)
    await make_tags(sim, "gold")
    assert await sim.errcode(ADD, {"group_name": "g", "tag": [{"name": "a"}, {"name": "b"}]}) == 40126
    assert await sim.errcode(ADD, {"group_name": "g", "tag": [{"name": "a"}]}) == 0


async def test_a_larger_order_comes_first(sim: Sim) -> None:
    tags = [{"name": "low", "order": 1}, {"name": "high", "order": 9}]
    answer = await sim.api(ADD, {"group_name": "g", "tag": tags})
    assert [tag["name"] for tag in answer["tag_group"]["tag"]] == ["high", "low"]


async def test_the_list_by_tag_by_group_and_of_all(sim: Sim) -> None:
    gold, silver = await make_tags(sim, "gold", "silver")
    (new,) = await make_tags(sim, "new", group="stage")
    everything = (await sim.api(LIST, {}))["tag_group"]
    assert {group["group_name"]: len(group["tag"]) for group in everything} == {"tier": 2, "stage": 1}
    by_tag = (await sim.api(LIST, {"tag_id": [silver]}))["tag_group"]
    assert [[tag["id"] for tag in group["tag"]] for group in by_tag] == [[silver]]
    both = {"tag_id": [new], "group_id": [by_tag[0]["group_id"]]}
    (tier,) = (await sim.api(LIST, both))["tag_group"]
    assert {tag["id"] for tag in tier["tag"]} == {gold, silver}, "group_id wins"


async def test_a_deleted_tag_shows_only_when_asked_by_id(sim: Sim) -> None:
    (gold,) = await make_tags(sim, "gold")
    assert await sim.errcode("externalcontact/del_corp_tag", {"tag_id": [gold]}) == 0
    assert (await sim.api(LIST, {}))["tag_group"] == [], "its group went with the last tag"
    (group,) = (await sim.api(LIST, {"tag_id": [gold]}))["tag_group"]
    assert group["deleted"]
    assert group["tag"][0]["deleted"]
    assert await sim.errcode("externalcontact/del_corp_tag", {"tag_id": [gold]}) == 40068
    assert await sim.errcode("externalcontact/del_corp_tag", {}) == 40063


async def test_renaming_a_tag_or_a_group(sim: Sim) -> None:
    gold, _ = await make_tags(sim, "gold", "silver")
    await make_tags(sim, "new", group="stage")
    edit = "externalcontact/edit_corp_tag"
    assert await sim.errcode(edit, {"id": gold, "name": "silver"}) == 40071
    assert await sim.errcode(edit, {"id": gold, "name": "platinum", "order": 3}) == 0
    (tier, _) = (await sim.api(LIST, {}))["tag_group"]
    assert tier["tag"][0] | {"create_time": 0} == {
        "id": gold,
        "name": "platinum",
        "order": 3,
        "create_time": 0,
    }
    assert await sim.errcode(edit, {"id": tier["group_id"], "name": "stage"}) == 40071
    assert await sim.errcode(edit, {"id": tier["group_id"], "name": "level"}) == 0
    assert await sim.errcode(edit, {"id": "et_none", "name": "x"}) == 40068


async def test_marking_is_idempotent_and_belongs_to_the_pair(sim: Sim) -> None:
    person = await sim.friend("zhangsan")
    await sim.employee("lisi")
    await sim.control("add", userid="lisi", external_userid=person)
    gold, silver = await make_tags(sim, "gold", "silver")
    body = {"userid": "ZHANGSAN", "external_userid": person, "add_tag": [gold, silver]}
    assert [await sim.errcode(MARK, body) for _ in range(2)] == [0, 0]
    remove = {"userid": "zhangsan", "external_userid": person, "remove_tag": [silver]}
    assert [await sim.errcode(MARK, remove) for _ in range(2)] == [0, 0]
    assert await sim.look(f"tags/{person}") == {"zhangsan": ["gold"], "lisi": []}
    assert len(sim.events()) == 2, "calls of the API cause no events"
    detail = await sim.api("externalcontact/get", external_userid=person)
    assert detail["follow_user"][0]["tags"] == [
        {"group_name": "tier", "tag_name": "gold", "tag_id": gold, "type": 1}
    ]
    await sim.api("externalcontact/del_corp_tag", {"tag_id": [gold]})
    assert await sim.look(f"tags/{person}") == {"zhangsan": [], "lisi": []}


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({}, 0),
        ({"add_tag": []}, 40063),
        ({"add_tag": ["et_none"]}, 40068),
        ({"userid": "nobody"}, 60111),
        ({"userid": "lisi"}, 84061),
        ({"external_userid": "wm_nobody"}, 40096),
        ({"userid": None}, 41009),
        ({"external_userid": None}, 41035),
        ({"add_tag": "gold"}, 40058),
    ],
)
async def test_whom_one_may_mark(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    person = await sim.friend()
    await sim.employee("lisi")
    body = {"userid": "zhangsan", "external_userid": person, "add_tag": await make_tags(sim, "gold")}
    given = {name: value for name, value in {**body, **changes}.items() if value is not None}
    assert await sim.errcode(MARK, given) == errcode


async def test_a_half_added_friend_cannot_be_marked(sim: Sim) -> None:
    person = await sim.friend(half=True)
    body = {"userid": "zhangsan", "external_userid": person, "add_tag": await make_tags(sim, "gold")}
    assert await sim.errcode(MARK, body) == 84061


async def test_a_pair_has_a_limit(sim: Sim) -> None:
    person = await sim.friend()
    await sim.control("settings", tags_per_pair=1)
    body = {"userid": "zhangsan", "external_userid": person, "add_tag": await make_tags(sim, "a", "b")}
    assert await sim.errcode(MARK, body) == 40126


async def test_two_calls_at_once_for_one_pair_conflict(sim: Sim) -> None:
    person = await sim.friend()
    (gold,) = await make_tags(sim, "gold")
    await sim.control("settings", mark_tag_seconds=0.05)
    body = {"userid": "zhangsan", "external_userid": person, "add_tag": [gold]}
    codes: list[int] = []

    async def mark() -> None:
        codes.append(await sim.errcode(MARK, body))

    async with anyio.create_task_group() as calls:
        calls.start_soon(mark)
        calls.start_soon(mark)
    assert sorted(codes) == [0, 45035]
    assert await sim.errcode(MARK, body) == 0, "the pair is free again"
