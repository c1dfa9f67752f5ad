"""What Keruyun tells, in the words of the port: orders, members, coupons, shops, dishes, stock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.pos import (
    CouponStatus,
    GeoPoint,
    MemberKey,
    Money,
    OrderStatus,
    PosAmbiguous,
    PosInvalidRequest,
    PosNotFound,
    PosUnavailable,
)
from integrations.pos.keruyun.walking import Place, next_window, window
from tests.integrations.keruyun import ITEM, Keruyun, order, refused, result

pytestmark = pytest.mark.anyio

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
PAID_AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
DETAIL = "order/queryDetail"
ORDER_ID = "810094162/9007199254740993001"
FEN_4500 = Money(amount_minor=4500, currency="CNY")


async def read(**changes: Any) -> Any:
    return await Keruyun().prepare(DETAIL, result(data=order(**changes))).till.get_order(ORDER_ID)


async def test_an_order() -> None:
    told = await read()
    assert (told.order_id, told.store_id, told.member_id) == (ORDER_ID, "810094162", "9007199254740993002")
    assert (told.status, told.paid_at, told.updated_at) == (OrderStatus.PAID, PAID_AT, PAID_AT)
    assert (told.paid, told.refunded, told.refund_of) == (FEN_4500, None, None)
    (line,) = told.lines
    assert (line.name, line.product_id, line.category) == ("牛肉面", "77", "面")
    assert (line.quantity, line.paid, line.gift) == (Decimal("1.5"), FEN_4500, False)


async def test_a_refund_is_a_ticket_that_names_its_order_whatever_its_sign() -> None:
    for amount in ("-1500", "1500", -1500):
        ticket = await read(
            orderId="9", orderStatus="REFUND", relatedOrderId="8", orderReceivedAmt=amount, memberId=0
        )
        assert (ticket.order_id, ticket.refund_of) == ("810094162/9", "810094162/8")
        assert (ticket.status, ticket.member_id) == (OrderStatus.REFUNDED, None)
        assert (ticket.paid.amount_minor, ticket.refunded.amount_minor) == (0, 1500)


async def test_a_negative_ticket_is_never_a_purchase() -> None:
    """Whatever its status says."""
    ticket = await read(orderId="9", relatedOrderId="8", orderReceivedAmt="-1500")
    assert (ticket.status, ticket.refund_of) == (OrderStatus.REFUNDED, "810094162/8")
    assert (ticket.paid.amount_minor, ticket.refunded.amount_minor) == (0, 1500)
    bare = await read(orderReceivedAmt="-1500")
    assert (bare.status, bare.paid.amount_minor, bare.refunded) == (OrderStatus.PAID, 0, None)


async def test_an_order_that_says_itself_that_it_was_refunded() -> None:
    told = await read(orderStatus="REFUND")
    assert (told.refund_of, told.status) == (None, OrderStatus.REFUNDED)
    assert (told.paid, told.refunded) == (FEN_4500, FEN_4500)


async def test_a_bill_that_follows_a_reopened_one_is_no_refund() -> None:
    told = await read(relatedOrderId="8")
    assert (told.refund_of, told.paid, told.status) == (None, FEN_4500, OrderStatus.PAID)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("WAIT_SETTLED", OrderStatus.OPEN),
        ("SUCCESS", OrderStatus.PAID),
        ("INVALID", OrderStatus.CANCELLED),
        ("CANCELLED", OrderStatus.CANCELLED),
        ("ANTI_SETTLED", OrderStatus.CANCELLED),
    ],
)
async def test_statuses(theirs: str, ours: OrderStatus) -> None:
    told = await read(orderStatus=theirs)
    assert told.status is ours
    assert (told.paid_at is None) == (ours is OrderStatus.OPEN)


async def test_a_paid_order_has_a_time_and_an_unpaid_one_has_none() -> None:
    opened_at = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
    assert (await read(settleTime=None)).paid_at == opened_at
    assert (await read(settleTime="", orderStatus="CANCELLED")).paid_at is None


@pytest.mark.parametrize("nobody", [None, 0, "0", ""])
async def test_who_is_no_member(nobody: object) -> None:
    assert (await read(memberId=nobody)).member_id is None


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"orderStatus": "TELEPORTED"}, "orderStatus"),
        ({"orderStatus": {"code": 1}}, "orderStatus"),
        ({"orderReceivedAmt": 45.5}, "orderReceivedAmt"),
        ({"orderReceivedAmt": "45.50"}, "orderReceivedAmt"),
        ({"orderReceivedAmt": None}, "orderReceivedAmt"),
        ({"settleTime": "2026-03-01T12:00:00Z"}, "settleTime"),
        ({"settleTime": "0001-01-01 00:00:00"}, "settleTime"),
        ({"memberId": 1.5}, "memberId"),
        ({"orderId": None}, "orderId"),
    ],
)
async def test_what_does_not_fit_is_named_and_not_shown(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(PosUnavailable, match=f"orderBaseVO.{place}") as caught:
        await read(**changes)
    assert "13800138000" not in str(caught.value)


async def test_a_quantity_that_is_none_is_named() -> None:
    items = [ITEM | {"quantity": "many"}]
    api = Keruyun().prepare(DETAIL, result(data=order() | {"orderItemVoList": items}))
    with pytest.raises(PosUnavailable, match=r"orderItemVoList\.0\.quantity"):
        await api.till.get_order(ORDER_ID)


async def test_what_is_no_sale_is_no_order() -> None:
    with pytest.raises(PosNotFound, match="MEMBER_STORE"):
        await read(orderType="MEMBER_STORE")
    with pytest.raises(PosNotFound):
        await Keruyun().till.get_order("an id without a shop")


async def test_dishes_sent_back_are_not_bought_and_gifts_are_marked() -> None:
    items = [ITEM | {"saleStatusTypeCode": "DISCARD"}, ITEM | {"giftFlag": True, "midTypeName": None}]
    api = Keruyun().prepare(DETAIL, result(data=order() | {"orderItemVoList": items}))
    (gift,) = (await api.till.get_order(ORDER_ID)).lines
    assert (gift.gift, gift.category) == (True, "主食")
    api.prepare(DETAIL, result(data=order() | {"orderItemVoList": None}))
    assert (await api.till.get_order(ORDER_ID)).lines == ()


def row(trade: str, kind: str = "FOR_HERE") -> dict[str, Any]:
    return {"orderId": trade, "orderType": kind}


async def test_a_time_that_is_not_set_is_none() -> None:
    for nothing in ("", None, "0000-00-00 00:00:00", "1970-01-01 08:00:00"):
        assert (await read(settleTime=nothing)).paid_at == PAID_AT - timedelta(minutes=30), (
            "when it was opened"
        )


async def test_a_listed_order_that_is_no_sale_or_is_gone_does_not_stop_the_walk() -> None:
    api = Keruyun().prepare(
        "order/queryList", result(data={"list": [row("1"), row("2"), row("3")], "totalPage": 1})
    )
    stored = result(data=order(orderType="MEMBER_STORE"))
    api.prepare(DETAIL, stored, refused(2003), result(data=order()))
    page = await api.till.list_orders(since=SINCE, until=UNTIL, store_id="810094162")
    assert [one.order_id for one in page.items] == [ORDER_ID]


@pytest.mark.parametrize("shape", ["page_bean", "flat"])
async def test_the_list_of_a_shop_in_pages(shape: str) -> None:
    rows = [row("1"), row("2", "MEMBER_STORE")]
    api = Keruyun({"order_list": shape}).prepare(DETAIL, result(data=order()))
    api.prepare(
        "order/queryList",
        result(data={"list": rows, "totalPage": "2"}),
        result(data={"list": None, "totalPage": "2"}),
    )
    page = await api.till.list_orders(since=SINCE, until=UNTIL, store_id="810094162")
    last = await api.till.list_orders(since=SINCE, until=UNTIL, store_id="810094162", cursor=page.next_cursor)
    assert (len(page.items), last.items, last.next_cursor) == (1, (), None)
    times = {"dateType": "4", "startDate": "2026-03-01 08:00:00", "endDate": "2026-03-02 07:59:59"}
    bodies = [body for path, body in api.asked if path.endswith("queryList")]
    if shape == "flat":
        assert bodies[1] == times | {"shopIds": ["810094162"], "pageNum": 2, "pageSize": 20}
    else:
        assert bodies[1] == times | {"pageBean": {"pageNum": 2, "pageSize": 20}}


async def test_without_a_store_every_open_shop_is_walked_and_a_member_cannot_be_asked_for() -> None:
    shops = [{"shopId": number, "name": "店"} for number in (30, 10, 40, 50)]
    shops[2]["orgType"], shops[3]["status"] = "BRAND", "DISABLE"
    api = Keruyun().prepare("queryBrandStores", result(shops=shops))
    api.prepare("order/queryList", result(data={"list": None, "totalPage": "0"}))
    page = await api.till.list_orders(since=SINCE, until=UNTIL)
    end = await api.till.list_orders(since=SINCE, until=UNTIL, cursor=page.next_cursor)
    assert end.next_cursor is None
    lists = [one for one in api.requests if one.url.path.endswith("queryList")]
    assert [one.url.params["shopIdenty"] for one in lists] == ["10", "30"]
    with pytest.raises(PosInvalidRequest, match="not by member"):
        await api.till.list_orders(since=SINCE, until=UNTIL, member_id="1")
    with pytest.raises(PosInvalidRequest, match="cursor"):
        await api.till.list_orders(since=SINCE, until=UNTIL, cursor="foreign")


@settings(max_examples=50)
@given(st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1 < at.year < 9998), st.integers(1, 10**10))
def test_windows_of_31_days_leave_no_second_out(since: datetime, milliseconds: int) -> None:
    until = since + timedelta(milliseconds=milliseconds)
    place: Place | None = Place(shop="1")
    expected = since
    while place is not None:
        first, last = window(place, since, until)
        assert first == expected
        assert last - first < timedelta(days=31)
        expected = first + timedelta(days=31)
        place = next_window(place, since, until)
    assert last == until - timedelta(microseconds=1)


async def test_members() -> None:
    someone = {
        "customerId": "9007199254740993002",
        "mobile": "13800138000",
        "name": "李四",
        "levelDTO": {"levelName": "金卡", "levelNo": 2},
        "state": 1,
        "customerTime": 1772352000000,
    }
    closed = {"customerId": 5, "mobile": "138****8000", "levelDTO": None, "state": 0}
    api = Keruyun().prepare("queryByMobile", result(data=someone))
    api.prepare("queryByCustomerIds", result(list=[someone, closed], success="true"))
    (found,) = await api.till.find_members(MemberKey(kind="phone", value="+8613800138000"))
    assert api.asked[0][1] == {"mobile": "13800138000"}
    assert (found.member_id, found.phone, found.level) == ("9007199254740993002", "+8613800138000", "金卡")
    assert found.created_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    both = await api.till.find_members(MemberKey(kind="member_id", value="9007199254740993002"))
    assert api.asked[1][1] == {"customerIds": [9007199254740993002]}
    assert [(one.active, one.phone) for one in both] == [(True, "+8613800138000"), (False, None)]
    assert await api.till.find_members(MemberKey(kind="member_id", value="no number")) == []
    with pytest.raises(PosInvalidRequest, match="unionid"):
        await api.till.find_members(MemberKey(kind="unionid", value="o1"))


@pytest.mark.parametrize(
    "nobody", [result(data=None), result(success=False, msgInfo="会员不存在"), refused(2003)]
)
async def test_an_unknown_phone_is_an_empty_list(nobody: dict[str, Any]) -> None:
    api = Keruyun().prepare("queryByMobile", nobody)
    assert await api.till.find_members(MemberKey(kind="phone", value="+8613800138000")) == []


async def test_one_key_is_one_outer_id_of_64_plain_characters() -> None:
    api = Keruyun({"activity_id": "31"}).prepare("OperateFacade/send", result(data={"resourceCode": 900}))
    for key in ("旅程/步骤/" + "x" * 100, "旅程/步骤/" + "x" * 100, "another"):
        coupon = await api.till.issue_coupon(template_id="7", member_id="5", idempotency_key=key)
    assert (coupon.coupon_id, coupon.status) == ("900", CouponStatus.ISSUED)
    bodies = [body for _, body in api.asked]
    outer = [body.pop("outPreInstanceId") for body in bodies]
    assert (outer[0] == outer[1], outer[0] == outer[2], len(outer[0])) == (True, False, 64)
    assert outer[0].isalnum()
    assert bodies[0] == {"activityId": "31", "customerId": "5", "templateId": "7"}


def voucher(code: str, status: str = "NORMAL", hour: int = 9, template: str = "7") -> dict[str, Any]:
    at = datetime(2026, 3, 1, hour, tzinfo=UTC)
    return {
        "resourceCode": code,
        "templateId": template,
        "status": status,
        "gmtCreated": int(at.timestamp() * 1000),
        "endTime": 1774915200000,
    }


async def find(api: Keruyun, **more: Any) -> Any:
    since = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    return await api.till.find_coupon(
        template_id="7", member_id="5", idempotency_key="k", since=since, **more
    )


async def test_what_became_of_a_coupon_is_looked_for_among_hers() -> None:
    hers = [voucher("1", hour=8), voucher("2"), voucher("3", template="8")]
    api = Keruyun().prepare("InstanceQueryFacade/page", result(result=hers, totalSize=3))
    found = await find(api)
    assert (found.coupon_id, found.template_id, found.member_id) == ("2", "7", "5")
    assert found.valid_until == datetime(2026, 3, 31, tzinfo=UTC)
    assert await find(api, known=frozenset({"2"})) is None
    api.prepare("InstanceQueryFacade/page", result(result=[voucher("1"), voucher("2")], totalSize=2))
    with pytest.raises(PosAmbiguous):
        await find(api)


async def test_all_pages_of_her_coupons_are_read() -> None:
    many = [voucher(str(number), hour=1) for number in range(1, 101)]
    api = Keruyun().prepare(
        "InstanceQueryFacade/page",
        result(result=many, totalSize=101),
        result(result=[voucher("last")], totalSize=101),
    )
    assert (await find(api)).coupon_id == "last"
    assert [body["pageNo"] for _, body in api.asked] == ["1", "2"]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("NORMAL", CouponStatus.ISSUED),
        ("FREEZED", CouponStatus.FROZEN),
        ("ISUSED", CouponStatus.REDEEMED),
        ("EXPIRED", CouponStatus.EXPIRED),
        ("INVALID", CouponStatus.VOID),
    ],
)
async def test_a_coupon_is_read_by_its_member(theirs: str, ours: CouponStatus) -> None:
    data = voucher("900", theirs) | {"templateId": None, "voucherTemplate": {"id": 7}}
    api = Keruyun().prepare("queryOne", result(data=data))
    coupon = await api.till.get_coupon("900", member_id="5")
    assert (coupon.status, coupon.template_id) == (ours, "7")
    assert api.asked[0][1] == {"resourceCode": "900", "customerId": "5"}
    with pytest.raises(PosInvalidRequest, match="member"):
        await api.till.get_coupon("900")
    for wrong in ({"status": "EATEN"}, {"gmtCreated": 10**30}):
        api.prepare("queryOne", result(data=data | wrong))
        with pytest.raises(PosUnavailable, match=rf"data\.{next(iter(wrong))}"):
            await api.till.get_coupon("900", member_id="5")


async def test_templates() -> None:
    rows = [{"id": "7", "name": "五元券", "inventory": 3, "status": "USED"}, {"id": 8, "status": "INVALID"}]
    api = Keruyun().prepare("TemplateQueryFacade/page", result(result=rows, totalSize=2))
    one, two = await api.till.list_templates()
    assert (one.template_id, one.left, one.active) == ("7", 3, True)
    assert (two.template_id, two.left, two.active) == ("8", None, False)


async def test_shops_with_and_without_a_place() -> None:
    shops = [
        {"shopId": 10, "name": "一店", "latitude": "31.2", "longitude": "121.4", "addressDetail": "路1号"},
        {"shopId": "11", "name": "二店", "latitude": "", "longitude": None, "status": "DISABLE"},
        {"shopId": "12", "name": "三店", "latitude": "0", "longitude": "0.0"},
    ]
    api = Keruyun({"crs": "bd09"}).prepare("queryBrandStores", result(shops=shops))
    one, two, three = await api.till.list_stores()
    assert (one.store_id, one.geo) == ("10", GeoPoint(lat=31.2, lng=121.4, crs="bd09"))
    assert (two.geo, two.active, three.geo, three.active) == (None, False, None, True)


async def test_dishes_of_every_shop_with_the_names_of_their_categories() -> None:
    menu = [
        {"dishId": "77", "dishName": "牛肉面", "categoryId": "1"},
        {"dishId": "78", "dishName": "加蛋", "categoryId": "1", "dishType": "SIDE"},
        {"dishId": "79", "dishName": "旧菜", "categoryId": "1", "state": "INVALID"},
    ]
    api = Keruyun().prepare("pageQueryBaseDish", result(value={"dataList": menu, "total": 101}))
    api.prepare("listQueryCategory", result(value=[{"categoryId": 1, "categoryName": "面"}]))
    api.prepare("queryBrandStores", result(shops=[{"shopId": "10", "name": "店"}]))
    page = await api.till.list_products()
    (dish,) = page.items
    assert (dish.product_id, dish.name, dish.category) == ("77", "牛肉面", "面")
    assert (await api.till.list_products(cursor=page.next_cursor)).next_cursor is None


async def test_stock_of_a_store() -> None:
    goods = [
        {"goodsCode": "A", "goodsName": "西瓜", "currQty": 6.35},
        {"goodsCode": "B", "goodsName": "苹果", "currQty": "-2"},
    ]
    path = "/open/standard/supply/stock/find"
    api = Keruyun({"stock_path": path}).prepare(path, result(data={"list": goods, "total": 2}))
    (lot,) = await api.till.list_stock("10", ["A", "B"])
    assert (lot.store_id, lot.product_id, lot.quantity) == ("10", "A", Decimal("6.35"))
    assert api.asked[0][1]["goodsCodes"] == ["A", "B"]
    assert await api.till.list_stock("10", []) == []
    assert len(api.asked) == 1


async def test_what_keruyun_cannot_do_is_refused() -> None:
    till = Keruyun().till
    with pytest.raises(PosInvalidRequest):
        await till.list_members()
    with pytest.raises(PosInvalidRequest):
        await till.list_redemptions(since=SINCE, until=UNTIL)
    can = till.capabilities
    assert {can.list_members, can.redemptions, can.orders_by_member} == {False}
