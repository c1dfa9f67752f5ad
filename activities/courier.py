"""Brings stored facts to the workflows they concern. For the gateway and every activity that makes facts.

A fact is first a row and then a signal: if the signal fails, the row is still there for the next delivery.
"""

import logging
from datetime import timedelta
from typing import Any

from pydantic import Field, ValidationError
from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.attributes import STAGE
from domain import addresses
from domain.campaign_messages import CampaignStart
from domain.events import CardTap, Event, EventKind, GroupChange
from domain.messages import FeedStart, GroupStart, LifeStart, TodoStart, WelcomeStart
from domain.shape import Shape
from domain.task_messages import StaffTaskStart, StopTask, WithdrawFromTask
from domain.walk_messages import WalkStart
from settings import Clock
from storage import inbound, lives, tasks
from storage.database import Database
from storage.tables import InboundEvent

RPC_TIMEOUT = timedelta(seconds=3)  # the gateway must answer WeCom within 5 (contract §3.1)
_ADDS = {EventKind.FRIEND_ADDED, EventKind.FRIEND_HALF_ADDED, EventKind.AUDIT_APPROVED}

log = logging.getLogger(__name__)


class Parcel(Shape):
    """What one inbound row holds: a customer's event, a group's change, a tap, or what we only keep."""

    event: Event | None = None
    welcome_code: str | None = Field(None, repr=False)
    change: GroupChange | None = None
    tap: CardTap | None = None
    raw: dict[str, Any] | None = None


