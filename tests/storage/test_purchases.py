"""Orders, coupons and members of the till."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select, update

from storage import purchases
from storage.tables import Coupon, Customer, Order
from tests.storage.chain import LATER, NOON, Chain

pytestmark = pytest.mark.anyio


def order(order_id: str = "o1", **fields: Any) -> Order:
    known = {"member_id": "m1", "store_id": "S1", "status": "paid", "paid_at": NOON, "paid_minor": 1800}
    return Order(provider="till", order_id=order_id, **{**known, "updated_at": NOON, **fields})


async def save(chain: Chain, *orders: Order) -> list[Order]:
    for row in orders:
        async with chain.database.transaction() as session:
            await purchases.save_order(session, row)
    async with chain.database.transaction() as session:
        return await purchases.orders_of(session, "m1", NOON)


async def linked(chain: Chain, external_userid: str | None, unionid: str | None) -> str | None:
    async with chain.database.transaction() as session:
        found = await purchases.link_member(session, "m1", external_userid, unionid)
        return found.external_userid if found else None


async def customer_of(chain: Chain, member_id: str) -> str | None:
    async with chain.database.transaction() as session:
        return await purchases.customer_of_member(session, member_id)


@pytest.mark.parametrize("newest_first", [True, False])
async def test_the_newer_reading_of_an_order_wins(chain: Chain, newest_first: bool) -> None:
    readings = [order(), order(status="refunded", refunded_minor=1800, updated_at=LATER)]
    (kept,) = await save(chain, *(reversed(readings) if newest_first else readings))
    assert (kept.status, kept.refunded_minor, kept.updated_at) == ("refunded", 1800, LATER)


async def test_orders_come_in_the_order_of_their_payment(chain: Chain) -> None:
    found = await save(chain, order("o2", paid_at=LATER), order("o1"), order("x", member_id="m2"))
    assert [o.order_id for o in found] == ["o1", "o2"]


async def test_an_amount_is_kept_in_fen(chain: Chain) -> None:
    (kept,) = await save(chain, order())
    assert (kept.paid_minor, kept.currency) == (1800, "CNY")


async def test_a_member_is_linked_by_either_id(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    async with chain.database.transaction() as session:
        await session.exec(update(Customer).values(unionid="u1"))
    assert await linked(chain, "wm1", None) == "wm1"
    assert await linked(chain, None, "u1") == "wm1"
    assert await linked(chain, "wm1", "u1") == "wm1"
    assert await customer_of(chain, "m1") == "wm1"


async def test_two_customers_for_one_member_are_never_guessed(chain: Chain) -> None:
    for name in ("wm1", "wm2"):
        await chain.befriend(name, "chen")
    async with chain.database.transaction() as session:
        await session.exec(update(Customer).values(unionid="u1"))
    assert await linked(chain, None, "u1") is None
    assert await linked(chain, "wm1", "u1") is None
    async with chain.database.transaction() as session:
        await session.exec(update(Customer).values(member_id="m1"))
    assert await customer_of(chain, "m1") is None


@pytest.mark.parametrize("ids", [(None, None), ("unheard-of", None), (None, "unheard-of")])
async def test_nobody_is_nobody(chain: Chain, ids: tuple[str | None, str | None]) -> None:
    await chain.befriend("wm1", "chen")
    assert await linked(chain, *ids) is None
    assert await customer_of(chain, "unheard-of") is None


async def test_a_coupon_is_claimed_once(chain: Chain) -> None:
    async def claim(template: str) -> tuple[str, bool]:
        coupon = Coupon(key="k", external_userid="wm1", template=template, status="claimed", claimed_at=NOON)
        async with chain.database.transaction() as session:
            row, mine = await purchases.claim_coupon(session, coupon)
            return row.template, mine

    both = await asyncio.gather(claim("A"), claim("B"))
    assert sorted(mine for _, mine in both) == [False, True]
    assert len({template for template, _ in both}) == 1


async def test_a_coupon_is_found_by_the_tills_id(chain: Chain) -> None:
    async with chain.database.transaction() as session:
        session.add(
            Coupon(
                key="k", external_userid="wm1", template="A", status="issued", coupon_id="c1", claimed_at=NOON
            )
        )
    async with chain.database.transaction() as session:
        found = await purchases.coupon_by_id(session, "c1")
        assert found is not None
        assert found.key == "k"
        assert await purchases.coupon_by_id(session, "c2") is None
        assert len((await session.exec(select(Coupon))).all()) == 1
