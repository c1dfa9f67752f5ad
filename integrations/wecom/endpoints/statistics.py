"""统计: what employees and groups did, by day. Contract §7.4 and §11.1.

Days are those of China. WeCom keeps 180 of them, gives at most 30 at a time, and finishes a day's figures on
the next.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from enum import IntEnum

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import Unreachable
from integrations.wecom.limits import at_most_items, not_all_empty, span_of_days
from integrations.wecom.types import Moment, Shape, UserId
from integrations.wecom.wire import Call

MAX_IDS = 100
MAX_DAYS = 30
OWNERS_PAGE = 1000


class BehaviorDay(Shape):
    """`reply_percentage` and `avg_reply_time` (minutes) are absent on a day without chats.

    `negative_feedback_cnt`: customers who deleted or blocked the employee.
    """

    stat_time: Moment
    chat_cnt: int = 0
    message_cnt: int = 0
    reply_percentage: float | None = None
    avg_reply_time: float | None = None
    negative_feedback_cnt: int = 0
    new_apply_cnt: int = 0
    new_contact_cnt: int = 0


class GroupFigures(Shape):
    new_chat_cnt: int = 0
    chat_total: int = 0
    chat_has_msg: int = 0
    new_member_cnt: int = 0
    member_total: int = 0
    member_has_msg: int = 0
    msg_total: int = 0
    migrate_trainee_chat_cnt: int = 0


class OwnerFigures(Shape):
    owner: UserId
    data: GroupFigures


class DayFigures(Shape):
    stat_time: Moment
    data: GroupFigures


class GroupOrder(IntEnum):
    NEW_GROUPS = 1
    GROUPS = 2
    NEW_MEMBERS = 3
    MEMBERS = 4


class _Behavior(Shape):
    behavior_data: tuple[BehaviorDay, ...] = ()


class _Owners(Shape):
    total: int = 0
    next_offset: int = 0
    items: tuple[OwnerFigures, ...] = ()


class _Days(Shape):
    items: tuple[DayFigures, ...] = ()


class Statistics(Endpoints):
    async def get_user_behavior(
        self, userids: Sequence[str], start: date, end: date, *, departments: Sequence[int] = ()
    ) -> list[BehaviorDay]:
        """One series for all of them together: for a ranking ask for one employee at a time."""
        not_all_empty("userids", list(userids), list(departments))
        at_most_items("userids", userids, MAX_IDS)
        at_most_items("departments", departments, MAX_IDS)
        body: dict[str, object] = dict(span_of_days(start, end, MAX_DAYS))
        body |= {"userid": list(userids)} if userids else {}
        body |= {"partyid": list(departments)} if departments else {}
        call = Call("externalcontact/get_user_behavior_data", body=body)
        return list((await self._transport.call(call, _Behavior)).behavior_data)

    async def group_statistic(
        self,
        owners: Sequence[str],
        start: date,
        end: date,
        *,
        order_by: GroupOrder = GroupOrder.NEW_GROUPS,
        ascending: bool = False,
    ) -> AsyncIterator[OwnerFigures]:
        """The figures of the whole span for each of at most 100 owners."""
        api = "externalcontact/groupchat/statistic"
        body = _of_owners(owners, start, end) | {"order_by": int(order_by), "order_asc": int(ascending)}
        offset = 0
        while True:
            call = Call(api, body={**body, "offset": offset, "limit": OWNERS_PAGE})
            found = await self._transport.call(call, _Owners)
            for item in found.items:
                yield item
            if not found.items or found.next_offset >= found.total:
                return
            if found.next_offset <= offset:
                raise Unreachable(api, "the offset does not advance", maybe_done=True)
            offset = found.next_offset

    async def group_statistic_by_day(self, owners: Sequence[str], start: date, end: date) -> list[DayFigures]:
        """The figures of all of these owners together, day by day."""
        body = _of_owners(owners, start, end)
        call = Call("externalcontact/groupchat/statistic_group_by_day", body=body)
        return list((await self._transport.call(call, _Days)).items)


def _of_owners(owners: Sequence[str], start: date, end: date) -> dict[str, object]:
    not_all_empty("owners", list(owners))
    at_most_items("owners", owners, MAX_IDS)
    span = span_of_days(start, end, MAX_DAYS)
    return {
        "day_begin_time": span["start_time"],
        "day_end_time": span["end_time"],
        "owner_filter": {"userid_list": list(owners)},
    }
