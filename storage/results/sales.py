"""Orders that a campaign may call its own: its message was the last one that she got before (M36)."""

from datetime import timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, Interval, Select, and_, func, literal, select, true, union_all
from sqlmodel import col

from domain.touches import Channel, TouchStatus
from storage.facts import BOUGHT, PAID
from storage.reached import AT
from storage.tables import Customer, GroupPlan, Order, Touch


def of_campaign(campaign_id: str, sent: CTE, long: timedelta) -> Select[Any]:
    """One row for each order: who, which employee, channel and wave brought it, and what was paid.

    `sent`: the campaign's delivered messages. Greetings answer what she did herself and are nobody's rival.
    """
    got = select(sent.c.who, func.min(sent.c.at).label("first"), func.max(sent.c.at).label("last"))
    got_it = got.group_by(sent.c.who).subquery()
    last, span = _last_message().lateral("last"), literal(long, Interval)
    return (
        select(
            got_it.c.who,
            *(last.c.userid, last.c.channel, last.c.wave),
            PAID.label("paid"),
        )
        .join(Customer, col(Customer.external_userid) == got_it.c.who)
        .join(
            Order,
            and_(
                col(Order.member_id) == Customer.member_id,
                col(Order.status).in_(BOUGHT),
                col(Order.paid_at) >= got_it.c.first,
                col(Order.paid_at) < got_it.c.last + span,
            ),
        )
        .join(last, true())
        .where(last.c.campaign_id == campaign_id, col(Order.paid_at) < last.c.at + span)
    )


def _last_message() -> Select[Any]:
    """The last message before an order, to her alone or to a group for her; whoever sent it."""
    sent = [col(Touch.status) == TouchStatus.SENT, col(Order.paid_at) >= AT]
    of_it = (col(Touch.userid), col(Touch.channel), AT.label("at"))
    hers = select(*of_it, col(Touch.campaign_id), col(Touch.wave)).where(
        col(Touch.external_userid) == Customer.external_userid, col(Touch.channel) != Channel.WELCOME, *sent
    )
    in_groups = (
        select(*of_it, col(GroupPlan.campaign_id), col(GroupPlan.wave))
        .join(Touch, col(Touch.key) == GroupPlan.touch_key)
        .where(col(GroupPlan.external_userid) == Customer.external_userid, *sent)
    )
    both = union_all(hers.correlate(Customer, Order), in_groups.correlate(Customer, Order)).subquery()
    return select(both).order_by(both.c.at.desc()).limit(1)


def summed(orders: Any) -> list[ColumnElement[Any]]:
    """In the order of `domain.outcomes.Sales`."""
    return [
        func.count(orders.c.who.distinct()),
        func.count(),
        func.coalesce(func.sum(orders.c.paid), 0),
    ]
