"""A chain on its first day: stores and employees are known, WeCom is simulated, no code is made yet."""

from collections import Counter
from datetime import datetime
from typing import Any

from playbooks.loader import load_playbook
from settings import ROOT
from starter.codes import Codes, WantedCode
from storage import directory
from storage.database import Database
from storage.tables import Employee, Region, Store
from tests.integrations.corp import Corp

PLAYBOOK = "coffee-welcome"
ADD_WAY = "externalcontact/add_contact_way"


class Opening:
    """`stores` of three employees each. Calls of WeCom are counted from the moment it was asked to."""

    def __init__(self, database: Database, corp: Corp) -> None:
        self.database, self.corp = database, corp
        self.codes = Codes(database, corp.wecom, self.now, answer_seconds=0)

    def now(self) -> datetime:
        return self.corp.world.clock()

    async def open(self, stores: int = 3) -> "Opening":
        async with self.database.transaction() as session:
            book = load_playbook(ROOT / "playbooks" / f"{PLAYBOOK}.yaml")
            await directory.publish(session, book, author="test", now=self.now())
        await self.put(Region(id="bj", name="北京"))
        for number in range(1, stores + 1):
            store_id = f"S{number:03}"
            await self.put(Store(id=store_id, name=f"{number}号店", region_id="bj" if number % 2 else None))
            for name in ("chen", "li", "wang"):
                await self.hire(f"{name}{number}", store_id)
        return self

    async def hire(self, userid: str, store_id: str | None) -> None:
        await self.corp.hire(userid)
        await self.put(Employee(userid=userid, name=userid, store_id=store_id))

    async def put(self, *rows: Any) -> None:
        async with self.database.transaction() as session:
            for row in rows:
                await directory.upsert(session, row)

    def wanted(self, *placements: str, stores: int = 3) -> list[WantedCode]:
        return [WantedCode(f"S{n:03}", p, PLAYBOOK) for n in range(1, stores + 1) for p in placements]

    def ways(self) -> Counter[tuple[str, tuple[str, ...]]]:
        """What WeCom has: state and users, and how often."""
        ways = self.corp.world.ways.contact_ways.values()
        return Counter((way.spec.state, tuple(way.spec.user)) for way in ways)

    def states(self) -> Counter[str]:
        """How many common ways WeCom has for each state."""
        ways = self.corp.world.ways.contact_ways.values()
        return Counter(way.spec.state for way in ways if way.spec.type == 2)

    def calls(self, api: str) -> int:
        return int(self.corp.world.traffic.counts.get(api, 0))

    async def break_down(self, api: str, kind: str, **how: Any) -> None:
        await self.corp.control("faults", api=api, kind=kind, **how)
