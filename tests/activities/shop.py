"""A chain for tests of single activities: PostgreSQL, simulators, a clock that is told the time."""

import dataclasses
import functools
import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx
from sqlmodel import col, select
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.backfills import Backfills
from activities.campaigns import Campaigns
from activities.composition import Activities, wecom_client
from activities.coupons import Coupons
from activities.courier import Courier, Parcel
from activities.facts import Facts
from activities.follow_ups import FollowUps
from activities.group_life import GroupLife
from activities.groups import Groups
from activities.identify import Identifier
from activities.lives import Lives
from activities.notices import Notices
from activities.staff_tasks import StaffTasks
from activities.tagging import Tagging
from activities.till_clients import till_client
from activities.till_feed import TillFeed
from activities.till_walks import TillWalks, parts_of
from activities.todo_planner import TodoPlanner
from activities.todos import Todos
from activities.touches import Touches
from activities.upkeep import Upkeep
from activities.welcomes import Welcomes
from domain.events import Event, EventKind
from domain.links import FormLinks
from domain.messages import Arrive, SettledHints, SettleHints, WelcomeStart
from domain.playbook import Playbook
from domain.policy import Policy
from domain.rooms import JoinRules
from domain.task_links import TaskLinks
from gateway import translate
from integrations import pos, wecom
from playbooks.group_calendars import Calendars
from playbooks.loader import load_playbook, load_policy
from settings import ROOT, Clock, Settings
from simulators.world import World
from starter.codes import Codes, WantedCode
from starter.demo.street import Street
from storage import directory, hints
from storage.database import Database
from storage.member_keys import MemberKeys
from storage.tables import Customer, Employee, Group, Region, Store, TillHint, Touch
from tests.corp import EMPLOYEES, STORES

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # noon in Shanghai
SIMULATORS = "http://simulators"
LINKS = FormLinks(b"any 32 characters that nobody knows", "https://j.example.com")
KEYS = MemberKeys(b"32 bytes that only this shop has")
TASK_LINKS = TaskLinks(LINKS.key, LINKS.base_url)

What = TypeVar("What")
Answer = TypeVar("Answer")


