"""补漏 (M52): Moments for whom a 1:1 message missed. They have a tag of their own only while it is shown."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.backfilling import CALLS_EACH, TAG_GROUP, free_tag
from domain.backfilling import tag_calls as calls_for
from domain.playbook import ContentClass, Missed
from domain.policy import Policy
from domain.touches import Channel, Content, TouchStatus
from storage import ledger, tasks
from storage.friends import friends_of
from storage.ledger import NOT_FRIEND, NewTouch, Refusal
from storage.tables import Batch, CustomerTag, Tag, TemporaryTag, Touch
from storage.verdicts import limits_of

MISSED = (TouchStatus.EXPIRED, TouchStatus.CAPPED)  # WeCom's 0 and 3
AFTER = "/missed"  # ends the keys of their Moments
CLAIMED, MARKED, REMOVING, REMOVED, REFUSED = "claimed", "marked", "removing", "removed", "refused"
ON_HER = (CLAIMED, MARKED, REMOVING)  # she may have the tag


async def tag_calls(session: AsyncSession, batch_id: int) -> int:
    """Calls of mark_tag that a batch costs if it is a backfill; else those of the one it may come to."""
    batch = await tasks.batch_of(session, batch_id)
    recipients = len(await tasks.recipients(session, batch_id))
    if batch.backfill_of:
        return CALLS_EACH * recipients
    missed = Content.model_validate(batch.content).missed
    return calls_for([recipients], missed.most) if missed else 0


async def plan(session: AsyncSession, batch_id: int, policy: Policy, now: datetime) -> Sequence[Batch]:
    """Plan Moments for whom a settled task missed; returns their batches. Planning again plans nothing more.

    One batch for each employee who holds some of them. Policy decides when its window closes.
    """
    batch = await tasks.batch_of(session, batch_id, lock=True)
    content = Content.model_validate(batch.content)
    if content.missed is None or batch.channel != Channel.PRIVATE:
        return []
    later = aliased(Touch)
    planned = select(later.key).where(col(later.key) == col(Touch.key) + AFTER).exists()
    query = select(Touch).where(Touch.batch_id == batch_id, col(Touch.status).in_(MISSED), ~planned)
    touches = (await session.exec(query.order_by(col(Touch.key)))).all()
    friends = await friends_of(session, [touch.external_userid for touch in touches])
    plan = _Plan(session, policy, now)
    for number, touch in enumerate(touches):
        new = _new(touch, content, content.missed, friends[touch.external_userid], batch_id)
        await plan.add(new, touch, _refused(new, content.missed, number))
    await plan.write()
    return (await session.exec(select(Batch).where(Batch.backfill_of == batch_id))).all()


class _Plan:
    """All who share an employee and a playbook's limits share a window, which is looked for once."""

    def __init__(self, session: AsyncSession, policy: Policy, now: datetime) -> None:
        self._session, self._policy, self._now = session, policy, now
        self._batches: dict[str, Batch | None] = {}
        self._rows: list[dict[str, Any]] = []

    async def add(self, new: NewTouch, missed: Touch, refused: Refusal | None) -> None:
        batch = None if refused else await self._batch(new)
        refused = refused or (None if batch else ledger.no_window(new.send_by))
        touch = ledger.row(new, refused, batch, self._now).model_dump()
        self._rows.append(touch | {"campaign_id": missed.campaign_id, "wave": missed.wave})

    async def write(self) -> None:
        if self._rows:
            connection = await self._session.connection()
            await connection.execute(insert(Touch), self._rows)

    async def _batch(self, new: NewTouch) -> Batch | None:
        at = f"{new.userid}/{new.limits}/{new.send_by}"
        if at not in self._batches:
            self._batches[at] = await ledger.batch_for(
                self._session,
                new.channel,
                new.userid or "",
                new.content,
                new.limits,
                self._policy,
                self._now,
                send_by=new.send_by,
            )
        return self._batches[at]


def _new(touch: Touch, content: Content, missed: Missed, friends: Sequence[str], batch_id: int) -> NewTouch:
    """Shown by the employee who was to send the message, or by another friend of hers."""
    holder = touch.holder or touch.userid
    return NewTouch(
        key=f"{touch.key}{AFTER}",
        external_userid=touch.external_userid,
        userid=holder if holder in friends else next(iter(friends), None),
        content=Content(
            text=missed.text,
            kind=ContentClass(touch.kind),
            benefit=content.benefit,
            attachments=missed.attachments,
            campaign=content.campaign,
            backfill_of=batch_id,
        ),
        channel=Channel.MOMENTS,
        playbook=touch.playbook,
        enrolment=touch.enrolment,
        step=touch.step,
        limits=limits_of(touch),
        priority=touch.priority,
        send_by=touch.send_by,
    )


