"""A chain of many people, in PostgreSQL and at the simulated WeCom alike, and a campaign to all of them."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, text
from sqlmodel import col, select

from domain.campaign import Campaign
from domain.playbook import Condition
from starter.demo.street import Street
from storage import campaign_drafts
from storage.database import Database
from storage.ledger import RECIPIENTS_PER_TASK
from storage.tables import Batch, Touch

EVERYBODY = Condition(any=[Condition(member=True), Condition(member=False)])
CREATES = "externalcontact/add_msg_template"
STORES = 50
_ROWS = (
    "INSERT INTO stores (id, name, zone, active) "
    "SELECT 'S' || n, 'S' || n, 'Asia/Shanghai', true FROM generate_series(0, :stores - 1) n",
    "INSERT INTO employees (userid, name, store_id, active, shifts) "
    "SELECT 'e' || n, 'e' || n, 'S' || n % :stores, true, '[]' FROM generate_series(0, :employees - 1) n",
    "INSERT INTO customers (external_userid, stage, stage_since, stage_reason, store_id, playbooks, episode, "
    "next_what, created_at) SELECT 'wm' || n, 'joined', now(), '', 'S' || n % :employees % :stores, '[]', 1, "
    "'', now() FROM generate_series(0, :customers - 1) n",
    "INSERT INTO follows (userid, external_userid, episode, half, since) "
    "SELECT 'e' || n % :employees, 'wm' || n, 1, false, now() - interval '1 year' "
    "FROM generate_series(0, :customers - 1) n",
)


@dataclass(frozen=True)
class Town:
    """So many customers, each the friend of one of so many employees."""

    street: Street
    database: Database
    customers: int
    employees: int

    async def settle(self) -> None:
        """They are there, on both sides."""
        sizes = {"stores": STORES, "employees": self.employees, "customers": self.customers}
        for statement in _ROWS:
            wanted = text(statement)
            bound = {name: sizes[name] for name in wanted.compile().params}
            async with self.database.engine.begin() as connection:
                await connection.execute(wanted, bound)
        async with self.database.statements() as connection:
            await connection.execute(text("VACUUM ANALYZE"))  # what PostgreSQL's autovacuum does in time
        for number in range(self.employees):
            await self.street.do("employees", userid=f"e{number}", name=f"e{number}")
            friends = [f"wm{n}" for n in range(number, self.customers, self.employees)]
            await self.street.do("crowd", userid=f"e{number}", external_userids=friends)

    @property
    def tasks(self) -> int:
        """Σ over the employees of ⌈n / 10,000⌉: what a campaign to everybody may cost in create calls."""
        each = Counter(n % self.employees for n in range(self.customers))
        return sum(-(-n // RECIPIENTS_PER_TASK) for n in each.values())

    async def approve(self, name: str, now: datetime) -> None:
        """A campaign to all of them, by 1:1."""
        words = {"private": {"text": "会员周开始了"}}
        body = {"campaign": name, "title": "会员周", "segment": "all", "channel": "private", "words": words}
        campaign = Campaign.model_validate(body)
        async with self.database.transaction() as session:
            await campaign_drafts.create(session, campaign, EVERYBODY, by="author", now=now)
        async with self.database.transaction() as session:
            await campaign_drafts.approve(session, name, by="approver", now=now)

    async def confirm(self, name: str) -> None:
        """Every employee confirms every task of the campaign once it is there, until nobody asks any more."""
        done: set[str] = set()
        while True:
            for msgid, userid in await self._waiting(name):
                if msgid not in done:
                    await self.street.do("tasks/confirm", msgid=msgid, userid=userid)
                    done.add(msgid)
            await asyncio.sleep(0.5)

    async def _waiting(self, name: str) -> Sequence[tuple[str, str]]:
        query = select(Batch.msgid, Batch.userid).where(
            Batch.campaign_id == name, Batch.status == "flushed", col(Batch.msgid).is_not(None)
        )
        async with self.database.transaction() as session:
            return [(msgid or "", userid) for msgid, userid in (await session.exec(query)).all()]

    async def statuses(self, name: str) -> dict[str, int]:
        """How many touches of the campaign stand where."""
        query = select(Touch.status, func.count()).where(Touch.campaign_id == name)
        async with self.database.transaction() as session:
            found = (await session.exec(query.group_by(col(Touch.status)))).all()
        return {str(status): number for status, number in found}

    async def phones(self) -> Counter[str]:
        """How many messages each customer has."""
        return Counter({who: len(got) for who, got in (await self.street.see("received")).items() if got})

    async def creates(self) -> int:
        """How often WeCom was asked to create a task."""
        return int((await self.street.see("calls"))["counts"].get(CREATES, 0))
