"""The to-dos of employees: wanted once per occasion, claimed before the card is sent, settled after it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, func, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import todos
from domain.todos import Card, Draft, TodoKind
from storage.tables import Group, Todo


class Status(StrEnum):
    PLANNED = "planned"
    CLAIMED = "claimed"
    SENT = "sent"
    DONE = "done"
    LAPSED = "lapsed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


UNSENT = (Status.PLANNED, Status.CLAIMED)
SENT_ONCE = todos.DUPLICATES_FOR - timedelta(minutes=10)  # a repetition needs some time to reach WeCom


@dataclass(frozen=True)
class Claim:
    """The to-do, and whether its card may be sent now. `wait`: not before that time has passed.

    `first`: no earlier try may have arrived, so a refusal says that WeCom has not sent it.
    """

    todo: Todo
    mine: bool = False
    first: bool = False
    wait: timedelta | None = None


async def want(
    session: AsyncSession,
    *,
    kind: TodoKind,
    subject: str,
    occasion: str,
    userid: str,
    card: Card | Draft,
    due_at: datetime,
    external_userid: str | None = None,
    touch_key: str | None = None,
    checks: Mapping[str, str] | None = None,
) -> str | None:
    """Write a to-do down; its id when it is new, None when it is known already."""
    values = {
        "id": todos.todo_id(kind, subject, occasion),
        "userid": userid,
        "kind": kind.value,
        "subject": subject,
        "card": card.model_dump(mode="json"),
        "external_userid": external_userid,
        "touch_key": touch_key,
        "checks": dict(checks or {}),
        "attempt": 1,
        "status": Status.PLANNED.value,
        "reason": "",
        "due_at": due_at,
    }
    statement = insert(Todo).values(values).on_conflict_do_nothing().returning(col(Todo.id))
    return (await session.exec(statement)).scalar_one_or_none()


async def written(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Which of them are written down, however they stand."""
    return set((await session.exec(select(Todo.id).where(col(Todo.id).in_(ids)))).all())


async def claim(session: AsyncSession, todo_id: str, now: datetime) -> Claim | None:
    """Claim the card, within what an employee may get in a minute; None for a to-do that is not ours.

    A claimed card without an outcome is claimed again while WeCom would drop the repetition; then its
    outcome stays unknown.
    """
    row = await _locked(session, todo_id)
    if row is None or row.status not in UNSENT or row.due_at > now:
        return Claim(row) if row else None
    if row.status == Status.CLAIMED and row.claimed_at:
        if now - row.claimed_at < SENT_ONCE:
            return Claim(row, mine=True)
        _settle(row, Status.UNKNOWN, "WeCom never answered", now)
        return Claim(row)
    await session.exec(select(func.pg_advisory_xact_lock(func.hashtext(f"todo/{row.userid}"))))
    if wait := todos.room(await _claimed_lately(session, row.userid, now), now):
        return Claim(row, wait=wait)
    row.status, row.claimed_at = Status.CLAIMED, now
    session.add(row)
    return Claim(row, mine=True, first=True)


async def sent(session: AsyncSession, todo_id: str, response_code: str | None, now: datetime) -> Todo:
    row = await _must(session, todo_id)
    if row.status == Status.CLAIMED:
        row.status, row.sent_at, row.response_code = Status.SENT, now, response_code
    return row


async def release(session: AsyncSession, todo_id: str) -> None:
    """WeCom has certainly not sent it: the next try is a first one."""
    row = await _must(session, todo_id)
    if row.status == Status.CLAIMED:
        row.status, row.claimed_at = Status.PLANNED, None


async def refuse(session: AsyncSession, todo_id: str, reason: str, now: datetime) -> Todo:
    row = await _must(session, todo_id)
    if row.status == Status.CLAIMED:
        _settle(row, Status.REFUSED, reason, now)
    return row


