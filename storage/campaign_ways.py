"""By which way a campaign reaches each of many customers: one statement a way, however many they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.campaign import Campaign
from domain.playbook import Way
from storage.audience import WHY_NOT, WhyNot
from storage.friends import whole_friend
from storage.ledger import Refusal
from storage.moment_touches import same_pair
from storage.tables import Customer, CustomerTag, Employee, Follow, Group, GroupMember, Store


@dataclass(frozen=True)
class Sender:
    """Who sends it to her, and the region that this employee's store belongs to."""

    userid: str
    region_id: str | None
    chat_id: str | None = None


async def senders(
    session: AsyncSession, campaign: Campaign, way: Way, ids: Sequence[str]
) -> dict[str, Sender]:
    """Whom a way reaches, and who sends it to them."""
    match way:
        case Way.PRIVATE:
            return await _friends(session, ids)
        case Way.GROUP:
            return await _owners(session, ids, campaign.group)
        case Way.MOMENTS:
            return await _friends(session, ids, campaign.tag)
        case Way.STAFF:  # refused when the file is read
            raise ValueError("a campaign asks no employee to write to each by hand")


async def _friends(session: AsyncSession, ids: Sequence[str], tag: str | None = None) -> dict[str, Sender]:
    """The active whole friend who chatted with her last, else the newest; with the `tag`, if one is asked."""
    chatted = col(Follow.userid).is_not_distinct_from(col(Customer.talks_to))
    query = (
        select(col(Follow.external_userid), col(Follow.userid), col(Store.region_id))
        .ext(distinct_on(col(Follow.external_userid)))
        .join(Customer, col(Customer.external_userid) == Follow.external_userid)
        .join(Employee, and_(col(Employee.userid) == Follow.userid, col(Employee.active)))
        .outerjoin(Store, col(Store.id) == Employee.store_id)
        .where(col(Follow.external_userid).in_(ids), *whole_friend())
        .order_by(col(Follow.external_userid), chatted.desc(), col(Follow.since).desc(), col(Follow.userid))
    )
    if tag is not None:
        query = query.join(CustomerTag, same_pair()).where(
            col(CustomerTag.tag) == tag, col(CustomerTag.present)
        )
    return {who: Sender(userid, region) for who, userid, region in (await session.exec(query)).all()}


async def _owners(session: AsyncSession, ids: Sequence[str], kind: str) -> dict[str, Sender]:
    """The owner of the group of this kind that she joined last."""
    query = (
        select(col(GroupMember.member_id), col(Employee.userid), col(Store.region_id), col(Group.chat_id))
        .ext(distinct_on(col(GroupMember.member_id)))
        .join(Group, col(Group.chat_id) == GroupMember.chat_id)
        .join(Employee, and_(col(Employee.userid) == Group.owner, col(Employee.active)))
        .outerjoin(Store, col(Store.id) == Employee.store_id)
        .where(col(GroupMember.member_id).in_(ids), col(GroupMember.left_at).is_(None))
        .where(col(Group.kind) == kind, col(Group.dismissed_at).is_(None))
        .order_by(col(GroupMember.member_id), col(GroupMember.joined_at).desc(), col(Group.chat_id))
    )
    found = (await session.exec(query)).all()
    return {who: Sender(owner, region, chat_id) for who, owner, region, chat_id in found}


def unreached(campaign: Campaign, way: Way, why: WhyNot) -> Refusal:
    """Why a way does not reach her (M4)."""
    match way:
        case Way.GROUP:
            return Refusal("not_in_group", f"she is in no group of the kind {campaign.group} that we own")
        case Way.MOMENTS:
            return Refusal(
                "unreachable_moments", f"she does not have the tag {campaign.tag} at any friend of hers"
            )
    return Refusal(why, WHY_NOT[why])
