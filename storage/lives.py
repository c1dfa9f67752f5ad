"""Customers as rows: where each stands, her story, her friendships, her parked state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.customer import CustomerState, LogLine
from domain.events import Event, EventKind
from domain.life import adds_again
from domain.stages import Stage
from storage import directory, standings
from storage.tables import Consent, Customer, Follow, GroupMember, LogEntry, Snapshot

LONGEST_HISTORY = 100_000  # Temporal ends a run at 51,200 events


async def ensure_customer(session: AsyncSession, external_userid: str, now: datetime) -> Customer:
    values = {
        "external_userid": external_userid,
        "stage": Stage.NEW.value,
        "stage_since": now,
        "created_at": now,
    }
    values |= {"stage_reason": "", "playbooks": [], "next_what": "", "episode": 1}
    await session.exec(insert(Customer).values(values).on_conflict_do_nothing())
    return (await session.exec(select(Customer).where(Customer.external_userid == external_userid))).one()


async def find_customer(session: AsyncSession, external_userid: str) -> Customer | None:
    return await session.get(Customer, external_userid)


async def list_customers(
    session: AsyncSession, *, stage: Stage | None, store_id: str | None, limit: int
) -> Sequence[Customer]:
    """The latest changes first."""
    query = select(Customer).order_by(col(Customer.stage_since).desc(), col(Customer.external_userid))
    query = query.where(Customer.stage == stage) if stage else query
    query = query.where(Customer.store_id == store_id) if store_id else query
    return (await session.exec(query.limit(limit))).all()


async def follows_of(session: AsyncSession, external_userid: str) -> Sequence[Follow]:
    query = select(Follow).where(Follow.external_userid == external_userid)
    return (await session.exec(query.order_by(col(Follow.userid)))).all()


async def record_follow(session: AsyncSession, external_userid: str, event: Event) -> Follow:
    """Write what one add or deletion says of a friendship.

    Any order and any repetition give the same friendship; `episode` counts the returns seen as such.
    """
    userid = event.userid or ""
    await session.exec(
        insert(Follow)
        .values(userid=userid, external_userid=external_userid, episode=1, half=False)
        .on_conflict_do_nothing()
    )
    query = select(Follow).where(Follow.userid == userid, Follow.external_userid == external_userid)
    row = (await session.exec(query.with_for_update())).one()
    if event.kind in (EventKind.FRIEND_LEFT, EventKind.FRIEND_REMOVED):
        if (row.since is None or event.at >= row.since) and (row.lost_at is None or row.lost_at < event.at):
            row.lost_at, row.lost_reason = event.at, event.kind.value
    elif event.kind is not EventKind.AUDIT_APPROVED:  # consent says nothing of the friendship
        _added(row, event)
    session.add(row)
    return row


def _added(row: Follow, event: Event) -> None:
    half = event.kind is EventKind.FRIEND_HALF_ADDED
    returned = row.lost_at is not None and row.lost_at < event.at
    again = row.lost_at is None and row.since is not None and adds_again(row.since, row.half, event)
    if returned or again:
        row.episode += 1 if row.since is not None else 0
        row.lost_at, row.lost_reason = None, None
    if row.since is None or (event.at, not half) > (row.since, not row.half):  # of one second, the whole add
        row.since, row.half = event.at, half
        row.state = event.state or row.state


async def save(session: AsyncSession, state: CustomerState, next_at: datetime | None, next_what: str) -> None:
    """Mirror a life's state into its row and append its new story lines. Idempotent."""
    store_id = next((f.entry.store_id for f in state.follows.values() if f.entry.store_id), None)
    values: dict[str, Any] = {
        "stage": state.stage.value,
        "stage_reason": state.stage_reason,
        "playbooks": [e.pinned.playbook for e in state.active],
        "episode": state.episode,
        "paused_by": state.paused_by,
        "next_at": next_at,
        "next_what": next_what,
    }
    if state.stage_since:
        values["stage_since"] = state.stage_since
    if store_id:
        values["store_id"] = store_id
    await session.exec(
        update(Customer).where(col(Customer.external_userid) == state.external_userid).values(values)
    )
    await standings.save(session, state)
    await append_log(session, state.external_userid, state.log)


