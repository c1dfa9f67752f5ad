"""Vouchers of stores (M62): however many want the last one, one gets it."""

import asyncio
import random
from collections import Counter

import pytest
from sqlmodel import select

from storage import coupons, voucher_stocks
from storage.tables import Coupon, Store, VoucherStock
from tests.storage.chain import NOON, Chain

pytestmark = pytest.mark.anyio

TOTALS = {"S1": 4, "S2": 3}
PEOPLE, SEED = 24, 62


async def stock_up(chain: Chain, **totals: int) -> None:
    async with chain.database.transaction() as session:
        for store, total in totals.items():
            await voucher_stocks.set_total(session, "T", store, total, NOON)


async def counts(chain: Chain) -> dict[str, tuple[int, int]]:
    async with chain.database.transaction() as session:
        return {row.store_id: (row.held, row.used) for row, _ in await voucher_stocks.stocks(session)}


async def reserve(chain: Chain, key: str, *stores: str) -> str | None:
    fresh = Coupon(key=key, external_userid=key, template="T", status="claimed", claimed_at=NOON)
    async with chain.database.transaction() as session:
        row = await coupons.claim(session, fresh)
        row.store_id = await voucher_stocks.hold(session, "T", stores, NOON)
        return row.store_id


async def issue(chain: Chain, key: str) -> None:
    async with chain.database.transaction() as session:
        await coupons.issued(session, key, coupons.Told(f"id-{key}", "issued"), NOON)


async def tell(chain: Chain, key: str, status: str, store: str | None = None) -> None:
    told = coupons.Told(f"id-{key}", status, redeemed_at=NOON, redeemed_store_id=store)
    async with chain.database.transaction() as session:
        await coupons.learn(session, told, NOON)


async def one_life(chain: Chain, key: str, chance: random.Random) -> None:
    """Reserved, then refused, or issued and used, expired or taken back; each told twice at once."""
    stores = chance.sample(sorted(TOTALS), k=2)
    if await reserve(chain, key, *stores) is None:
        return
    if chance.random() < 0.2:
        async with chain.database.transaction() as session:
            await coupons.refuse(session, key, "the till says no", NOON)
        return
    await issue(chain, key)
    if chance.random() < 0.8:
        end = chance.choice(["redeemed", "expired", "void"])
        await asyncio.gather(*(tell(chain, key, end) for _ in range(2)))


async def test_held_and_used_are_never_more_than_there_are(chain: Chain) -> None:
    await stock_up(chain, **TOTALS)
    over = False

    async def watch() -> None:
        nonlocal over
        while True:
            over |= any(held + used > TOTALS[s] for s, (held, used) in (await counts(chain)).items())
            await asyncio.sleep(0.005)

    watcher = asyncio.create_task(watch())
    await asyncio.gather(*(one_life(chain, f"c{n}", random.Random(SEED + n)) for n in range(PEOPLE)))
    watcher.cancel()
    async with chain.database.transaction() as session:
        rows = (await session.exec(select(Coupon))).all()
    held = Counter(row.store_id for row in rows if row.store_id and row.status in coupons.HELD)
    used = Counter(row.store_id for row in rows if row.status == "redeemed")
    assert not over
    assert await counts(chain) == {store: (held[store], used[store]) for store in TOTALS}
    left = sum(TOTALS.values()) - held.total() - used.total()
    got = [await reserve(chain, f"late{n}", *sorted(TOTALS)) for n in range(left + 1)]
    assert None not in got[:left]
    assert got[left] is None, "what was given back is there for others, and no more than that"


async def test_the_last_one_goes_to_one(chain: Chain) -> None:
    await stock_up(chain, S1=1)
    got = await asyncio.gather(*(reserve(chain, f"c{n}", "S1") for n in range(8)))
    assert Counter(got) == {"S1": 1, None: 7}


async def test_what_is_used_at_another_store_counts_there(chain: Chain) -> None:
    await stock_up(chain, S1=1, S2=1)
    assert await reserve(chain, "c", "S1") == "S1"
    await issue(chain, "c")
    await tell(chain, "c", "redeemed", "S2")
    assert await counts(chain) == {"S1": (0, 0), "S2": (0, 1)}
    await tell(chain, "c", "issued")
    assert await counts(chain) == {"S1": (1, 0), "S2": (0, 0)}, "a redemption that the till took back"


async def test_a_store_that_gave_more_than_it_had_gives_no_more(chain: Chain) -> None:
    """Guests of other stores used it up: that is so, and whoever comes next gets none of it."""
    await stock_up(chain, S1=1, S2=1)
    for key, store in (("a", "S1"), ("b", "S2")):
        await reserve(chain, key, store)
        await issue(chain, key)
    await tell(chain, "a", "redeemed", "S2")
    assert await counts(chain) == {"S1": (0, 0), "S2": (1, 1)}
    assert await reserve(chain, "c", "S2") is None


async def test_the_nearest_store_of_the_city_is_asked_first(chain: Chain) -> None:
    places = {"S3": (39.99, 116.3), "S4": (39.91, 116.4), "S5": None, "S6": (39.9, 116.41)}
    async with chain.database.transaction() as session:
        home = await session.get_one(Store, "S1")
        home.city, home.latitude, home.longitude = "北京", 39.9, 116.4
        for store_id, place in places.items():
            city = "上海" if store_id == "S6" else "北京"
            latitude, longitude = place or (None, None)
            session.add(Store(id=store_id, name=store_id, city=city, latitude=latitude, longitude=longitude))
    await stock_up(chain, S1=0, S3=1, S4=1, S5=1, S6=1)
    async with chain.database.transaction() as session:
        found = [store.id for store in await voucher_stocks.stores_for(session, "T", "S1")]
        assert found == ["S1", "S4", "S3", "S5"], "hers, the nearer, the farther, the one without a place"
        assert not await voucher_stocks.stores_for(session, "T", "unheard-of")
        assert not await voucher_stocks.stores_for(session, "other", "S1")


async def test_what_a_store_has_can_be_said_again(chain: Chain) -> None:
    await stock_up(chain, S1=1)
    await reserve(chain, "c", "S1")
    await stock_up(chain, S1=5)
    async with chain.database.transaction() as session:
        row = await session.get_one(VoucherStock, ("T", "S1"))
    assert (row.total, row.held) == (5, 1)
