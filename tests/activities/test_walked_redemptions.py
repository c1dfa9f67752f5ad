"""Redeemed coupons of which no push told: ours, the till's own, and nobody's."""

from typing import Any

import pytest

from domain.events import EventKind
from domain.walk_messages import WalkKind
from integrations import pos
from tests.activities.giving import coupon_of, give, known_member, row_of
from tests.activities.shop import Shop
from tests.activities.test_till_walks import walked

pytestmark = pytest.mark.anyio


async def test_what_no_push_told_is_told_by_the_walk_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    she, member = await known_member(shop)
    await give(shop, she)
    ours, now = await coupon_of(shop), shop.clock()

    def used(coupon_id: str, member_id: str | None) -> pos.Coupon:
        status = pos.CouponStatus.REDEEMED
        return pos.Coupon(coupon_id=coupon_id, member_id=member_id, status=status, redeemed_at=now)

    async def list_redemptions(**_: Any) -> pos.Page[pos.Coupon]:
        return pos.Page(items=(used(ours, member), used("the till's", member), used("nobody's", None)))

    monkeypatch.setattr(shop.till, "list_redemptions", list_redemptions)
    walk = await walked(shop, WalkKind.REDEMPTIONS, days=1)
    assert (walk.seen, walk.new, walk.changed, walk.untold) == (3, 1, 1, 2)
    assert (await row_of(shop)).redeemed_at == now
    events = shop.courier.events(EventKind.COUPON_REDEEMED)
    assert {event.id for event in events} == {f"coupon/{ours}/redeemed", "coupon/the till's/redeemed"}
    again = await walked(shop, WalkKind.REDEMPTIONS, days=1, walk_id="the next night")
    assert (again.seen, again.untold, len(shop.courier.events(EventKind.COUPON_REDEEMED))) == (3, 0, 2)
