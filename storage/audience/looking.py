"""The customers whom a condition means: page by page, how many, or a few of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.playbook import Condition
from storage.audience.hers import she
from storage.audience.predicate import matches
from storage.tables import Customer

Tiers = Mapping[str, Condition]


async def page(
    session: AsyncSession,
    who: Condition,
    tiers: Tiers,
    now: datetime,
    *,
    after: str,
    size: int,
    store_ids: Sequence[str] | None = None,
) -> list[str]:
    """The next ones by id; fewer than `size` are the last. Who is lost or opted out is among them.

    `store_ids`: only those whose own store is one of these.
    """
    query = select(she).where(matches(of_stores(who, store_ids), tiers, now), she > after)
    return list((await session.exec(query.order_by(she).limit(size))).all())


async def count(
    session: AsyncSession,
    who: Condition,
    tiers: Tiers,
    now: datetime,
    *,
    store_ids: Sequence[str] | None = None,
) -> int:
    query = select(func.count()).select_from(Customer)
    return (await session.exec(query.where(matches(of_stores(who, store_ids), tiers, now)))).one()


async def sample(
    session: AsyncSession, who: Condition, tiers: Tiers, now: datetime, *, size: int
) -> list[str]:
    """Some of them, the same ones each time: the first by a hash of their ids, which favours nobody."""
    query = select(she).where(matches(who, tiers, now)).order_by(func.md5(she), she).limit(size)
    return list((await session.exec(query)).all())


def of_stores(who: Condition, store_ids: Sequence[str] | None) -> Condition:
    """The same people, of some stores only."""
    return who if store_ids is None else Condition(all=[who, Condition(store=list(store_ids))])
