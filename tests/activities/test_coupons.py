"""A coupon is credited once, whatever breaks on the way."""

import asyncio

import pytest
from temporalio.exceptions import ApplicationError

from domain.step_messages import GiveCoupon, GivenCoupon
from storage import member_conflicts
from tests.activities.giving import COUPON, give, known_member, row_of
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio


async def test_a_coupon_is_credited_to_her_account(shop: Shop) -> None:
    she, member_id = await known_member(shop)
    assert (await give(shop, she)).issued
    [coupon] = shop.world.till.coupons.values()
    assert (coupon.member_id, coupon.template_id) == (member_id, "WINBACK10")


async def test_giving_it_again_credits_nothing_and_asks_nobody(shop: Shop) -> None:
    she, _ = await known_member(shop)
    assert await give(shop, she) == await give(shop, she)
    assert shop.calls("POST pos/coupons") == 1


async def test_another_key_is_another_coupon(shop: Shop) -> None:
    she, _ = await known_member(shop)
    await give(shop, she, "key-1")
    await give(shop, she, "key-2")
    assert len(shop.world.till.coupons) == 2


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before"])
async def test_after_a_lost_answer_the_till_is_asked_before_it_is_credited_again(
    shop: Shop, kind: str
) -> None:
    she, _ = await known_member(shop)
    await shop.fault("POST pos/coupons", kind)
    with pytest.raises(ApplicationError) as unknown:
        await give(shop, she)
    assert (unknown.value.type, unknown.value.non_retryable) == ("PosOutcomeUnknown", False)
    assert (await give(shop, she)).issued
    assert shop.calls("GET pos/coupons") == 1
    assert shop.calls("POST pos/coupons") == (1 if kind == "timeout_after" else 2)
    assert len(shop.world.till.coupons) == 1


async def test_at_once_from_two_workers_it_is_one_coupon(shop: Shop) -> None:
    she, _ = await known_member(shop)
    given = await asyncio.gather(*(give(shop, she) for _ in range(4)))
    assert all(coupon.issued for coupon in given)
    assert len(shop.world.till.coupons) == 1


async def test_who_may_be_several_members_is_told_of_as_that(shop: Shop) -> None:
    she = await shop.friend()
    async with shop.database.transaction() as session:
        await member_conflicts.keep(session, she, "generic", "unionid", ["m1", "m2"], shop.clock())
    given = await give(shop, she)
    assert not given.issued
    assert "`journeys members conflicts`" in given.reason


async def test_who_is_no_member_gets_none_and_the_reason_is_kept(shop: Shop) -> None:
    she = await shop.friend()
    given = await give(shop, she)
    assert (given.issued, given.reason) == (False, "not_member: the till does not know her")
    assert await give(shop, she) == given
    assert shop.calls("POST pos/coupons") == 0


async def test_an_account_that_is_gone_is_a_refusal(shop: Shop) -> None:
    she, member_id = await known_member(shop)
    del shop.world.till.members[member_id]
    given = await give(shop, she)
    assert not given.issued
    assert member_id not in shop.world.till.coupons


async def test_a_template_that_the_till_refuses_is_a_refusal(shop: Shop) -> None:
    she, _ = await known_member(shop)
    await shop.fault("POST pos/coupons", "errcode", errcode=400)
    assert not (await give(shop, she)).issued
    assert not (await give(shop, she)).issued, "and it stays one"
    assert shop.calls("POST pos/coupons") == 1


async def test_what_a_greeting_promises_is_credited_once_per_member(shop: Shop) -> None:
    """Who has no account is refused, and may have it as soon as she has one."""
    she = await shop.newcomer()
    what = GiveCoupon(key=f"welcome/{she}/T5", external_userid=she, coupon=COUPON, once_per_member=True)
    assert (await shop.run(shop.activities.coupons.issue_coupon, what)).reason.startswith("not_member")
    member = await shop.member(she, external_userid=she)
    assert await shop.run(shop.activities.coupons.issue_coupon, what) == GivenCoupon(issued=True)
    again = await shop.run(shop.activities.coupons.issue_coupon, what)
    assert (again.issued, again.reason[:18]) == (True, "once per member: o")
    assert (await row_of(shop, f"welcome/{member}/{COUPON.template}")).status == "issued"
