"""What `journeys doctor` says of each provider: a setting that is missing, a key that is refused."""

from typing import Any

import httpx
import pytest

from domain.places import coupons_of
from playbooks.loader import load_playbooks
from settings import Settings
from starter.doctor import coupon_area, till_area, till_rights_area
from starter.doctor.findings import Finding, Status
from starter.doctor.setup import Setup, read_settings
from starter.doctor.till_guides import GUIDES
from tests.integrations.fakes import Clock

pytestmark = pytest.mark.anyio

OURS = {
    "square": {"pos_base_url": "https://square.example", "pos_api_key": "k", "pos_webhook_secret": "w"},
    "youzan": {
        "pos_base_url": "https://youzan.example",
        "pos_app_id": "app",
        "pos_api_key": "k",
        "pos_account": "1",
    },
    "pospal": {
        "pos_base_url": "https://area28-win.pospal.example:443",
        "pos_store_keys": "S001=app-1:key-1",
        "pos_app_id": "hq",
        "pos_api_key": "k",
    },
    "keruyun": {
        "pos_base_url": "https://keruyun.example",
        "pos_app_id": "app",
        "pos_api_key": "k",
        "pos_account": "1",
    },
}
MISSING = [(provider, field) for provider, fields in OURS.items() for field in fields]


def _json(status: int = 200, /, **answer: Any) -> httpx.Response:
    return httpx.Response(status, json=answer)


def _square(status: int, code: str) -> httpx.Response:
    return _json(status, errors=[{"category": "AUTHENTICATION_ERROR", "code": code, "detail": "138…"}])


def _pospal(message: str) -> httpx.Response:
    return _json(status="error", messages=[message], errorCode=1)


KEY = "refuses our key"
RIGHT = "lacks a right"
QUOTA = "quota is used up"
REFUSALS = [
    ("square", _square(401, "UNAUTHORIZED"), KEY, "Square Developer Console"),
    ("square", _square(403, "INSUFFICIENT_SCOPES"), RIGHT, "LOYALTY_WRITE"),
    ("youzan", _json(success=False, code=1000, message="app"), KEY, "client_secret"),
    ("pospal", _pospal("签名错误"), KEY, "银豹"),
    ("pospal", _pospal("没有权限"), RIGHT, "open 会员"),
    ("pospal", _pospal("访问次数已用完"), QUOTA, "begins anew"),
    ("keruyun", _json(code=1001, message="sign"), KEY, "appKey"),
    ("keruyun", _json(code=1002, message="shop"), RIGHT, "接口权限"),
]
TOKEN = _json(
    success=True, code=200, data={"access_token": "TOKEN", "expires": 4_000_000_000_000}, message=None
)


def _setup(provider: str, http: httpx.AsyncClient, **changes: str) -> Setup:
    values = OURS.get(provider, {}) | changes
    settings, problems = read_settings(pos_provider=provider, **values)
    return Setup(settings, problems, http, Clock())


async def _till(provider: str, answer: httpx.Response, **changes: str) -> Finding:
    transport = httpx.MockTransport(lambda _: answer)
    async with httpx.AsyncClient(transport=transport) as http:
        return (await till_area.till(_setup(provider, http, **changes)))[0]


@pytest.mark.parametrize(("provider", "field"), MISSING)
async def test_each_setting_that_is_missing_is_named(provider: str, field: str) -> None:
    finding = await _till(provider, _json(500), **{field: ""})
    assert finding.status is Status.FAIL
    assert f"set {field.upper()}" in finding.found
    assert finding.found.count("set ") == 1, "nothing else is missing"
    assert finding.fix == GUIDES[provider].keys


@pytest.mark.parametrize(("provider", "answer", "found", "fix"), REFUSALS)
async def test_who_refuses_is_told_with_what_to_do(
    provider: str, answer: httpx.Response, found: str, fix: str
) -> None:
    finding = await _till(provider, answer)
    assert (finding.status, found in finding.found, fix in finding.fix) == (Status.FAIL, True, True), finding
    assert "138…" not in finding.found


def _youzan(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/auth/token":
        return TOKEN
    if "voucher" in request.url.path:
        return _json(gw_err_resp={"err_code": 4204, "err_msg": "no pack", "trace_id": "t1"})
    if "trades" in request.url.path:
        return _json(gw_err_resp={"err_code": 4007, "err_msg": "源IP", "trace_id": "t2"})
    return _json(success=True, code=200, data={})


async def test_a_pack_that_is_missing_for_one_kind_of_question_is_named() -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(_youzan)) as http:
        found = await till_rights_area.rights(_setup("youzan", http))
    assert [one.name for one in found] == ["coupons", "orders"]
    assert "能力包" in found[0].found + found[0].fix
    assert "IP 白名单" in found[1].found


async def test_a_wrong_key_of_one_store_is_found() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if b'"app-2"' in request.content:
            return _pospal("签名错误")
        return _json(status="success", messages=[], data=[])

    keys = "S001=app-1:key-1,S002=app-2:wrong"
    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
        [finding] = await till_rights_area.rights(_setup("pospal", http, pos_store_keys=keys))
    assert (finding.status, finding.name) == (Status.FAIL, "orders of S002")
    assert "POS_STORE_KEYS" in finding.fix


async def test_templates_that_the_till_does_not_have_are_named() -> None:
    """Square without a loyalty programme has none at all."""
    nothing = httpx.MockTransport(lambda _: _square(404, "NOT_FOUND"))
    async with httpx.AsyncClient(transport=nothing) as http:
        [finding] = await coupon_area.templates(_setup("square", http))
    assert (finding.status, "FIRST5" in finding.found) == (Status.WARN, True)


async def test_pospals_templates_may_be_named_as_in_its_back_office() -> None:
    books = load_playbooks(Settings.model_fields["playbooks_dir"].default)
    names = sorted({coupon.template for book in books for _, coupon in coupons_of(book)})
    rules = [{"promotionCouponUid": 10**18 + at, "name": name} for at, name in enumerate(names)]
    told = httpx.MockTransport(lambda _: _json(status="success", messages=[], data=rules))
    async with httpx.AsyncClient(transport=told) as http:
        [finding] = await coupon_area.templates(_setup("pospal", http))
    assert finding.status is Status.OK, finding
