"""To which group a greeting invites: the order of the routes, room, distance, and why."""

from typing import Any

import pytest

from domain.customer import WelcomeOutcome
from domain.messages import WelcomeSettled
from integrations import wecom
from storage.tables import Employee, Group, Region, Store
from tests.activities.shop import Shop
from tests.activities.test_greeting_variants import publish

pytestmark = pytest.mark.anyio

AT_40_NORTH = {"latitude": 40.0, "longitude": 116.0}


async def store(shop: Shop, store_id: str, **more: Any) -> None:
    known = {"name": store_id, "region_id": "bj", "city": "北京"}
    await shop.put(Region(id="bj", name="北京"), Store(id=store_id, **known | more))
    await shop.put(Employee(userid=f"of-{store_id.lower()}", name="店员", store_id=store_id))


async def group(shop: Shop, store_id: str | None, kind: str = "store", *, members: int = 1) -> str:
    """A group with a QR picture that WeCom holds."""
    chat = await shop.street.do("groups", name=f"{store_id}-{kind}", owner="li")
    way = wecom.NewJoinWay(chat_id_list=(chat["chat_id"],), state=f"{store_id}-{kind}")
    row = Group(
        chat_id=chat["chat_id"],
        store_id=store_id,
        kind=kind,
        name=f"{store_id}-{kind}",
        members=members,
        join_config_id=await shop.client.add_join_way(way),
        created_at=shop.clock(),
    )
    await shop.put(row)
    await shop.activities.upkeep.upload_group_qr(row)
    return str(chat["chat_id"])


async def invited(shop: Shop, customer: str | None = None, state: str = "S002-cashier") -> WelcomeSettled:
    she = customer or await shop.newcomer()
    settled = await shop.run(shop.activities.welcomes.greet, await shop.added(she, state))
    assert settled.outcome is WelcomeOutcome.SENT
    return settled


async def routes(shop: Shop, *routes: dict[str, Any]) -> None:
    await publish(shop, {"groups": list(routes)})


async def test_the_first_route_that_holds_and_has_room_wins(shop: Shop) -> None:
    """A tier before the store she mostly goes to, that before the nearest, that before the city (M11–M19)."""
    await store(shop, "S001")
    await store(shop, "S002", **AT_40_NORTH)
    await store(shop, "S003", latitude=40.01, longitude=116.0)
    await routes(
        shop,
        {"kind": "regulars", "when": {"orders": {"least": 2}}},
        {"of": "most_visited_store"},
        {"of": "nearest_store"},
        {"kind": "city", "of": "city"},
    )
    regulars, near = await group(shop, "S001", "regulars"), await group(shop, "S003")
    city = await group(shop, "S001", "city")
    once, twice = await shop.newcomer(), await shop.newcomer()
    await shop.buys(await shop.member(once), "S001", days_ago=1)
    member = await shop.member(twice)
    for days in (1, 2):
        await shop.buys(member, "S001", days_ago=days)
    settled = await invited(shop, twice)
    assert (settled.chat_id, settled.reason) == (
        regulars,
        "invited to the regulars group of the most visited store: orders ≥ 2",
    )
    assert (await invited(shop, once)).chat_id == shop.groups["S001"]
    await fill(shop, shop.groups["S001"])
    nearest = await invited(shop, await shopper(shop, "S001"))
    assert nearest.chat_id == shop.groups["S002"], "the scanned store itself is the nearest"
    await fill(shop, shop.groups["S002"])
    nearest = await invited(shop)
    assert (nearest.chat_id, nearest.reason) == (
        near,
        "invited to the store group of the nearest store, 1.1 km away",
    )
    await fill(shop, near)
    assert (await invited(shop)).chat_id == city
    await fill(shop, city)
    none = await invited(shop)
    assert (none.chat_id, none.reason[:21]) == (None, "no group to invite to")


