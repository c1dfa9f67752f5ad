"""Entry codes (渠道活码): one per store and placement, made in WeCom through the API and kept here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from integrations import wecom
from settings import Clock
from starter.runtime import CommandFailed
from storage import directory
from storage.database import Database
from storage.tables import Employee, EntryCode, Store

STATE_CHARS = 30  # contract §2.1


@dataclass(frozen=True)
class WantedCode:
    """What a code is to be. Its `state` comes back in every event of a customer who used it."""

    store_id: str
    placement: str
    playbook: str
    userids: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        return f"{self.store_id}-{self.placement}"


class Codes:
    """Making a code twice makes it once: it is written down first and looked for before it is made again."""

    def __init__(self, database: Database, client: wecom.WeComClient, clock: Clock) -> None:
        self._database, self._client, self._clock = database, client, clock

    async def create(self, wanted: WantedCode) -> tuple[EntryCode, bool]:
        """The code, and whether this call made it. Raises CommandFailed for what cannot be right."""
        userids = await self._check(wanted)
        async with self._database.transaction() as session:
            row = await session.get(EntryCode, wanted.state)
            began_before = row is not None
            if row is None:
                row = EntryCode(
                    state=wanted.state,
                    store_id=wanted.store_id,
                    placement=wanted.placement,
                    playbook=wanted.playbook,
                    userids=list(userids),
                    created_at=self._clock(),
                )
                session.add(row)
        if row.config_id:
            return row, False
        made = await self._find(row.state, row.created_at) if began_before else None
        way = made or await self._make(row)
        async with self._database.transaction() as session:
            row.config_id, row.qr_code = way.config_id, way.qr_code
            await directory.upsert(session, row)
        return row, made is None

    async def list(self) -> Sequence[EntryCode]:
        async with self._database.transaction() as session:
            return (await session.exec(select(EntryCode).order_by(col(EntryCode.state)))).all()

    async def _check(self, wanted: WantedCode) -> tuple[str, ...]:
        if len(wanted.state) > STATE_CHARS:
            raise CommandFailed(
                f"{wanted.state!r} has {len(wanted.state)} characters; WeCom's state holds {STATE_CHARS}: "
                "choose a shorter placement"
            )
        async with self._database.transaction() as session:
            if await session.get(Store, wanted.store_id) is None:
                raise CommandFailed(f"there is no store {wanted.store_id!r}")
            if await directory.current_playbook(session, wanted.playbook) is None:
                raise CommandFailed(f"no playbook {wanted.playbook!r} is published")
            query = select(Employee.userid).where(Employee.store_id == wanted.store_id, Employee.active)
            staff = set((await session.exec(query)).all())
        userids = tuple(u.lower() for u in wanted.userids) or tuple(sorted(staff))
        if not userids:
            raise CommandFailed(f"store {wanted.store_id!r} has no active employee to put behind the code")
        return userids

    async def _find(self, state: str, since: datetime) -> wecom.ContactWay | None:
        """A code that an interrupted earlier call made after all."""
        start = since - timedelta(minutes=1)
        async for config_id in self._client.list_contact_ways(start=start, end=self._clock()):
            way = await self._client.get_contact_way(config_id)
            if way.state == state:
                return way
        return None

    async def _make(self, row: EntryCode) -> wecom.ContactWayCreated:
        way = wecom.NewContactWay(
            type=wecom.ContactWayType.MULTIPLE,
            user=tuple(row.userids),
            state=row.state,
            remark=f"{row.store_id} {row.placement}"[:30],
        )
        return await self._client.add_contact_way(way)
