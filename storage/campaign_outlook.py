"""What a campaign would do, only read: who is left for a wave, what policy says now, who hears it as well."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as sql_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import campaigning
from domain.group_policy import judge_room
from domain.playbook import Condition
from domain.policy import Policy
from domain.touches import Channel, Planned, Verdict
from storage import audience, group_windows, verdicts
from storage.campaign_filling import Intent, Planning
from storage.holidays import days_off
from storage.tables import Customer, Employee, Group, GroupMember, Store

Tiers = Mapping[str, Condition]


async def left_for(
    session: AsyncSession, what: Planning, who: Condition, tiers: Tiers, page: Sequence[str]
) -> list[str]:
    """Who of a page is in the wave, and in none before it."""
    mine = [one for one in page if campaigning.in_wave(what.campaign, what.wave, one)]
    taken: set[str] = set()
    for number, wave in enumerate(what.campaign.rollout[: what.wave]):
        if wave.customers is not None:
            taken |= set(wave.customers)
        elif wave.stores is not None:
            meant = Condition(all=[who, Condition(store=wave.stores)])
            query = select(Customer.external_userid).where(col(Customer.external_userid).in_(mine))
            taken |= set((await session.exec(query.where(audience.matches(meant, tiers, what.now)))).all())
        else:
            taken |= {one for one in mine if campaigning.in_wave(what.campaign, number, one)}
    return [one for one in mine if one not in taken]


async def verdicts_now(
    session: AsyncSession, what: Planning, intents: Sequence[Intent], policy: Policy
) -> list[Verdict]:
    """What policy would say of these customers' own messages if their window closed now."""
    planned = {i.external_userid: {i.external_userid: _planned(what, i.external_userid, i)} for i in intents}
    friends = {i.external_userid: [i.sender.userid] for i in intents if i.sender}
    return list((await verdicts.judged(session, planned, friends, policy, what.now)).values())


async def group_verdicts_now(
    session: AsyncSession, what: Planning, groups: Mapping[str, Intent], policy: Policy
) -> list[Verdict]:
    """The same of the messages to whole groups, by chat_id."""
    query = select(Group).where(col(Group.chat_id).in_(groups))
    rows = {group.chat_id: group for group in (await session.exec(query)).all()}
    planned = {chat_id: {chat_id: _planned(what, chat_id, groups[chat_id])} for chat_id in rows}
    rooms = await group_windows.rooms(session, rows, planned, policy, what.now)
    holidays = days_off(policy.holidays)
    return [
        verdict
        for chat_id, mine in planned.items()
        for verdict in judge_room(rooms[chat_id], list(mine.values()), policy, what.now, holidays)
    ]


def _planned(what: Planning, key: str, intent: Intent) -> Planned:
    return Planned(
        key=key,
        channel=Channel(intent.way.value),
        priority=what.campaign.priority,
        kind=what.campaign.content,
    )


async def beyond(
    session: AsyncSession, who: Condition, tiers: Tiers, now: datetime, chat_ids: Collection[str]
) -> int:
    """People in these groups, employees apart, whom the segment does not mean: they hear it all the same."""
    employees = sql_select(col(Employee.userid))
    meant = sql_select(col(Customer.external_userid)).where(audience.matches(who, tiers, now))
    members = (
        sql_select(func.count(col(GroupMember.member_id).distinct()))
        .where(col(GroupMember.chat_id).in_(chat_ids), col(GroupMember.left_at).is_(None))
        .where(col(GroupMember.member_id).not_in(employees), col(GroupMember.member_id).not_in(meant))
    )
    return int((await session.execute(members)).scalar_one())


async def stores_of(session: AsyncSession, userids: Collection[str]) -> dict[str, str]:
    """The names of employees' stores; without those who belong to none."""
    query = select(Employee.userid, Store.name).join(Store, col(Store.id) == Employee.store_id)
    return dict((await session.exec(query.where(col(Employee.userid).in_(userids)))).all())