def _refused(new: NewTouch, missed: Missed, number: int) -> Refusal | None:
    if not new.userid:
        return NOT_FRIEND
    if number >= missed.most:
        return Refusal("missed_most", f"`missed.most` allows {missed.most} customers of one task")
    return None


async def claim_tags(session: AsyncSession, batch_id: int, now: datetime) -> list[TemporaryTag]:
    """Write down who is about to be tagged; returns all who are not yet. The tag stays that of the batch."""
    batch = await tasks.batch_of(session, batch_id, lock=True)
    known = {row.external_userid: row for row in await _rows(session, batch_id)}
    tag = next((row.tag for row in known.values()), None) or await _free_tag(session, batch.userid)
    for external_userid in await tasks.recipients(session, batch_id):
        if external_userid not in known:
            known[external_userid] = TemporaryTag(
                batch_id=batch_id,
                external_userid=external_userid,
                userid=batch.userid,
                tag=tag,
                status=CLAIMED,
                at=now,
            )
            session.add(known[external_userid])
    await session.flush()
    return [row for row in known.values() if row.status == CLAIMED]


async def _free_tag(session: AsyncSession, userid: str) -> str:
    """One that nobody of hers has, by us or by her own hand: those would see the moment, and lose the tag.

    The lock makes the backfills of one employee choose one after the other.
    """
    await session.exec(select(func.pg_advisory_xact_lock(func.hashtext(f"temporary tags/{userid}"))))
    query = select(TemporaryTag.tag).where(
        TemporaryTag.userid == userid, col(TemporaryTag.status).in_(ON_HER)
    )
    by_hand = select(CustomerTag.tag).where(
        CustomerTag.userid == userid, CustomerTag.tag_group == TAG_GROUP, col(CustomerTag.present)
    )
    return free_tag([*(await session.exec(query.distinct())).all(), *(await session.exec(by_hand)).all()])


async def claim_removal(
    session: AsyncSession, batch_id: int, now: datetime, *, keep: Collection[str] = ()
) -> list[TemporaryTag]:
    """From here on the tags of a batch are taken off; returns those that still are to be."""
    found = await _rows(session, batch_id)
    rows = [row for row in found if row.status in ON_HER and row.external_userid not in keep]
    for row in rows:
        row.status, row.at = REMOVING, now
        session.add(row)
    return rows


async def settle_tag(
    session: AsyncSession, row: TemporaryTag, status: str, reason: str, now: datetime
) -> None:
    """The outcome of one call."""
    await session.exec(
        update(TemporaryTag)
        .where(col(TemporaryTag.batch_id) == row.batch_id)
        .where(col(TemporaryTag.external_userid) == row.external_userid)
        .values(status=status, reason=reason, at=now)
    )


async def tag_ids(session: AsyncSession, batch_id: int) -> list[str]:
    """WeCom's id of the tag that whom a backfill is for have."""
    marked = select(TemporaryTag.tag).where(TemporaryTag.batch_id == batch_id, TemporaryTag.status == MARKED)
    query = select(Tag.tag_id).where(Tag.group_name == TAG_GROUP, col(Tag.name).in_(marked))
    return list((await session.exec(query)).all())


async def left_behind(session: AsyncSession, before: datetime, limit: int = 20) -> Sequence[int]:
    """Backfills settled before then whose tags somebody still has, and of which none is being taken off."""
    other = aliased(TemporaryTag)
    busy = select(other.tag).where(other.batch_id == TemporaryTag.batch_id, col(other.at) >= before).exists()
    query = (
        select(TemporaryTag.batch_id)
        .join(Batch, col(Batch.id) == TemporaryTag.batch_id)
        .where(col(TemporaryTag.status).in_(ON_HER))
        .where(Batch.status == "settled", col(Batch.settled_at) < before, ~busy)
    )
    return (await session.exec(query.distinct().limit(limit))).all()


async def _rows(session: AsyncSession, batch_id: int) -> Sequence[TemporaryTag]:
    query = select(TemporaryTag).where(TemporaryTag.batch_id == batch_id)
    return (await session.exec(query.order_by(col(TemporaryTag.external_userid)).with_for_update())).all()
