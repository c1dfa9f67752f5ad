"""Segments over what WeCom and the till told: who is meant, and by what she can be reached."""

from datetime import timedelta
from typing import Any

import pytest

from activities.identify import Identifier
from domain.messages import Arrive, OpenLife
from domain.playbook import Condition
from playbooks.segments import load_segments
from settings import ROOT
from storage import audience
from storage.audience import Reach, WhyNot
from tests.activities.shop import KEYS, Shop
from tests.activities.test_groups import join, refresh
from tests.activities.test_tagging import mark

pytestmark = pytest.mark.anyio


async def meant(shop: Shop, who: Condition) -> set[str]:
    """All pages of two."""
    found: list[str] = []
    async with shop.database.transaction() as session:
        while page := await audience.page(
            session, who, shop.policy.tiers, shop.clock(), after=found[-1] if found else "", size=2
        ):
            found += page
        assert await audience.count(session, who, shop.policy.tiers, shop.clock()) == len(found)
    assert len(found) == len(set(found))
    return set(found)


async def reached(shop: Shop, who: Condition) -> Reach:
    async with shop.database.transaction() as session:
        return await audience.reach(session, who, shop.policy.tiers, shop.clock())


async def guest(shop: Shop, name: str, *bought: tuple[float, int], **more: Any) -> str:
    """A friend who is a member of the till. What she bought: how many days ago, for how many fen."""
    she = await shop.friend(name)
    member_id = await shop.member(she)
    for days_ago, fen in bought:
        order = {"store_id": "S002", "member_id": member_id, "amount_minor": fen} | more
        paid_at = shop.clock() - timedelta(days=days_ago)
        await shop.street.do("till/orders", paid_at=paid_at.isoformat(), **order)
    identified = await Identifier(shop.database, shop.client, shop.till, KEYS, shop.clock).identify(she)
    assert identified.member_id == member_id
    return she


async def test_m27_four_kinds_of_customers_are_told_apart_by_their_orders(shop: Shop) -> None:
    new = await guest(shop, "崭新")
    once = await guest(shop, "买过", (3, 2_000))
    often = await guest(shop, "常客", *[(days, 2_000) for days in (1, 20, 40, 60, 80, 100)])
    dear = await guest(shop, "高客单", (1, 9_000), (40, 5_000))
    gone = await guest(shop, "从前常客", *[(days, 2_000) for days in (40, 50, 60, 70, 80, 90)])
    kinds = load_segments(ROOT / "playbooks")
    assert await meant(shop, kinds["new"].who) == {new}
    assert await meant(shop, kinds["buyer"].who) == {once, often, dear, gone}
    assert await meant(shop, kinds["regular"].who) == {often}
    assert await meant(shop, kinds["high_ticket"].who) == {dear}


async def test_m42_a_tag_means_all_who_have_it_at_any_employee(shop: Shop) -> None:
    weekend, also, other = await shop.friend("周末"), await shop.friend("也是"), await shop.friend("平日")
    for she in (weekend, also):
        await mark(shop, she, ["周末常客"])
    await mark(shop, other, ["工作日"])
    tagged = Condition.model_validate({"tag": "周末常客"})
    assert await meant(shop, tagged) == {weekend, also}
    await shop.street.do("delete", external_userid=also, userid="li", by="customer")
    await shop.run(shop.activities.lives.depart, Arrive(external_userid=also, event=shop.last_add().event))
    assert await meant(shop, tagged) == {weekend}, "a tag goes with the friendship"


async def test_m51_who_likes_a_product_is_known_from_the_lines_of_orders(shop: Shop) -> None:
    def line(product: str, category: str) -> dict[str, Any]:
        return {
            "product_id": product,
            "name": "一份",
            "category": category,
            "paid": {"amount_minor": 1_500},
        }

    melon = await guest(shop, "西瓜", (3, 1_500), (9, 1_500), lines=[line("P100", "西瓜")])
    once = await guest(shop, "一次", (5, 1_500), lines=[line("P100", "西瓜"), line("P7", "葡萄")])
    await guest(shop, "葡萄", (5, 1_500), lines=[line("P7", "葡萄")])
    for wanted, who in (
        ({"product": "P100"}, {melon, once}),
        ({"category": "西瓜", "least": 2}, {melon}),
        ({"product": "P100", "within": "4d"}, {melon}),
    ):
        assert await meant(shop, Condition.model_validate({"bought": wanted})) == who


async def test_m04_who_is_known_from_a_group_only_is_never_reached_one_by_one(shop: Shop) -> None:
    friend, both, passer_by = (
        await shop.friend("好友"),
        await shop.friend("都有"),
        await shop.newcomer("群友"),
    )
    for she in (both, passer_by):
        await join(shop, she)
        await refresh(shop)
    await shop.run(shop.activities.lives.open_life, OpenLife(external_userid=passer_by))
    everybody = Condition.model_validate({"stage": "new"})
    found = await reached(shop, everybody)
    assert (found.targeted, found.private, found.group, found.none) == (3, 2, 2, 0)
    assert found.why_not == {WhyNot.GROUP_ONLY: 1}
    assert found.share == 1
    only = load_segments(ROOT / "playbooks")["group_only"].who
    assert await meant(shop, only) == {passer_by}
    assert friend not in await meant(shop, only)
