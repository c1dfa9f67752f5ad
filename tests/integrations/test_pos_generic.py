"""The adapter for a chain's own till: shapes, exact numbers, identity."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import httpx
import pytest
from pydantic import ValidationError

from integrations.pos import (
    CouponStatus,
    GeoPoint,
    Member,
    MemberKey,
    Money,
    OrderStatus,
    PosAmbiguous,
    PosUnavailable,
)
from tests.integrations.tills import COUPON, answering, issue, till

pytestmark = pytest.mark.anyio

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
ORDER = {
    "order_id": "9007199254740993",
    "store_id": "s1",
    "member_id": "m1",
    "status": "part_refunded",
    "paid_at": "2026-03-01T09:00:00Z",
    "updated_at": "2026-03-02T09:00:00Z",
    "paid": {"amount_minor": 2500, "currency": "CNY"},
    "refunded": {"amount_minor": 500, "currency": "CNY"},
    "coupon_ids": ["c1"],
    "lines": [
        {
            "product_id": "p1",
            "name": "苹果",
            "category": "fruit",
            "quantity": 6.35,
            "paid": {"amount_minor": 2500, "currency": "CNY"},
        }
    ],
    "cashier": "unknown fields are ignored",
}


async def test_members_are_a_list_because_phones_are_not_unique() -> None:
    pos, asked = answering({"members": [{"member_id": "m1", "phone": "+8613800000001"}, {"member_id": "m2"}]})
    found = await pos.find_members(MemberKey(kind="phone", value="+8613800000001"))
    assert [member.member_id for member in found] == ["m1", "m2"]
    assert asked[0].url.path == "/pos/members"
    assert dict(asked[0].url.params) == {"phone": "+8613800000001"}
    assert asked[0].headers["authorization"] == "Bearer key"
    assert "138" not in repr(found)


async def test_orders_page_with_exact_numbers() -> None:
    pos, asked = answering({"orders": [ORDER], "next_cursor": "n"})
    shanghai = timezone(timedelta(hours=8))
    page = await pos.list_orders(
        member_id="m1",
        since=datetime(2026, 3, 1, 8, tzinfo=shanghai),
        until=datetime(2026, 4, 1, tzinfo=UTC),
        cursor="here",
    )
    (order,) = page.items
    assert page.next_cursor == "n"
    assert order.order_id == "9007199254740993"
    assert order.status is OrderStatus.PART_REFUNDED
    assert order.paid_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert order.refunded == Money(amount_minor=500, currency="CNY")
    assert (order.lines[0].quantity, order.lines[0].category) == (Decimal("6.35"), "fruit")
    assert dict(asked[0].url.params) == {
        "member_id": "m1",
        "since": "2026-03-01T00:00:00+00:00",
        "until": "2026-04-01T00:00:00+00:00",
        "cursor": "here",
        "limit": "100",
    }


@pytest.mark.parametrize("amount", [25.0, 25.5, "2500", None])
async def test_money_that_is_not_a_whole_number_is_refused(amount: object) -> None:
    pos, _ = answering({**ORDER, "paid": {"amount_minor": amount, "currency": "CNY"}})
    with pytest.raises(PosUnavailable, match=r"paid\.amount_minor"):
        await pos.get_order("o1")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("paid_at", "2026-03-01T09:00:00"),
        ("status", "teleported"),
        ("order_id", 9007199254740993001),
        ("paid", {"amount_minor": -2500, "currency": "CNY"}),
        ("refunded", {"amount_minor": -1, "currency": "CNY"}),
    ],
)
async def test_what_the_contract_does_not_allow_is_named_and_never_guessed_at(
    field: str, value: object
) -> None:
    pos, _ = answering({**ORDER, field: value})
    with pytest.raises(PosUnavailable, match=field):
        await pos.get_order("o1")


def test_money_never_comes_from_a_float() -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount_minor": 25.0, "currency": "CNY"})


async def test_a_weight_keeps_all_its_digits() -> None:
    raw = json.dumps(ORDER).replace("6.35", "6.350000000000000000001")
    pos = till(lambda _: httpx.Response(200, text=raw))
    assert (await pos.get_order("o1")).lines[0].quantity == Decimal("6.350000000000000000001")


async def test_ids_cannot_leave_their_place_in_the_path() -> None:
    pos, asked = answering(ORDER)
    await pos.get_order("../members?phone=1")
    assert asked[0].url.raw_path == b"/pos/orders/..%2Fmembers%3Fphone%3D1"


async def test_stores_keep_the_coordinate_system() -> None:
    stores = [
        {"store_id": "s1", "name": "One", "lat": 31.2, "lng": 121.5, "crs": "gcj02"},
        {"store_id": "s2", "name": "Two", "lat": None, "lng": None, "crs": "unknown"},
    ]
    pos, _ = answering({"stores": stores})
    one, two = await pos.list_stores()
    assert one.geo == GeoPoint(lat=31.2, lng=121.5, crs="gcj02")
    assert two.geo is None


async def test_a_place_off_the_globe_is_refused() -> None:
    pos, _ = answering({"stores": [{"store_id": "s1", "name": "One", "lat": 121.5, "lng": 31.2}]})
    with pytest.raises(PosUnavailable, match=r"stores\.0\.lat"):
        await pos.list_stores()


@pytest.mark.parametrize("status", [200, 201])
async def test_a_coupon_is_credited_new_or_again(status: int) -> None:
    pos, asked = answering(COUPON, status)
    assert (await issue(pos)).status is CouponStatus.ISSUED
    assert json.loads(asked[0].content) == {
        "template_id": "t1",
        "member_id": "m1",
        "idempotency_key": "journey/step/m1",
    }


@pytest.mark.parametrize(("count", "found"), [(0, None), (1, "c1")])
async def test_what_became_of_a_coupon(count: int, found: str | None) -> None:
    pos, asked = answering({"coupons": [COUPON] * count})
    coupon = await pos.find_coupon(
        template_id="t1", member_id="m1", idempotency_key="journey/step/m1", since=SINCE
    )
    assert (coupon and coupon.coupon_id) == found
    assert dict(asked[0].url.params) == {"member_id": "m1", "idempotency_key": "journey/step/m1"}


async def test_two_coupons_for_one_key_are_not_guessed_at() -> None:
    pos, _ = answering({"coupons": [COUPON, COUPON]})
    with pytest.raises(PosAmbiguous):
        await pos.find_coupon(
            template_id="t1", member_id="m1", idempotency_key="journey/step/m1", since=SINCE
        )


def test_a_member_does_not_show_personal_data() -> None:
    member = Member(member_id="m1", phone="+8613800000001", name="李四", unionid="o1")
    shown = "member_id='m1', external_userid=None, level=None, active=True, created_at=None"
    assert repr(member) == f"Member({shown})"
