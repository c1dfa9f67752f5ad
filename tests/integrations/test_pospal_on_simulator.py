"""Pospal's adapter against the simulated Pospal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.pos import (
    Coupon,
    CouponStatus,
    EventKind,
    MemberKey,
    Order,
    OrderStatus,
    PosAuthError,
    PosDuplicate,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosQuotaExhausted,
    Product,
    StockLot,
    Store,
)
from integrations.pos.pospal.coupons import code_of
from tests.integrations.fakes import Clock
from tests.integrations.pospal import PospalTill, running_pospal

pytestmark = pytest.mark.anyio

KEY = "journey/step/m1"
MELON = {"product_id": "690", "name": "西瓜", "category": "瓜", "quantity": "6.35"}


@pytest.fixture
async def till() -> AsyncIterator[PospalTill]:
    async with running_pospal() as till:
        yield till


async def enrolled(till: PospalTill, **more: Any) -> str:
    return str((await till.control("till/members", phone="+8613800000001", **more))["member_id"])


async def bought(till: PospalTill, store: str = "S001", **more: Any) -> str:
    line = MELON | {"paid": {"amount_minor": 1990}}
    order = {"store_id": store, "amount_minor": 1990, "lines": [line]} | more
    return str((await till.control("till/orders", **order))["order_id"])


async def walked(till: PospalTill, since: datetime, until: datetime, **more: Any) -> list[Order]:
    found: list[Order] = []
    cursor = None
    while True:
        page = await till.pos.list_orders(since=since, until=until, cursor=cursor, **more)
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


async def issued(till: PospalTill, member_id: str, template_id: str = "FIRST5") -> Coupon:
    return await till.pos.issue_coupon(template_id=template_id, member_id=member_id, idempotency_key=KEY)


async def looked_for(till: PospalTill, member_id: str) -> Coupon | None:
    return await till.pos.find_coupon(
        template_id="FIRST5", member_id=member_id, idempotency_key=KEY, since=till.world.clock()
    )


async def test_members_by_phone_number_and_uid(till: PospalTill) -> None:
    first = await enrolled(till, card_no="C-7", unionid="o1")
    second = await enrolled(till, member_id="m1")
    by_phone = await till.pos.find_members(MemberKey(kind="phone", value="+8613800000001"))
    assert by_phone[0].member_id == first
    assert len({one.member_id for one in by_phone}) == 2, f"{second} is a number too"
    (by_card,) = await till.pos.find_members(MemberKey(kind="card_no", value="C-7"))
    assert (by_card.member_id, by_card.unionid) == (first, "o1")
    assert await till.pos.find_members(MemberKey(kind="member_id", value=first)) == [by_card]
    assert await till.pos.find_members(MemberKey(kind="member_id", value="7")) == []
    assert await till.pos.find_members(MemberKey(kind="card_no", value="none")) == []


async def test_all_members_in_pages(till: PospalTill) -> None:
    made = [str((await till.control("till/members"))["member_id"]) for _ in range(200)]
    found: list[str] = []
    cursor = None
    for _ in range(3):
        page = await till.pos.list_members(cursor=cursor)
        found += [one.member_id for one in page.items]
        cursor = page.next_cursor
    assert (found, cursor) == (made, None), "the third page is empty: two full ones look like more"


async def test_orders_of_all_stores_day_by_day(till: PospalTill) -> None:
    now = till.world.clock()
    for store, days in (("S001", 0), ("S002", 0), ("S001", 2)):
        await bought(till, store, paid_at=(now - timedelta(days=days)).isoformat())
    found = await walked(till, now - timedelta(days=3), now + timedelta(seconds=1))
    assert [(one.store_id, (now - one.paid_at).days) for one in found if one.paid_at] == [
        ("S001", 2),
        ("S001", 0),
        ("S002", 0),
    ]
    assert {line.product_id for one in found for line in one.lines} == {"690"}
    at_noon = await walked(till, now, now + timedelta(seconds=1), store_id="S002")
    assert len(at_noon) == 1, "from `since` on"
    assert await walked(till, now - timedelta(days=1), now, store_id="S002") == [], "before `until`"
    with pytest.raises(PosInvalidRequest, match="POS_STORE_KEYS"):
        await walked(till, now, now, store_id="S009")


async def test_pages_within_a_day(till: PospalTill) -> None:
    for _ in range(101):
        await bought(till, lines=[])
    now = till.world.clock()
    found = await walked(till, now, now + timedelta(seconds=1))
    assert len({one.order_id for one in found}) == 101


async def test_orders_of_a_member_at_every_store(till: PospalTill) -> None:
    member, now = await enrolled(till), till.world.clock()
    mine = [await bought(till, store, member_id=member) for store in ("S001", "S002")]
    await bought(till)
    found = await walked(till, now - timedelta(days=60), now + timedelta(seconds=1), member_id=member)
    assert [one.order_id for one in found] == [f"S001/{mine[0]}", f"S002/{mine[1]}"]
    assert {one.member_id for one in found} == {member}


async def test_a_refund_is_a_ticket_of_its_own(till: PospalTill) -> None:
    sn = await bought(till)
    await till.control("till/refund", order_id=sn, amount_minor=990)
    now = till.world.clock()
    sale, back = await walked(till, now, now + timedelta(seconds=1))
    assert (sale.status, sale.paid.amount_minor, sale.refunded) == (OrderStatus.PAID, 1990, None)
    assert (back.status, back.refund_of) == (OrderStatus.REFUNDED, sale.order_id)
    assert back.refunded is not None
    assert (back.refunded.amount_minor, back.paid.amount_minor) == (990, 0)
    assert await till.pos.get_order(back.order_id) == back
    till.world.till.orders[sn].status = "cancelled"
    assert (await till.pos.get_order(sale.order_id)).status is OrderStatus.CANCELLED
    with pytest.raises(PosNotFound):
        await till.pos.get_order(f"S002/{sn}")


async def test_stores_products_and_stock(till: PospalTill) -> None:
    await bought(till)
    lot = {"store_id": "S002", "product_id": "690", "name": "西瓜"}
    await till.control("till/stock", **lot, quantity="6.35", expires_on="2026-03-04")
    assert await till.pos.list_stores() == [
        Store(store_id="S001", name="店S001"),
        Store(store_id="S002", name="店S002"),
    ]
    products = await till.pos.list_products()
    assert products.items == (Product(product_id="690", name="西瓜", category="瓜"),)
    left = StockLot(**lot, quantity=Decimal("6.35"))
    assert await till.pos.list_stock("S002", ["690", "691"]) == [left], "until when it keeps, nobody says"
    assert await till.pos.list_stock("S001", ["690"]) == []


@pytest.mark.parametrize("path", ["v2", "v1", "auth"])
async def test_a_coupon_whose_answer_was_lost_is_found_and_never_issued_twice(
    till: PospalTill, path: str
) -> None:
    till.pos = till.connected(coupon_path=path)
    await till.control("till/templates", template_id="FIRST5", name="首单券", left=3)
    member = await enrolled(till)
    assert await looked_for(till, member) is None
    await till.control("faults", api="pospal/addCouponcode", kind="timeout_after")
    with pytest.raises(PosOutcomeUnknown):
        await issued(till, member)
    found = await looked_for(till, member)
    assert found is not None
    assert (found.coupon_id, found.status) == (code_of(KEY), CouponStatus.ISSUED)
    with pytest.raises(PosDuplicate):
        await issued(till, member)
    assert len(till.world.till.coupons) == 1


async def test_templates_are_found_by_name_or_uid(till: PospalTill) -> None:
    await till.control("till/templates", template_id="FIRST5", name="首单券", left=3)
    (template,) = await till.pos.list_templates()
    assert (template.name, template.left, template.active) == ("FIRST5", 3, True)
    member = await enrolled(till)
    await issued(till, member, template.template_id)
    for unknown, kind in (("WINBACK10", PosInvalidRequest), ("7", PosNotFound)):
        with pytest.raises(kind):
            await issued(till, member, unknown)
    with pytest.raises(PosNotFound):
        await issued(till, "7", "FIRST5")


async def test_a_used_coupon_is_seen_by_its_member_or_among_the_used(till: PospalTill) -> None:
    await till.control("till/templates", template_id="FIRST5", name="首单券")
    member = await enrolled(till)
    coupon = await issued(till, member)
    with pytest.raises(PosNotFound):
        await till.pos.get_coupon(coupon.coupon_id)
    sn = await bought(till, "S002", member_id=member, coupon_id=coupon.coupon_id)
    used = await till.pos.get_coupon(coupon.coupon_id, member_id=member)
    assert (used.status, used.redeemed_at) == (CouponStatus.REDEEMED, till.world.clock())
    assert (used.redeemed_store_id, used.redeemed_order_id) == ("S002", f"S002/{sn}")
    assert await till.pos.get_coupon(coupon.coupon_id) == used
    now = till.world.clock()
    first = await till.pos.list_redemptions(since=now - timedelta(days=8), until=now + timedelta(seconds=1))
    assert first.items == (), "five days at most"
    second = await till.pos.list_redemptions(
        since=now - timedelta(days=8), until=now + timedelta(seconds=1), cursor=first.next_cursor
    )
    assert (second.items, second.next_cursor) == ((used,), None)


async def test_the_days_calls_end(till: PospalTill) -> None:
    till.world.config.pospal_calls_per_day = 1
    await till.pos.list_stores()
    with pytest.raises(PosQuotaExhausted) as caught:
        await till.pos.list_stores()
    assert caught.value.retry_after_s == 7 * 3600
    assert isinstance(till.world.clock._base, Clock)
    till.world.clock.advance(caught.value.retry_after_s)
    assert len(await till.pos.list_stores()) == 2


async def test_refusals_and_outages(till: PospalTill) -> None:
    await till.control("faults", api="pospal/queryAllUser", kind="errcode", errcode=1001)
    with pytest.raises(PosAuthError):
        await till.pos.list_stores()
    await till.control("faults", api="pospal/queryTicketBySn", kind="errcode", errcode=2002)
    sn = await bought(till)
    with pytest.raises(PosNotFound):
        await till.pos.get_order(f"S001/{sn}")
    assert (await till.pos.get_order(f"S001/{sn}")).paid.amount_minor == 1990, "a push came too early"


async def test_pushes_name_what_can_be_read(till: PospalTill) -> None:
    await till.control("till/templates", template_id="FIRST5", name="首单券")
    member = await enrolled(till)
    coupon = await issued(till, member)
    sn = await bought(till, "S002", member_id=member, coupon_id=coupon.coupon_id)
    await till.control("till/refund", order_id=sn)
    new, paid, used, back = await till.pushed()
    assert (new.kind, new.member_id) == (EventKind.MEMBER_CHANGED, member)
    assert (paid.kind, paid.order_id, paid.member_id) == (EventKind.ORDER_CHANGED, f"S002/{sn}", None)
    assert (used.kind, used.coupon_id, used.member_id) == (
        EventKind.COUPON_REDEEMED,
        coupon.coupon_id,
        member,
    )
    assert paid.order_id is not None
    assert back.order_id is not None
    assert (await till.pos.get_order(paid.order_id)).member_id == member
    assert (await till.pos.get_order(back.order_id)).refund_of == paid.order_id
