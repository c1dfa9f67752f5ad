"""How many of a voucher each store has to give (M62), and how many of them are held or used.

A coupon holds one from before the till is asked for it until it is redeemed, or comes to nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, exists, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.nearby import nearest
from storage.tables import Store, VoucherStock

Change = tuple[int, int]  # of `held` and of `used`


async def has_stocks(session: AsyncSession, template: str) -> bool:
    """Whether coupons of this template are given out of stores' stocks."""
    return bool((await session.exec(select(exists().where(col(VoucherStock.template) == template)))).one())


async def hold(session: AsyncSession, template: str, stores: Sequence[str], now: datetime) -> str | None:
    """Take one at the first of these stores that has any left; None: none of them has.

    PostgreSQL looks again at a row that it waited for, so that two never hold the last one.
    """
    left = col(VoucherStock.held) + col(VoucherStock.used) < col(VoucherStock.total)
    for store_id in stores:
        here = (col(VoucherStock.template) == template, col(VoucherStock.store_id) == store_id)
        taken = update(VoucherStock).where(*here, left)
        taken = taken.values(held=col(VoucherStock.held) + 1, updated_at=now)
        if (await session.exec(taken.returning(col(VoucherStock.store_id)))).first():
            return store_id
    return None


async def count(session: AsyncSession, template: str, changes: Mapping[str, Change], now: datetime) -> None:
    """Add to what stores hold and have used; a store without a stock of this voucher counts nothing.

    Always in the order of the stores, so that two redemptions cannot wait for each other.
    """
    for store_id, (held, used) in sorted(changes.items()):
        row = update(VoucherStock).where(
            col(VoucherStock.template) == template, col(VoucherStock.store_id) == store_id
        )
        values = {"held": col(VoucherStock.held) + held, "used": col(VoucherStock.used) + used}
        await session.exec(row.values(**values, updated_at=now))


async def set_total(
    session: AsyncSession, template: str, store_id: str, total: int, now: datetime, *, out: Change = (0, 0)
) -> VoucherStock:
    """How many this store has been given in all, what is held and used included.

    `out`: what is held and used of a stock that begins now; one that there is goes on counting.
    """
    held, used = out
    row = insert(VoucherStock).values(
        template=template, store_id=store_id, total=total, held=held, used=used, updated_at=now
    )
    changed = row.on_conflict_do_update(
        index_elements=["template", "store_id"], set_={"total": total, "updated_at": now}
    )
    await session.exec(changed)
    return await session.get_one(VoucherStock, (template, store_id), populate_existing=True)


async def stocks(
    session: AsyncSession, template: str | None = None, store_id: str | None = None
) -> Sequence[tuple[VoucherStock, Store]]:
    """By template and store."""
    query = select(VoucherStock, Store).join(Store, col(Store.id) == VoucherStock.store_id)
    query = query.where(VoucherStock.template == template) if template else query
    query = query.where(VoucherStock.store_id == store_id) if store_id else query
    order = (col(VoucherStock.template), col(VoucherStock.store_id))
    return (await session.exec(query.order_by(*order))).all()


async def stores_for(session: AsyncSession, template: str, store_id: str) -> list[Store]:
    """Where she could be given one: at her store, else at another of its city, the nearest first.

    Stores without coordinates come after those with, by id.
    """
    home = await session.get(Store, store_id)
    if home is None:
        return []
    mine = select(VoucherStock.store_id).where(VoucherStock.template == template)
    same_city = (col(Store.city) == home.city) | (col(Store.id) == home.id)
    query = select(Store).where(col(Store.id).in_(mine), col(Store.active), same_city)
    found = {store.id: store for store in (await session.exec(query.order_by(col(Store.id)))).all()}
    return [found[one] for one in _nearest_first(home, list(found.values()))]


def _nearest_first(home: Store, stores: Sequence[Store]) -> list[str]:
    places = {
        store.id: (store.latitude, store.longitude)
        for store in (home, *stores)
        if store.latitude is not None and store.longitude is not None
    }
    others = [store.id for store in stores if store.id != home.id]
    placed = [one for one in others if one in places and home.id in places]
    near = (
        [one for _, one in nearest(places[home.id], [(one, places[one]) for one in placed])] if placed else []
    )
    first = [home.id] if any(store.id == home.id for store in stores) else []
    return first + near + [one for one in others if one not in placed]
