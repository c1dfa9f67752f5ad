"""Each provider's till, as its simulator plays it: what a night finds, what pushes in any order come to."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import col, delete, select

from activities.till_nights import fresh_walk, kinds_of
from domain.walk_messages import WalkKind, WalkRef, WalkStatus
from gateway import translate
from integrations import pos
from integrations.pos import PROVIDERS
from simulators.from_settings import simulator_config
from simulators.world import World
from starter.preview.corp import made_up_settings
from starter.simulated_tills import YOUZAN, till_path
from storage import hints, till_walks
from storage.buying import buying_of
from storage.database import Database
from storage.tables import (
    Coupon,
    Customer,
    InboundEvent,
    MemberBuying,
    Order,
    OrderRefund,
    Product,
    TillHint,
    TillWalk,
)
from tests.activities.shop import SIMULATORS, START, Shop, ToldClock, open_shop

pytestmark = pytest.mark.anyio

PHONE = "+8613800138000"
LINES = [{"product_id": "690", "name": "拿铁", "category": "咖啡", "paid": {"amount_minor": 2800}}]
_keys = itertools.count()


@dataclass
class Counter:
    """A shop with the till of one provider, and what that has pushed."""

    shop: Shop
    arrived: list[httpx.Request]

    async def pushed(self) -> list[pos.PosEvent]:
        """Since the last time."""
        await self.shop.world.drain()
        requests, self.arrived[:] = list(self.arrived), []
        told = [
            pos.Push(url=str(one.url), headers=one.headers, query=one.url.params, body=one.content)
            for one in requests
        ]
        return [event for push in told for event in self.shop.till.open_push(push, self.shop.clock())]


@pytest.fixture
async def counter(
    provider: str, shop: Shop, database: Database, simulators: FastAPI, outside: httpx.AsyncClient
) -> Counter:
    options = YOUZAN if provider == "youzan" else {}
    chosen = made_up_settings(
        "postgresql://nowhere/none", 0, 0, {"pos_provider": provider, "pos_options": options}
    )
    at = {"wecom_base_url": SIMULATORS, "pos_base_url": f"{SIMULATORS}{till_path(provider)}"}
    clock, arrived = ToldClock(), list[httpx.Request]()

    def door(request: httpx.Request) -> httpx.Response:
        arrived.append(request)
        return httpx.Response(200)

    config = simulator_config(chosen)
    world = simulators.state.world = World(config, clock, httpx.MockTransport(door))
    opened = open_shop(chosen.model_copy(update=at), database, clock, world, outside)
    for store in ("S001", "S002"):
        await opened.street.do("till/stores", store_id=store, name=store)
    return Counter(opened, arrived)


async def member_of(shop: Shop) -> str:
    """Of the till, linked to a customer of ours."""
    told = await shop.street.do("till/members", unionid="o-1", phone=PHONE)
    member_id = str(told["member_id"])
    she = Customer(external_userid="wm-1", member_id=member_id, stage_since=START, created_at=START)
    await shop.put(she)
    return member_id


# ---- a night


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_night_finds_what_nobody_pushed(counter: Counter) -> None:
    shop = counter.shop
    member_id = await member_of(shop)
    bought = {"store_id": "S002", "amount_minor": 2800, "lines": LINES, "push": False}
    for who in (member_id, None):
        await shop.street.do("till/orders", member_id=who, **bought)
    order = await shop.street.do("till/orders", member_id=member_id, **bought)
    await shop.street.do("till/refund", order_id=order["order_id"], amount_minor=1000, push=False)
    shop.clock.forward(minutes=20)
    walks = {kind: await walked(shop, kind) for kind in kinds_of(shop.till.capabilities)}
    assert walks[WalkKind.STORES].seen == 2
    async with shop.database.transaction() as session:
        orders = (await session.exec(select(Order))).all()
        products = (await session.exec(select(Product.name))).all()
    found = [(one.refunded_minor, one.status, one.member_id) for one in orders]
    assert sorted(found, key=str) == [
        (0, "paid", member_id),
        (0, "paid", None),
        (1000, "part_refunded", member_id),
    ]
    assert (WalkKind.PRODUCTS in walks) == ("拿铁" in products)
    assert len(shop.courier.sent) == 3, "two were paid, and of one a part was given back"


async def walked(shop: Shop, kind: WalkKind) -> TillWalk:
    walk_id, till = f"walk/{kind}", shop.till
    async with shop.database.transaction() as session:
        fresh = await fresh_walk(session, till.provider, till.capabilities, kind, walk_id, shop.clock())
        await till_walks.open_walk(session, fresh)
    done = await shop.run(shop.activities.till_walks.walk, WalkRef(walk_id=walk_id))
    assert done.status is WalkStatus.DONE, done
    async with shop.database.transaction() as session:
        return await session.get_one(TillWalk, walk_id)


# ---- pushes


async def lived(counter: Counter) -> list[pos.PosEvent]:
    """She uses a coupon of ours, and gives the goods back in two parts; somebody else buys as well."""
    shop = counter.shop
    member_id = await member_of(shop)
    coupon, _ = shop.world.till.issue("FIRST5", member_id, "key-1")
    await counter.pushed()
    bought = {"store_id": "S002", "amount_minor": 2800, "lines": LINES}
    order = await shop.street.do("till/orders", member_id=member_id, coupon_id=coupon.coupon_id, **bought)
    await shop.street.do("till/orders", **bought)
    for amount in (1000, None):
        shop.clock.forward(minutes=1)
        await shop.street.do("till/refund", order_id=order["order_id"], amount_minor=amount)
    return await counter.pushed()


def coupon_of_hers(coupon_id: str, member_id: str | None) -> Coupon:
    return Coupon(
        key="key-1",
        external_userid="wm-1",
        member_id=member_id,
        template="FIRST5",
        status="issued",
        coupon_id=coupon_id,
        claimed_at=START,
    )


async def left_by(shop: Shop, told: Sequence[pos.PosEvent], coupon_id: str | None) -> dict[str, Any]:
    """What is on record when all of them have been read, and nothing else has ever been."""
    async with shop.database.transaction() as session:
        for table in (Coupon, InboundEvent, MemberBuying, Order, OrderRefund, TillHint):
            await session.exec(delete(table))
        if coupon_id:
            session.add(coupon_of_hers(coupon_id, (await session.get_one(Customer, "wm-1")).member_id))
    for event in told:
        again = event.model_copy(update={"dedupe_key": f"push-{next(_keys)}"})
        async with shop.database.transaction() as session:
            await hints.keep(session, [translate.till_hint(again, None, shop.clock())])
        await shop.feed()
    shop.clock.forward(minutes=30)
    assert (await shop.feed()).next_at is None, "every push is settled"
    async with shop.database.transaction() as session:
        orders = (await session.exec(select(Order).order_by(col(Order.order_id)))).all()
        refunds = (await session.exec(select(OrderRefund).order_by(col(OrderRefund.refund_id)))).all()
        news = (await session.exec(select(InboundEvent.digest))).all()
        coupons = (await session.exec(select(Coupon))).all()
        buying = await buying_of(session, shop.till.provider, str(orders[0].member_id or orders[1].member_id))
    moving = {"look_at", "changed_at", "valid_until"}
    return {
        "orders": [one.model_dump() for one in orders],
        "refunds": [one.model_dump() for one in refunds],
        "news": sorted(news),
        "coupons": [one.model_dump(exclude=moving) for one in coupons],
        "buying": buying.model_dump(),
    }


@dataclass
class Story:
    told: list[pos.PosEvent]
    coupon_id: str | None
    left: dict[str, Any]


@pytest.fixture
async def story(counter: Counter) -> Story:
    """What the till pushed of it, and what is left when that is read as it came."""
    told = await lived(counter)
    coupon_id = next((event.coupon_id for event in told if event.coupon_id), None)
    return Story(told, coupon_id, await left_by(counter.shop, told, coupon_id))


@pytest.mark.parametrize("provider", PROVIDERS)
@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    again=st.lists(st.integers(0, 9), max_size=3), places=st.lists(st.integers(), min_size=12, max_size=12)
)
async def test_pushes_in_any_order_and_repeatedly_come_to_the_same(
    counter: Counter, story: Story, again: list[int], places: list[int]
) -> None:
    """`again`: which of them come twice; `places`: by what they are put in order."""
    refunded = sorted((one["refunded_minor"], one["status"]) for one in story.left["orders"])
    assert refunded == [(0, "paid"), (2800, "refunded")]
    assert [one["status"] for one in story.left["coupons"]] == ["redeemed"]
    assert [one["redeemed_at"] < START + timedelta(minutes=1) for one in story.left["coupons"]] == [True]
    assert f"coupon/{story.coupon_id}/redeemed" in story.left["news"]
    told = [*story.told, *(story.told[number % len(story.told)] for number in again)]
    order = sorted(range(len(told)), key=lambda number: places[number])
    assert await left_by(counter.shop, [told[number] for number in order], story.coupon_id) == story.left
