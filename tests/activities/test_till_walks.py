"""Walks through the till: pages, crashes between them, gaps, quotas, and places on the map."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, func, select
from temporalio.exceptions import ApplicationError

from activities import walk_parts
from activities.till_walks import TillWalks, parts_of
from activities.walk_orders import Orders
from domain.events import EventKind
from domain.geo import Coordinates, from_wgs84, great_circle_metres
from domain.walk_messages import GiveUp, Walked, WalkKind, WalkRef, WalkStatus
from domain.walking import IN_TIME
from integrations import pos
from simulators.state.till import Line, Money
from storage import till_walks
from storage.member_keys import MemberKeys
from storage.tables import Customer, InboundEvent, Order, Product, Store, TillHint, TillWalk
from tests.activities.shop import START, Shop

pytestmark = pytest.mark.anyio

WALK = "till-walk/generic/test"


async def begin(shop: Shop, kind: WalkKind, *, days: float = 2, walk_id: str = WALK) -> str:
    now = shop.clock()
    fresh = TillWalk(id=walk_id, provider="generic", kind=kind, started_at=now)
    if kind in IN_TIME:
        fresh.since, fresh.until, fresh.reached = now - timedelta(days=days), now, now
    async with shop.database.transaction() as session:
        return (await till_walks.open_walk(session, fresh)).id


async def go_on(shop: Shop, walk_id: str = WALK) -> Walked:
    return await shop.run(shop.activities.till_walks.walk, WalkRef(walk_id=walk_id))


async def row(shop: Shop, walk_id: str = WALK) -> TillWalk:
    async with shop.database.transaction() as session:
        return await session.get_one(TillWalk, walk_id)


async def walked(shop: Shop, kind: WalkKind, **how: Any) -> TillWalk:
    """From its beginning to its end."""
    walk_id = await begin(shop, kind, **how)
    done = await go_on(shop, walk_id)
    assert done.status is WalkStatus.DONE, done
    return await row(shop, walk_id)


def sell(shop: Shop, times: Sequence[datetime], member: str | None = None) -> list[str]:
    """Orders of which no push is sent."""
    paid = Money(amount_minor=2800)
    line = Line(product_id="P1", name="拿铁", category="咖啡", paid=paid)
    return [shop.world.till.ring_up("S002", member, paid, at, [line]).order_id for at in times]


def lately(shop: Shop, number: int, within: timedelta = timedelta(hours=40)) -> list[datetime]:
    return [shop.clock.now - within * n / number - timedelta(seconds=1) for n in range(number)]


async def orders_here(shop: Shop) -> int:
    async with shop.database.transaction() as session:
        return (await session.exec(select(func.count()).select_from(Order))).one()


async def facts(shop: Shop) -> Sequence[InboundEvent]:
    async with shop.database.transaction() as session:
        query = select(InboundEvent).where(InboundEvent.source == "pos").order_by(col(InboundEvent.id))
        return (await session.exec(query)).all()


class Killed(BaseException):
    """SIGKILL: nothing is caught and nothing is tidied up."""


class Mortal(Orders):
    """Dies before its page is committed, at the pages that are told."""

    def __init__(self, till: pos.PosPort, dies_at: set[int]) -> None:
        super().__init__(till)
        self.dies_at = dies_at

    async def keep(self, session: Any, walk: TillWalk, items: Any, now: datetime) -> Any:
        kept = await super().keep(session, walk, items, now)
        if walk.pages in self.dies_at:
            self.dies_at.discard(walk.pages)
            raise Killed
        return kept


# ---- orders


async def test_hundreds_of_orders_come_in_pages_and_are_counted_once(shop: Shop) -> None:
    sell(shop, lately(shop, 250))
    walk = await walked(shop, WalkKind.ORDERS)
    assert (walk.seen, walk.new, walk.changed, walk.untold) == (250, 250, 0, 250)
    assert await orders_here(shop) == 250
    assert walk.pages == shop.calls("GET pos/orders") == 3, "150 of one day, 100 of the day before"
    again = await walked(shop, WalkKind.ORDERS, walk_id="again")
    assert (again.seen, again.new, again.changed, again.untold) == (250, 0, 0, 0)


async def test_whoever_is_killed_between_pages_loses_and_doubles_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.pos.generic.PAGE_SIZE", 10)
    sell(shop, lately(shop, 25, timedelta(hours=20)), await shop.member(await shop.friend()))
    mortal = TillWalks(shop.database, [Mortal(shop.till, {0, 2})], shop.courier, shop.clock)
    await begin(shop, WalkKind.ORDERS)
    for page in (0, 2):
        with pytest.raises(Killed):
            await shop.run(mortal.walk, WalkRef(walk_id=WALK))
        assert (await row(shop)).pages == page
        assert await orders_here(shop) == 10 * page
    assert (await shop.run(mortal.walk, WalkRef(walk_id=WALK))).status is WalkStatus.DONE
    walk = await row(shop)
    assert (walk.seen, walk.new, await orders_here(shop)) == (25, 25, 25)
    assert len(await facts(shop)) == 25, "each order is told once"


async def test_an_attempt_that_was_believed_dead_turns_no_page_twice(shop: Shop) -> None:
    sell(shop, lately(shop, 5))
    await begin(shop, WalkKind.ORDERS)
    slow = await row(shop)
    await go_on(shop)
    await shop.activities.till_walks._page(slow)
    assert (await row(shop)).seen == 5


async def test_a_lost_push_is_healed_and_its_gap_reported(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    she = await shop.friend()
    order_id = await shop.buys(await shop.member(she, external_userid=she), push=False)
    async with shop.database.transaction() as session:
        (await session.get_one(Customer, she)).member_id = next(iter(shop.world.till.members))
    shop.clock.forward(minutes=30)
    with caplog.at_level(logging.WARNING):
        walk = await walked(shop, WalkKind.ORDERS)
    assert walk.untold == 1
    assert "1 of 1 orders were told by no push" in caplog.text
    [paid] = shop.courier.events(EventKind.ORDER_PAID)
    assert (paid.id, paid.order_id) == (f"order/generic/{order_id}/paid", order_id)


async def test_a_push_that_waits_to_be_read_is_no_gap(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    [order_id] = sell(shop, lately(shop, 1))
    hint = TillHint(
        provider="generic",
        dedupe_key="push-1",
        kind="order.paid",
        facts={"order_id": order_id},
        received_at=START,
        due_at=START,
    )
    await shop.put(hint)
    with caplog.at_level(logging.WARNING):
        walk = await walked(shop, WalkKind.ORDERS)
    assert (walk.new, walk.untold) == (1, 0)
    assert not caplog.text


async def test_a_till_that_pushes_nothing_gives_no_alarm(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sell(shop, lately(shop, 3))
    silent = shop.till.capabilities.model_copy(update={"events": frozenset()})
    monkeypatch.setattr(shop.till, "capabilities", silent)
    with caplog.at_level(logging.WARNING):
        assert (await walked(shop, WalkKind.ORDERS)).untold == 3
    assert not caplog.text


async def test_a_refund_that_nobody_pushed_is_a_change(shop: Shop) -> None:
    [order_id] = sell(shop, lately(shop, 1))
    await walked(shop, WalkKind.ORDERS)
    shop.clock.forward(minutes=5)
    await shop.street.do("till/refund", order_id=order_id, push=False)
    walk = await walked(shop, WalkKind.ORDERS, walk_id="the next night")
    assert (walk.new, walk.changed, walk.untold) == (0, 1, 1)


# ---- backfill


async def test_orders_of_years_are_facts_and_start_no_journey(shop: Shop) -> None:
    """Only what happened within the last week is news; what is older is counted and told to nobody."""
    member = await shop.member(await shop.friend())
    sell(shop, [START - timedelta(days=days) for days in range(1, 61)], member)
    walk = await walked(shop, WalkKind.BACKFILL, days=61)
    assert (walk.seen, walk.new, await orders_here(shop)) == (60, 60, 60)
    told = [fact.body["event"]["at"] for fact in await facts(shop)]
    assert len(told) == 6
    assert min(told) > f"{START - timedelta(days=7):%F}"


async def test_a_backfill_begins_with_the_newest_day_and_goes_on_where_it_was_stopped(shop: Shop) -> None:
    sell(shop, [START - timedelta(days=days, hours=1) for days in range(9)])
    await begin(shop, WalkKind.BACKFILL, days=9)
    mortal = TillWalks(shop.database, [Mortal(shop.till, {4})], shop.courier, shop.clock)
    with pytest.raises(Killed):
        await shop.run(mortal.walk, WalkRef(walk_id=WALK))
    async with shop.database.transaction() as session:
        oldest = (await session.exec(select(func.min(Order.paid_at)))).one()
        await till_walks.end(session, WALK, WalkStatus.STOPPED, "by ops", shop.clock())
    assert oldest > START - timedelta(days=4)
    assert (await go_on(shop)).status is WalkStatus.STOPPED
    assert await begin(shop, WalkKind.BACKFILL, days=9) == WALK
    assert (await row(shop)).pages == 4, "begun again it goes on"
    assert (await go_on(shop)).status is WalkStatus.DONE
    assert await orders_here(shop) == 9


async def test_begun_twice_it_is_one(shop: Shop) -> None:
    await begin(shop, WalkKind.BACKFILL)
    assert await begin(shop, WalkKind.BACKFILL, walk_id="another") == WALK
    assert await begin(shop, WalkKind.ORDERS, walk_id="a night") == "a night"


async def test_a_page_costs_four_statements_besides_those_of_its_orders(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where does it stand, its row locked, which hints wait, its row written. No page looks at another."""
    statements: list[str] = []
    event.listen(
        shop.database.engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _cursor, text, *_: statements.append(text),
    )
    monkeypatch.setattr("integrations.pos.generic.PAGE_SIZE", 10)
    sell(shop, lately(shop, 40, timedelta(hours=20)))
    await walked(shop, WalkKind.ORDERS)
    statements.clear()
    walk = await walked(shop, WalkKind.ORDERS, walk_id="again")
    overhead = [one for one in statements if "till_walks" in one or "till_hints" in one]
    opening_and_looking = 5
    assert len(overhead) <= 4 * walk.pages + opening_and_looking


