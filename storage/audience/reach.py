"""By what those whom a segment means can be reached, and why not: told before anything is sent (M4)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, func, null
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.playbook import Condition
from storage.audience.hers import found, she
from storage.audience.people import has_friend, in_group
from storage.audience.predicate import matches
from storage.tables import Customer, Follow


class WhyNot(StrEnum):
    """Why nothing can be sent to her alone; the first that is true of her."""

    OPTED_OUT = "opted_out"
    GROUP_ONLY = "group_only"
    EMPLOYEE_LEFT = "employee_left"
    UNCONFIRMED = "unconfirmed"
    LOST = "lost"
    STRANGER = "stranger"


WHY_NOT: Mapping[WhyNot, str] = {
    WhyNot.OPTED_OUT: "asked for no more messages",
    WhyNot.GROUP_ONLY: "known from a group only: reached with the whole group, never one by one",
    WhyNot.EMPLOYEE_LEFT: "friends only of employees who have left",
    WhyNot.UNCONFIRMED: "added an employee who has not confirmed it yet",
    WhyNot.LOST: "no friend of any employee any more",
    WhyNot.STRANGER: "never a friend of an employee, and in no group",
}


@dataclass(frozen=True)
class Reach:
    """How many customers. `private` and those of `why_not`, by reason, are all who are `targeted`.

    `moments`: who could be shown one; which of them sees it depends on its tag. `none`: nothing reaches them.
    """

    targeted: int
    private: int
    group: int
    moments: int
    none: int
    why_not: Mapping[WhyNot, int]

    @property
    def share(self) -> float:
        """Reachable ÷ targeted; of nobody nobody is reached."""
        return (self.targeted - self.none) / self.targeted if self.targeted else 0.0


async def reach(
    session: AsyncSession, who: Condition, tiers: Mapping[str, Condition], now: datetime
) -> Reach:
    """One statement, however many they are."""
    opted_in = col(Customer.opted_out_at).is_(None)
    them = select(_why_not().label("why"), and_(opted_in, in_group()).label("grouped"))
    each = them.where(matches(who, tiers, now)).subquery()
    query = select(each.c.why, each.c.grouped, func.count()).group_by(each.c.why, each.c.grouped)
    targeted, group, none, alone = 0, 0, 0, Counter[str | None]()
    for why, grouped, number in (await session.exec(query)).all():
        targeted, alone[why] = targeted + number, alone[why] + number
        group += number if grouped else 0
        none += number if why and not grouped else 0
    private = alone.pop(None, 0)
    why_not = {why: alone[why] for why in WhyNot if alone[why]}
    return Reach(targeted, private, group, private, none, why_not)


async def why_not(session: AsyncSession, ids: Sequence[str]) -> dict[str, WhyNot]:
    """Of some customers those to whom no employee can write, with the reason."""
    query = select(she, _why_not()).where(she.in_(ids))
    return {who: WhyNot(why) for who, why in (await session.exec(query)).all() if why}


def _why_not() -> ColumnElement[str | None]:
    """Null for those whom an employee can write to."""
    friendships = select(Follow).where(col(Follow.external_userid) == she)
    lasting = friendships.where(col(Follow.lost_at).is_(None))
    return case(
        (col(Customer.opted_out_at).is_not(None), WhyNot.OPTED_OUT),
        (has_friend(), null()),
        (in_group(), WhyNot.GROUP_ONLY),
        (found(lasting.where(col(Follow.half))), WhyNot.UNCONFIRMED),
        (found(lasting.where(col(Follow.since).is_not(None))), WhyNot.EMPLOYEE_LEFT),
        (found(friendships.where(col(Follow.lost_at).is_not(None))), WhyNot.LOST),
        else_=WhyNot.STRANGER,
    )
