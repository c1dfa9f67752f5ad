"""Journeys that wait for what becomes of a coupon."""

import pytest

from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

WAITING = playbook(
    nurture=[
        {"coupon": {"template": "WIN10", "name": "10 元券"}},
        {
            "wait_for": {
                "event": "coupon_expired",
                "timeout": "60d",
                "then": [{"exit": "she let it go"}],
                "otherwise": [{"exit": "nobody ever told"}],
            }
        },
    ],
    exits=[{"reason": "she used it", "event": "coupon_redeemed"}],
)


async def _given(corp: Corp) -> tuple[str, str, str]:
    """She, her member id and her coupon's."""
    she = await corp.newcomer()
    member_id = await corp.member(she)
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.join(she)
    await corp.until_logged(she, "coupon 10 元券 credited")
    [coupon] = [c for c in corp.world.till.coupons.values() if c.member_id == member_id]
    return she, member_id, coupon.coupon_id


async def test_one_is_used_and_another_expires(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[WAITING]) as corp:
        user, member_id, used = await _given(corp)
        loser, _, lost = await _given(corp)
        await corp.do("till/orders", member_id=member_id, store_id="S002", amount_minor=500, coupon_id=used)
        await corp.until_logged(user, "small ended")
        corp.world.till.coupons[lost].status = "expired"
        await corp.sleep(days=8)
        await corp.activities.upkeep.wake_due_lives()
        assert await corp.activities.upkeep._coupons.look() == 1
        await corp.until_logged(loser, "small ended")
        ends = {}
        for she in (user, loser):
            [ends[she]] = [line.reason for line in await corp.story(she) if line.what == "small ended"]
        assert ends == {user: "she used it", loser: "she let it go"}
