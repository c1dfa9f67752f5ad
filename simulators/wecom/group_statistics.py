"""Statistics of groups by owner and by day (contract §7.4), counted from what happened in them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field

from simulators.errors import WeComFault
from simulators.state.group_stats import Span, count
from simulators.state.groups import Group
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.wecom.spans import DAY, day_of, midnight
from simulators.world import World, WorldDep

router = wecom_router()

LIMIT_DEFAULT, LIMIT_MAX = 500, 1000
ORDERS = {1: "new_chat_cnt", 2: "chat_total", 3: "new_member_cnt", 4: "member_total"}


class OwnerFilter(BaseModel):
    userid_list: Annotated[list[str], Field(max_length=100)] = []


class ByDay(BaseModel):
    day_begin_time: int
    day_end_time: int | None = None
    owner_filter: OwnerFilter = OwnerFilter()


class Statistic(ByDay):
    order_by: int = Field(default=1, ge=1, le=4)
    order_asc: int = Field(default=0, ge=0, le=1)
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=LIMIT_DEFAULT, ge=1)


@router.post("/externalcontact/groupchat/statistic")
async def statistic(world: WorldDep, body: Statistic) -> Answer:
    days = _days(world, body)
    span = _span(world, days[0], days[-1])
    by_owner = _groups_by_owner(world, body.owner_filter)
    items: list[dict[str, Any]] = [
        {"owner": owner, "data": count(groups, span)} for owner, groups in by_owner.items()
    ]
    key = ORDERS[body.order_by]
    items.sort(key=lambda item: item["data"][key], reverse=not body.order_asc)
    end = body.offset + min(body.limit, LIMIT_MAX)
    return ok(total=len(items), next_offset=min(end, len(items)), items=items[body.offset : end])


@router.post("/externalcontact/groupchat/statistic_group_by_day")
async def statistic_group_by_day(world: WorldDep, body: ByDay) -> Answer:
    by_owner = _groups_by_owner(world, body.owner_filter)
    groups = [group for some in by_owner.values() for group in some]
    items = [
        {"stat_time": int(day.timestamp()), "data": count(groups, _span(world, day, day))}
        for day in _days(world, body)
    ]
    return ok(items=items)


def _days(world: World, body: ByDay) -> list[datetime]:
    """The midnights at which they begin, in China; a time within a day means that day."""
    config, today = world.config, midnight(world.clock())
    first, last = day_of(body.day_begin_time), day_of(body.day_end_time or body.day_begin_time)
    if first < today - timedelta(days=config.statistics_days) or last > today:
        raise WeComFault(40058, "day_begin_time or day_end_time")
    if not timedelta(0) <= last - first < timedelta(days=config.statistics_span_days):
        raise WeComFault(40058, "span")
    return [first + number * DAY for number in range((last - first).days + 1)]


def _span(world: World, first: datetime, last: datetime) -> Span:
    """From the first day to the end of the last; a day that is not complete has no numbers yet."""
    complete = midnight(world.clock() - timedelta(hours=world.config.statistics_ready_hours))
    return Span(min(first, complete), min(last + DAY, complete))


def _groups_by_owner(world: World, asked: OwnerFilter) -> dict[str, Sequence[Group]]:
    if not asked.userid_list:
        raise WeComFault(40063, "owner_filter")
    owners = [world.org.require_serving(userid).userid for userid in dict.fromkeys(asked.userid_list)]
    return {
        owner: [group for group in world.groups.all.values() if group.owner.lower() == owner.lower()]
        for owner in owners
    }