class Courier:
    """Delivers in order per subject; safe to call twice and from many processes at once."""

    def __init__(
        self, client: Client, database: Database, clock: Clock, *, renew_after_events: int | None = None
    ) -> None:
        """`renew_after_events` is for tests: lives continue as new that early."""
        self._client, self._database, self._clock = client, database, clock
        self._renew_after_events = renew_after_events

    async def deliver(self, subject: str) -> int:
        """Deliver everything that waits for a subject, oldest first; returns how many.

        A row that this release cannot read waits for one that can; lives take what comes after it as well.
        """
        async with self._database.transaction() as session:
            rows = await inbound.undelivered(session, subject)
        readable = [(row, parcel) for row in rows if (parcel := _read(row))]
        for row, parcel in readable:
            await self.send(subject, parcel)
            async with self._database.transaction() as session:
                await inbound.mark_delivered(session, row.id or 0, self._clock())
        return len(readable)

    async def post(self, source: str, subject: str, parcel: Parcel) -> None:
        """Store a fact that one of our own activities found out, and deliver it."""
        fact = parcel.event or parcel.change
        assert fact is not None
        async with self._database.transaction() as session:
            await inbound.store(
                session,
                digest=fact.id,
                source=source,
                subject=subject,
                body=parcel.model_dump(mode="json"),
                now=self._clock(),
            )
        await self.deliver(subject)

    async def send(self, subject: str, parcel: Parcel) -> None:
        """Signal one fact, starting whatever is not running. The welcome goes first: it has 20 seconds."""
        if parcel.change:
            await self._group_changed(subject, parcel.change)
        elif parcel.tap:
            await self._tapped(subject, parcel.tap)
        elif parcel.event:
            external_userid = subject.removeprefix("customer/")
            if parcel.event.kind in _ADDS:
                await self._greet(external_userid, parcel.event, parcel.welcome_code)
            if parcel.event.kind is not EventKind.PROFILE_CHANGED or await self._lives(external_userid):
                await self._happened(external_userid, parcel.event)

    async def start_staff_task(self, batch_id: int, delay: timedelta) -> None:
        """Make sure that a batch's StaffTask exists; it begins when the batch's window ends."""
        try:
            await self._client.start_workflow(
                addresses.STAFF_TASK,
                StaffTaskStart(batch_id=batch_id),
                id=addresses.staff_task_id(batch_id),
                task_queue=addresses.JOURNEYS,
                start_delay=max(delay, timedelta(0)),  # the server refuses a window that is over
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=RPC_TIMEOUT,
                static_summary=f"batch {batch_id}",
            )
        except WorkflowAlreadyStartedError:
            return  # it has run already: a batch has one task

    async def start_todo(self, todo_id: str, delay: timedelta) -> None:
        """Make sure that a to-do's workflow exists; its card is sent when the delay is over."""
        await self._start(
            addresses.TODO,
            TodoStart(todo_id=todo_id),
            id=addresses.todo_workflow_id(todo_id),
            start_delay=max(delay, timedelta(0)),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"to-do {todo_id}",
        )

    async def start_group(self, chat_id: str) -> None:
        """Make sure that a group has a life. A run that only reads it just now ends first: ask again."""
        await self._start(
            addresses.GROUP_LIFECYCLE,
            GroupStart(chat_id=chat_id, lives=True, renew_after_events=self._renew_after_events),
            id=addresses.group_id(chat_id),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"group {chat_id}",
        )

    async def start_feed(self, provider: str) -> None:
        """Make sure that what was kept of the till's pushes is read; a feed that sleeps wakes up."""
        start = FeedStart(provider=provider, renew_after_events=self._renew_after_events)
        await self._start(
            addresses.TILL_FEED,
            start,
            id=addresses.till_feed_id(provider),
            start_signal=addresses.HINTED,
            start_signal_args=[start],
            static_summary=f"reads what {provider} pushed",
        )

    async def start_campaign(self, campaign_id: str) -> None:
        """Make sure that an approved campaign's workflow runs; it waits for its time by itself."""
        await self._start(
            addresses.CAMPAIGN,
            CampaignStart(campaign_id=campaign_id, renew_after_events=self._renew_after_events),
            id=addresses.campaign_id(campaign_id),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"campaign {campaign_id}",
        )

    async def start_till_walk(self, walk_id: str) -> None:
        """Make sure that the workflow of a walk runs; how far it has come is in its row."""
        await self._start(
            addresses.TILL_WALK,
            WalkStart(walk_id=walk_id),
            id=walk_id,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=walk_id,
        )

    async def withdraw(self, batch_id: int, external_userid: str, reason: str) -> None:
        """Ask a running StaffTask to do without one recipient. One that has ended has nothing to recall."""
        what = WithdrawFromTask(batch_id=batch_id, external_userid=external_userid, reason=reason)
        handle = self._client.get_workflow_handle(addresses.staff_task_id(batch_id))
        try:
            await handle.signal(addresses.WITHDRAW, what)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def stop_task(self, batch_id: int, rule: str, reason: str) -> None:
        """Let nothing more of a batch go out, and settle what is open as cancelled under this rule.

        Its StaffTask, if the window has closed, cancels it at WeCom: one that failed begins again for that.
        """
        async with self._database.transaction() as session:
            if await tasks.stop(session, batch_id, rule, reason, self._clock()):
                return
        try:
            await self._client.start_workflow(
                addresses.STAFF_TASK,
                StaffTaskStart(batch_id=batch_id),
                id=addresses.staff_task_id(batch_id),
                task_queue=addresses.JOURNEYS,
                start_signal=addresses.STOP,
                start_signal_args=[StopTask(rule=rule, reason=reason)],
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                rpc_timeout=RPC_TIMEOUT,
                static_summary=f"batch {batch_id}",
            )
        except WorkflowAlreadyStartedError:
            return  # it has ended: nothing is left to stop

    async def _lives(self, external_userid: str) -> bool:
        """Employees edit customers of theirs with whom we have nothing to do: no life begins with that."""
        async with self._database.transaction() as session:
            return await lives.find_customer(session, external_userid) is not None

    async def _greet(self, external_userid: str, event: Event, code: str | None) -> None:
        userid = event.userid or ""
        try:
            await self._client.start_workflow(
                addresses.WELCOME_WORKFLOW,
                WelcomeStart(external_userid=external_userid, event=event, code=code),
                id=addresses.welcome_id(userid, external_userid, code or event.id),
                task_queue=addresses.WELCOME,
                # A workflow task that a killed worker held is given to another one after this; default 10 s.
                task_timeout=timedelta(seconds=3),
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=RPC_TIMEOUT,
                static_summary=f"greet {external_userid} for {userid}",
            )
        except WorkflowAlreadyStartedError:
            return  # the same callback once more

    async def _happened(self, external_userid: str, event: Event) -> None:
        await self._start(
            addresses.CUSTOMER_LIFECYCLE,
            LifeStart(external_userid=external_userid, renew_after_events=self._renew_after_events),
            id=addresses.customer_id(external_userid),
            start_signal=addresses.HAPPENED,
            start_signal_args=[event],
            static_summary=f"the life of {external_userid}",
            search_attributes=TypedSearchAttributes([SearchAttributePair(STAGE, "new")]),
        )

    async def _tapped(self, subject: str, tap: CardTap) -> None:
        todo_id = subject.removeprefix("todo/")
        await self._start(
            addresses.TODO,
            TodoStart(todo_id=todo_id),
            id=addresses.todo_workflow_id(todo_id),
            start_signal=addresses.TAPPED,
            start_signal_args=[tap],
            static_summary=f"to-do {todo_id}",
        )

    async def _group_changed(self, subject: str, change: GroupChange) -> None:
        chat_id = subject.removeprefix("group/")
        await self._start(
            addresses.GROUP_LIFECYCLE,
            GroupStart(chat_id=chat_id),
            id=addresses.group_id(chat_id),
            start_signal=addresses.CHANGED,
            start_signal_args=[change],
            static_summary=f"group {chat_id}",
        )

    async def _start(self, workflow: str, start: Shape, **how: Any) -> None:
        """Start a workflow of the journeys; with a signal, one that runs already gets that."""
        common: dict[str, Any] = {"task_queue": addresses.JOURNEYS, "rpc_timeout": RPC_TIMEOUT}
        try:
            await self._client.start_workflow(workflow, start, **common, **how)
        except WorkflowAlreadyStartedError:
            # Two at the same moment: the other one has started it, and now it can be signalled.
            await self._client.start_workflow(workflow, start, **common, **how)


def _read(row: InboundEvent) -> Parcel | None:
    """The log names the row and shows nothing of it."""
    try:
        return Parcel.model_validate(row.body)
    except ValidationError:
        log.error("fact %s for %s cannot be read", row.id, row.subject)
        return None
