"""A small chain in PostgreSQL, and what the storage tests do to it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import col, select

from domain.events import Event, EventKind
from domain.policy import Policy
from domain.touches import Content, TouchStatus
from storage import ledger, lives
from storage.database import Database
from storage.ledger import Flushed, NewTouch
from storage.tables import Batch, Customer, Employee, Region, Store, Touch

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # in Shanghai
HALF_AN_HOUR = timedelta(minutes=30)
LATER = NOON + HALF_AN_HOUR  # every window that is open at noon is over
POLICY = Policy(default_playbook="coffee", window=HALF_AN_HOUR)
HELLO = Content(text="hello")


class Chain:
    """One database with two stores, three employees and whatever a test adds."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.policy = POLICY
        self._keys = 0

    async def open(self) -> "Chain":
        rows = [Region(id="bj", name="北京")]
        stores = [Store(id=s, name=s, region_id="bj") for s in ("S1", "S2")]
        people = [("chen", "S1"), ("li", "S1"), ("wang", "S2")]
        employees = [Employee(userid=u, name=u, store_id=s) for u, s in people]
        for group in (rows, stores, employees):
            async with self.database.transaction() as session:
                session.add_all(group)
        return self

    async def befriend(self, customer: str, *userids: str, days: float = 0) -> None:
        """The later in the list, the later the friendship."""
        async with self.database.transaction() as session:
            await lives.ensure_customer(session, customer, NOON)
            for number, userid in enumerate(userids):
                at = NOON - timedelta(days=30) + timedelta(days=days, minutes=number)
                await lives.record_follow(session, customer, added(userid, at))

    async def part(self, customer: str, userid: str) -> None:
        async with self.database.transaction() as session:
            await lives.record_follow(session, customer, lost(userid, NOON))

    async def plan(
        self,
        customer: str,
        userid: str | None = "chen",
        content: Content = HELLO,
        *,
        now: datetime = NOON,
        key: str | None = None,
        **fields: Any,
    ) -> Touch:
        self._keys += 1
        new = NewTouch(
            key=key or f"{customer}/{self._keys}",
            external_userid=customer,
            userid=userid,
            content=content,
            **fields,
        )
        async with self.database.transaction() as session:
            return await ledger.plan(session, new, self.policy, now)

    async def flush(self, batch_id: int | None, now: datetime = LATER) -> Flushed:
        async with self.database.transaction() as session:
            return await ledger.flush(session, batch_id or 0, self.policy, now)

    async def touch(self, key: str) -> Touch:
        async with self.database.transaction() as session:
            return (await session.exec(select(Touch).where(Touch.key == key))).one()

    async def batch(self, batch_id: int | None) -> Batch:
        async with self.database.transaction() as session:
            return (await session.exec(select(Batch).where(Batch.id == batch_id))).one()

    async def batches(self) -> Sequence[Batch]:
        async with self.database.transaction() as session:
            return (await session.exec(select(Batch).order_by(col(Batch.id)))).all()

    async def statuses(self) -> dict[str, str]:
        async with self.database.transaction() as session:
            return {t.key: t.status for t in (await session.exec(select(Touch))).all()}

    async def claimed(self) -> set[str]:
        return {key for key, status in (await self.statuses()).items() if status == TouchStatus.CLAIMED}

    async def customer(self, external_userid: str) -> Customer:
        async with self.database.transaction() as session:
            query = select(Customer).where(Customer.external_userid == external_userid)
            return (await session.exec(query)).one()


def added(userid: str, at: datetime, *, half: bool = False, state: str | None = None) -> Event:
    kind = EventKind.FRIEND_HALF_ADDED if half else EventKind.FRIEND_ADDED
    return Event(id=f"{kind}/{userid}/{at}", kind=kind, at=at, userid=userid, state=state)


def lost(userid: str, at: datetime) -> Event:
    return Event(id=f"lost/{userid}/{at}", kind=EventKind.FRIEND_LEFT, at=at, userid=userid)
