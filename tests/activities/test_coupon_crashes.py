"""A worker that is killed inside a coupon's issue, at any moment and with any till: it is one coupon."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, get_args

import pytest
from temporalio.exceptions import ApplicationError

from activities.coupons import UNCLEAR_AFTER, Coupons
from activities.identify import Identifier
from domain.step_messages import GiveCoupon, GivenCoupon
from integrations import pos
from integrations.pos.values import Idempotency
from storage import coupons
from tests.activities.bomb import Bomb, Killed
from tests.activities.giving import COUPON, known_member, row_of
from tests.activities.shop import KEYS, Shop
from tests.activities.test_vouchers import counts, stock_up
from tests.activities.till_modes import MODES, ByCode, ByKey, Keyless

pytestmark = pytest.mark.anyio

Till = ByKey | ByCode | Keyless


def worker(shop: Shop, till: Till) -> Coupons:
    identifier = Identifier(shop.database, shop.client, till, KEYS, shop.clock)
    return Coupons(shop.database, till, identifier, shop.clock)


async def give(shop: Shop, till: Till, customer: str, key: str = "key-1") -> GivenCoupon:
    what = GiveCoupon(key=key, external_userid=customer, coupon=COUPON)
    return await shop.run(worker(shop, till).issue_coupon, what)


async def until_given(shop: Shop, till: Till, customer: str, key: str = "key-1") -> GivenCoupon:
    """As Temporal does it: again and again, as long as it is told to."""
    for _ in range(10):
        try:
            return await give(shop, till, customer, key)
        except ApplicationError as error:
            if error.non_retryable:
                raise
            shop.clock.forward(seconds=(error.next_retry_delay or timedelta(seconds=5)).total_seconds())
    raise AssertionError("it never ends")


async def _die(*_: Any, **__: Any) -> Any:
    raise Killed


def _dies_after(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def dying(*given: Any, **named: Any) -> Any:
        await call(*given, **named)
        raise Killed

    return dying


MOMENTS: dict[str, Callable[[pytest.MonkeyPatch, Till], None]] = {
    "before the claim": lambda patch, till: patch.setattr(coupons, "claim", _die),
    "after the claim": lambda patch, till: patch.setattr(coupons, "ask", _die),
    "about to ask": lambda patch, till: patch.setattr(till, "issue_coupon", _die),
    "before it settles": lambda patch, till: patch.setattr(
        till, "issue_coupon", _dies_after(till.issue_coupon)
    ),
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("mode", MODES)
async def test_killing_the_worker_inside_a_coupons_issue_leaves_exactly_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, mode: type[Till], moment: str
) -> None:
    she, member_id = await known_member(shop)
    till = mode(shop)
    with monkeypatch.context() as patch:
        MOMENTS[moment](patch, till)
        with pytest.raises(Killed):
            await give(shop, till, she)
    assert (await until_given(shop, till, she)).issued
    [coupon] = shop.world.till.coupons.values()
    row = await row_of(shop)
    assert (row.status, row.coupon_id, coupon.member_id) == ("issued", coupon.coupon_id, member_id)


@pytest.mark.parametrize("mode", MODES)
async def test_m62_killed_twice_between_any_two_statements_it_is_one_coupon_and_one_voucher(
    shop: Shop, mode: type[Till]
) -> None:
    await stock_up(shop, S002=1_000)
    she, _ = await known_member(shop)
    for steps in itertools.count(1):
        killed = 0
        for _ in range(2):
            till = mode(shop)
            with Bomb(shop, steps).ticking(till), suppress(ApplicationError):
                try:
                    await give(shop, till, she, f"key-{steps}")
                except Killed:
                    killed += 1
        given = await until_given(shop, mode(shop), she, f"key-{steps}")
        assert given.issued
        assert len(shop.world.till.coupons) == steps
        assert await counts(shop) == {"S002": (steps, 0)}
        if not killed:
            break
    assert steps > 15, "it was killed at every step"


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before", "garbage", "http_500"])
@pytest.mark.parametrize("mode", MODES)
async def test_a_lost_answer_leaves_exactly_one(shop: Shop, mode: type[Till], kind: str) -> None:
    she, _ = await known_member(shop)
    await shop.fault("POST pos/coupons", kind)
    assert (await until_given(shop, mode(shop), she)).issued
    assert len(shop.world.till.coupons) == 1


async def test_a_till_without_keys_is_given_time_before_it_is_asked_once_more(shop: Shop) -> None:
    she, _ = await known_member(shop)
    till = Keyless(shop)
    await shop.fault("POST pos/coupons", "timeout_before")
    with pytest.raises(ApplicationError):
        await give(shop, till, she)
    with pytest.raises(ApplicationError) as waits:
        await give(shop, till, she)
    assert waits.value.type == "NotYet"
    assert waits.value.next_retry_delay is not None
    assert waits.value.next_retry_delay <= timedelta(seconds=till.capabilities.coupon_settles_s)
    assert shop.calls("POST pos/coupons") == 1


async def test_two_of_one_template_are_issued_one_after_the_other(shop: Shop) -> None:
    """Else what appears in her account could be either."""
    she, _ = await known_member(shop)
    till = Keyless(shop)
    await shop.fault("POST pos/coupons", "timeout_after")
    with pytest.raises(ApplicationError):
        await give(shop, till, she, "key-1")
    with pytest.raises(ApplicationError) as waits:
        await give(shop, till, she, "key-2")
    assert waits.value.type == "NotYet"
    assert (await give(shop, till, she, "key-1")).issued
    assert (await give(shop, till, she, "key-2")).issued
    assert len(shop.world.till.coupons) == 2


async def test_what_could_be_one_of_two_is_for_an_operator(shop: Shop) -> None:
    she, member_id = await known_member(shop)
    till = Keyless(shop)
    await shop.fault("POST pos/coupons", "timeout_after")
    with pytest.raises(ApplicationError):
        await give(shop, till, she)
    shop.world.till.issue(COUPON.template, member_id, "by hand, at the same time")
    given = await give(shop, till, she)
    assert (given.issued, given.reason.split(":")[0]) == (False, "unclear")
    assert (await row_of(shop)).status == "unclear"
    assert await give(shop, till, she) == given, "and nobody issues another one"
    assert shop.calls("POST pos/coupons") == 1


async def test_a_till_that_cannot_be_asked_for_long_leaves_it_to_an_operator(shop: Shop) -> None:
    she, _ = await known_member(shop)
    await shop.fault("POST pos/coupons", "timeout_after")
    with pytest.raises(ApplicationError):
        await give(shop, ByKey(shop), she)
    await shop.fault("GET pos/coupons", "http_500", times=2)
    with pytest.raises(ApplicationError) as again:
        await give(shop, ByKey(shop), she)
    assert again.value.type == "PosUnavailable"
    shop.clock.forward(seconds=UNCLEAR_AFTER.total_seconds())
    assert (await give(shop, ByKey(shop), she)).reason.startswith("unclear: ")


async def test_an_outage_of_the_till_is_waited_for_however_long(shop: Shop) -> None:
    """It surely did nothing, so there is nothing to be unclear about."""
    she, _ = await known_member(shop)
    await shop.fault("POST pos/coupons", "errcode", errcode=429)
    with pytest.raises(ApplicationError):
        await give(shop, Keyless(shop), she)
    shop.clock.forward(days=1)
    assert (await give(shop, Keyless(shop), she)).issued
    assert len(shop.world.till.coupons) == 1


async def test_a_code_that_somebody_else_used_is_for_an_operator(shop: Shop) -> None:
    she, _ = await known_member(shop)
    other = await shop.member(await shop.newcomer())
    shop.world.till.issue("T", other, "key-1")
    till = ByCode(shop)
    given = await give(shop, till, she)
    assert given.reason.startswith("unclear: this code is used")


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("mode", MODES)
async def test_a_key_of_ours_that_has_expired_costs_nobody_her_coupon(
    shop: Shop, mode: type[Till], lost: bool
) -> None:
    """It waits, and says why, until somebody has acted. `lost`: an answer was lost just before."""
    she, _ = await known_member(shop)
    if lost:
        await shop.fault("POST pos/coupons", "timeout_after")
        with pytest.raises(ApplicationError):
            await give(shop, mode(shop), she)
    refusing = mode(shop)
    for call in ("issue_coupon", "find_coupon"):
        setattr(refusing, call, _refused)
    with pytest.raises(ApplicationError) as waits:
        await give(shop, refusing, she)
    assert (waits.value.type, waits.value.non_retryable) == ("PosAuthError", False)
    row = await row_of(shop)
    assert (row.status, row.reason.split(":")[0]) == ("claimed", "waits")
    assert (await until_given(shop, mode(shop), she)).issued
    assert (len(shop.world.till.coupons), (await row_of(shop)).reason) == (1, "")


async def test_an_expired_key_costs_no_greeting_its_coupon(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose account is not even known yet."""
    she = await shop.newcomer()
    await shop.member(she, external_userid=she)
    what = GiveCoupon(key="welcome/1", external_userid=she, coupon=COUPON, once_per_member=True)
    with monkeypatch.context() as patch:
        patch.setattr(Identifier, "member", _refused)
        with pytest.raises(ApplicationError) as waits:
            await shop.run(shop.activities.coupons.issue_coupon, what)
    assert not waits.value.non_retryable
    assert (await shop.run(shop.activities.coupons.issue_coupon, what)).issued