# ---- limits


async def test_a_rate_limit_is_waited_for_and_nobodys_alarm(shop: Shop) -> None:
    sell(shop, lately(shop, 3))
    await begin(shop, WalkKind.ORDERS)
    await shop.fault("pos/orders", "errcode", errcode=429)
    with pytest.raises(ApplicationError) as again:
        await go_on(shop)
    assert (again.value.type, again.value.next_retry_delay) == ("NotYet", timedelta(seconds=1))
    assert (await go_on(shop)).status is WalkStatus.DONE


@pytest.mark.parametrize("named", [3600.0, None])
async def test_a_used_up_quota_is_slept_over(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, named: float | None
) -> None:
    async def refuse(**_: Any) -> Any:
        raise pos.PosQuotaExhausted("10000 calls a day are used up", retry_after_s=named)

    await begin(shop, WalkKind.ORDERS)
    with monkeypatch.context() as patched:
        patched.setattr(shop.till, "list_orders", refuse)
        rests = await go_on(shop)
    midnight = START.replace(hour=16, minute=0)
    wanted = START + timedelta(hours=1) if named else midnight
    assert rests.status is WalkStatus.RUNNING
    assert rests.again_at is not None
    assert abs(rests.again_at - wanted) < timedelta(seconds=1)
    walk = await row(shop)
    assert (walk.next_at, walk.reason) == (rests.again_at, "10000 calls a day are used up")
    assert (await go_on(shop)).status is WalkStatus.DONE
    assert (await row(shop)).next_at is None


