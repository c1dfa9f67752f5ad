"""商品 of the till: their names, and the categories that preferences are counted by."""

from collections.abc import Collection, Sequence

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import Product


async def keep(session: AsyncSession, products: Sequence[Product]) -> tuple[int, int]:
    """Write them down; returns how many were new, and how many had another name or category."""
    rows = {row.product_id: row for row in products}
    if not rows:
        return 0, 0
    provider = products[0].provider
    query = select(Product).where(Product.provider == provider, col(Product.product_id).in_(rows))
    known = {row.product_id: row for row in (await session.exec(query)).all()}
    statement = insert(Product).values([row.model_dump() for row in rows.values()])
    fresh = {name: statement.excluded[name] for name in ("name", "category", "read_at")}
    await session.exec(statement.on_conflict_do_update(index_elements=["provider", "product_id"], set_=fresh))
    changed = sum(_told(rows[product_id]) != _told(row) for product_id, row in known.items())
    return len(rows) - len(known), changed


async def categories(session: AsyncSession, provider: str, product_ids: Collection[str]) -> dict[str, str]:
    """Of those of these products that have one."""
    query = select(Product.product_id, Product.category).where(Product.provider == provider)
    found = (await session.exec(query.where(col(Product.product_id).in_(product_ids)))).all()
    return {product_id: category for product_id, category in found if category}


def _told(row: Product) -> tuple[str, str | None]:
    return row.name, row.category
