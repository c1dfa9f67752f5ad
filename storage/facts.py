"""What is known of customers, for many at once: a constant number of statements, however many they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import get_args

from sqlalchemy import ColumnElement, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col, select, tuple_
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.conditions import FAST_TILL
from domain.facts import Bought, Facts
from domain.playbook.conditions import OutcomeWord
from domain.touches import OPEN, TouchStatus
from storage import coupons
from storage.known import Friendship, Known
from storage.reached import AT, in_groups, to_herself
from storage.tables import (
    Coupon,
    Customer,
    CustomerTag,
    Employee,
    EntryCode,
    Follow,
    FormAnswer,
    Group,
    GroupMember,
    GroupPlan,
    Order,
    Store,
    Touch,
)

BOUGHT = ("paid", "part_refunded")
PAID: ColumnElement[int] = col(Order.paid_minor) - col(Order.refunded_minor)  # fen
WORDS: tuple[OutcomeWord, ...] = get_args(OutcomeWord)
Enrolments = Mapping[str, tuple[str, int]]  # by customer: the playbook and the enrolment's number
_All = Mapping[str, Known]


async def facts_of(
    session: AsyncSession,
    external_userids: Sequence[str],
    now: datetime,
    *,
    enrolments: Enrolments | None = None,
) -> dict[str, Facts]:
    """By customer; without those we do not know. `enrolments`: whose messages `outcomes` means.

    `life_stage` is known to her life only, and `stage` there first: whoever asks puts them in.
    """
    query = select(Customer).where(col(Customer.external_userid).in_(external_userids))
    found = {row.external_userid: Known(row) for row in (await session.exec(query)).all()}
    await _add_follows(session, found)
    await _add_groups(session, found)
    await _add_tags(session, found)
    await _add_orders(session, found, now)
    await _add_messages(session, found, now)
    await _add_answers(session, found)
    if enrolments:
        await _add_outcomes(session, found, enrolments)
    stores = await _stores(session, found, now)
    return {one: known.facts(stores, now) for one, known in found.items()}


async def _add_follows(session: AsyncSession, found: _All) -> None:
    query = (
        select(Follow, col(Employee.active), col(EntryCode.placement), col(EntryCode.campaign))
        .join(Employee, col(Employee.userid) == Follow.userid, isouter=True)
        .join(EntryCode, col(EntryCode.state) == Follow.state, isouter=True)
        .where(col(Follow.external_userid).in_(found))
    )
    for follow, active, placement, campaign in (await session.exec(query)).all():
        if follow.since or follow.lost_at:
            friendship = Friendship(follow, active is not False, placement, campaign)
            found[follow.external_userid].friendships.append(friendship)


async def _add_groups(session: AsyncSession, found: _All) -> None:
    query = (
        select(col(GroupMember.member_id), col(Group.kind))
        .join(Group, col(Group.chat_id) == GroupMember.chat_id)
        .where(col(GroupMember.member_id).in_(found))
        .where(col(GroupMember.left_at).is_(None), col(Group.dismissed_at).is_(None))
    )
    for external_userid, kind in (await session.exec(query)).all():
        found[external_userid].kinds.add(kind)


async def _add_tags(session: AsyncSession, found: _All) -> None:
    """A tag belongs to a pair, and goes with the friendship (contract §5.2)."""
    same = (col(Follow.userid) == CustomerTag.userid) & (
        col(Follow.external_userid) == CustomerTag.external_userid
    )
    query = (
        select(col(CustomerTag.external_userid), col(CustomerTag.tag))
        .join(Follow, same)
        .where(col(CustomerTag.external_userid).in_(found), col(CustomerTag.present))
        .where(col(Follow.lost_at).is_(None))
    )
    for external_userid, tag in (await session.exec(query)).all():
        found[external_userid].tags.add(tag)


async def _add_orders(session: AsyncSession, found: _All, now: datetime) -> None:
    """What was paid by `now` and not wholly refunded, oldest first."""
    members: defaultdict[str, list[Known]] = defaultdict(list)
    for one in found.values():
        if one.customer.member_id:
            members[one.customer.member_id].append(one)
    query = select(Order).where(col(Order.member_id).in_(members), col(Order.status).in_(BOUGHT))
    query = query.where(col(Order.paid_at) <= now + FAST_TILL)
    for row in (await session.exec(query.order_by(col(Order.paid_at), col(Order.order_id)))).all():
        for one in members[row.member_id or ""]:
            one.orders.append(bought(row))


def bought(row: Order) -> Bought:
    """Of an order whose status is in BOUGHT."""
    return Bought(
        at=row.paid_at,
        store_id=row.store_id,
        paid_minor=row.paid_minor - row.refunded_minor,
        coupons=row.coupons,
        categories=row.categories,
        products=row.products,
    )


async def _add_messages(session: AsyncSession, found: _All, now: datetime) -> None:
    """When messages had reached her by `now`."""
    hers = to_herself().where(col(Touch.external_userid).in_(found), now >= AT)
    shared = in_groups().where(col(GroupMember.member_id).in_(found), now >= AT)
    rows = await session.exec(union_all(hers, shared))  # type: ignore[call-overload]
    for external_userid, at in rows.all():
        found[external_userid].reached.append(at)


async def _add_answers(session: AsyncSession, found: _All) -> None:
    """Her last answer to each form."""
    query = (
        select(FormAnswer)
        .where(col(FormAnswer.external_userid).in_(found))
        .ext(distinct_on(col(FormAnswer.external_userid), col(FormAnswer.form)))
        .order_by(col(FormAnswer.external_userid), col(FormAnswer.form), col(FormAnswer.id).desc())
    )
    for row in (await session.exec(query)).all():
        found[row.external_userid].answers[row.form] = row.answers


async def _add_outcomes(session: AsyncSession, found: _All, enrolments: Enrolments) -> None:
    """What became of the messages and coupons of her enrolment; of a step visited again, of the last visit.

    One to her whole group is planned for many at once, each with the step that asked for it.
    """
    asked = [(one, *enrolments[one]) for one in found if one in enrolments]
    begins = {one: f"{one}/{number}/" for one, _, number in asked}
    for coupon in await coupons.of_steps(session, begins.keys()):
        hers = coupon.key.startswith(begins[coupon.external_userid])
        if hers and (word := _word_of_coupon(coupon)):
            found[coupon.external_userid].outcomes[coupon.step or ""] = word
    own = select(Touch, Touch.status).where(*_asked_by(Touch, asked))
    shared = select(GroupPlan, Touch.status).join(Touch, col(Touch.key) == GroupPlan.touch_key)
    rows: list[tuple[Touch | GroupPlan, str]] = []
    rows += (await session.exec(own)).all()
    rows += (await session.exec(shared.where(*_asked_by(GroupPlan, asked)))).all()
    for plan, status in sorted(rows, key=lambda row: (row[0].planned_at, row[0].key)):
        found[plan.external_userid].outcomes[plan.step or ""] = _word(TouchStatus(status))


def _asked_by(
    table: type[Touch] | type[GroupPlan], asked: Sequence[tuple[str, str, int]]
) -> list[ColumnElement[bool]]:
    mine = tuple_(col(table.external_userid), col(table.playbook), col(table.enrolment)).in_(asked)
    return [mine, col(table.step).is_not(None)]


async def _stores(session: AsyncSession, found: _All, now: datetime) -> dict[str, Store]:
    wanted = {
        store for one in found.values() for store in (one.customer.store_id, one.store_id(now)) if store
    }
    query = select(Store).where(col(Store.id).in_(wanted))
    return {store.id: store for store in (await session.exec(query)).all()}


def _word_of_coupon(coupon: Coupon) -> OutcomeWord | None:
    """One that goes with a message and is credited says nothing: the message has an outcome of its own."""
    if coupon.status in (coupons.REFUSED, coupons.UNCLEAR):
        return "refused" if coupon.status == coupons.REFUSED else "unknown"
    if coupon.key.endswith("/coupon"):
        return None
    return "open" if coupon.status == coupons.CLAIMED else "sent"


def _word(status: TouchStatus) -> OutcomeWord:
    """As conditions say it; what only greetings can come to is unknown to them."""
    return "open" if status in OPEN else next((word for word in WORDS if word == status), "unknown")
