"""Youzan's answers as the port's: ids, money, times, statuses, and what is left open."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.pos import (
    Access,
    AccessError,
    Coupon,
    CouponStatus,
    GeoPoint,
    Means,
    MemberKey,
    Money,
    OrderStatus,
    PosAmbiguous,
    PosError,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosUnavailable,
    Product,
    StockLot,
    capabilities,
    connect,
)
from tests.integrations.fakes import START
from tests.integrations.youzan import ACCESS, LINE, Youzan, full_order, listed, refused, served

pytestmark = pytest.mark.anyio

APIS = (
    "youzan.users.info.query",
    "youzan.trades.sold.get",
    "youzan.trade.get",
    "youzan.retail.open.warehouse.query",
    "youzan.retail.open.spu.query",
    "youzan.retail.open.query.warehousestock",
    "youzan.ump.voucheractivity.send",
    "youzan.ump.voucher.query",
    "youzan.ump.voucher.query.detail",
)
FIELDS = (
    *(
        "user_list",
        "primitive_info",
        "yz_open_id",
        "mobile_info",
        "mobile",
        "total",
        "record_list",
        "created_at",
    ),
    *("total_results", "full_order_info", "order_info", "tid", "status", "pay_info", "payment", "orders"),
    *("warehouses", "warehouse_id", "warehouse_code", "name", "lng", "lat", "spus", "spu_id", "product_name"),
    *("sku_code", "stock_num", "coupon_id", "voucher_identity", "activity_id", "send_at", "valid_end_time"),
)
SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
CNY = {"currency": "CNY"}
PHONE = MemberKey(kind="phone", value="+8613800138000")


def one_order(told: dict[str, Any], **beside: Any) -> Youzan:
    return Youzan().prepare("youzan.trade.get", served({"full_order_info": told, **beside}))


async def test_an_order_keeps_its_long_ids_its_fen_and_its_moment() -> None:
    order = await one_order(full_order()).till.get_order("E20260301120000000100017")
    assert (order.order_id, order.store_id, order.member_id) == ("E20260301120000000100017", "S001", "open1")
    assert (order.status, order.paid, order.refunded) == (
        OrderStatus.PAID,
        Money(amount_minor=982, **CNY),
        None,
    )
    assert order.paid_at == datetime(2026, 3, 1, 4, tzinfo=UTC)
    [line] = order.lines
    assert (line.product_id, line.quantity, line.paid.amount_minor) == ("P001", Decimal("1.5"), 982)


async def test_a_store_may_be_known_by_its_number() -> None:
    youzan = Youzan({"store_id": "number"}).prepare(
        "youzan.trade.get", served({"full_order_info": full_order()})
    )
    assert (await youzan.till.get_order("E1")).store_id == "153242273"
    nameless = one_order(full_order(shop_display_no=""))
    assert (await nameless.till.get_order("E1")).store_id == "153242273"


async def test_a_product_without_a_code_is_known_by_the_head_offices_number() -> None:
    told = full_order() | {"orders": [LINE | {"item_no": ""}, LINE | {"item_no": None, "root_item_id": None}]}
    lines = (await one_order(told).till.get_order("E1")).lines
    assert [line.product_id for line in lines] == ["9007199254740993002", "9007199254740993001"]


@pytest.mark.parametrize(
    ("status", "state", "meant"),
    [
        ("WAIT_BUYER_PAY", 0, OrderStatus.OPEN),
        ("TRADE_PAID", 0, OrderStatus.PAID),
        ("WAIT_CONFIRM", 0, OrderStatus.PAID),
        ("WAIT_SELLER_SEND_GOODS", 0, OrderStatus.PAID),
        ("WAIT_BUYER_CONFIRM_GOODS", 0, OrderStatus.PAID),
        ("TRADE_SUCCESS", 2, OrderStatus.PART_REFUNDED),
        ("TRADE_CLOSED", 12, OrderStatus.REFUNDED),
        ("TRADE_CLOSED", 0, OrderStatus.CANCELLED),
    ],
)
async def test_statuses(status: str, state: int, meant: OrderStatus) -> None:
    refunds = [{"refund_state": 60, "refund_fee": "1.00"}] if state else []
    youzan = one_order(full_order(status=status, refund_state=state), refund_order=refunds)
    assert (await youzan.till.get_order("E1")).status is meant


@pytest.mark.parametrize("told", [{"status": 60}, {"status": "TRADE_REFUND"}, {"refund_state": 3}])
async def test_an_unknown_status_is_never_guessed_at(told: dict[str, Any]) -> None:
    with pytest.raises(PosUnavailable, match=r"order_info\.(status|refund_state)"):
        await one_order(full_order(**told)).till.get_order("E1")


@pytest.mark.parametrize("payment", [1000, 10.0, "ten", "-1.00", "NaN", "Infinity", "1e99", None, ""])
async def test_yuan_are_text(payment: object) -> None:
    """A number there would be fen, as in deduction_pay beside it."""
    with pytest.raises(PosUnavailable, match=r"pay_info\.payment"):
        await one_order(full_order({"payment": payment})).till.get_order("E1")


@pytest.mark.parametrize(
    ("pay_time", "paid"),
    [("1970-01-01 08:00:00", False), ("", False), (None, False), ("2026-03-01 12:00:00", True)],
)
async def test_an_unset_time_is_none(pay_time: str | None, paid: bool) -> None:
    order = await one_order(full_order(pay_time=pay_time)).till.get_order("E1")
    assert (order.paid_at is not None) is paid


@pytest.mark.parametrize("pay_time", ["2026-03-01", "2026-13-01 00:00:00", "0001-01-01 00:00:00", 1772337600])
async def test_a_time_in_another_form_is_refused(pay_time: object) -> None:
    with pytest.raises(PosUnavailable, match="pay_time"):
        await one_order(full_order(pay_time=pay_time)).till.get_order("E1")


async def test_what_went_back_is_the_sum_of_the_refunds_that_succeeded() -> None:
    refunds = [
        {"refund_state": 60, "refund_fee": "1.00"},
        {"refund_state": "SUCCESS", "refund_fee": "2.50"},
        {"refund_state": 50, "refund_fee": "4.00"},
    ]
    used = {"order": [{"coupon_id": 18789010589}, {"coupon_id": 0}], "item": [{"promotion_id": 5}]}
    youzan = one_order(full_order(refund_state=2), refund_order=refunds, order_promotion=used)
    order = await youzan.till.get_order("E1")
    assert order.refunded == Money(amount_minor=350, **CNY)
    assert order.coupon_ids == ("18789010589",)


async def test_a_refund_that_is_under_way_is_asked_for_again() -> None:
    for state in (1, 11):
        with pytest.raises(PosUnavailable) as caught:
            await one_order(full_order(refund_state=state)).till.get_order("E1")
        assert caught.value.retry_after_s == 30
    with pytest.raises(PosUnavailable, match="in part"):
        await one_order(full_order(refund_state=2), refund_order=[]).till.get_order("E1")


async def test_an_order_that_is_not_there_is_not_found_whatever_lists_come_with_it() -> None:
    youzan = Youzan().prepare("youzan.trade.get", refused(5000, "trade not found", refund_order=[]))
    with pytest.raises(PosNotFound):
        await youzan.till.get_order("E1")


async def test_orders_are_asked_for_by_change_with_both_ends_of_the_span() -> None:
    youzan = Youzan().prepare("youzan.trades.sold.get", listed(full_order()))
    page = await youzan.till.list_orders(since=SINCE, until=UNTIL, member_id="open1")
    assert ([order.order_id for order in page.items], page.next_cursor) == (
        ["E20260301120000000100017"],
        None,
    )
    assert youzan.asked == [
        (
            "youzan.trades.sold.get/4.0.4",
            {
                "start_update": "2026-03-01 08:00:00",
                "end_update": "2026-03-02 07:59:59",
                "page_no": 1,
                "page_size": 100,
                "yz_open_id": "open1",
            },
        )
    ]
    assert (await youzan.till.list_orders(since=SINCE, until=UNTIL, store_id="S002")).items == ()


async def test_what_a_list_leaves_out_is_read_from_the_order() -> None:
    """Refunds and coupons: else a nightly walk would undo what a push has brought."""
    plain = full_order(tid="plain")
    refunded = full_order(tid="refunded", refund_state=11)
    cheaper = full_order({"total_fee": "14.82"}, tid="cheaper")
    youzan = Youzan().prepare("youzan.trades.sold.get", listed(plain, refunded, cheaper))
    back = {"refund_order": [{"refund_state": 60, "refund_fee": "1.00"}]}
    used = {"order_promotion": {"order": [{"coupon_id": 7}]}}
    youzan.prepare(
        "youzan.trade.get",
        served({"full_order_info": refunded, **back}),
        served({"full_order_info": cheaper, **used}),
    )
    items = (await youzan.till.list_orders(since=SINCE, until=UNTIL)).items
    assert [
        (one.order_id, one.status, one.refunded and one.refunded.amount_minor, one.coupon_ids)
        for one in items
    ] == [
        ("plain", OrderStatus.PAID, None, ()),
        ("refunded", OrderStatus.PART_REFUNDED, 100, ()),
        ("cheaper", OrderStatus.PAID, None, ("7",)),
    ]


@pytest.mark.parametrize(
    ("kind", "value", "asked"),
    [
        ("phone", "+8613800138000", {"mobile": "13800138000"}),
        ("phone", "+85251234567", {"mobile": "+85251234567"}),
        ("unionid", "u1", {"weixin_union_id": "u1"}),
        ("member_id", "open1", {"yz_open_id": "open1"}),
    ],
)
async def test_members_are_found_by(kind: Any, value: str, asked: dict[str, str]) -> None:
    user = {
        "primitive_info": {"yz_open_id": "open1"},
        "wechat_info": {"union_id": "u1"},
        "mobile_info": {"mobile": "13800138000"},
    }
    youzan = Youzan().prepare("youzan.users.info.query", served({"user_list": [user, user]}))
    [member] = await youzan.till.find_members(MemberKey(kind=kind, value=value))
    assert (member.member_id, member.unionid, member.phone) == ("open1", "u1", "+8613800138000")
    assert youzan.asked == [("youzan.users.info.query/1.0.1", asked | {"result_type_list": [0, 1, 2, 9]})]


async def test_two_accounts_of_one_phone_are_both_told_and_an_encrypted_phone_is_none() -> None:
    users = [
        {"primitive_info": {"yz_open_id": name}, "mobile_info": {"mobile": "$c2VjcmV0$1$"}}
        for name in ("open1", "open2")
    ]
    youzan = Youzan().prepare("youzan.users.info.query", served({"user_list": users}))
    assert [(one.member_id, one.phone) for one in await youzan.till.find_members(PHONE)] == [
        ("open1", None),
        ("open2", None),
    ]


@pytest.mark.parametrize("nobody", [served({"user_list": []}), served(None), refused(141001107)])
async def test_nobody_is_an_empty_list(nobody: dict[str, Any]) -> None:
    assert await Youzan().prepare("youzan.users.info.query", nobody).till.find_members(PHONE) == []


async def test_by_external_userid_only_who_was_granted_it() -> None:
    key = MemberKey(kind="external_userid", value="wm1")
    with pytest.raises(PosInvalidRequest, match="external_userid"):
        await Youzan().till.find_members(key)
    youzan = Youzan({"external_userid": True})
    assert "external_userid" in youzan.till.capabilities.lookup
    youzan.prepare("youzan.users.customer.get.externalUserId", served({"yz_open_id": "open1"}), served(None))
    youzan.prepare(
        "youzan.users.info.query", served({"user_list": [{"primitive_info": {"yz_open_id": "open1"}}]})
    )
    assert [one.member_id for one in await youzan.till.find_members(key)] == ["open1"]
    assert await youzan.till.find_members(key) == []


async def test_stores_have_a_place_in_the_system_that_the_options_name() -> None:
    rows = [
        {"warehouse_id": 11, "warehouse_code": "S001", "name": "一店", "city": "杭州市", "address": "路1号"},
        {"warehouse_id": 12, "warehouse_code": "S002", "name": "二店", "lng": "120.1", "lat": "30.2"},
        {"warehouse_id": 13, "warehouse_code": "S003", "name": "三店", "lng": "0", "lat": ""},
    ]
    answer = served({"warehouses": rows})
    one, two, three = await Youzan().prepare("youzan.retail.open.warehouse.query", answer).till.list_stores()
    assert (one.store_id, one.address, one.geo, three.geo) == ("S001", "杭州市路1号", None, None)
    assert two.geo == GeoPoint(lat=30.2, lng=120.1, crs="bd09")
    other = Youzan({"crs": "gcj02", "store_id": "number"})
    found = await other.prepare("youzan.retail.open.warehouse.query", answer).till.list_stores()
    assert [store.store_id for store in found] == ["11", "12", "13"]
    assert found[1].geo == GeoPoint(lat=30.2, lng=120.1, crs="gcj02")


SPU = {
    "spu_id": 501,
    "spu_code": "P001",
    "product_name": "苹果",
    "category_name": "水果",
    "skus": [{"sku_code": "P001-1"}, {"sku_code": "P001-2"}],
}


async def test_products_come_until_a_page_is_not_full() -> None:
    full = [SPU | {"spu_id": 500 + n, "spu_code": f"P{n}"} for n in range(20)]
    youzan = Youzan().prepare(
        "youzan.retail.open.spu.query", served({"spus": full}), served({"spus": [SPU | {"spu_code": ""}]})
    )
    first = await youzan.till.list_products()
    second = await youzan.till.list_products(cursor=first.next_cursor)
    assert (len(first.items), first.next_cursor, second.next_cursor) == (20, "519", None)
    assert second.items == (Product(product_id="501", name="苹果", category="水果"),)
    assert youzan.asked[1][1]["last_spu_id"] == 519


async def test_stock_is_the_sum_over_a_products_sizes_less_what_is_frozen() -> None:
    youzan = Youzan().prepare("youzan.retail.open.spu.query", served({"spus": [SPU]}))
    rows = [
        {"sku_code": "P001-1", "stock_num": "6.350", "freeze_num": "1.00"},
        {"sku_code": "P001-2", "stock_num": "2"},
        {"sku_code": "not asked for", "stock_num": "9"},
    ]
    youzan.prepare("youzan.retail.open.query.warehousestock", served(rows), served([]))
    assert await youzan.till.list_stock("S001", ["P001", "P404"]) == [
        StockLot(store_id="S001", product_id="P001", name="苹果", quantity=Decimal("7.35"))
    ]
    assert await youzan.till.list_stock("S001", ["P001"]) == []
    assert youzan.asked[1][1] == {"sku_codes": ["P001-1", "P001-2"], "warehouse_code": "S001"}


async def issue(youzan: Youzan, template_id: str = "123") -> Coupon:
    return await youzan.till.issue_coupon(
        template_id=template_id, member_id="open1", idempotency_key="journey/step/open1"
    )


@pytest.mark.parametrize(
    "sent", [{"coupon_id": 18789010589}, {"voucher_identity": {"coupon_id": 18789010589, "coupon_type": 0}}]
)
async def test_a_coupon_is_sent_of_an_activity_that_may_have_a_name_here(sent: dict[str, Any]) -> None:
    youzan = Youzan({"activities": {"FIRST5": 123}})
    youzan.prepare("youzan.ump.voucheractivity.send", served({"activity_id": 123, **sent}))
    coupon = await issue(youzan, "FIRST5")
    assert (coupon.coupon_id, coupon.template_id, coupon.status) == (
        "18789010589",
        "FIRST5",
        CouponStatus.ISSUED,
    )
    assert youzan.asked == [
        ("youzan.ump.voucheractivity.send/3.0.1", {"activity_id": 123, "yz_open_id": "open1"})
    ]
    with pytest.raises(PosInvalidRequest, match="activities"):
        await issue(youzan, "WINBACK10")


@pytest.mark.parametrize("sent", [None, {}, {"coupon_id": None}, {"coupon_id": "ZAN1"}, {"coupon_id": 0}])
async def test_an_answer_that_does_not_say_which_coupon_leaves_the_outcome_open(sent: object) -> None:
    with pytest.raises(PosOutcomeUnknown):
        await issue(Youzan().prepare("youzan.ump.voucheractivity.send", served(sent)))


def voucher(coupon_id: int, *, activity: int = 123, seconds: float = 1, **more: Any) -> dict[str, Any]:
    return {
        "voucher_identity": {"coupon_id": coupon_id, "coupon_type": 0},
        "user_identity": {"yz_open_id": "open1"},
        "activity_id": activity,
        "send_at": int((START + timedelta(seconds=seconds)).timestamp() * 1000),
        "verified_at": 0,
        **more,
    }


async def find(youzan: Youzan, *known: str) -> Coupon | None:
    return await youzan.till.find_coupon(
        template_id="123",
        member_id="open1",
        idempotency_key="journey/step/open1",
        since=START,
        known=frozenset(known),
    )


async def test_what_became_of_a_coupon_is_looked_for_among_hers() -> None:
    older, other = voucher(1, seconds=-1), voucher(2, activity=9)
    rows = [older, other, voucher(3), voucher(4)]
    youzan = Youzan().prepare("youzan.ump.voucher.query", served(rows, total=4))
    found = await find(youzan, "4")
    assert found is not None
    assert (found.coupon_id, found.template_id, found.member_id) == ("3", "123", "open1")
    with pytest.raises(PosAmbiguous):
        await find(youzan)
    assert await find(youzan, "3", "4") is None


async def test_all_pages_of_her_coupons_are_read() -> None:
    first = [voucher(n, activity=9) for n in range(1, 201)]
    youzan = Youzan().prepare(
        "youzan.ump.voucher.query", served(first, total=201), served([voucher(300)], total=201)
    )
    found = await find(youzan)
    assert found is not None
    assert found.coupon_id == "300"
    assert [body["page_num"] for _, body in youzan.asked] == [1, 2]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"status": 1}, CouponStatus.ISSUED),
        ({"status": "2"}, CouponStatus.REDEEMED),
        ({"status": 3}, CouponStatus.EXPIRED),
        ({"verified_at": 1772337600000}, CouponStatus.REDEEMED),
        ({"valid_end_time": 1594296126604}, CouponStatus.EXPIRED),
        ({"valid_end_time": 1999999999999}, CouponStatus.ISSUED),
    ],
)
async def test_a_coupons_status(told: dict[str, Any], status: CouponStatus) -> None:
    used = voucher(3, verified_in_order_nos=["E1"]) | told
    youzan = Youzan().prepare("youzan.ump.voucher.query.detail", served(used))
    coupon = await youzan.till.get_coupon("3")
    assert (coupon.status, coupon.redeemed_order_id) == (status, "E1")


async def test_an_unknown_status_and_an_answer_about_another_coupon_are_no_answers() -> None:
    youzan = Youzan().prepare(
        "youzan.ump.voucher.query.detail", served(voucher(3, status=4)), served(voucher(5, status=1))
    )
    with pytest.raises(PosUnavailable, match=r"data\.status"):
        await youzan.till.get_coupon("3")
    with pytest.raises(PosUnavailable, match="another coupon"):
        await youzan.till.get_coupon("3")


async def test_ids_that_cannot_be_youzans_are_not_asked_for() -> None:
    with pytest.raises(PosNotFound):
        await Youzan().till.get_coupon("coupon_1")
    with pytest.raises(PosNotFound):
        await Youzan({"store_id": "number"}).till.list_stock("S001", ["P001"])
    with pytest.raises(PosInvalidRequest, match="cursor"):
        await Youzan().till.list_products(cursor="next")


async def test_what_youzan_does_not_publish_is_not_offered() -> None:
    offered = capabilities("youzan")
    assert (offered.list_members, offered.templates, offered.redemptions) == (False, False, False)
    assert offered.issue_idempotent == "none"
    with pytest.raises(PosInvalidRequest):
        await Youzan().till.list_members()
    with pytest.raises(PosInvalidRequest):
        await Youzan().till.list_templates()
    with pytest.raises(PosInvalidRequest):
        await Youzan().till.list_redemptions(since=SINCE, until=UNTIL)


JSON = st.recursive(
    st.none() | st.booleans() | st.sampled_from([-1, 0, 10**30, 1.5, "", "1", "NaN", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, inner))
    ),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(JSON)
async def test_any_answer_is_understood_or_is_an_error_of_the_port(answer: Any) -> None:
    youzan = Youzan({"calls_per_second": 1_000_000})
    for api in APIS:
        youzan.prepare(api, {"success": True, "code": 200, "data": answer, "total": 1})
    till = youzan.till
    for call in (
        till.find_members(PHONE),
        till.list_orders(since=SINCE, until=UNTIL),
        till.get_order("E1"),
        till.list_stores(),
        till.list_products(),
        till.list_stock("S001", ["P001"]),
        till.get_coupon("3"),
        find(youzan),
        issue(youzan),
    ):
        with suppress(PosError):
            await call


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"app_id": ""}, "POS_APP_ID"),
        ({"account": ""}, "POS_ACCOUNT"),
        ({"options": {"plan": "D"}}, "plan"),
        ({"options": {"activities": {"FIRST5": "123"}}}, "activities.FIRST5"),
        ({"options": {"colour": 1}}, "colour"),
    ],
)
def test_settings_that_cannot_work_are_named(changes: dict[str, Any], says: str) -> None:
    youzan = Youzan()
    with pytest.raises(AccessError, match=says):
        connect("youzan", Access(**{**vars(ACCESS), **changes}), Means(None, youzan.clock))  # type: ignore[arg-type]
