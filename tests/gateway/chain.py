"""A chain whose posters are scanned: stores in Beijing and Shanghai, their employees, their codes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select

from playbooks.loader import load_playbook
from settings import ROOT
from storage import directory
from storage.database import Database
from storage.tables import (
    Employee,
    EntryCode,
    EntryCodeWay,
    Follow,
    Region,
    ScanCount,
    Store,
)
from tests.gateway.door import NOW

PLAYBOOK = "coffee-welcome"
DAYTIME, EVENING = "Mon-Sun 09:00-18:00", "Mon-Sun 18:00-22:00"  # it is noon
PHONE = "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 Mobile Safari/537.36"
WECHAT = f"{PHONE} MicroMessenger/8.0.54 NetType/4G Language/zh_CN"
# At 40° N a degree of longitude is 85 km: 五道口 is nearer to 中关村 than 上地, and further in degrees.
STORES = (
    Store(
        id="S001",
        name="中关村店",
        city="北京",
        latitude=40.0,
        longitude=116.30,
        address="海淀区中关村大街 1 号",
    ),
    Store(
        id="S002", name="望京店", city="北京", latitude=40.0, longitude=116.48, address="朝阳区望京街 9 号"
    ),
    Store(id="S003", name="五道口店", city="北京", latitude=40.0, longitude=116.35),
    Store(id="S004", name="上地店", city="北京", latitude=40.045, longitude=116.30),
    Store(id="S005", name="徐汇店", city="上海", latitude=31.19, longitude=121.44),
)
NAMES = {"chen": "陈静", "li": "李薇", "wang": "王芳"}


def no_picture(name: str) -> str:
    return f"https://pictures.example/{name}.png"


@dataclass
class Chain:
    """What the scan pages read, and what they wrote."""

    database: Database
    picture: Callable[[str], str] = no_picture  # the address of a QR picture
    _friends: int = field(default=0)

    async def open(self) -> "Chain":
        """Every store has a code at its cashier; 中关村's is received by chen and li, with a QR for each."""
        async with self.database.transaction() as session:
            playbook = load_playbook(ROOT / "playbooks" / f"{PLAYBOOK}.yaml")
            await directory.publish(session, playbook, author="test", now=NOW)
        await self.put(Region(id="bj", name="北京"))
        for store in STORES:
            await self.put(Store(**store.model_dump()))
            await self.put(self.code(store.id))
        for userid in ("chen", "li"):
            await self.put(Employee(userid=userid, name=NAMES[userid], store_id="S001"), self.way(userid))
        return self

    def code(self, store_id: str, *userids: str, **changes: Any) -> EntryCode:
        values: dict[str, Any] = {
            "state": f"{store_id}-cashier",
            "store_id": store_id,
            "placement": "cashier",
            "playbook": PLAYBOOK,
            "userids": list(userids) or ["chen", "li"],
            "config_id": f"common-{store_id}",
            "qr_code": self.picture(f"common-{store_id}"),
            "created_at": NOW,
        }
        return EntryCode(**values | changes)

    def way(self, userid: str, store_id: str = "S001") -> EntryCodeWay:
        return EntryCodeWay(
            state=f"{store_id}-cashier",
            userid=userid,
            config_id=userid,
            qr_code=self.picture(userid),
            created_at=NOW,
        )

    async def employ(self, userid: str, *shifts: str, **more: Any) -> None:
        """Change how one of 中关村's employees works."""
        values = {"userid": userid, "name": NAMES[userid], "store_id": "S001", "shifts": list(shifts)}
        await self.put(Employee(**values | more))

    async def put(self, *rows: Any) -> None:
        for row in rows:
            async with self.database.transaction() as session:
                await directory.upsert(session, row)

    async def befriend(self, userid: str, *, times: int = 1, at: datetime = NOW) -> None:
        for _ in range(times):
            self._friends += 1
            await self.put(Follow(userid=userid, external_userid=f"wm{self._friends}", since=at))

    async def scans(self, state: str = "S001-cashier") -> dict[str, int]:
        """How often a page was opened, by day."""
        async with self.database.transaction() as session:
            rows = await session.exec(select(ScanCount).where(ScanCount.state == state))
            return {row.day.isoformat(): row.scans for row in rows.all()}

    async def rows_of(self, table: Any) -> int:
        async with self.database.transaction() as session:
            return (await session.exec(select(func.count()).select_from(table))).one()

    async def all_of(self, table: Any) -> list[Any]:
        async with self.database.transaction() as session:
            return list((await session.exec(select(table).order_by(col(table.id)))).all())