async def shopper(shop: Shop, store_id: str) -> str:
    she = await shop.newcomer()
    await shop.buys(await shop.member(she), store_id, days_ago=1)
    return she


async def fill(shop: Shop, chat_id: str, members: int = 200) -> None:
    async with shop.database.transaction() as session:
        (await session.get_one(Group, chat_id)).members = members


async def test_the_nearest_store_at_40_north_is_found_by_great_circle_distance(shop: Shop) -> None:
    """peer-failures §3, check 18: 0.11° to the east are 9.4 km there, 0.09° to the north are 10.0 km.

    Whoever takes degrees for a plane would send her north.
    """
    await store(shop, "S002", **AT_40_NORTH)
    await store(shop, "NORTH", latitude=40.09, longitude=116.0)
    await store(shop, "EAST", latitude=40.0, longitude=116.11)
    await routes(shop, {"of": "nearest_store", "kind": "fans"})
    north, east = await group(shop, "NORTH", "fans", members=150), await group(shop, "EAST", "fans")
    settled = await invited(shop)
    assert settled.chat_id == east
    assert settled.reason.endswith("9.4 km away")
    await fill(shop, east)
    settled = await invited(shop)
    assert (settled.chat_id, settled.reason[-12:]) == (north, "10.0 km away")


async def test_the_nearest_may_be_far_and_then_the_greeting_speaks_of_that_store(shop: Shop) -> None:
    await store(shop, "S002", **AT_40_NORTH)
    await store(shop, "FAR", latitude=31.2, longitude=121.5, name="外滩店", city="上海")
    await routes(shop, {"of": "nearest_store", "kind": "fans"})
    far = await group(shop, "FAR", "fans")
    she = await shop.newcomer("小满")
    assert (await invited(shop, she)).chat_id == far
    assert "我是外滩店的福利官李薇" in (await shop.received(she))[0]["text"]


async def test_a_full_group_rolls_over_to_the_next_of_its_kind(shop: Shop) -> None:
    await routes(shop, {"of": "scanned_store", "kind": "welfare"}, {"of": "scanned_store"})
    first, second = await group(shop, "S002", "welfare", members=199), await group(shop, "S002", "welfare")
    assert (await invited(shop)).chat_id == first, "the fullest first, so that groups fill up"
    await fill(shop, first)
    assert (await invited(shop)).chat_id == second
    await fill(shop, second)
    assert (await invited(shop)).chat_id == shop.groups["S002"]


async def test_the_plain_group_is_never_one_of_another_kind(shop: Shop) -> None:
    await group(shop, "S002", "welfare", members=150)
    assert (await invited(shop)).chat_id == shop.groups["S002"]


async def test_a_group_whose_picture_wecom_does_not_hold_is_passed_over(shop: Shop) -> None:
    await routes(shop, {"of": "chain", "kind": "tea"}, {"of": "scanned_store"})
    tea = Group(chat_id="no-qr", kind="tea", members=9, created_at=shop.clock())
    await shop.put(tea)
    assert (await invited(shop)).chat_id == shop.groups["S002"]
    assert (await invited(shop)).chat_id != tea.chat_id
    tea_with_qr = await group(shop, None, "tea")
    she = await shop.newcomer("小满")
    assert (await invited(shop, she)).chat_id == tea_with_qr
    assert "我是望京店的福利官李薇" in (await shop.received(she))[0]["text"], (
        "the chain's group is of no store"
    )


async def test_the_city_is_that_of_the_scanned_store_and_its_own_group_goes_first(shop: Shop) -> None:
    await store(shop, "S001", city="上海")
    await store(shop, "S002")
    await store(shop, "S003")
    await routes(shop, {"of": "city", "kind": "city"})
    await group(shop, "S001", "city", members=150)
    other, own = await group(shop, "S003", "city", members=100), await group(shop, "S002", "city")
    assert (await invited(shop)).chat_id == own
    await fill(shop, own)
    assert (await invited(shop)).chat_id == other