async def close(session: AsyncSession, todo_id: str, answer: str | None, now: datetime) -> tuple[Todo, bool]:
    """The employee's answer, or none in time; and whether this call settled it."""
    row = await _must(session, todo_id)
    if row.status != Status.SENT:
        return row, False
    if answer is None:
        _settle(row, Status.LAPSED, "no button was tapped", now)
    elif answer == todos.LATER and row.attempt < todos.MOST_CARDS:
        row.attempt, row.status, row.due_at = row.attempt + 1, Status.PLANNED, now + todos.SNOOZE
        row.claimed_at = row.sent_at = None
    else:
        late = answer == todos.LATER
        _settle(row, Status.LAPSED if late else Status.DONE, "put off too often" if late else answer, now)
    return row, True


async def drop(session: AsyncSession, subject: str, reason: str, now: datetime) -> int:
    """Of what is wanted about a subject, refuse what has not been sent; how many."""
    unsent = update(Todo).where(col(Todo.subject) == subject, col(Todo.status) == Status.PLANNED)
    values = {"status": Status.REFUSED, "reason": reason, "settled_at": now}
    return len((await session.exec(unsent.values(values).returning(col(Todo.id)))).all())


async def counted(session: AsyncSession, subject: str) -> dict[str, int]:
    """How many about a subject stand how."""
    query = select(Todo.status, func.count()).where(Todo.subject == subject).group_by(col(Todo.status))
    return dict((await session.exec(query.order_by(col(Todo.status)))).all())


async def list_all(session: AsyncSession, userid: str | None, limit: int) -> Sequence[Todo]:
    query = select(Todo).order_by(col(Todo.due_at).desc(), col(Todo.id)).limit(limit)
    return (await session.exec(query.where(Todo.userid == userid) if userid else query)).all()


async def orphans(session: AsyncSession, before: datetime, limit: int = 200) -> Sequence[str]:
    """To-dos that are due and that nobody has sent."""
    query = select(Todo.id).where(col(Todo.status).in_(UNSENT), col(Todo.due_at) < before)
    return (await session.exec(query.order_by(col(Todo.due_at)).limit(limit))).all()


async def full_stores(session: AsyncSession, cap: int) -> Sequence[Group]:
    """The newest group of every store whose groups of a kind are all at the cap.

    Not of stores with a join way: there WeCom makes the next group itself.
    """
    alive = col(Group.dismissed_at).is_(None), col(Group.store_id).is_not(None)
    full = (
        select(Group.store_id, Group.kind)
        .where(*alive)
        .group_by(col(Group.store_id), col(Group.kind))
        .having(func.min(Group.members) >= cap, func.count(col(Group.join_config_id)) == 0)
        .subquery()
    )
    query = (
        select(Group)
        .join(full, and_(full.c.store_id == Group.store_id, full.c.kind == Group.kind))
        .where(*alive, col(Group.owner).is_not(None))
        .ext(distinct_on(col(Group.store_id), col(Group.kind)))
        .order_by(col(Group.store_id), col(Group.kind), col(Group.created_at).desc(), col(Group.chat_id))
    )
    return (await session.exec(query)).all()


async def expiring_pictures(session: AsyncSession, exported_before: datetime) -> Sequence[Group]:
    """Groups that are joined by a hand-exported picture which is that old."""
    query = select(Group).where(
        col(Group.dismissed_at).is_(None),
        col(Group.join_config_id).is_(None),
        col(Group.owner).is_not(None),
        col(Group.hand_qr_exported_at) < exported_before,
    )
    return (await session.exec(query.order_by(col(Group.chat_id)))).all()


async def _claimed_lately(session: AsyncSession, userid: str, now: datetime) -> Sequence[datetime]:
    since = now - timedelta(hours=1)
    query = select(Todo.claimed_at).where(Todo.userid == userid, col(Todo.claimed_at) > since)
    return [at for at in (await session.exec(query)).all() if at]


async def _locked(session: AsyncSession, todo_id: str) -> Todo | None:
    query = select(Todo).where(Todo.id == todo_id).with_for_update()
    return (await session.exec(query)).first()


async def _must(session: AsyncSession, todo_id: str) -> Todo:
    row = await _locked(session, todo_id)
    assert row is not None  # it was claimed before
    session.add(row)
    return row


def _settle(row: Todo, status: Status, reason: str, now: datetime) -> None:
    row.status, row.reason, row.settled_at = status, reason, now
