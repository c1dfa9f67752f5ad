"""Square's shapes as the port's, and answers that break them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from integrations.pos import (
    AccessError,
    CouponStatus,
    MemberKey,
    Order,
    OrderStatus,
    PosError,
    PosInvalidRequest,
    PosOutcomeUnknown,
    PosUnavailable,
)
from integrations.pos.square.mapping import orders
from integrations.pos.square.shapes import SquareOrder
from tests.integrations.fakes import START
from tests.integrations.square import answering, over

pytestmark = pytest.mark.anyio

SALE: dict[str, Any] = {
    "id": "CAISENgvlJ6jLWAzERDzjyHVybY",
    "location_id": "057P5VYJ4A5X1",
    "state": "COMPLETED",
    "created_at": "2020-01-26T02:25:34Z",
    "updated_at": "2020-01-26T02:25:35.455006797Z",
    "closed_at": "2020-01-26T02:25:35Z",
    "total_money": {"amount": 1500, "currency": "USD"},
}
LINE = {
    "uid": "l1",
    "name": "Watermelon",
    "quantity": "6.35",
    "catalog_object_id": "V1",
    "base_price_money": {"amount": 236, "currency": "USD"},
    "total_money": {"amount": 1500, "currency": "USD"},
}
BACK = {"source_order_id": "S1", "return_amounts": {"total_money": {"amount": 500, "currency": "USD"}}}
REFUND = {"tender_id": "P1", "status": "APPROVED", "amount_money": {"amount": 500, "currency": "USD"}}


def read(**changes: Any) -> list[Order]:
    return orders(SquareOrder.model_validate({**SALE, "line_items": [LINE], **changes}), {})


def one(**changes: Any) -> Order:
    (order,) = read(**changes)
    return order


def ticket(**changes: Any) -> Order:
    nothing = {"amount": 0, "currency": "USD"}
    return one(**{"line_items": None, "returns": [BACK], "total_money": nothing, **changes})


def test_a_sale_of_weighed_goods() -> None:
    order = one()
    assert (order.status, order.paid.amount_minor, order.paid.currency) == (OrderStatus.PAID, 1500, "USD")
    assert order.updated_at == datetime(2020, 1, 26, 2, 25, 35, 455006, tzinfo=UTC)
    assert (str(order.lines[0].quantity), order.lines[0].gift) == ("6.35", False)
    free = LINE | {"total_money": {"amount": 0, "currency": "USD"}}
    assert one(line_items=[free]).lines[0].gift


def test_who_bought_may_stand_on_the_payment_only() -> None:
    paid_at = "2020-01-26T02:25:33Z"
    order = one(tenders=[{"id": "P0"}, {"customer_id": "C1", "created_at": paid_at}])
    assert (order.member_id, order.paid_at) == ("C1", datetime(2020, 1, 26, 2, 25, 33, tzinfo=UTC))


@pytest.mark.parametrize(
    ("state", "due", "status"),
    [
        ("COMPLETED", None, OrderStatus.PAID),
        ("OPEN", 1500, OrderStatus.OPEN),
        ("OPEN", None, OrderStatus.OPEN),
        ("OPEN", 0, OrderStatus.PAID),  # paid ahead, to be fetched
        ("CANCELED", 0, OrderStatus.CANCELLED),
        ("DRAFT", 0, OrderStatus.OPEN),
        ("HELD_BY_MARTIANS", 0, OrderStatus.OPEN),
    ],
)
def test_states(state: str, due: int | None, status: OrderStatus) -> None:
    money = None if due is None else {"amount": due, "currency": "USD"}
    tender = {"id": "P1", "created_at": "2020-01-26T02:25:34Z"}
    order = one(state=state, net_amount_due_money=money, tenders=[tender])
    assert order.status is status
    assert (order.paid_at is None) == (status is OrderStatus.OPEN)


def test_what_was_canceled_unpaid_was_never_paid() -> None:
    assert one(state="CANCELED").paid_at is None
    assert one().paid_at == datetime(2020, 1, 26, 2, 25, 35, tzinfo=UTC)


def test_nothing_due_on_an_empty_order_is_no_purchase() -> None:
    nothing = {"amount": 0, "currency": "USD"}
    assert one(state="OPEN", total_money=nothing, net_amount_due_money=nothing).status is OrderStatus.OPEN


def test_a_return_is_a_ticket_of_positive_money() -> None:
    back = ticket(refunds=[REFUND])
    assert (back.order_id, back.refund_of, back.status) == (SALE["id"], "S1", OrderStatus.REFUNDED)
    assert back.refunded is not None
    assert (back.paid.amount_minor, back.refunded.amount_minor) == (0, 500)
    unnamed = ticket(returns=[{"source_order_id": "S1"}], refunds=[REFUND])
    assert unnamed.refunded == back.refunded


@pytest.mark.parametrize("status", ["PENDING", "REJECTED", "FAILED", "?"])
def test_money_that_is_not_back_yet_is_not_counted(status: str) -> None:
    assert read(line_items=None, returns=[BACK], refunds=[REFUND | {"status": status}]) == []


def test_an_exchange_is_a_sale_and_a_ticket() -> None:
    sale, back = read(returns=[BACK, BACK | {"source_order_id": None}])
    assert (sale.order_id, sale.refund_of, sale.paid.amount_minor) == (SALE["id"], None, 1500)
    assert sale.refunded is None
    assert (back.order_id, back.refund_of) == (f"{SALE['id']}/1", "S1")


@pytest.mark.parametrize(
    ("amount", "status"), [(500, OrderStatus.PART_REFUNDED), (1500, OrderStatus.REFUNDED)]
)
def test_a_converted_sale_bears_its_refunds_itself(amount: int, status: OrderStatus) -> None:
    refund = REFUND | {"amount_money": {"amount": amount, "currency": "USD"}}
    order = one(refunds=[refund, REFUND | {"status": "FAILED"}])
    assert order.refunded is not None
    assert (order.status, order.refunded.amount_minor) == (status, amount)


async def test_a_return_of_no_named_sale_is_of_the_order_whose_payment_went_back() -> None:
    unlinked = {**SALE, "returns": [BACK | {"source_order_id": None}], "refunds": [REFUND]}
    pos, asked = answering({"order": unlinked}, {"payment": {"id": "P1", "order_id": "S7"}})
    assert (await pos.get_order(SALE["id"])).refund_of == "S7"
    assert asked[1][0] == "/square/v2/payments/P1"


async def test_the_search_of_orders_is_what_square_wants() -> None:
    pos, asked = answering({"locations": [{"id": "L1"}]}, {})
    page = await pos.list_orders(since=START, until=START + timedelta(days=1), member_id="C1")
    assert page.items == ()
    assert asked[1] == (
        "/square/v2/orders/search",
        {
            "location_ids": ["L1"],
            "limit": 100,
            "query": {
                "filter": {
                    "date_time_filter": {
                        "updated_at": {
                            "start_at": "2026-03-01T09:00:00+00:00",
                            "end_at": "2026-03-02T09:00:00+00:00",
                        }
                    },
                    "customer_filter": {"customer_ids": ["C1"]},
                },
                "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
            },
        },
    )


async def test_a_chain_without_stores_has_no_orders() -> None:
    pos, asked = answering({})
    assert (await pos.list_orders(since=START, until=START)).next_cursor is None
    assert len(asked) == 1


async def test_every_call_names_the_version_and_the_token() -> None:
    seen: list[httpx.Headers] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json={})

    await over(handle).list_stores()
    assert (seen[0]["square-version"], seen[0]["authorization"]) == ("2026-09-16", "Bearer till-key")


@pytest.mark.parametrize(
    "answer",
    [
        [],
        None,
        b"",
        b'{"customers": [',
        {"customers": "x"},
        {"customers": [1]},
        {"customers": [{}]},
        {"customers": [{"id": 7}]},
        b'{"customers": [], "count": NaN}',  # which Python takes
        {"customers": [{"id": "C1", "created_at": "2026-03-01T09:00:00"}]},  # naive
        {"errors": ["x"]},
    ],
)
async def test_an_answer_that_is_not_squares_is_a_typed_error(answer: object) -> None:
    pos, _ = answering(answer)
    if answer == {"errors": ["x"]}:
        assert await pos.find_members(MemberKey(kind="phone", value="+8613800000001")) == []
    else:
        with pytest.raises(PosUnavailable):
            await pos.find_members(MemberKey(kind="phone", value="+8613800000001"))


@pytest.mark.parametrize("body", [["x"], {"errors": ["x"]}, {"errors": []}, "x"])
async def test_a_refusal_that_is_not_squares_is_a_typed_error(body: object) -> None:
    pos, _ = answering(body, status=400)
    with pytest.raises(PosError):
        await pos.list_stores()


async def test_float_money_is_refused() -> None:
    pos, _ = answering({"order": {**SALE, "total_money": {"amount": 15.5, "currency": "USD"}}})
    with pytest.raises(PosUnavailable, match=r"order\.total_money\.amount"):
        await pos.get_order("S1")


async def test_an_unknown_status_of_a_coupon_is_not_guessed() -> None:
    reward = {
        "id": "R1",
        "status": "ISSUED",
        "loyalty_account_id": "A1",
        "reward_tier_id": "T1",
        "created_at": "2026-03-01T09:00:00Z",
    }
    pos, _ = answering({"reward": reward | {"status": "DELETED"}})
    assert (await pos.get_coupon("R1", member_id="C1")).status is CouponStatus.VOID
    pos, _ = answering({"reward": reward | {"status": "MELTED"}})
    with pytest.raises(PosUnavailable, match=r"reward\.status"):
        await pos.get_coupon("R1", member_id="C1")


async def test_a_refusal_tells_its_code_and_nothing_of_the_customer() -> None:
    phone = "+8613800000001"
    detail = f"Expected phone_number {phone} to be something else."
    error = {"category": "INVALID_REQUEST_ERROR", "code": "INVALID_CURSOR", "detail": detail}
    pos, _ = answering({"errors": [error]}, status=400)
    with pytest.raises(PosInvalidRequest) as refused:
        await pos.find_members(MemberKey(kind="phone", value=phone))
    assert refused.value.provider_code == "INVALID_CURSOR"
    assert phone not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_when_to_ask_again_is_told() -> None:
    pos, asked = answering({"errors": [{"code": "RATE_LIMITED"}]}, status=429, **{"Retry-After": "7"})
    with pytest.raises(PosError) as refused:
        await pos.list_stores()
    assert (refused.value.retryable, refused.value.retry_after_s, len(asked)) == (True, 7.0, 1)


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (httpx.ConnectError("refused"), PosUnavailable),
        (httpx.ReadTimeout("late"), PosOutcomeUnknown),
        (httpx.RemoteProtocolError("cut"), PosOutcomeUnknown),
    ],
)
async def test_a_write_without_an_answer(failure: Exception, error: type[PosError]) -> None:
    """Without an answer nobody knows, unless nothing was ever sent."""

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/loyalty/rewards"):
            raise failure
        return httpx.Response(200, json={"loyalty_accounts": [{"id": "A1", "customer_id": "C1"}]})

    pos = over(handle, options={"grant_points": False})
    with pytest.raises(error) as lost:
        await pos.issue_coupon(template_id="T1", member_id="C1", idempotency_key="k")
    assert type(lost.value) is error


def test_settings_that_are_missing_or_wrong_are_named() -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError

    with pytest.raises(AccessError, match="POS_PUSH_URL"):
        over(never, push_url="")
    with pytest.raises(AccessError, match="grant_point"):
        over(never, options={"grant_point": True})


async def test_a_store_that_opens_between_two_pages_does_not_change_the_query() -> None:
    """Square's cursor is of one query: for another it is refused, and a long walk would end there."""
    span: dict[str, Any] = {"since": START - timedelta(days=1), "until": START}
    pos, asked = answering({"locations": [{"id": "L1"}, {"id": "L3"}]}, {"cursor": "more"})
    page = await pos.list_orders(**span)
    assert asked[-1][1]["location_ids"] == ["L1", "L3"]
    pos, asked = answering({"locations": [{"id": one} for one in ("L1", "L2", "L3", "L4")]}, {})
    page = await pos.list_orders(**span, cursor=page.next_cursor)
    assert (asked[-1][1]["location_ids"], asked[-1][1]["cursor"]) == (["L1", "L3"], "more")
    await pos.list_orders(**span, cursor=page.next_cursor)
    assert asked[-1][1]["location_ids"] == ["L4"]
    for foreign in ("", "7", "{}", "[1]"):
        with pytest.raises(PosInvalidRequest, match="cursor"):
            await pos.list_orders(**span, cursor=foreign)
