"""Groups that a greeting can invite to now: with room, a QR that leads in, and a picture that WeCom holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.geo import Place
from domain.nearby import HALFWAY_ROUND_METRES, box, nearest
from storage import pictures
from storage.tables import Group, Media, Store

_FULLEST = (col(Group.members).desc(), col(Group.chat_id))
SEARCH_METRES = (10_000, 100_000, HALFWAY_ROUND_METRES)  # most people stand near a store of theirs


@dataclass(frozen=True)
class Invitation:
    """A group and the media_id of its QR picture; `metres`: how far its store is, where that decided."""

    chat_id: str
    name: str
    store_id: str | None
    picture: str
    metres: float | None = None


class Invitations:
    """Of one kind of groups. Of equally good ones the fullest first, so that groups fill up."""

    def __init__(
        self, session: AsyncSession, kind: str, cap: int, now: datetime, hand_qr_since: datetime
    ) -> None:
        self._session, self._kind, self._cap = session, kind, cap
        self._now, self._hand_qr_since = now, hand_qr_since

    async def of_store(self, store_id: str) -> Invitation | None:
        return await self._first(col(Group.store_id) == store_id)

    async def of_city(self, store: Store) -> Invitation | None:
        """Of any store in this one's city, its own first. None where we know nothing of the city."""
        if store.city is None:
            return None
        own_first = (col(Group.store_id) == store.id).desc()
        return await self._first(
            col(Store.city) == store.city, col(Store.active).is_(True), before=[own_first]
        )

    async def of_chain(self) -> Invitation | None:
        return await self._first()

    async def near(self, store: Store) -> Invitation | None:
        """Of the store that is nearest by great-circle distance; this one itself is the nearest of all."""
        if own := await self.of_store(store.id):
            return own
        if store.latitude is None or store.longitude is None:
            return None
        here = store.latitude, store.longitude
        for metres in SEARCH_METRES:
            found = nearest(here, await self._inside(here, metres))
            if found and found[0][0] <= metres:
                return replace(found[0][1], metres=found[0][0])
        return None

    async def _inside(self, here: Place, metres: float) -> Sequence[tuple[Invitation, Place]]:
        south, north, west, east = box(here, metres)
        query = self._query(Store.latitude, Store.longitude).where(
            col(Store.active).is_(True),
            col(Store.latitude).between(south, north),
            col(Store.longitude).between(west, east),
        )
        rows = (await self._session.exec(query.order_by(*_FULLEST))).all()
        return [(Invitation(*row[:4]), (row[4], row[5])) for row in rows]

    async def _first(
        self, *where: ColumnElement[bool], before: Sequence[ColumnElement[Any]] = ()
    ) -> Invitation | None:
        query = self._query().where(*where).order_by(*before, *_FULLEST).limit(1)
        row = (await self._session.exec(query)).first()
        return Invitation(*row) if row else None

    def _query(self, *more: Any) -> Any:
        columns = (Group.chat_id, Group.name, Group.store_id, Media.media_id, *more)
        query = pictures.with_picture(select(*columns), self._now, self._hand_qr_since)
        query = query.join(Store, col(Store.id) == col(Group.store_id), isouter=True)
        return query.where(Group.kind == self._kind, Group.members < self._cap)