async def test_a_till_that_is_down_is_asked_again_and_one_that_refuses_ends_it(shop: Shop) -> None:
    await begin(shop, WalkKind.ORDERS)
    for status, final in ((503, False), (401, True)):
        await shop.fault("pos/orders", "errcode", errcode=status)
        with pytest.raises(ApplicationError) as refused:
            await go_on(shop)
        assert refused.value.non_retryable is final
        assert f"HTTP {status}" in (await row(shop)).reason
    why = GiveUp(walk_id=WALK, reason="HTTP 401")
    given_up = await shop.run(shop.activities.till_walks.give_up, why)
    assert given_up.status is WalkStatus.FAILED
    assert (await row(shop)).ended_at is not None


# ---- stores and products


async def test_places_are_converted_and_written_only_where_we_have_none(shop: Shop) -> None:
    here = (39.9931, 116.4731)
    away = (here[0] + 0.01, here[1])
    for store, place, crs in (("S001", here, "gcj02"), ("S002", away, "bd09")):
        lat, lng = from_wgs84(*place, Coordinates.GCJ02 if crs == "gcj02" else Coordinates.BD09)
        await shop.street.do("till/stores", store_id=store, name=store, lat=lat, lng=lng, crs=crs)
    await shop.street.do("till/stores", store_id="S077", name="新店")
    async with shop.database.transaction() as session:
        ours = await session.get_one(Store, "S002")
        ours.latitude, ours.longitude = here
    walk = await walked(shop, WalkKind.STORES)
    async with shop.database.transaction() as session:
        found = {one: await session.get_one(Store, one) for one in ("S001", "S002")}
    one = found["S001"]
    assert one.latitude is not None
    assert one.longitude is not None
    assert great_circle_metres(one.latitude, one.longitude, *here) < 1
    assert (found["S002"].latitude, found["S002"].longitude) == here, "ours is never overwritten"
    assert walk.findings == [
        "store S002: the till has it 1112 m from where we have it",
        "store S077 (新店) is not ours: its orders belong to no store, "
        "until `journeys stores import` brings it",
    ]
    assert (walk.seen, walk.changed) == (3, 1)


