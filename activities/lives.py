"""A customer's life in PostgreSQL: opened, mirrored, parked. Short database work, run as local activities."""

from temporalio import activity

from activities.courier import Courier
from domain.messages import (
    Arrival,
    Arrive,
    Enrolled,
    Enrolling,
    OpenedLife,
    OpenLife,
    ParkLife,
    SaveLife,
    Withdrawal,
)
from domain.policy import Policy
from domain.shape import Shape
from settings import Clock
from storage import directory, ledger, lives
from storage.database import Database


class Done(Shape):
    """Nothing to report."""


class Lives:
    """What CustomerLifecycle reads and writes about itself."""

    def __init__(self, database: Database, policy: Policy, courier: Courier, clock: Clock) -> None:
        self._database, self._policy, self._courier, self._clock = database, policy, courier, clock

    @activity.defn
    async def open_life(self, what: OpenLife) -> OpenedLife:
        """Her parked state, if she has one."""
        async with self._database.transaction() as session:
            await lives.ensure_customer(session, what.external_userid, self._clock())
            state = await lives.unpark(session, what.external_userid)
        return OpenedLife(state=state, park_after=self._policy.park_after)

    @activity.defn
    async def arrive(self, what: Arrive) -> Arrival:
        """Record the friendship and say what her entry code means for her."""
        event = what.event
        async with self._database.transaction() as session:
            customer = await lives.ensure_customer(session, what.external_userid, self._clock())
            await lives.record_follow(session, what.external_userid, event)
            entry, name = await directory.entry_of(session, event.state, event.userid or "")
            found = await directory.current_playbook(session, name or self._policy.default_playbook)
            groups = await lives.current_groups(session, what.external_userid)
            if entry.store_id and customer.store_id is None:
                customer.store_id = entry.store_id
                session.add(customer)
        return Arrival(
            entry=entry,
            pinned=found[1] if found else None,
            groups={m.chat_id: m.joined_at for m in groups},
            opted_out_at=customer.opted_out_at,
        )

    @activity.defn
    async def depart(self, what: Arrive) -> Done:
        """Record the end of a friendship."""
        async with self._database.transaction() as session:
            await lives.ensure_customer(session, what.external_userid, self._clock())
            await lives.record_follow(session, what.external_userid, what.event)
        return Done()

    @activity.defn
    async def find_playbook(self, what: Enrolling) -> Enrolled:
        """The current version of a playbook, for an operator's enrolment."""
        async with self._database.transaction() as session:
            found = await directory.current_playbook(session, what.playbook)
        return Enrolled(pinned=found[1] if found else None)

    @activity.defn
    async def save_life(self, what: SaveLife) -> Done:
        """Mirror the state into the customer's row and append the new lines of her story."""
        async with self._database.transaction() as session:
            await lives.save(session, what.state, what.next_at, what.next_what)
        return Done()

    @activity.defn
    async def park_life(self, what: ParkLife) -> Done:
        """Save the snapshot of a life that leaves Temporal."""
        async with self._database.transaction() as session:
            await lives.save(session, what.state, what.wake_at, "parked")
            await lives.park(session, what.state, what.wake_at, self._clock(), what.history)
        return Done()

    @activity.defn
    async def withdraw_touches(self, what: Withdrawal) -> Done:
        """Stop what is on its way to her; an opt-out is on record before this returns.

        What an employee has not confirmed yet is recalled through the StaffTask that holds it.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            tasked = await ledger.cancel_open(
                session, what.external_userid, playbook=what.playbook, reason=what.reason, now=now
            )
            if what.opted_out_by:
                await lives.opt_out(
                    session, what.external_userid, by=what.opted_out_by, reason=what.reason, now=now
                )
        for batch_id in tasked:
            await self._courier.withdraw(batch_id, what.external_userid, what.reason)
        return Done()