async def _refused(*_: Any, **__: Any) -> Any:
    raise pos.PosAuthError("HTTP 401")


@pytest.mark.parametrize("mode", MODES)
async def test_m62_at_once_from_two_workers_it_is_one_coupon_and_one_voucher(
    shop: Shop, mode: type[Till]
) -> None:
    await stock_up(shop, S002=9)
    she, _ = await known_member(shop)
    await asyncio.gather(*(give(shop, mode(shop), she) for _ in range(4)), return_exceptions=True)
    assert (await until_given(shop, mode(shop), she)).issued
    assert len(shop.world.till.coupons) == 1
    assert await counts(shop) == {"S002": (1, 0)}


async def test_m62_an_attempt_that_comes_after_the_refusal_takes_no_voucher(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stock_up(shop, S002=9)
    she = await shop.friend(state="S002-cashier")
    member_id = await shop.member(she)

    async def slow(*_: Any) -> str:
        async with shop.database.transaction() as session:
            await coupons.refuse(session, "key-1", "not_member: said another worker", shop.clock())
        return member_id

    monkeypatch.setattr(Identifier, "member", slow)
    assert not (await give(shop, ByKey(shop), she)).issued
    assert await counts(shop) == {"S002": (0, 0)}


def test_every_kind_of_till_is_tried() -> None:
    assert {mode.mode for mode in MODES} == set(get_args(Idempotency))
