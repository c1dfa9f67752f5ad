"""Youzan's gateway: one token for all calls, three envelopes, the table of codes, pace and quota."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import httpx
import pytest

from integrations.pos import (
    MemberKey,
    PosAuthError,
    PosDuplicate,
    PosError,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosPermissionError,
    PosQuotaExhausted,
    PosRateLimited,
    PosUnavailable,
)
from integrations.pos.youzan.pace import Pace
from tests.integrations.youzan import Reply, Youzan, full_order, gateway_refused, listed, refused, served

pytestmark = pytest.mark.anyio

FAST = {"calls_per_second": 1000}
ORDER = served({"full_order_info": full_order()})


async def test_several_calls_at_once_fetch_one_token() -> None:
    youzan = Youzan(FAST).prepare("youzan.trade.get", ORDER)
    await asyncio.gather(*(youzan.till.get_order("E1") for _ in range(3)))
    assert youzan.grants == [
        {
            "client_id": "testclientid000001",
            "client_secret": "test-client-secret",
            "authorize_type": "silent",
            "grant_id": "153242272",
            "refresh": False,
        }
    ]
    assert {request.url.params["access_token"] for request in youzan.requests} == {"token-1"}


async def test_a_token_is_fetched_again_a_day_before_its_end() -> None:
    youzan = Youzan().prepare("youzan.trade.get", ORDER)
    for days, grants in ((0, 1), (5.9, 1), (0.2, 2)):
        youzan.clock.advance(days * 86400)
        await youzan.till.get_order("E1")
        assert len(youzan.grants) == grants


@pytest.mark.parametrize("code", [4201, 4202, 4203])
async def test_a_refused_token_is_fetched_again_once(code: int) -> None:
    youzan = Youzan().prepare("youzan.trade.get", gateway_refused(code), ORDER)
    await youzan.till.get_order("E1")
    assert [request.url.params["access_token"] for request in youzan.requests] == ["token-1", "token-2"]
    stubborn = Youzan().prepare("youzan.trade.get", gateway_refused(code))
    with pytest.raises(PosAuthError, match=str(code)):
        await stubborn.till.get_order("E1")
    assert (len(stubborn.requests), len(stubborn.grants)) == (2, 2)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refused(1000), PosAuthError),
        (refused(1103), PosAuthError),
        (served({"access_token": "t", "expires": "soon"}), PosUnavailable),
        (httpx.ConnectError("no"), PosUnavailable),
        (httpx.Response(502, text="Bad Gateway"), PosUnavailable),
    ],
)
async def test_without_a_token_nothing_is_called(reply: Reply, error: type[PosError]) -> None:
    youzan = Youzan()
    youzan.grant_reply = reply
    with pytest.raises(error):
        await youzan.till.issue_coupon(template_id="1", member_id="m", idempotency_key="journey/1")
    assert youzan.requests == []


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (gateway_refused(4204), PosPermissionError),
        (gateway_refused(4007, "请求的源IP不在白名单"), PosPermissionError),
        (gateway_refused(4007), PosInvalidRequest),
        (gateway_refused(4101), PosRateLimited),
        (refused(141500203), PosRateLimited),
        (refused("500100004"), PosRateLimited),
        (gateway_refused(5001), PosInvalidRequest),
        (refused(160700601), PosInvalidRequest),
        (refused(106000004), PosNotFound),
        (refused(5000, "trade not found"), PosNotFound),
        (refused(5000), PosUnavailable),
        (refused(106000001), PosUnavailable),
        (refused(142100106), PosDuplicate),
        (refused(999), PosUnavailable),
        ({"error_response": {"code": 50000, "msg": "订单不存在"}}, PosUnavailable),
        (served({"is_success": "false"}), PosUnavailable),
        ({"code": 200, "data": {}}, PosUnavailable),
        (httpx.Response(200, text="<html>"), PosUnavailable),
        (httpx.Response(200, text="[1]"), PosUnavailable),
        (httpx.Response(429, text=""), PosRateLimited),
        (httpx.Response(500, text=""), PosUnavailable),
        (httpx.ReadTimeout("late"), PosUnavailable),
        (served(None), PosUnavailable),
    ],
)
async def test_what_an_answer_means(reply: Reply, error: type[PosError]) -> None:
    """Its text names the API and the code, and repeats nothing that might be a customer's."""
    youzan = Youzan().prepare("youzan.trade.get", reply)
    with pytest.raises(PosError) as caught:
        await youzan.till.get_order("E1")
    assert type(caught.value) is error
    assert "138" not in str(caught.value)
    assert (caught.value.retry_after_s is not None) is (
        error is PosRateLimited and caught.value.provider_code is not None
    )


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (httpx.ReadTimeout("late"), PosOutcomeUnknown),
        (httpx.Response(504, text=""), PosOutcomeUnknown),
        (httpx.Response(200, text="<html>"), PosOutcomeUnknown),
        (refused(106000001), PosOutcomeUnknown),
        (refused(999), PosOutcomeUnknown),
        (httpx.ConnectError("no"), PosUnavailable),
        (httpx.Response(404, text=""), PosUnavailable),
        (gateway_refused(4101), PosRateLimited),
        (refused(160700601), PosInvalidRequest),
        (refused(144100000), PosNotFound),
    ],
)
async def test_a_write_without_a_clear_answer_is_open(reply: Reply, error: type[PosError]) -> None:
    youzan = Youzan().prepare("youzan.ump.voucheractivity.send", reply)
    with pytest.raises(PosError) as caught:
        await youzan.till.issue_coupon(template_id="1", member_id="m", idempotency_key="journey/1")
    assert type(caught.value) is error


