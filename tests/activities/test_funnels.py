"""Funnels end to end: scans, friends, greetings, groups and orders as WeCom and the till tell them."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from domain.funnels import FunnelStep, far_under, path_of, stages, worst
from domain.messages import Arrive, RefreshGroup
from domain.playbook import LinkKind
from playbooks.loader import load_playbook
from settings import ROOT
from starter.codes import Codes, WantedCode
from starter.results.funnel import lines, ordered
from storage import directory, scans
from storage.results import codes, funnel
from storage.results.codes import By
from storage.results.funnel import Days, Row
from storage.tables import Customer, Group, Order, Standing, Store
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

CHAIN = "coffee-chain"
BATCH = "card-03"


async def publish(shop: Shop, name: str) -> None:
    async with shop.database.transaction() as session:
        book = load_playbook(ROOT / "playbooks" / f"{name}.yaml")
        await directory.publish(session, book, author="test", now=shop.clock())


async def placement(
    shop: Shop, name: str, *, playbook: str | None = None, campaign: str | None = None
) -> str:
    """A code of store S002 there; its state."""
    made = Codes(shop.database, shop.client, shop.clock, answer_seconds=0)
    code, _ = await made.create(WantedCode("S002", name, playbook, ("li",), campaign))
    return code.state


async def opened(shop: Shop, state: str, times: int) -> None:
    async with shop.database.transaction() as session:
        for _ in range(times):
            await scans.count(session, state, shop.clock().date())


async def greeted(shop: Shop, state: str) -> str:
    """She scans the code, is greeted, and her life begins."""
    she = await shop.newcomer()
    what = await shop.added(she, state)
    await shop.run(shop.activities.welcomes.greet, what)
    await shop.run(shop.activities.lives.arrive, Arrive(external_userid=she, event=what.event))
    return she


async def joins(shop: Shop, she: str) -> None:
    way = shop.join_ways["S002"]
    chat_id = str((await shop.street.do("join", external_userid=she, config_id=way))["chat_id"])
    what = RefreshGroup(chat_id=chat_id, at=shop.clock())
    await shop.run(shop.activities.groups.refresh_group, what, attempt=2)


async def buys(shop: Shop, she: str, *, minutes: float = 0) -> None:
    """At the till, so many minutes from now; as the till tells us."""
    async with shop.database.transaction() as session:
        customer = await session.get_one(Customer, she)
        customer.member_id = customer.member_id or await shop.member(she)
        at = shop.clock() + timedelta(minutes=minutes)
        told: dict[str, Any] = {"status": "paid", "paid_at": at, "paid_minor": 2800, "updated_at": at}
        order = Order(
            provider="till", order_id=f"{at}", store_id="S002", member_id=customer.member_id, **told
        )
        session.add(order)


async def counted(shop: Shop, by: By, days: Days = Days()) -> Mapping[str, Row]:
    async with shop.database.transaction() as session:
        found = await codes.sources(session, by, CHAIN)
        return ordered(by, await funnel.rows(session, found, days))


async def test_m35_every_step_of_the_way_is_counted_and_the_worst_is_named(shop: Shop) -> None:
    await opened(shop, "S002-cashier", 10)
    people = [await greeted(shop, "S002-cashier") for _ in range(4)]
    for she in people[:2]:
        await joins(shop, she)
    await buys(shop, people[0], minutes=1)
    await buys(shop, people[0], minutes=2)
    await buys(shop, people[1], minutes=3)
    row = (await counted(shop, By.PLAYBOOK))["coffee-welcome"]
    assert row.people == {
        FunnelStep.SCANNED: 10,
        FunnelStep.FRIEND: 4,
        FunnelStep.GREETED: 4,
        FunnelStep.INVITED: 4,
        FunnelStep.JOINED: 2,
        FunnelStep.FIRST_ORDER: 2,
        FunnelStep.SECOND_ORDER: 1,
        FunnelStep.GOAL: 0,
    }
    found = stages(path_of(row.links), row.people)
    assert len(found) == 8
    lost_at = worst(found)
    assert lost_at is not None
    assert (lost_at.step, lost_at.lost) == (FunnelStep.FRIEND, 6)


async def test_m35_a_pattern_that_begins_with_the_group_has_fewer_steps(shop: Shop) -> None:
    await publish(shop, "snack-franchise")
    book = load_playbook(ROOT / "playbooks" / "snack-franchise.yaml")
    async with shop.database.transaction() as session:
        (await session.get_one(Group, shop.groups["S002"])).kind = book.enter.group_join[0]
    she = await shop.newcomer()
    await joins(shop, she)
    row = (await counted(shop, By.PATTERN))[LinkKind.GROUP_ONLY]
    assert row.people[FunnelStep.JOINED] == 1
    assert path_of(row.links)[0] is FunnelStep.JOINED
    told = {line["step"]: line for line in lines(By.PATTERN, LinkKind.GROUP_ONLY, row)}
    assert (told["joined"]["number"], told["joined"]["people"]) == (1, 1)
    assert (told["invited"]["applies"], told["invited"]["people"]) == (False, None)


async def test_m28_the_pay_desk_and_m29_the_wifi_code_are_placements_of_their_own(shop: Shop) -> None:
    await publish(shop, CHAIN)
    async with shop.database.transaction() as session:
        (await session.get_one(Store, "S002")).wifi = "haokafei888"
    for name, times in (("cashier", 4), ("wifi", 2)):
        state = "S002-cashier" if name == "cashier" else await placement(shop, name)
        await opened(shop, state, times)
        she = await greeted(shop, state)
        text = (await shop.received(she))[0]["text"]
        assert ("haokafei888" in text) == (name == "wifi")
    found = await counted(shop, By.PLACEMENT)
    assert found["cashier"].people[FunnelStep.SCANNED] == 4
    assert found["wifi"].people[FunnelStep.SCANNED] == 2
    assert found["wifi"].people[FunnelStep.FRIEND] == 1


async def test_m30_a_batch_of_printed_cards_is_counted_by_itself(shop: Shop) -> None:
    await publish(shop, CHAIN)
    state = await placement(shop, "package-card", campaign=BATCH)
    await opened(shop, state, 5)
    await joins(shop, await greeted(shop, state))
    await greeted(shop, "S002-cashier")
    found = await counted(shop, By.CAMPAIGN)
    batch = found[BATCH].people
    assert (batch[FunnelStep.SCANNED], batch[FunnelStep.FRIEND], batch[FunnelStep.JOINED]) == (5, 1, 1)
    assert found[codes.NONE].people[FunnelStep.FRIEND] == 1


async def test_m31_placements_are_ranked_by_the_time_from_purchase_to_add(shop: Shop) -> None:
    await publish(shop, CHAIN)
    states = {"package-card": await placement(shop, "package-card"), "wifi": await placement(shop, "wifi")}
    for name, before in (("package-card", 40), ("wifi", 3)):
        for more in (0, 1, 2):
            she = await greeted(shop, states[name])
            await buys(shop, she, minutes=-before - more)
    found = await counted(shop, By.PLACEMENT)
    assert list(found) == ["wifi", "package-card", "cashier"]
    assert round((found["wifi"].delay or timedelta(0)) / timedelta(minutes=1)) == 4


async def test_m36_a_goal_reached_in_the_store_closes_the_loop(shop: Shop) -> None:
    she = await greeted(shop, "S002-cashier")
    await buys(shop, she, minutes=5)
    now = shop.clock()
    places: dict[str, Any] = {"playbook": "coffee-welcome", "version": "v", "path": "nurture.0", "since": now}
    await shop.put(Standing(external_userid=she, number=1, reached=["再次到店"], **places))
    row = (await counted(shop, By.STORE))["S002"]
    assert (row.people[FunnelStep.FIRST_ORDER], row.people[FunnelStep.GOAL]) == (1, 1)


async def test_only_who_came_in_the_time_counts_by_the_stores_clock(shop: Shop) -> None:
    await greeted(shop, "S002-cashier")
    day: date = shop.clock().date()  # noon in Shanghai: the same day there
    assert (await counted(shop, By.REGION, Days(since=day)))["bj"].people[FunnelStep.FRIEND] == 1
    later = (await counted(shop, By.REGION, Days(since=day + timedelta(days=1))))["bj"]
    assert FunnelStep.FRIEND not in later.people


async def test_m32_a_store_far_under_the_chain_is_flagged(shop: Shop) -> None:
    await opened(shop, "S001-cashier", 40)
    await opened(shop, "S002-cashier", 10)
    for _ in range(6):
        await greeted(shop, "S002-cashier")
    async with shop.database.transaction() as session:
        found = await codes.sources(session, By.STORE, CHAIN)
        rates = await funnel.rates(session, found, Days())
    assert rates == {"S001": (40, 0), "S002": (10, 6)}
    flagged = [store for store, (n, adds) in rates.items() if far_under(adds, n, 0.65, at_least=30)]
    assert flagged == ["S001"]
