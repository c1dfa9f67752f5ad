"""What a walk reads of the till, and what becomes of each page: stores, products, members."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.geo import Coordinates, Place, great_circle_metres, in_china, to_wgs84
from domain.walk_messages import WalkKind
from integrations import pos
from storage import members, products
from storage.member_keys import MemberKeys
from storage.tables import Member, Product, Store, TillWalk
from storage.till_walks import Kept

ELSEWHERE_METRES = 300  # farther than the two ends of a shopping mall: one of both places is wrong
SYSTEMS = {"wgs84": Coordinates.WGS84, "gcj02": Coordinates.GCJ02, "bd09": Coordinates.BD09}


class Part(Protocol):
    """One kind of walk. `read` asks the till for the page at which a walk stands; `keep` writes it down."""

    kinds: Sequence[WalkKind]

    async def read(self, walk: TillWalk) -> pos.Page[Any]: ...

    async def keep(
        self, session: AsyncSession, walk: TillWalk, items: Sequence[Any], now: datetime
    ) -> Kept: ...

    def done(self, walk: TillWalk) -> None:
        """It has reached its end."""
        return


class Stores(Part):
    """Places go to stores of ours that have none; everything else is for people to decide."""

    kinds = (WalkKind.STORES,)

    def __init__(self, till: pos.PosPort) -> None:
        self._till = till

    async def read(self, walk: TillWalk) -> pos.Page[pos.Store]:
        return pos.Page(items=tuple(await self._till.list_stores()))

    async def keep(
        self, session: AsyncSession, walk: TillWalk, items: Sequence[pos.Store], now: datetime
    ) -> Kept:
        kept = Kept(seen=len(items))
        query = select(Store).where(col(Store.id).in_([one.store_id for one in items]))
        ours = {row.id: row for row in (await session.exec(query)).all()}
        for one in sorted(items, key=lambda one: one.store_id):
            row = ours.get(one.store_id)
            if row is None:
                kept.findings += _unknown(one)
            elif one.geo:
                _place(row, one.geo, kept)
        return kept


class Products(Part):
    kinds = (WalkKind.PRODUCTS,)

    def __init__(self, till: pos.PosPort) -> None:
        self._till = till

    async def read(self, walk: TillWalk) -> pos.Page[pos.Product]:
        return await self._till.list_products(cursor=walk.cursor)

    async def keep(
        self, session: AsyncSession, walk: TillWalk, items: Sequence[pos.Product], now: datetime
    ) -> Kept:
        rows = [
            Product(
                provider=walk.provider,
                product_id=one.product_id,
                name=one.name,
                category=one.category,
                read_at=now,
            )
            for one in items
        ]
        new, changed = await products.keep(session, rows)
        return Kept(seen=len(items), new=new, changed=changed)


class Members(Part):
    """The identity index. What is new is counted by id alone: phones are sealed, and not compared."""

    kinds = (WalkKind.MEMBERS,)

    def __init__(self, till: pos.PosPort, keys: MemberKeys) -> None:
        self._till, self._keys = till, keys

    async def read(self, walk: TillWalk) -> pos.Page[pos.Member]:
        return await self._till.list_members(cursor=walk.cursor)

    async def keep(
        self, session: AsyncSession, walk: TillWalk, items: Sequence[pos.Member], now: datetime
    ) -> Kept:
        theirs = {one.member_id: one for one in items}
        query = select(Member.member_id).where(Member.provider == walk.provider)
        known = (await session.exec(query.where(col(Member.member_id).in_(theirs)))).all()
        for _, one in sorted(theirs.items()):  # in one order: two who write the same rows never block
            await members.keep(session, walk.provider, one, self._keys, now)
        return Kept(seen=len(items), new=len(theirs) - len(known))


def _unknown(store: pos.Store) -> list[str]:
    """A store that is shut at the till, too, is missed by nobody."""
    if not store.active:
        return []
    return [
        f"store {store.store_id} ({store.name}) is not ours: its orders belong to no "
        "store, until `journeys stores import` brings it"
    ]


def _place(row: Store, there: pos.GeoPoint, kept: Kept) -> None:
    """Write the place where we have none; where we have one, say how far the till's is from it."""
    place = wgs84(there)
    if place is None:
        kept.findings.append(f"store {row.id}: the till does not say in which system its coordinates are")
    elif row.latitude is None or row.longitude is None:
        row.latitude, row.longitude = place
        kept.changed += 1
    elif (metres := great_circle_metres(row.latitude, row.longitude, *place)) > ELSEWHERE_METRES:
        kept.findings.append(f"store {row.id}: the till has it {metres:.0f} m from where we have it")


def wgs84(point: pos.GeoPoint) -> Place | None:
    """As a phone reports it; None where the system is not known and makes a difference."""
    if point.crs in SYSTEMS:
        return to_wgs84(point.lat, point.lng, SYSTEMS[point.crs])
    return None if in_china(point.lat, point.lng) else (point.lat, point.lng)