async def append_log(session: AsyncSession, external_userid: str, lines: Sequence[LogLine]) -> None:
    rows = [{"external_userid": external_userid, **_row(line)} for line in lines]
    if rows:
        # A workflow task that is executed again tells the story again: what is true is what it tells last.
        statement = insert(LogEntry).values(rows)
        told = {k: statement.excluded[k] for k in ("at", "what", "reason")}
        await session.exec(
            statement.on_conflict_do_update(index_elements=["external_userid", "seq"], set_=told)
        )


def _row(line: LogLine) -> dict[str, Any]:
    return {"seq": line.seq, "at": line.at, "what": line.what, "reason": line.reason}


async def park(
    session: AsyncSession, state: CustomerState, wake_at: datetime | None, now: datetime, history: int = 0
) -> None:
    """Save the snapshot of a life that leaves Temporal. An older snapshot never replaces a newer one.

    `history` is the length of the run's history: a workflow task that is executed again, because something
    came while it parked, parks under the same number but further on.
    """
    body = state.model_copy(update={"loaded": False, "log": []}).model_dump(mode="json")
    for enrolment in body.get("enrolments", {}).values():
        for pin in _pins(enrolment):
            pin["pinned"] = {"version": pin["pinned"]["version"]}  # the body is in playbook_versions
    values = {
        "external_userid": state.external_userid,
        "seq": state.snapshots * LONGEST_HISTORY + history,
        "body": body,
        "wake_at": wake_at,
        "saved_at": now,
    }
    statement = insert(Snapshot).values(values)
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["external_userid"],
            set_={k: statement.excluded[k] for k in ("seq", "body", "wake_at", "saved_at")},
            where=col(Snapshot.seq) < statement.excluded.seq,
        )
    )


async def unpark(session: AsyncSession, external_userid: str) -> CustomerState | None:
    """The parked state, with its playbook versions put back in. None for a life that was never parked."""
    row = await session.get(Snapshot, external_userid)
    if row is None:
        return None
    body = dict(row.body)
    for enrolment in body.get("enrolments", {}).values():
        for pin in _pins(enrolment):
            journey = await directory.pinned(session, pin["pinned"]["version"])
            if journey is None:
                raise LookupError(f"playbook version {pin['pinned']['version']} is gone")
            pin["pinned"] = journey.model_dump(mode="json")
    if row.wake_at is not None:
        row.wake_at = None  # she is awake; the sweep need not look at her again
        session.add(row)
    return CustomerState.model_validate(body)


def _pins(enrolment: dict[str, Any]) -> list[dict[str, Any]]:
    """Whatever of an enrolment's dump holds a version: itself, and the move that it waits to make."""
    return [enrolment, *([enrolment["moving"]] if enrolment.get("moving") else [])]


async def due_to_wake(session: AsyncSession, now: datetime, limit: int = 500) -> Sequence[Snapshot]:
    query = select(Snapshot).where(col(Snapshot.wake_at) <= now)
    return (await session.exec(query.order_by(col(Snapshot.wake_at)).limit(limit))).all()


async def forget_wake_up(session: AsyncSession, external_userid: str, seq: int) -> None:
    """The snapshot `seq` has been woken; one that was parked again meanwhile keeps its time."""
    mine = [col(Snapshot.external_userid) == external_userid, col(Snapshot.seq) == seq]
    await session.exec(update(Snapshot).where(*mine).values(wake_at=None))


async def current_groups(session: AsyncSession, external_userid: str) -> Sequence[GroupMember]:
    query = select(GroupMember).where(
        GroupMember.member_id == external_userid, col(GroupMember.left_at).is_(None)
    )
    return (await session.exec(query)).all()


async def opt_out(
    session: AsyncSession, external_userid: str, *, by: str, reason: str, now: datetime
) -> None:
    """Record that she wants no more messages."""
    customer = await ensure_customer(session, external_userid, now)
    if customer.opted_out_at is None:
        customer.opted_out_at = now
        session.add(customer)
        session.add(Consent(external_userid=external_userid, allowed=False, at=now, by=by, reason=reason))