class ToldClock:
    """One time for the shop and for the world outside; it passes when a test says so.

    No two looks give the same time, as with a real clock.
    """

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class RecordingCourier(Courier):
    """Stores and delivers like the real one; what would go to Temporal is written down here."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(cast(Client, None), database, clock)
        self.sent: list[tuple[str, Parcel]] = []
        self.staff_tasks: list[int] = []
        self.campaigns: list[str] = []
        self.todos: list[tuple[str, timedelta]] = []
        self.withdrawn: list[tuple[int, str]] = []
        self.broken_for: set[str] = set()
        self.group_lives: list[str] = []
        self.till_walks: list[str] = []
        self.feeds: list[str] = []

    async def send(self, subject: str, parcel: Parcel) -> None:
        if subject in self.broken_for:
            raise RPCError("Temporal does not take it", RPCStatusCode.UNAVAILABLE, b"")
        self.sent.append((subject, parcel))

    async def start_staff_task(self, batch_id: int, delay: timedelta) -> None:
        self.staff_tasks.append(batch_id)

    async def start_feed(self, provider: str) -> None:
        self.feeds.append(provider)

    async def start_group(self, chat_id: str) -> None:
        self.group_lives.append(chat_id)

    async def start_campaign(self, campaign_id: str) -> None:
        self.campaigns.append(campaign_id)

    async def start_todo(self, todo_id: str, delay: timedelta) -> None:
        self.todos.append((todo_id, delay))

    async def start_till_walk(self, walk_id: str) -> None:
        self.till_walks.append(walk_id)

    async def withdraw(self, batch_id: int, external_userid: str, reason: str) -> None:
        self.withdrawn.append((batch_id, external_userid))

    def events(self, kind: EventKind) -> list[Event]:
        """What the lives were told of one kind."""
        return [p.event for _, p in self.sent if p.event and p.event.kind is kind]


@dataclass
class Shop:
    """What a test of an activity holds in its hands."""

    settings: Settings
    database: Database
    clock: ToldClock
    world: World
    http: httpx.AsyncClient
    street: Street
    client: wecom.WeComClient
    till: pos.PosPort
    courier: RecordingCourier
    policy: Policy
    activities: Activities
    groups: dict[str, str] = field(default_factory=dict)
    join_ways: dict[str, str] = field(default_factory=dict)
    _pushes: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def run(
        self, activity: Callable[[What], Awaitable[Answer]], what: What, *, attempt: int = 1
    ) -> Answer:
        """One attempt of an activity, in an activity's surroundings."""
        env = ActivityEnvironment()
        env.info = dataclasses.replace(env.info, attempt=attempt)
        done: Awaitable[Answer] = env.run(activity, what)
        return await done

    async def newcomer(self, nickname: str = "小满") -> str:
        return (await self.street.newcomer(nickname))[0]

    async def added(self, customer: str, state: str = "S002-cashier", **how: Any) -> WelcomeStart:
        """She scans a code; what the gateway would start a welcome with."""
        await self.street.do("scan", external_userid=customer, state=state, **how)
        return self.last_add()

    async def friend(self, nickname: str = "小满", state: str = "S002-cashier", **how: Any) -> str:
        """A customer whose friendship is on record here and at WeCom."""
        she = await self.newcomer(nickname)
        what = await self.added(she, state, **how)
        await self.run(self.activities.lives.arrive, Arrive(external_userid=she, event=what.event))
        return she

    def last_add(self) -> WelcomeStart:
        """The last callback about a customer, as the gateway reads it."""
        contacts = (
            (event, delivery.content)
            for delivery in reversed(self.world.callbacks.outbox.log)
            if isinstance(event := wecom.parse_event(delivery.content.encode()), wecom.ContactEvent)
        )
        event, xml = next(contacts)
        _, parcel = translate.wecom_fact(event, translate.digest(xml.encode()))
        assert parcel.event is not None
        return WelcomeStart(
            external_userid=event.external_user_id, event=parcel.event, code=parcel.welcome_code
        )

    async def member(self, customer: str, **more: Any) -> str:
        """She is a member at the till, known there by her unionid."""
        unionid = self.world.people.customer(customer).unionid
        return str((await self.street.do("till/members", unionid=unionid, **more))["member_id"])

    async def buys(self, member_id: str, store: str = "S002", *, days_ago: float = 0, **more: Any) -> str:
        paid_at = (self.clock() - timedelta(days=days_ago)).isoformat()
        order = await self.street.do(
            "till/orders", store_id=store, member_id=member_id, amount_minor=2800, paid_at=paid_at, **more
        )
        return str(order["order_id"])

    async def pushed(self, kind: pos.EventKind, **facts: Any) -> str:
        """The till pushes something, and what is due is read; returns what became of it."""
        key = f"push-{next(self._pushes)}"
        event = pos.PosEvent(kind=kind, provider=self.till.provider, dedupe_key=key, **facts)
        async with self.database.transaction() as session:
            await hints.keep(session, [translate.till_hint(event, None, self.clock())])
        await self.feed()
        return (await self.hint(key)).outcome

    async def feed(self) -> SettledHints:
        what = SettleHints(provider=self.till.provider)
        return await self.run(self.activities.till_feed.settle_hints, what)

    async def hint(self, key: str) -> TillHint:
        async with self.database.transaction() as session:
            return await session.get_one(TillHint, (self.till.provider, key))

    async def fault(self, api: str, kind: str, **more: Any) -> None:
        await self.street.do("faults", api=api, kind=kind, **more)

    def calls(self, api: str) -> int:
        """How often an API was called, refused calls included."""
        return self.world.traffic.counts[api]

    async def received(self, customer: str) -> list[dict[str, Any]]:
        return await self.street.received(customer)

    async def touches(self, customer: str) -> list[Touch]:
        async with self.database.transaction() as session:
            query = select(Touch).where(Touch.external_userid == customer).order_by(col(Touch.key))
            return list((await session.exec(query)).all())

    async def touch(self, key: str) -> Touch:
        async with self.database.transaction() as session:
            return await session.get_one(Touch, key)

    async def customer(self, customer: str) -> Customer:
        async with self.database.transaction() as session:
            return await session.get_one(Customer, customer)

    async def put(self, *rows: Any) -> None:
        async with self.database.transaction() as session:
            for row in rows:
                await directory.upsert(session, row)

    def activities_on(
        self,
        client: wecom.WeComClient | None = None,
        *,
        settling: timedelta | None = None,
        rules: JoinRules = JoinRules(),
        calendars: Path | None = None,
    ) -> Activities:
        """The activities once more, with another client, another patience or other rules for groups."""
        return build(
            self.database,
            client or self.client,
            self.till,
            self.policy,
            self.courier,
            self.clock,
            rules,
            calendars,
            **({"settling": settling} if settling is not None else {}),
        )

    def unreachable_client(self) -> wecom.WeComClient:
        """A client whose every connection is refused."""

        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("connection refused", request=request)

        http = httpx.AsyncClient(transport=httpx.MockTransport(refuse))
        return wecom_client(self.settings, http, self.database, self.clock)


