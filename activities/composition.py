"""Puts clients and activities together from settings, for the worker, the gateway and the starter."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from temporalio.client import Client

from activities.backfills import Backfills
from activities.campaigns import Campaigns
from activities.courier import Courier
from activities.facts import Facts
from activities.follow_ups import FollowUps
from activities.governor import PostgresGovernor
from activities.group_life import GroupLife
from activities.groups import Groups
from activities.identify import LOOKUP_SECONDS, Identifier
from activities.lives import Lives
from activities.notices import Notices
from activities.staff_tasks import StaffTasks
from activities.tagging import Tagging
from activities.till import Till
from activities.todo_planner import TodoPlanner
from activities.todos import Todos
from activities.tokens import PostgresTokenStore
from activities.touches import Touches
from activities.upkeep import Upkeep
from activities.welcomes import Welcomes
from domain.links import FormLinks
from domain.policy import Policy
from domain.rooms import JoinRules
from domain.task_links import TaskLinks
from integrations import pos, wecom
from playbooks.group_calendars import Calendars
from playbooks.overstock_files import Rule
from settings import Clock, Settings
from storage.database import Database
from storage.tokens import SharedToken


@asynccontextmanager
async def connections() -> AsyncIterator[httpx.AsyncClient]:
    """One pool of kept-alive connections for everything that this process calls."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=50)
    async with httpx.AsyncClient(timeout=10.0, limits=limits) as http:
        yield http


def token_store(settings: Settings, database: Database) -> PostgresTokenStore:
    """The app's token, and the memory of a refused secret, shared by every process that has this database."""
    return PostgresTokenStore(SharedToken(database, f"{settings.wecom_corp_id}/{settings.wecom_agent_id}"))


def wecom_client(
    settings: Settings, http: httpx.AsyncClient, database: Database, clock: Clock, *, greets: bool = False
) -> wecom.WeComClient:
    """Shares its token and the corp's limits with every other one; one that `greets` goes first."""
    governor = PostgresGovernor(
        database,
        clock,
        writes=settings.wecom_concurrent_writes,
        reads=settings.wecom_concurrent_reads,
        greets=greets,
    )
    return wecom.WeComClient(
        http=http,
        base_url=settings.wecom_base_url,
        corp_id=settings.wecom_corp_id,
        secret=settings.wecom_secret.get_secret_value(),
        agent_id=settings.wecom_agent_id,
        token_store=token_store(settings, database),
        clock=clock,
        governor=governor,
    )


def join_rules(settings: Settings) -> JoinRules:
    return JoinRules(
        cap=settings.wecom_qr_join_cap,
        hand_qr_days=settings.wecom_hand_qr_days,
        next_group_at=settings.wecom_next_group_at,
    )


def form_links(settings: Settings) -> FormLinks:
    """Signs what the gateway reads."""
    return FormLinks(settings.link_key.get_secret_value().encode(), settings.pages_url)


def task_links(settings: Settings) -> TaskLinks:
    return TaskLinks(settings.link_key.get_secret_value().encode(), settings.pages_url)


def till_client(
    settings: Settings, http: httpx.AsyncClient, clock: Clock, meter: pos.Meter | None = None
) -> pos.PosPort:
    """The till that POS_PROVIDER names. Raises pos.AccessError."""
    provider = settings.pos_provider
    access = pos.Access(
        base_url=settings.pos_base_url,
        api_key=settings.pos_api_key,
        webhook_secret=settings.pos_webhook_secret,
        app_id=settings.pos_app_id,
        account=settings.pos_account,
        store_keys=store_keys(settings.pos_store_keys.get_secret_value()),
        options=settings.pos_options,
        push_url=settings.pos_push_url or f"{settings.gateway_url.rstrip('/')}/pos/{provider}/events",
    )
    return pos.connect(provider, access, pos.Means(http, clock, meter))


def store_keys(text: str) -> dict[str, pos.StoreKey]:
    """`S001=appId:appKey,S002=…` by store. Raises pos.AccessError, without showing a key."""
    keys: dict[str, pos.StoreKey] = {}
    for number, part in enumerate(filter(None, (one.strip() for one in text.split(","))), start=1):
        store, _, pair = part.partition("=")
        app_id, _, app_key = pair.partition(":")
        if not (store and app_id and app_key):
            raise pos.AccessError(f"POS_STORE_KEYS: entry {number} is not store=appId:appKey")
        keys[store.strip()] = pos.StoreKey(app_id.strip(), SecretStr(app_key.strip()))
    return keys


