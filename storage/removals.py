"""Removals of personal-WeChat groups: the old groups with their codes, and who came by each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Update, func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import removal as domain
from domain.rooms import STORE_KIND, JoinRules, Room
from storage.results import fetch
from storage.tables import Employee, Group, GroupMember, OldGroup, Removal, Store

RUNNING, FINISHED, CANCELLED = "running", "finished", "cancelled"


def subject(removal_id: str) -> str:
    """What the to-dos of a removal are about."""
    return f"removal/{removal_id}"


def body_of(row: Removal) -> domain.Removal:
    return domain.Removal.model_validate(row.body)


async def begin(session: AsyncSession, body: domain.Removal, by: str, now: datetime) -> Removal:
    """Write a removal and its old groups down; one that is known is returned as it is."""
    fresh = {
        "id": body.removal,
        "body": body.model_dump(mode="json"),
        "status": RUNNING,
        "by": by,
        "reason": "",
        "created_at": now,
    }
    statement = insert(Removal).values(fresh).on_conflict_do_nothing().returning(col(Removal.id))
    if (await session.exec(statement)).first() is not None:
        session.add_all(
            OldGroup(
                removal_id=body.removal,
                name=group.name,
                people=group.people,
                userid=group.employee.lower(),
                store_id=group.store,
                state=body.state_of(group),
            )
            for group in body.groups
        )
    return (await session.exec(select(Removal).where(Removal.id == body.removal).with_for_update())).one()


async def find(session: AsyncSession, removal_id: str) -> Removal | None:
    return await session.get(Removal, removal_id)


async def all_of_them(session: AsyncSession) -> Sequence[Removal]:
    return (await session.exec(select(Removal).order_by(col(Removal.created_at), col(Removal.id)))).all()


async def running(session: AsyncSession) -> Sequence[Removal]:
    return (
        await session.exec(select(Removal).where(Removal.status == RUNNING).order_by(col(Removal.id)))
    ).all()


async def old_groups(session: AsyncSession, removal_id: str) -> list[OldGroup]:
    query = select(OldGroup).where(OldGroup.removal_id == removal_id)
    return list((await session.exec(query.order_by(col(OldGroup.name)))).all())


async def claim(session: AsyncSession, group: OldGroup, now: datetime, *, again: bool) -> bool:
    """Before WeCom is asked for its code; False when an earlier claim has no answer yet.

    `again`: somebody has decided to make it once more all the same.
    """
    unmade = col(OldGroup.config_id).is_(None)
    free = unmade if again else unmade & col(OldGroup.claimed_at).is_(None)
    statement = _this(group, free).values(claimed_at=now).returning(col(OldGroup.name))
    return (await session.exec(statement)).first() is not None


async def release(session: AsyncSession, group: OldGroup) -> None:
    """WeCom has certainly not made it."""
    await session.exec(_this(group, col(OldGroup.config_id).is_(None)).values(claimed_at=None))


async def made(session: AsyncSession, group: OldGroup, config_id: str) -> None:
    await session.exec(_this(group).values(config_id=config_id))
    group.config_id = config_id


async def leads_to(
    session: AsyncSession, group: OldGroup, chat_ids: Sequence[str], qr_code: str | None = None
) -> None:
    """Where its code leads now; its picture when it has just been read."""
    group.chat_ids, group.qr_code = list(chat_ids), qr_code or group.qr_code
    await session.exec(_this(group).values(chat_ids=group.chat_ids, qr_code=group.qr_code))


def _this(group: OldGroup, *where: ColumnElement[bool]) -> Update:
    mine = col(OldGroup.removal_id) == group.removal_id, col(OldGroup.name) == group.name
    return update(OldGroup).where(*mine, *where)


async def stores(session: AsyncSession, body: domain.Removal) -> dict[str, Store]:
    """The stores of its old groups, by id; without those that there are not."""
    query = select(Store).where(col(Store.id).in_({group.store for group in body.groups}))
    return {store.id: store for store in (await session.exec(query)).all()}


async def active_employees(session: AsyncSession, body: domain.Removal) -> set[str]:
    """Of the employees who are to post, those who are there."""
    named = {group.employee.lower() for group in body.groups}
    query = select(Employee.userid).where(col(Employee.userid).in_(named), col(Employee.active))
    return set((await session.exec(query)).all())


async def rooms(session: AsyncSession, store_id: str, kind: str) -> list[Room]:
    """All groups of a store of one kind, whichever codes lead into them."""
    query = select(Group.chat_id, Group.members, Group.dismissed_at).where(
        Group.store_id == store_id, Group.kind == kind
    )
    return [Room(chat_id, members, at is not None) for chat_id, members, at in await session.exec(query)]


async def outgrown(session: AsyncSession, rules: JoinRules) -> Sequence[tuple[OldGroup, Removal]]:
    """Old groups whose code leads to a full or dismissed group while their store has another open one."""
    closed = or_(col(Group.members) >= rules.cap, col(Group.dismissed_at).is_not(None))
    bound = col(OldGroup.chat_ids).contains(func.jsonb_build_array(Group.chat_id))
    mine = select(Group.chat_id).where(Group.store_id == OldGroup.store_id)
    of_kind = Group.kind == func.coalesce(col(Removal.body)["kind"].as_string(), STORE_KIND)
    query = (
        select(OldGroup, Removal)
        .join(Removal)
        .where(Removal.status == RUNNING, col(OldGroup.config_id).is_not(None))
        .where(mine.where(closed, bound).exists(), mine.where(~closed, of_kind).exists())
    )
    return (await session.exec(query.order_by(col(OldGroup.state)))).all()


@dataclass(frozen=True)
class Destination:
    """Where the code of an old group leads."""

    store_id: str
    kind: str


async def by_state(session: AsyncSession, states: Collection[str]) -> Destination | None:
    """Of the old group by whose code somebody came; None when it is no such code."""
    query = select(OldGroup, Removal).join(Removal).where(col(OldGroup.state).in_(states))
    found = (await session.exec(query.order_by(col(OldGroup.state)))).first()
    return Destination(found[0].store_id, body_of(found[1]).kind) if found else None


async def end(session: AsyncSession, removal_id: str, status: str, reason: str, now: datetime) -> bool:
    """Finish or cancel it; False when it has ended already."""
    statement = update(Removal).where(col(Removal.id) == removal_id, col(Removal.status) == RUNNING)
    ended = statement.values(status=status, reason=reason, ended_at=now).returning(col(Removal.id))
    return (await session.exec(ended)).first() is not None


@dataclass(frozen=True)
class Came:
    """Who came by a code: `joined` ever, `inside` are still in one of our groups. People, not joins."""

    joined: int = 0
    inside: int = 0


async def came(session: AsyncSession, removal_id: str) -> tuple[dict[str, Came], Came]:
    """By the state of each old group, and in all: who came out of two old groups is one person."""
    here = col(GroupMember.left_at).is_(None)
    people = func.count(col(GroupMember.member_id).distinct())
    query = (
        select(OldGroup.state, people, people.filter(here))
        .join(GroupMember, col(GroupMember.state) == OldGroup.state)
        .where(OldGroup.removal_id == removal_id)
    )
    each = await fetch(session, query.group_by(OldGroup.state))
    whole = query.with_only_columns(people, people.filter(here))
    return {state: Came(*counted) for state, *counted in each}, Came(*(await fetch(session, whole))[0])
