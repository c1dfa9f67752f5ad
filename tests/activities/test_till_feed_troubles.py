"""Pushes that say more than the till, cannot be read, or cannot be written: none holds up another."""

import pytest

from domain.events import EventKind
from integrations.pos import Coupon, PosInvalidRequest
from integrations.pos import EventKind as Told
from storage import orders
from storage.tables import OrderRefund
from tests.activities.giving import known_member
from tests.activities.shop import START, Shop

pytestmark = pytest.mark.anyio


async def test_a_coupon_that_cannot_be_read_without_its_unknown_member_is_nobodys_alarm(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def get_coupon(coupon_id: str, *, member_id: str | None = None) -> Coupon:
        raise PosInvalidRequest("a coupon is read only together with its member")

    monkeypatch.setattr(shop.till, "get_coupon", get_coupon)
    outcome = await shop.pushed(Told.COUPON_REDEEMED, coupon_id="the till's own")
    assert outcome == "ignored: nothing is to be read again"
    assert "given up" not in caplog.text


async def test_a_refund_that_is_late_holds_up_nothing_else_of_the_order(shop: Shop) -> None:
    """Neither the news that it was paid, nor a ticket that says the same."""
    _, member = await known_member(shop)
    order_id = await shop.buys(member)
    assert (await shop.pushed(Told.ORDER_REFUNDED, order_id=order_id)).startswith("waits: ")
    assert [event.order_id for event in shop.courier.events(EventKind.ORDER_PAID)] == [order_id]
    assert await shop.pushed(Told.ORDER_PAID, order_id=order_id) == "unchanged"
    ticket = OrderRefund(provider="generic", refund_id="t1", order_id=order_id, minor=100, at=START)
    async with shop.database.transaction() as session:
        await orders.apply_refund(session, ticket, shop.clock())
    shop.clock.forward(minutes=1)
    assert (await shop.feed()).next_at is None


async def test_what_no_row_can_hold_stops_no_other_push(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """More fen than an integer of PostgreSQL has room for."""
    _, member = await known_member(shop)
    strange, order_id = await shop.buys(member), await shop.buys(member)
    shop.world.till.orders[strange].paid.amount_minor = 2**40
    assert await shop.pushed(Told.ORDER_PAID, order_id=strange) == "waits: not taken: DataError"
    assert f"{strange}" in caplog.text
    assert await shop.pushed(Told.ORDER_PAID, order_id=order_id) == "applied"
    shop.clock.forward(days=4)
    await shop.feed()
    assert (await shop.hint("push-1")).outcome == "unread: not taken: DataError"
