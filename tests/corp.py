"""A chain under test, without the processes: simulators and gateway speak HTTP, Temporal skips time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.testing import WorkflowEnvironment

from domain import addresses
from domain.customer import Command, CommandKind, CustomerState
from domain.messages import CommandAnswer
from domain.playbook import Playbook
from domain.policy import Policy
from integrations import wecom
from playbooks.loader import load_playbook, load_policy
from settings import ROOT
from starter import lifelines
from starter.codes import Codes, WantedCode
from starter.preview import corp as preview
from storage import directory, lives
from storage.story import StoryLine, story
from storage.tables import Customer, Employee, Group, Region, Store, Touch

STORES = (Store(id="S001", name="中关村店", region_id="bj"), Store(id="S002", name="望京店", region_id="bj"))
EMPLOYEES = (
    Employee(userid="chen", name="陈静", store_id="S001"),
    Employee(userid="li", name="李薇", store_id="S002"),
)


@dataclass
class Corp(preview.Corp):
    """What a test holds in its hands."""

    groups: dict[str, str] = field(default_factory=dict)
    join_ways: dict[str, str] = field(default_factory=dict)

    async def newcomer(self, nickname: str = "小满") -> str:
        return (await self.street.newcomer(nickname))[0]

    async def scan(self, customer: str, state: str = "S002-cashier", **how: Any) -> str:
        """She scans a code; returns the employee. The callbacks have arrived when this returns."""
        await self.clock.look()
        answer = await self.street.do("scan", external_userid=customer, state=state, **how)
        await self.world.drain()
        return str(answer["userid"])

    async def do(self, what: str, **body: Any) -> Any:
        """Something happens outside; its callbacks have arrived when this returns."""
        await self.clock.look()
        answer = await self.street.do(what, **body)
        await self.world.drain()
        return answer

    async def join(self, customer: str, store: str = "S002") -> None:
        await self.do("join", external_userid=customer, config_id=self.join_ways[store])
        if self.env.supports_time_skipping:
            await self.sleep(seconds=3)  # the group is read when its burst is over

    async def member(self, customer: str) -> str:
        """She is a member at the till."""
        unionid = next(
            c["unionid"]
            for c in (await self.street.see("world"))["customers"]
            if c["external_userid"] == customer
        )
        return str((await self.street.do("till/members", unionid=unionid))["member_id"])

    async def sleep(self, **duration: float) -> None:
        """Let time pass; the server skips what nobody waits for."""
        await self.env.sleep(timedelta(**duration))
        await self.clock.look()

    async def state(self, customer: str) -> CustomerState | None:
        """Her state: parked or of the running workflow (asked through the mirror in PostgreSQL)."""
        async with self.database.transaction() as session:
            return await lives.unpark(session, customer)

    async def customer(self, customer: str) -> Customer:
        async with self.database.transaction() as session:
            return await session.get_one(Customer, customer)

    async def stage(self, customer: str) -> str:
        return str((await self.customer(customer)).stage)

    async def stage_of(self, customer: str) -> str:
        """Her stage once her life has written down everything it did."""
        await asyncio.sleep(0.2)
        return await self.stage(customer)

    async def publish(self, playbook: Playbook) -> None:
        async with self.database.transaction() as session:
            await directory.publish(session, playbook, author="test", now=self.clock())

    def set_policy(self, **changes: Any) -> None:
        """Change the policy that all activities share."""
        for name, value in changes.items():
            setattr(self.policy, name, value)

    async def until(self, look: Callable[[], Awaitable[object]], wanted: object = True) -> None:
        """Wait until the world is as wanted: a little real time for work that is under way."""
        seen = await look()
        for _ in range(3000):  # most of a minute: the machine may be busy with other tests
            if seen == wanted:
                return
            await asyncio.sleep(0.02)
            seen = await look()
        raise AssertionError(f"still {seen!r}, wanted {wanted!r}")

    async def until_stage(self, customer: str, stage: str) -> None:
        async def look() -> str:
            async with self.database.transaction() as session:
                row = await session.get(Customer, customer)
            return str(row.stage) if row else "unknown"

        await self.until(look, stage)

    async def until_logged(self, customer: str, what: str) -> None:
        async def look() -> bool:
            return any(line.what == what for line in await self.story(customer))

        await self.until(look)

    async def story(self, customer: str) -> list[StoryLine]:
        async with self.database.transaction() as session:
            return await story(session, customer)

    async def touches(self, customer: str, channel: str = "private") -> list[Touch]:
        from sqlmodel import col, select

        async with self.database.transaction() as session:
            query = select(Touch).where(Touch.external_userid == customer, Touch.channel == channel)
            return list((await session.exec(query.order_by(col(Touch.planned_at), col(Touch.key)))).all())

    async def received(self, customer: str) -> list[dict[str, Any]]:
        return await self.street.received(customer)

    async def order(self, customer: str, kind: CommandKind, **more: Any) -> CommandAnswer:
        command = Command(id=f"{kind}-{self.clock().timestamp()}", kind=kind, by="tester", **more)
        return await lifelines.order(self.env.client, customer, command)

    async def history(self, workflow_id: str) -> Any:
        return await self.env.client.get_workflow_handle(workflow_id).fetch_history()


@contextlib.asynccontextmanager
async def running_corp(
    env: WorkflowEnvironment,
    database_url: str,
    *,
    policy: Policy | None = None,
    playbooks: Sequence[Playbook] = (),
    renew_after_events: int | None = None,
    changed_settings: Mapping[str, Any] | None = None,
    **worker_options: Any,
) -> AsyncIterator[Corp]:
    """A corp with two stores, their codes and groups, and workers on every queue."""
    chosen = policy.model_copy() if policy else _everyday_policy()
    async with contextlib.AsyncExitStack() as stack:
        parts = await stack.enter_async_context(
            preview.open_corp(
                env,
                database_url,
                policy=chosen,
                renew_after_events=renew_after_events,
                changed_settings=changed_settings,
                **worker_options,
            )
        )
        corp = Corp(**vars(parts))
        await furnish(corp, playbooks or [load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")])
        for worker in corp.workers((addresses.JOURNEYS, addresses.WELCOME, addresses.WECOM, addresses.POS)):
            await stack.enter_async_context(worker)
        yield corp


def _everyday_policy() -> Policy:
    """The shipped policy without quiet hours (tests run at any hour) and with rarer polls."""
    shipped = load_policy(ROOT / "playbooks")
    rhythm = shipped.staff_task.model_copy(update={"poll_every": timedelta(minutes=30)})
    return shipped.model_copy(update={"quiet_hours": None, "staff_task": rhythm})


async def furnish(corp: Corp, playbooks: Sequence[Playbook]) -> None:
    """Publish the playbooks; make stores, employees, groups with their QR pictures, and one code a store."""
    async with corp.database.transaction() as session:
        for playbook in playbooks:
            await directory.publish(session, playbook, author="test", now=corp.clock())
        await directory.upsert(session, Region(id="bj", name="北京"))
        for row in (*STORES, *EMPLOYEES):
            await directory.upsert(session, type(row)(**row.model_dump()))
    codes = Codes(corp.database, corp.client, corp.clock)
    for store, employee in zip(STORES, EMPLOYEES, strict=True):
        await corp.street.do("employees", userid=employee.userid, name=employee.name)
        await corp.street.do("till/stores", store_id=store.id, name=store.name)
        chat = await corp.street.do("groups", name=f"{store.name}群", owner=employee.userid)
        corp.groups[store.id] = chat["chat_id"]
        way = wecom.NewJoinWay(chat_id_list=(chat["chat_id"],), state=store.id)
        corp.join_ways[store.id] = await corp.client.add_join_way(way)
        group = Group(
            chat_id=chat["chat_id"],
            store_id=store.id,
            name=f"{store.name}群",
            join_config_id=corp.join_ways[store.id],
            created_at=corp.clock(),
        )
        async with corp.database.transaction() as session:
            await directory.upsert(session, group)
        await corp.activities.upkeep.upload_group_qr(group)
        for placement in ("cashier", "table"):
            await codes.create(WantedCode(store.id, placement, playbooks[0].playbook, (employee.userid,)))
    await corp.world.drain()
