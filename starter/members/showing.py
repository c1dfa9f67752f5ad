"""Accounts and conflicts as rows for people; no phone is shown in full."""

from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.buying import Buying, habits
from storage import member_conflicts, member_links, member_merges
from storage.buying import buying_of
from storage.member_keys import MemberKeyError, MemberKeys
from storage.tables import Customer, Member, MemberConflict

SHOWN_DIGITS, SHOWN_CATEGORIES = 2, 3


def dispute(conflict: MemberConflict) -> dict[str, Any]:
    return {
        "customer": conflict.external_userid,
        "matches_by": conflict.by,
        "members": ", ".join(conflict.candidates),
        "since": conflict.found_at,
    }


async def details(
    session: AsyncSession,
    provider: str,
    member_id: str,
    customer: Customer | None,
    member: Member | None,
    keys: MemberKeys,
) -> dict[str, Any]:
    """`member` is None where the till has not told of it; `customer` where an account was asked for."""
    linked = await member_links.customers_of(session, member_id) if member_id else []
    who = sorted({*linked, *([customer.external_userid] if customer else [])})
    links = await member_links.links_of(session, provider, who, member_id)
    conflicts = await member_conflicts.of_any(session, provider, who, member_id)
    merges = await member_merges.merges_of(session, provider, member_id)
    return {
        "member": member_id or None,
        "customer": ", ".join(who),
        "phone": _hidden(member, keys),
        "level": member.level if member else None,
        "open": member.active if member else None,
        "goes_on_as": member.merged_into if member else None,
        "registered": member.registered_at if member else None,
        "read": member.read_at if member else None,
        "links": [
            {
                "customer": one.external_userid,
                "member": one.member_id,
                "since": one.since,
                "by": one.by,
                "reason": one.reason,
                "until": one.until,
                "ended_by": one.ended_by,
                "ended_why": one.ended_why,
            }
            for one in links
        ],
        "conflicts": [
            dispute(one) | {"resolved": one.resolved_at, "by": one.resolved_by, "chosen": one.chosen}
            for one in conflicts
        ],
        "merges": [
            {"from": one.member_id, "into": one.into, "by": one.by, "reason": one.reason, "at": one.at}
            for one in merges
        ],
    }


def _hidden(member: Member | None, keys: MemberKeys) -> str | None:
    if member is None or member.phone is None:
        return None
    try:
        return f"…{keys.open('phone', member.phone).decode()[-SHOWN_DIGITS:]}"
    except MemberKeyError as error:
        return str(error)


async def habits_of(
    session: AsyncSession, provider: str, member_id: str | None, now: datetime
) -> dict[str, Any]:
    """What her orders say of her, field by field; nothing of who has none."""
    counted = await buying_of(session, provider, member_id) if member_id else Buying()
    hers = habits(counted, now)
    if hers is None:
        return {}
    return {
        "orders": hers.orders,
        "last_order": hers.last_at,
        "visits_most": hers.favourite_store,
        "visits_a_month": hers.visits_a_month,
        "rfm": f"{hers.rfm.recency}-{hers.rfm.frequency}-{hers.rfm.money}",
        "coupon_share": round(hers.coupon_share, 2),
        "prefers": ", ".join(hers.categories[:SHOWN_CATEGORIES]),
        "ticket": f"{hers.ticket_minor / 100:.2f}",
    }
