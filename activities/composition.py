"""Puts clients and activities together from settings, for the worker, the gateway and the starter."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client

from activities.backfills import Backfills
from activities.campaigns import Campaigns
from activities.coupons import Coupons
from activities.courier import Courier
from activities.facts import Facts
from activities.follow_ups import FollowUps
from activities.governor import PostgresGovernor
from activities.group_life import GroupLife
from activities.groups import Groups
from activities.identify import LOOKUP_SECONDS, Identifier
from activities.lives import Lives
from activities.meter import PostgresMeter
from activities.notices import Notices
from activities.staff_tasks import StaffTasks
from activities.tagging import Tagging
from activities.till_clients import member_keys, till_client, till_nights, till_walks
from activities.till_feed import TillFeed
from activities.till_walks import TillWalks
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
    till_feed: TillFeed
    coupons: Coupons
    till_walks: TillWalks
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
            self.till_walks.give_up,
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
        return [
            self.till_feed.settle_hints,
            self.coupons.issue_coupon,
            self.till_walks.walk,
        ]


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
    a pool of its own for it, with its token; without it, it shares `database`. `calendars`: the folder of
    playbooks whose group calendars are in force; without it there are none.
    """
    client = wecom_client(settings, http, database, clock)
    till = till_client(settings, http, clock, PostgresMeter(database, clock))
    courier, keys, rules = Courier(temporal, database, clock), member_keys(settings), join_rules(settings)
    nights, greeting = till_nights(settings, database, till, courier, clock), welcome_database or database
    identifier = Identifier(database, client, till, keys, clock)
    planner = TodoPlanner(database, policy, courier, clock, rules)
    return Activities(
        lives=Lives(database, policy, courier, clock),
        facts=Facts(database, policy, clock),
        notices=Notices(database, planner, clock),
        touches=Touches(database, policy, courier, clock, rules),
        welcomes=_welcomes(settings, http, greeting, temporal, till, policy, clock, lookup_seconds),
        staff_tasks=StaffTasks(database, client, policy, courier, clock, rules),
        follow_ups=FollowUps(database, planner, task_links(settings), clock),
        backfills=Backfills(database, client, clock),
        campaigns=Campaigns(database, policy, courier, clock),
        tagging=Tagging(database, client, policy, clock),
        groups=Groups(database, client, courier, clock, rules),
        group_life=GroupLife(database, policy, courier, clock, rules, Calendars(calendars, policy)),
        till_feed=TillFeed(database, till, courier, keys, clock),
        coupons=Coupons(database, till, identifier, clock),
        todos=Todos(database, client, courier, clock),
        till_walks=till_walks(settings, http, database, courier, clock),
        upkeep=Upkeep(database, client, till, keys, policy, courier, clock, rules, overstock, nights),
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
    identifier = Identifier(database, client, till, member_keys(settings), clock, seconds=lookup_seconds)
    courier, links = Courier(temporal, database, clock), form_links(settings)
    return Welcomes(database, client, identifier, policy, courier, clock, join_rules(settings), links=links)