@pytest.mark.parametrize(("place", "known"), [((31.2, 121.4), False), ((35.6812, 139.7671), True)])
def test_an_unknown_system_matters_only_where_maps_are_shifted(
    place: tuple[float, float], known: bool
) -> None:
    found = walk_parts.wgs84(pos.GeoPoint(lat=place[0], lng=place[1]))
    assert found == (place if known else None)


async def test_products_are_written_down_with_their_categories(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: dict[str | None, pos.Page[pos.Product]] = {
        None: pos.Page(items=(product("P1", "咖啡"), product("P2", None)), next_cursor="2"),
        "2": pos.Page(items=(product("P3", "烘焙"),)),
    }

    async def list_products(*, cursor: str | None = None) -> pos.Page[pos.Product]:
        return pages[cursor]

    monkeypatch.setattr(shop.till, "list_products", list_products)
    walk = await walked(shop, WalkKind.PRODUCTS)
    assert (walk.pages, walk.seen, walk.new, walk.changed) == (2, 3, 3, 0)
    pages["2"] = pos.Page(items=(product("P3", "面包"), product("P4", None)))
    walk = await walked(shop, WalkKind.PRODUCTS, walk_id="the next night")
    assert (walk.seen, walk.new, walk.changed) == (4, 1, 1)
    async with shop.database.transaction() as session:
        rows = (await session.exec(select(Product).order_by(col(Product.product_id)))).all()
    assert [(one.product_id, one.category) for one in rows] == [
        ("P1", "咖啡"),
        ("P2", None),
        ("P3", "面包"),
        ("P4", None),
    ]


def product(product_id: str, category: str | None) -> pos.Product:
    return pos.Product(product_id=product_id, name=f"商品 {product_id}", category=category)


async def test_members_fill_the_identity_index(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def list_members(*, cursor: str | None = None) -> pos.Page[pos.Member]:
        return pos.Page(items=(pos.Member(member_id="M1", unionid="u1"), pos.Member(member_id="M2")))

    monkeypatch.setattr(shop.till, "list_members", list_members)
    walk = await walked(shop, WalkKind.MEMBERS)
    assert (walk.seen, walk.new) == (2, 2)
    assert (await walked(shop, WalkKind.MEMBERS, walk_id="the next night")).new == 0


async def test_a_phone_without_a_key_to_keep_it_with_is_somebodys_to_mend(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def list_members(*, cursor: str | None = None) -> pos.Page[pos.Member]:
        return pos.Page(items=(pos.Member(member_id="M1", phone="+8613800138000"),))

    monkeypatch.setattr(shop.till, "list_members", list_members)
    keyless = TillWalks(shop.database, parts_of(shop.till, MemberKeys(None)), shop.courier, shop.clock)
    await begin(shop, WalkKind.MEMBERS)
    with pytest.raises(ApplicationError, match="MEMBER_KEY is not set") as refused:
        await shop.run(keyless.walk, WalkRef(walk_id=WALK))
    assert refused.value.non_retryable


async def test_what_is_begun_again_reads_its_step_anew(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cursor may be forgotten at the till."""
    monkeypatch.setattr("integrations.pos.generic.PAGE_SIZE", 10)
    sell(shop, lately(shop, 25, timedelta(hours=20)))
    await begin(shop, WalkKind.BACKFILL)
    mortal = TillWalks(shop.database, [Mortal(shop.till, {1})], shop.courier, shop.clock)
    with pytest.raises(Killed):
        await shop.run(mortal.walk, WalkRef(walk_id=WALK))
    assert (await row(shop)).cursor
    async with shop.database.transaction() as session:
        await till_walks.end(session, WALK, WalkStatus.FAILED, "an unknown cursor", shop.clock())
    await begin(shop, WalkKind.BACKFILL)
    assert (await row(shop)).cursor is None
    await go_on(shop)
    walk = await row(shop)
    assert (walk.seen, walk.new, await orders_here(shop)) == (35, 25, 25)


async def test_parts_cover_every_kind(shop: Shop) -> None:
    kinds = [kind for part in parts_of(shop.till, MemberKeys(None)) for kind in part.kinds]
    assert sorted(kinds) == sorted(WalkKind)
