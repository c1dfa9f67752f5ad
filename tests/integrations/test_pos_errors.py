"""What a refusal, a lost answer and an unreadable answer of the till mean."""

from __future__ import annotations

from collections.abc import Awaitable

import httpx
import pytest

from integrations.pos import (
    GenericPos,
    PosAuthError,
    PosError,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosPort,
    PosRateLimited,
    PosUnavailable,
)
from tests.integrations.tills import COUPON, answering, failing, issue

pytestmark = pytest.mark.anyio


def get_coupon(pos: PosPort) -> Awaitable[object]:
    return pos.get_coupon("c1")


BY_STATUS: list[tuple[int, type[PosError], type[PosError]]] = [
    (400, PosInvalidRequest, PosInvalidRequest),
    (401, PosAuthError, PosAuthError),
    (403, PosAuthError, PosAuthError),
    (404, PosNotFound, PosNotFound),
    (409, PosInvalidRequest, PosInvalidRequest),
    (422, PosInvalidRequest, PosInvalidRequest),
    (429, PosRateLimited, PosRateLimited),
    (500, PosUnavailable, PosOutcomeUnknown),
    (503, PosUnavailable, PosOutcomeUnknown),
    (302, PosUnavailable, PosOutcomeUnknown),
]


@pytest.mark.parametrize(("status", "reading", "writing"), BY_STATUS)
async def test_errors_follow_the_status(
    status: int, reading: type[PosError], writing: type[PosError]
) -> None:
    pos, _ = answering({"error": {"code": "some_code", "message": "+8613800000001 is unknown"}}, status)
    with pytest.raises(PosError) as read:
        await get_coupon(pos)
    with pytest.raises(PosError) as written:
        await issue(pos)
    assert (type(read.value), type(written.value)) == (reading, writing)
    assert written.value.provider_code == "some_code"
    assert "138" not in f"{read.value}{written.value}"


def test_only_what_changed_nothing_is_retryable() -> None:
    retryable = {kind for _, *kinds in BY_STATUS for kind in kinds if kind.retryable}
    assert retryable == {PosRateLimited, PosUnavailable}


@pytest.mark.parametrize(("value", "seconds"), [("30", 30.0), ("soon", None), ("", None), ("9" * 400, None)])
async def test_a_rate_limit_says_how_long(value: str, seconds: float | None) -> None:
    pos, _ = answering({}, 429, **{"retry-after": value})
    with pytest.raises(PosRateLimited) as caught:
        await get_coupon(pos)
    assert caught.value.retry_after_s == seconds


@pytest.mark.parametrize("failure", [httpx.ConnectError("down"), httpx.ConnectTimeout("slow")])
async def test_a_write_that_never_left_is_simply_unavailable(failure: Exception) -> None:
    with pytest.raises(PosUnavailable):
        await issue(failing(failure))


@pytest.mark.parametrize("failure", [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("gone")])
async def test_a_write_without_an_answer_is_unknown_and_a_read_is_not(failure: Exception) -> None:
    with pytest.raises(PosOutcomeUnknown):
        await issue(failing(failure))
    with pytest.raises(PosUnavailable):
        await get_coupon(failing(failure))


@pytest.mark.parametrize("body", [[], "text", {"coupon_id": "c1"}, {**COUPON, "status": "brand new"}])
async def test_an_unreadable_answer_to_a_write_is_unknown(body: object) -> None:
    with pytest.raises(PosOutcomeUnknown):
        await issue(answering(body)[0])


async def test_a_key_that_no_header_can_hold_is_said_and_not_shown() -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    pos = GenericPos(http=http, base_url="https://till.example", api_key="钥匙", webhook_secret="hook")
    with pytest.raises(PosUnavailable, match="UnicodeEncodeError") as caught:
        await pos.list_stores()
    assert "钥匙" not in str(caught.value)


async def test_a_code_of_any_length_makes_no_long_error() -> None:
    pos, _ = answering({"error": {"code": "x" * 10_000}}, 400)
    with pytest.raises(PosInvalidRequest) as caught:
        await get_coupon(pos)
    assert len(str(caught.value)) == 300
