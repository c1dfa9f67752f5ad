"""Keruyun's signature, its tokens and its two envelopes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from integrations.pos import (
    Access,
    AccessError,
    Means,
    MemberKey,
    PosAuthError,
    PosError,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosPermissionError,
    PosRateLimited,
    PosUnavailable,
    connect,
)
from integrations.pos.keruyun.signing import signature
from tests.integrations.fakes import Clock
from tests.integrations.keruyun import SECRET, Keruyun, order, refused, result
from tests.integrations.tills import issue

pytestmark = pytest.mark.anyio

# The example of the document about the signature, version 1
OFFICIAL = {"appKey": "301001", "shopIdenty": "247900001", "timestamp": "1425635264", "version": "1.0"}
SIGN = "acb4355599742492518363653dd060b818ef7813284e823dcf5a61d722f27771"
DETAIL = "order/queryDetail"
ORDER_ID = "810094162/9007199254740993001"


def test_the_official_example() -> None:
    assert signature(OFFICIAL, SECRET) == SIGN


@pytest.mark.parametrize("name", OFFICIAL)
def test_every_parameter_is_signed(name: str) -> None:
    assert signature(OFFICIAL | {name: OFFICIAL[name] + "0"}, SECRET) != SIGN
    assert signature({key: value for key, value in OFFICIAL.items() if key != name}, SECRET) != SIGN


def test_the_order_of_parameters_in_the_url_is_of_no_matter() -> None:
    turned = dict(reversed(OFFICIAL.items())) | {"sign": "x", "more": "y"}
    assert signature(turned, SECRET) == SIGN


def test_the_body_is_signed_to_the_byte_and_an_empty_one_is_not_none() -> None:
    signs = {signature(OFFICIAL, SECRET, body) for body in (None, b"", b"{}", b'{"a":1}', b'{"a": 1}')}
    assert len(signs) == 5
    assert signature(OFFICIAL, SECRET + "0") != SIGN


async def test_a_call_is_signed_with_the_token_of_whose_name_it_is_in() -> None:
    api = Keruyun().prepare(DETAIL, result(data=order())).prepare("queryByMobile", result(data=None))
    await api.till.get_order(ORDER_ID)
    await api.till.find_members(MemberKey(kind="phone", value="+8613800138000"))
    of_shop, of_brand = api.requests
    assert of_shop.url.params["shopIdenty"] == "810094162"
    assert of_brand.url.params["brandId"] == "32296"
    assert "brandId" not in of_shop.url.params
    for request, token in ((of_shop, "token-1"), (of_brand, "token-2")):
        query = dict(request.url.params)
        assert query["sign"] == signature(query, token, request.content)
        assert (query["appKey"], query["version"], query["timestamp"]) == ("301001", "2.0", "1772355600")
    await api.till.get_order(ORDER_ID)
    assert api.tokens == 2


async def test_the_token_is_a_parameter_only_where_an_option_says_so() -> None:
    api = Keruyun({"send_token": True}).prepare(DETAIL, result(data=order()))
    await api.till.get_order(ORDER_ID)
    query = dict(api.requests[0].url.params)
    assert query["token"] == "token-1"
    plain = {name: value for name, value in query.items() if name != "token"}
    assert query["sign"] != signature(plain, "token-1", api.requests[0].content)


async def test_a_refused_token_is_fetched_again_once() -> None:
    api = Keruyun().prepare(DETAIL, refused(1001), result(data=order()))
    await api.till.get_order(ORDER_ID)
    assert api.tokens == 2
    assert api.requests[1].url.params["sign"] != api.requests[0].url.params["sign"]
    api.prepare(DETAIL, refused(1001))
    with pytest.raises(PosAuthError):
        await api.till.get_order(ORDER_ID)
    assert (api.tokens, len(api.requests)) == (3, 4)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused(1000), PosInvalidRequest),
        (refused(100), PosAuthError),
        (refused(108), PosAuthError),
        (refused(1002), PosPermissionError),
        (refused(2003), PosNotFound),
        (refused(2005), PosInvalidRequest),
        (refused(2101), PosInvalidRequest),
        (refused(3000), PosUnavailable),
        (refused(-1), PosUnavailable),
        (refused(4711), PosUnavailable),
        (result() | {"result": None}, PosUnavailable),
        (result(success=False, msgCode="X", msgInfo="订单不存在"), PosNotFound),
        (result(success=False, msgCode="X", msgInfo="参数有误"), PosInvalidRequest),
        (result(success="false", serverCode=500), PosInvalidRequest),
        (result(success=False, canRetry=True), PosUnavailable),
        (result(data=None), PosNotFound),
        (httpx.Response(429), PosRateLimited),
        (httpx.Response(502, text="<html>"), PosUnavailable),
        (httpx.Response(200, text="[1]"), PosUnavailable),
        (httpx.ReadTimeout("x"), PosUnavailable),
        (httpx.ConnectError("x"), PosUnavailable),
    ],
)
async def test_what_an_answer_means(reply: Any, kind: type[PosError]) -> None:
    with pytest.raises(PosError) as caught:
        await Keruyun().prepare(DETAIL, reply).till.get_order(ORDER_ID)
    assert type(caught.value) is kind
    assert "138" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused(3000), PosOutcomeUnknown),
        (refused(1000), PosInvalidRequest),
        (result(success=False, msgInfo="活动已结束"), PosInvalidRequest),
        (result(data={}), PosOutcomeUnknown),
        (httpx.Response(504), PosOutcomeUnknown),
        (httpx.ReadTimeout("x"), PosOutcomeUnknown),
        (httpx.ConnectError("x"), PosUnavailable),
    ],
)
async def test_after_a_write_only_a_clear_no_is_a_no(reply: Any, kind: type[PosError]) -> None:
    with pytest.raises(PosError) as caught:
        await issue(Keruyun().prepare("OperateFacade/send", reply).till)
    assert type(caught.value) is kind


async def test_no_secret_shows(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "httpx")
    api = Keruyun({"send_token": True}).prepare(DETAIL, result(data=order()))
    await api.till.get_order(ORDER_ID)
    assert "token-1" not in caplog.text
    signs = [request.url.params["sign"] for request in api.requests]
    assert signs
    assert not [one for one in (*signs, "301001") if one in caplog.text], "good for as long as the timestamp"
    assert SECRET not in caplog.text + repr(vars(api.till))


def test_what_is_not_set_is_said_by_its_name() -> None:
    empty = Access(base_url="", api_key=SecretStr(""))
    with pytest.raises(AccessError) as caught:
        connect("keruyun", empty, Means(httpx.AsyncClient(), Clock()))
    for name in ("POS_BASE_URL", "POS_APP_ID", "POS_API_KEY", "POS_ACCOUNT"):
        assert name in str(caught.value)


@pytest.mark.parametrize("options", [{"crs": "mars"}, {"order_list": "x"}, {"typo": 1}, {"stock_path": "x"}])
def test_options_that_do_not_fit_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(AccessError, match=f"POS_OPTIONS: {next(iter(options))}"):
        Keruyun(options)
