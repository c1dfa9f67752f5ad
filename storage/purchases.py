"""Orders and coupons: what the till says, kept by its ids."""

from datetime import datetime

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import Coupon, Customer, Order


async def customer_of_member(session: AsyncSession, member_id: str) -> str | None:
    """The customer of a till member. None when nobody or more than one matches: never a guess."""
    query = select(Customer.external_userid).where(Customer.member_id == member_id).limit(2)
    found = (await session.exec(query)).all()
    return found[0] if len(found) == 1 else None


async def save_order(session: AsyncSession, order: Order) -> None:
    """Insert or update an order; an older reading never replaces a newer one."""
    statement = insert(Order).values(order.model_dump())
    told = (
        *("status", "paid_minor", "refunded_minor", "coupons", "categories", "products"),
        *("updated_at", "member_id"),
    )
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["provider", "order_id"],
            set_={k: statement.excluded[k] for k in told},
            where=col(Order.updated_at) <= statement.excluded.updated_at,
        )
    )


async def orders_of(session: AsyncSession, member_id: str, since: datetime) -> list[Order]:
    query = select(Order).where(Order.member_id == member_id, Order.paid_at >= since)
    return list((await session.exec(query.order_by(col(Order.paid_at)))).all())


async def claim_coupon(session: AsyncSession, coupon: Coupon) -> tuple[Coupon, bool]:
    """Write a coupon down before the till is asked; a known key is returned as it is.

    The second value says whether this call made the claim.
    """
    statement = insert(Coupon).values(coupon.model_dump()).on_conflict_do_nothing()
    mine = (await session.exec(statement.returning(col(Coupon.key)))).first() is not None
    query = select(Coupon).where(Coupon.key == coupon.key).with_for_update()
    return (await session.exec(query)).one(), mine


async def coupon_by_id(session: AsyncSession, coupon_id: str) -> Coupon | None:
    return (await session.exec(select(Coupon).where(Coupon.coupon_id == coupon_id))).first()


async def link_member(
    session: AsyncSession, member_id: str, external_userid: str | None, unionid: str | None
) -> Customer | None:
    """Write a member's id on the one customer that she is. None when nobody, or more than one, matches."""
    same = [col(Customer.external_userid) == (external_userid or "")]
    same += [col(Customer.unionid) == unionid] if unionid else []
    query = select(Customer).where(or_(*same))
    found = (await session.exec(query.limit(2))).all()
    if len(found) != 1:
        return None
    found[0].member_id = member_id
    session.add(found[0])
    return found[0]