async def test_a_missing_grant_says_what_to_do() -> None:
    youzan = Youzan().prepare("youzan.trade.get", gateway_refused(4204), gateway_refused(4007, "源IP"))
    with pytest.raises(PosPermissionError, match=r"4204 \(trace yz7-3\): grant the app the capability pack"):
        await youzan.till.get_order("E1")
    with pytest.raises(PosPermissionError, match="IP list"):
        await youzan.till.get_order("E1")


async def test_a_grant_that_fails_says_what_to_do() -> None:
    youzan = Youzan()
    youzan.grant_reply = refused(1000)
    with pytest.raises(PosAuthError, match="check POS_APP_ID"):
        await youzan.till.list_stores()


async def test_token_and_phone_stay_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    youzan = Youzan().prepare("youzan.users.info.query", served({"user_list": []}))
    with caplog.at_level(logging.INFO, logger="httpx"):
        await youzan.till.find_members(MemberKey(kind="phone", value="+8613800138000"))
    assert "users.info.query" in caplog.text
    assert "token-1" not in caplog.text
    assert "138001" not in caplog.text


class Meter:
    def __init__(self) -> None:
        self.spent: list[tuple[str, int, str]] = []

    async def spend(self, account: str, most: int, *, per: str) -> None:
        if len(self.spent) == 2:
            raise PosQuotaExhausted("the month's calls are used up")
        self.spent.append((account, most, per))


@pytest.mark.parametrize(("plan", "most"), [("A", 500_000), ("B", 2_000_000), ("C", 12_000_000)])
async def test_every_call_is_paid_from_the_plans_month(plan: str, most: int) -> None:
    meter = Meter()
    youzan = Youzan({"plan": plan}, meter).prepare("youzan.trade.get", gateway_refused(4203), ORDER)
    await youzan.till.get_order("E1")
    assert meter.spent == [("153242272", most, "month")] * 2
    with pytest.raises(PosQuotaExhausted):
        await youzan.till.get_order("E1")
    assert len(youzan.requests) == 2


async def test_calls_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    pace = Pace(10)
    for _ in range(3):
        await pace.turn()
    assert [round(wait, 1) for wait in waits] == [0, 0.1, 0.2]


async def test_more_rows_than_a_query_gives_are_read_in_smaller_windows() -> None:
    pages = (listed(total=10_001), listed(full_order(tid="young")), listed(full_order(tid="old")))
    youzan = Youzan(FAST).prepare("youzan.trades.sold.get", *pages)
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    first = await youzan.till.list_orders(since=since, until=until)
    second = await youzan.till.list_orders(since=since, until=until, cursor=first.next_cursor)
    assert [one.order_id for one in (*first.items, *second.items)] == ["young", "old"]
    assert second.next_cursor is None
    assert [(body["start_update"], body["end_update"]) for _, body in youzan.asked] == [
        ("2026-03-01 08:00:00", "2026-03-02 07:59:59"),
        ("2026-03-01 20:00:00", "2026-03-02 07:59:59"),
        ("2026-03-01 08:00:00", "2026-03-01 19:59:59"),
    ]
    crowded = Youzan(FAST).prepare("youzan.trades.sold.get", listed(total=10_001))
    with pytest.raises(PosInvalidRequest, match="one second"):
        await crowded.till.list_orders(since=since, until=until)


async def test_an_order_that_moves_to_another_page_comes_once() -> None:
    pages = [listed(*(full_order(tid=tid) for tid in page), total=201) for page in ("ab", "de", "cd", "ab")]
    youzan = Youzan(FAST).prepare("youzan.trades.sold.get", *pages)
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    found, cursor = [], None
    while True:
        page = await youzan.till.list_orders(since=since, until=until, cursor=cursor)
        found += [order.order_id for order in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == ["d", "e", "c", "a", "b"]
    assert [body["page_no"] for _, body in youzan.asked] == [1, 3, 2, 1]


async def test_two_years_are_asked_for_in_spans_that_youzan_takes() -> None:
    youzan = Youzan(FAST).prepare("youzan.trades.sold.get", listed())
    since, until = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 9, 1, tzinfo=UTC)
    page = await youzan.till.list_orders(since=since, until=until)
    assert (page.items, page.next_cursor) == ((), None)
    spans = [(body["start_update"], body["end_update"]) for _, body in youzan.asked]
    assert spans == [
        ("2024-06-04 08:00:00", "2024-09-01 07:59:59"),
        ("2024-03-07 08:00:00", "2024-06-04 07:59:59"),
        ("2024-03-01 08:00:00", "2024-03-07 07:59:59"),
    ]


@pytest.mark.parametrize("cursor", ["", "x", "[1]", '{"a": 1}', "[1,2,3,null]", "7"])
async def test_a_cursor_of_something_else_is_refused(cursor: str) -> None:
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    with pytest.raises(PosInvalidRequest, match="cursor"):
        await Youzan().till.list_orders(since=since, until=until, cursor=cursor)
