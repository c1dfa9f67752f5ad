"""A message to a whole group, from its planning to the verdict: one row, whoever's journey asks for it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.group_policy import Room, forbidden, judge_room, leave_for
from domain.policy import Policy, longest_memory
from domain.touches import UNDER_WAY, Channel, Planned, TouchStatus
from storage import chain, directory, ledger, mixes, overrides, reserved, windows
from storage.held import held
from storage.holidays import days_off
from storage.ledger import Flushed, Later, NewTouch, Refusal
from storage.tables import Batch, Group, GroupPlan, Touch
from storage.verdicts import planned_of

GONE = ("unreachable_group", "the group was dismissed")
TWICE = ("duplicate", "the same message goes to the group in the same window")


async def plan(session: AsyncSession, new: NewTouch, policy: Policy, now: datetime) -> Touch:
    """The message of her group: the one that another member's journey planned already, or a new one.

    `new.key` is her own step's: remembered, so that `ways.planned` finds the message again.
    """
    assert new.chat_id
    assert new.userid
    group = await session.get_one(Group, new.chat_id)
    refused, batch = await _forbidden(session, group, new, policy, now), None
    ends_at = await windows.window_of(
        session, new.userid, new.content.kind, new.limits, policy, now, new.send_by
    )
    if not refused:
        batch = await ledger.batch_for(
            session, Channel.GROUP, new.userid, new.content, new.limits, policy, now, send_by=new.send_by
        )
        refused = None if batch else ledger.no_window(new.send_by)
    touch = await _of_window(session, new, refused, batch, ends_at, now)
    await _remember(session, new, touch.key, now)
    return touch


async def _forbidden(
    session: AsyncSession, group: Group, new: NewTouch, policy: Policy, now: datetime
) -> Refusal | None:
    """Said at once where the kind of the group forbids it and nobody has allowed it."""
    why = forbidden(group.kind, new.content.kind, policy)
    leaves = (await overrides.of_groups(session, [group.chat_id], now)).get(group.chat_id, []) if why else []
    return Refusal("group_content", why) if why and not leave_for(new.content.kind, leaves) else None


async def _of_window(
    session: AsyncSession,
    new: NewTouch,
    refused: Refusal | None,
    batch: Batch | None,
    ends_at: datetime | None,
    now: datetime,
) -> Touch:
    """The row of a group, a content and a window. One that had to wait has come into a later window."""
    waits = select(Touch).where(Touch.chat_id == new.chat_id, Touch.status == TouchStatus.PLANNED)
    if batch and (found := (await session.exec(waits.where(Touch.batch_id == batch.id))).first()):
        return found
    window = f"{ends_at:%Y%m%dT%H%M%S}" if ends_at else "never"
    key = f"group/{new.chat_id}/{new.content.key}/{window}"
    fresh = ledger.row(new, refused, batch, now).model_dump()
    fresh |= {"key": key, "external_userid": "", "passed_over": "", "notify": False, "step": None}
    fresh["enrolment"] = None
    await session.exec(insert(Touch).values(fresh).on_conflict_do_nothing())
    return (await session.exec(select(Touch).where(Touch.key == key))).one()


async def _remember(session: AsyncSession, new: NewTouch, touch_key: str, now: datetime) -> None:
    values = {
        "key": new.key,
        "touch_key": touch_key,
        "external_userid": new.external_userid,
        "playbook": new.playbook,
        "enrolment": new.enrolment,
        "step": new.step,
        "passed_over": new.passed_over,
        "planned_at": now,
    }
    await session.exec(insert(GroupPlan).values(values).on_conflict_do_nothing())


async def flush(session: AsyncSession, batch_id: int, policy: Policy, now: datetime) -> Flushed:
    """Close a batch and decide about its groups, all in the caller's transaction.

    As with customers: all that is planned for these groups in windows that close no later takes part.
    """
    batch = (await session.exec(select(Batch).where(Batch.id == batch_id).with_for_update())).one()
    moved: set[int | None] = set()
    if batch.status == "open":
        batch.status = "flushed"  # first, so that whatever has to wait opens the next batch
        session.add(batch)
        await session.flush()
        groups = await _locked_groups(session, batch_id)
        waiting, later = (
            await _decide(session, groups, batch, policy, now),
            Later(session, batch, policy, now),
        )
        moving = [touch for touch in waiting if touch.batch_id == batch_id]
        for touch in moving + await _other_owners(session, batch, groups):
            owner = groups[touch.chat_id or ""].owner
            moved.add(await later.take(touch, owner or touch.userid or batch.userid))
        await session.flush()
    to_send = col(Touch.status).in_(UNDER_WAY)
    claimed = select(func.count()).where(Touch.batch_id == batch_id, to_send)
    return Flushed(claimed=(await session.exec(claimed)).one(), moved_to=tuple(sorted(b for b in moved if b)))


async def _locked_groups(session: AsyncSession, batch_id: int) -> dict[str, Group]:
    """The groups of a batch, locked in one order, so that two flushes never wait for each other."""
    theirs = select(Touch.chat_id).where(
        Touch.batch_id == batch_id, col(Touch.status).in_([TouchStatus.PLANNED, TouchStatus.CLAIMED])
    )
    query = select(Group).where(col(Group.chat_id).in_(theirs)).order_by(col(Group.chat_id))
    return {group.chat_id: group for group in (await session.exec(query.with_for_update())).all()}


async def _decide(
    session: AsyncSession, groups: dict[str, Group], batch: Batch, policy: Policy, now: datetime
) -> list[Touch]:
    """Write the verdicts; returns the touches that stay planned."""
    rivals: dict[str, dict[str, Touch]] = defaultdict(dict)
    for touch in await _rivals(session, list(groups), batch):
        twin = next((t for t in rivals[touch.chat_id or ""].values() if t.batch_id == touch.batch_id), None)
        if groups[touch.chat_id or ""].dismissed_at or twin:
            _settle(touch, TouchStatus.REFUSED, *(TWICE if twin else GONE), now)
        else:
            rivals[touch.chat_id or ""][touch.key] = touch
    planned = {
        chat_id: {key: planned_of(touch) for key, touch in theirs.items()}
        for chat_id, theirs in rivals.items()
    }
    known = await rooms(session, groups, planned, policy, now)
    waiting = []
    for chat_id, theirs in rivals.items():
        mine = list(planned[chat_id].values())
        for verdict in judge_room(known[chat_id], mine, policy, now, days_off(policy.holidays)):
            touch = theirs[verdict.key]
            _settle(touch, verdict.status, verdict.rule, verdict.reason, now)
            waiting += [touch] if verdict.status is TouchStatus.PLANNED else []
    await session.flush()
    return waiting


def _settle(touch: Touch, status: TouchStatus, rule: str | None, reason: str, now: datetime) -> None:
    touch.status, touch.rule, touch.reason = status, rule, reason
    touch.claimed_at = now if status is TouchStatus.CLAIMED else None
    touch.settled_at = now if status is TouchStatus.REFUSED else None


async def _rivals(session: AsyncSession, chat_ids: Sequence[str], batch: Batch) -> Sequence[Touch]:
    query = (
        select(Touch)
        .join(Batch, col(Batch.id) == Touch.batch_id)
        .where(col(Touch.chat_id).in_(chat_ids), Touch.channel == Channel.GROUP)
        .where(Touch.status == TouchStatus.PLANNED, Batch.window_ends_at <= batch.window_ends_at)
        .where(~held())
    )
    return (await session.exec(query.order_by(col(Touch.key)).with_for_update(of=Touch))).all()


async def rooms(
    session: AsyncSession,
    groups: dict[str, Group],
    planned: dict[str, dict[str, Planned]],
    policy: Policy,
    now: datetime,
) -> dict[str, Room]:
    """Policy's facts of each group; what is claimed or tasked may be sent at any moment."""
    zones = await chain.zones(session, {g.store_id for g in groups.values() if g.store_id})
    memory = longest_memory(policy, [touch for theirs in planned.values() for touch in theirs.values()])
    had = await reserved.of_groups(session, groups, now - memory, now)
    leaves = await overrides.of_groups(session, groups, now)
    mix = await mixes.of_groups(session, planned)
    return {
        g.chat_id: Room(
            kind=g.kind,
            zone=zones.get(g.store_id or "", directory.DEFAULT_ZONE),
            leaves=leaves.get(g.chat_id, []),
            reserved=had.get(g.chat_id, []),
            knowledge=mix.get(g.chat_id, {}),
        )
        for g in groups.values()
    }


async def _other_owners(session: AsyncSession, batch: Batch, groups: dict[str, Group]) -> list[Touch]:
    """Claimed touches of groups that have another owner by now, who must send them."""
    query = select(Touch).where(Touch.batch_id == batch.id, Touch.status == TouchStatus.CLAIMED)
    claimed = (await session.exec(query.order_by(col(Touch.key)))).all()
    return [t for t in claimed if (owner := groups[t.chat_id or ""].owner) and owner != t.userid]
