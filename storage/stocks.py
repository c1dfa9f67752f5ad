"""What stores have, as the till last said; which lots have started a campaign, and what is left of them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.campaign import StockTarget
from domain.campaigning import LIVES
from domain.overstock import Lot
from storage.tables import CampaignRow, Stock, Store

KEEPS = date.max  # no day of expiry, or no lot at all


async def save(
    session: AsyncSession,
    store_id: str,
    product_ids: Sequence[str],
    lots: Iterable[Lot],
    *,
    today: date,
    now: datetime,
) -> None:
    """Write down what a store has of these products; what is not among the lots is sold out.

    `today` is the store's. A lot whose last day is over stays as it was last read while it was good: what
    was left of it then was thrown away, not sold.
    """
    fresh = {(one, KEEPS): Lot(one, "", KEEPS, 0) for one in product_ids}
    fresh |= {(lot.product_id, lot.expires_on): lot for lot in lots if lot.expires_on >= today}
    rows = [{**asdict(lot), "store_id": store_id, "read_at": now} for lot in fresh.values()]
    statement = insert(Stock).values(rows)
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["store_id", "product_id", "expires_on"],
            set_={name: statement.excluded[name] for name in ("name", "quantity", "read_at")},
            where=col(Stock.read_at) <= statement.excluded.read_at,
        )
    )
    mine = (col(Stock.store_id) == store_id, col(Stock.product_id).in_(product_ids))
    sold_out = update(Stock).where(*mine, col(Stock.expires_on) >= today, col(Stock.read_at) < now)
    await session.exec(sold_out.values(quantity=0, read_at=now))


async def quantity(
    session: AsyncSession, store_id: str, product_ids: Sequence[str], expires_by: date | None = None
) -> int | None:
    """What there is of all of them together, by the last reading of each. None: one was never read."""
    newest = _newest(store_id, product_ids).subquery()
    read = (await session.exec(select(func.count()).select_from(newest))).one()
    if read < len(set(product_ids)):
        return None
    same = and_(col(Stock.product_id) == newest.c.product_id, col(Stock.read_at) == newest.c.read_at)
    query = select(func.coalesce(func.sum(Stock.quantity), 0)).join(newest, same)
    query = query.where(Stock.store_id == store_id)
    return (await session.exec(query.where(Stock.expires_on <= (expires_by or KEEPS)))).one()


def _newest(store_id: str, product_ids: Sequence[str]) -> Any:
    """When each product was read last. Lots that have gone off are not read again, and so fall behind."""
    query = select(Stock.product_id, func.max(Stock.read_at).label("read_at"))
    query = query.where(Stock.store_id == store_id, col(Stock.product_id).in_(product_ids))
    return query.group_by(Stock.product_id)


async def read_at(session: AsyncSession, product_ids: Sequence[str]) -> dict[str, datetime]:
    """By store: since when the readings of all these products are at least. Without stores that lack one."""
    each = select(Stock.store_id, func.max(Stock.read_at).label("read_at"))
    each = each.where(col(Stock.product_id).in_(product_ids)).group_by(Stock.store_id, Stock.product_id)
    rows = each.subquery()
    query = select(rows.c.store_id, func.min(rows.c.read_at)).group_by(rows.c.store_id)
    return dict((await session.exec(query.having(func.count() == len(set(product_ids))))).all())


async def of_store(session: AsyncSession, store_id: str, product_ids: Sequence[str]) -> Sequence[Stock]:
    """All that is known of these products in a store, by their day."""
    query = select(Stock).where(Stock.store_id == store_id, col(Stock.product_id).in_(product_ids))
    return (await session.exec(query.order_by(col(Stock.expires_on), col(Stock.product_id)))).all()


def lot(row: Stock) -> Lot:
    return Lot(row.product_id, row.name, row.expires_on, row.quantity)


async def everywhere(
    session: AsyncSession, product_ids: Sequence[str], store_id: str | None
) -> Sequence[tuple[Store, Stock]]:
    """All that is known of these products in active stores, or in one; by store and day."""
    query = select(Store, Stock).join(Stock, col(Stock.store_id) == Store.id)
    query = query.where(col(Store.active), col(Stock.product_id).in_(product_ids))
    if store_id is not None:
        query = query.where(Store.id == store_id)
    return (await session.exec(query.order_by(col(Store.id), col(Stock.expires_on)))).all()


async def stores(session: AsyncSession, store_ids: Sequence[str] | None) -> Sequence[Store]:
    """Active stores, all or these; by id."""
    query = select(Store).where(col(Store.active)).order_by(col(Store.id))
    return (
        await session.exec(query if store_ids is None else query.where(col(Store.id).in_(store_ids)))
    ).all()


async def targets(session: AsyncSession) -> list[StockTarget]:
    """Of the campaigns that have not ended: their stock is to be known well."""
    query = select(CampaignRow.body).where(col(CampaignRow.status).in_(LIVES))
    bodies = await session.exec(query.where(col(CampaignRow.body)["stock"].as_string().is_not(None)))
    return [StockTarget.model_validate(body["stock"]) for body in bodies.all()]


async def take_turns(session: AsyncSession, store_id: str) -> None:
    """Until the transaction ends nobody else starts campaigns about this store's stock."""
    await session.exec(select(Store.id).where(Store.id == store_id).with_for_update())


async def started_since(session: AsyncSession, store_id: str, since: datetime) -> int:
    """Campaigns about overstock that a store has had."""
    query = select(func.count(func.distinct(Stock.campaign_id))).join(
        CampaignRow, col(CampaignRow.id) == Stock.campaign_id
    )
    return (await session.exec(query.where(Stock.store_id == store_id, CampaignRow.created_at > since))).one()


async def mark_started(
    session: AsyncSession, store_id: str, product_ids: Sequence[str], expires_on: date, campaign_id: str
) -> None:
    """These lots have started a campaign; how much there was is kept for its result."""
    mine = (col(Stock.store_id) == store_id, col(Stock.product_id).in_(product_ids))
    statement = update(Stock).where(
        *mine, col(Stock.expires_on) == expires_on, col(Stock.campaign_id).is_(None)
    )
    await session.exec(statement.values(campaign_id=campaign_id, quantity_then=col(Stock.quantity)))