@dataclass(frozen=True)
class Activities:
    """All classes of activities over one set of clients."""

    lives: Lives
    facts: Facts
    notices: Notices
    touches: Touches
    welcomes: Welcomes
    staff_tasks: StaffTasks
    campaigns: Campaigns
    follow_ups: FollowUps
    backfills: Backfills
    tagging: Tagging
    groups: Groups
    group_life: GroupLife
    till: Till
    todos: Todos
    upkeep: Upkeep

    @property
    def on_journeys(self) -> list[Callable[..., Any]]:
        """Short database work, beside the workflows."""
        return [
            self.lives.open_life,
            self.lives.arrive,
            self.lives.depart,
            self.lives.find_playbook,
            self.lives.save_life,
            self.lives.park_life,
            self.lives.withdraw_touches,
            self.facts.look_up,
            self.touches.plan_touch,
            self.group_life.live,
            self.staff_tasks.flush_batch,
            self.staff_tasks.finish_task,
            self.staff_tasks.withdraw_recipient,
            self.campaigns.open_campaign,
            self.campaigns.begin_campaign,
            self.campaigns.end_wave,
            self.campaigns.obey_order,
            self.campaigns.finish_campaign,
            self.staff_tasks.reassign_task,
            self.follow_ups.tell_employee,
            self.follow_ups.tell_manager,
        ]

    @property
    def on_welcome(self) -> list[Callable[..., Any]]:
        return [self.welcomes.greet, self.welcomes.give_up]

    @property
    def on_wecom(self) -> list[Callable[..., Any]]:
        return [
            self.tagging.mark_tags,
            self.tagging.change_tags,
            self.tagging.apply_rules,
            self.tagging.read_tags,
            self.notices.notify_staff,
            self.groups.refresh_group,
            self.staff_tasks.create_task,
            self.staff_tasks.poll_task,
            self.staff_tasks.remind_task,
            self.staff_tasks.cancel_task,
            self.campaigns.write_wave,
            self.campaigns.carry_wave,
            self.campaigns.stop_rest,
            self.backfills.tag_missed,
            self.backfills.untag_missed,
            self.todos.send_todo,
            self.todos.close_todo,
            self.upkeep.sweep,
        ]

    @property
    def on_pos(self) -> list[Callable[..., Any]]:
        return [self.till.record_purchase, self.till.issue_coupon]


def compose(
    settings: Settings,
    *,
    http: httpx.AsyncClient,
    database: Database,
    temporal: Client,
    policy: Policy,
    clock: Clock,
    overstock: Sequence[Rule] = (),
    welcome_database: Database | None = None,
    lookup_seconds: float = LOOKUP_SECONDS,
    calendars: Path | None = None,
) -> Activities:
    """Every class of activities, with its clients injected.

    A greeting has 20 seconds and must not wait until a storm gives a connection back: `welcome_database` is
    a pool of its own for it, its token included. Without it the greeting shares `database`. `calendars`: the
    folder of playbooks whose group calendars are in force; without it there are none.
    """
    client, till = wecom_client(settings, http, database, clock), till_client(settings, http, clock)
    courier = Courier(temporal, database, clock)
    identifier, rules = Identifier(database, client, till, clock), join_rules(settings)
    planner = TodoPlanner(database, policy, courier, clock, rules)
    return Activities(
        lives=Lives(database, policy, courier, clock),
        facts=Facts(database, policy, clock),
        notices=Notices(database, planner, clock),
        touches=Touches(database, policy, courier, clock, rules),
        welcomes=_welcomes(
            settings, http, welcome_database or database, temporal, till, policy, clock, lookup_seconds
        ),
        staff_tasks=StaffTasks(database, client, policy, courier, clock, rules),
        follow_ups=FollowUps(database, planner, task_links(settings), clock),
        backfills=Backfills(database, client, clock),
        campaigns=Campaigns(database, policy, courier, clock),
        tagging=Tagging(database, client, policy, clock),
        groups=Groups(database, client, courier, clock, rules),
        group_life=GroupLife(database, policy, courier, clock, rules, Calendars(calendars, policy)),
        till=Till(database, till, identifier, clock),
        todos=Todos(database, client, courier, clock),
        upkeep=Upkeep(database, client, till, policy, courier, clock, rules, overstock),
    )


def todo_planner(
    settings: Settings, database: Database, temporal: Client, policy: Policy, clock: Clock
) -> TodoPlanner:
    return TodoPlanner(database, policy, Courier(temporal, database, clock), clock, join_rules(settings))


def _welcomes(
    settings: Settings,
    http: httpx.AsyncClient,
    database: Database,
    temporal: Client,
    till: pos.PosPort,
    policy: Policy,
    clock: Clock,
    lookup_seconds: float,
) -> Welcomes:
    client = wecom_client(settings, http, database, clock, greets=True)
    identifier = Identifier(database, client, till, clock, seconds=lookup_seconds)
    courier, links = Courier(temporal, database, clock), form_links(settings)
    return Welcomes(database, client, identifier, policy, courier, clock, join_rules(settings), links=links)
