"""朋友圈: shown to everybody who has a tag at an employee, so the ledger follows what was really shown."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal, update
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.touches import Channel, TouchStatus
from storage.friends import whole_friend
from storage.tables import Batch, Customer, CustomerTag, Employee, Follow, Tag, Touch, Utc

SHOWN_ANYWAY = "Moments are shown to everybody who has the tag"


async def employee_who_tagged(session: AsyncSession, external_userid: str, tag: str) -> str | None:
    """Her friend, the latest first, at whom she has the tag: only there she sees such a moment."""
    query = (
        select(Follow.userid)
        .join(CustomerTag, same_pair())
        .join(Employee, col(Employee.userid) == Follow.userid)
        .where(Follow.external_userid == external_userid, *whole_friend(), col(Employee.active))
        .where(CustomerTag.tag == tag, col(CustomerTag.present))
    )
    return (await session.exec(query.order_by(col(Follow.since).desc(), col(Follow.userid)))).first()


async def tag_ids(session: AsyncSession, userid: str, tag: str) -> list[str]:
    """The corp tags of this name: those that the employee's customers have, and those that we made."""
    had = select(CustomerTag.tag_id).where(
        CustomerTag.userid == userid, CustomerTag.tag == tag, col(CustomerTag.present)
    )
    ours = select(Tag.tag_id).where(Tag.name == tag)
    found = [*(await session.exec(had.distinct())).all(), *(await session.exec(ours)).all()]
    return sorted({tag_id for tag_id in found if tag_id})


async def leave_out_unseeing(session: AsyncSession, batch: Batch, now: datetime) -> None:
    """Refuse what policy let through for those whom the employee's moment cannot be shown to any more."""
    tag = batch.content.get("tag")
    sees = (
        select(Follow.external_userid)
        .join(CustomerTag, same_pair())
        .where(Follow.userid == batch.userid, *whole_friend())
        .where(CustomerTag.tag == tag, col(CustomerTag.present))
    )
    await session.exec(
        update(Touch)
        .where(col(Touch.batch_id) == batch.id, col(Touch.status) == TouchStatus.CLAIMED)
        .where(col(Touch.external_userid).not_in(sees))
        .values(
            status=TouchStatus.REFUSED,
            rule="unreachable_moments",
            reason=f"she is no friend of {batch.userid} any more, or has lost the tag {tag}",
            settled_at=now,
        )
    )


async def made(session: AsyncSession, batch_id: int, moment_id: str) -> None:
    """WeCom's job is done: this is the moment."""
    await session.exec(update(Batch).where(col(Batch.id) == batch_id).values(msgid=moment_id))


async def shown(session: AsyncSession, batch: Batch, seen: Collection[str], now: datetime) -> None:
    """Everybody who sees it has been reached, also who was refused or never planned: that counts for caps."""
    ours = col(Touch.batch_id) == batch.id
    left_out = [TouchStatus.REFUSED, TouchStatus.CANCELLED]
    await session.exec(
        update(Touch)
        .where(ours, col(Touch.external_userid).in_(seen), col(Touch.status).in_(left_out))
        .values(status=TouchStatus.SENT, rule="shown_anyway", reason=SHOWN_ANYWAY, settled_at=now)
    )
    planned = select(Touch.external_userid).where(ours)
    others = {
        "key": literal(f"moment/{batch.id}/") + col(Customer.external_userid),
        "external_userid": col(Customer.external_userid),
        "userid": literal(batch.userid),
        "channel": literal(Channel.MOMENTS.value),
        "kind": literal(batch.content.get("kind", "general")),
        "priority": literal(0),
        "batch_id": literal(batch.id),
        "status": literal(TouchStatus.SENT.value),
        "rule": literal("shown_anyway"),
        "reason": literal(SHOWN_ANYWAY),
        "notify": literal(False),
        "planned_at": literal(now, Utc),
        "settled_at": literal(now, Utc),
    }
    unplanned = sql_select(*others.values()).where(
        col(Customer.external_userid).in_(seen), col(Customer.external_userid).not_in(planned)
    )
    await session.exec(insert(Touch).from_select(list(others), unplanned).on_conflict_do_nothing())


def same_pair() -> ColumnElement[bool]:
    return and_(
        col(CustomerTag.userid) == Follow.userid,
        col(CustomerTag.external_userid) == Follow.external_userid,
    )