def build(
    database: Database,
    client: wecom.WeComClient,
    till: pos.PosPort,
    policy: Policy,
    courier: Courier,
    clock: Clock,
    rules: JoinRules = JoinRules(),
    calendars: Path | None = None,
    **staff_tasks: Any,
) -> Activities:
    planner = TodoPlanner(database, policy, courier, clock, rules)
    return Activities(
        lives=Lives(database, policy, courier, clock),
        facts=Facts(database, policy, clock),
        notices=Notices(database, planner, clock),
        touches=Touches(database, policy, courier, clock, rules),
        welcomes=Welcomes(
            database,
            client,
            Identifier(database, client, till, KEYS, clock),
            policy,
            courier,
            clock,
            rules,
            links=LINKS,
        ),
        staff_tasks=StaffTasks(database, client, policy, courier, clock, rules, **staff_tasks),
        follow_ups=FollowUps(database, planner, TASK_LINKS, clock),
        backfills=Backfills(database, client, clock),
        campaigns=Campaigns(database, policy, courier, clock),
        tagging=Tagging(database, client, policy, clock),
        groups=Groups(database, client, courier, clock, rules),
        group_life=GroupLife(database, policy, courier, clock, rules, Calendars(calendars, policy)),
        till_feed=TillFeed(database, till, courier, KEYS, clock),
        coupons=Coupons(database, till, Identifier(database, client, till, KEYS, clock), clock),
        todos=Todos(database, client, courier, clock),
        till_walks=TillWalks(database, parts_of(till, KEYS), courier, clock),
        upkeep=Upkeep(database, client, till, KEYS, policy, courier, clock, rules),
    )


def open_shop(
    settings: Settings, database: Database, clock: ToldClock, world: World, http: httpx.AsyncClient
) -> Shop:
    """An empty shop on an empty world."""
    client, till = wecom_client(settings, http, database, clock), till_client(settings, http, clock)
    courier = RecordingCourier(database, clock)
    policy = _policy().model_copy(update={"quiet_hours": None})
    return Shop(
        settings=settings,
        database=database,
        clock=clock,
        world=world,
        http=http,
        street=Street(http, SIMULATORS),
        client=client,
        till=till,
        courier=courier,
        policy=policy,
        activities=build(database, client, till, policy, courier, clock),
    )


async def furnish(
    shop: Shop,
    stores: Sequence[Store] = STORES,
    employees: Sequence[Employee] = EMPLOYEES,
) -> None:
    """The playbook, two stores, an employee, a code and a group with its QR picture for each."""
    playbook = _playbook()
    async with shop.database.transaction() as session:
        await directory.publish(session, playbook, author="test", now=shop.clock())
    await shop.put(Region(id="bj", name="北京"), *stores, *employees)
    codes = Codes(shop.database, shop.client, shop.clock)
    for store, employee in zip(stores, employees, strict=True):
        await shop.street.do("employees", userid=employee.userid, name=employee.name)
        await shop.street.do("till/stores", store_id=store.id, name=store.name)
        await open_group(shop, store.id, employee.userid)
        await codes.create(WantedCode(store.id, "cashier", playbook.playbook, (employee.userid,)))


async def open_group(shop: Shop, store_id: str, owner: str) -> Group:
    """A group of a store that can be joined by QR, known here and at WeCom."""
    chat = await shop.street.do("groups", name=f"{store_id}群", owner=owner)
    shop.groups[store_id] = chat["chat_id"]
    way = wecom.NewJoinWay(chat_id_list=(chat["chat_id"],), state=store_id)
    shop.join_ways[store_id] = await shop.client.add_join_way(way)
    group = Group(
        chat_id=chat["chat_id"],
        store_id=store_id,
        name=f"{store_id}群",
        join_config_id=shop.join_ways[store_id],
        created_at=shop.clock(),
    )
    await shop.put(group)
    await shop.activities.upkeep.upload_group_qr(group)
    return group


@functools.cache  # reading them takes longer than a test
def _playbook() -> Playbook:
    return load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")


@functools.cache
def _policy() -> Policy:
    return load_policy(ROOT / "playbooks")
