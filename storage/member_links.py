"""Which member of the till a customer is. Several matches are a conflict for an operator, never a guess."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import false, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import Explained
from storage import inbound, member_conflicts, members
from storage.member_conflicts import Word
from storage.tables import Customer, Member, MemberLink


class LinkRefused(Explained):
    """It cannot be linked, unlinked or merged; the text says what stands in the way and what to do."""


async def place(
    session: AsyncSession,
    external_userid: str,
    provider: str,
    kind: str,
    candidates: Sequence[str],
    now: datetime,
) -> str | None:
    """Link her to the one account that matched by this kind of key. None: it is a conflict, and on record.

    An account from which an operator has unlinked her is none of hers.
    """
    not_hers = await _unlinked(session, external_userid, provider)
    left = [one for one in candidates if one not in not_hers]
    if not left:
        return None
    if len(left) == 1:
        customer = await _held(session, external_userid, provider, left[0])
        if not await _obstacle(session, provider, customer, left[0]):
            await _link(session, customer, provider, left[0], Word(kind, "", now))
            return left[0]
        left += [customer.member_id] if customer.member_id else []
    await member_conflicts.keep(session, external_userid, provider, kind, left, now)
    return None


async def link(
    session: AsyncSession, external_userid: str, provider: str, member_id: str, word: Word
) -> None:
    """An operator's word. What waits for the member goes to her. Raises LinkRefused."""
    customer = await _held(session, external_userid, provider, member_id)
    if (merged := await members.account_of(session, provider, member_id)) != member_id:
        raise LinkRefused(f"member {member_id} was merged into {merged}: link {merged}")
    if obstacle := await _obstacle(session, provider, customer, member_id):
        raise LinkRefused(obstacle)
    await _link(session, customer, provider, member_id, word)


async def unlink(
    session: AsyncSession, external_userid: str, provider: str, member_id: str, word: Word
) -> None:
    """She is not this member, and is not linked to it again unless an operator does. Raises LinkRefused.

    In a conflict it strikes a candidate; when none is left, the conflict is over.
    """
    customer = await _held(session, external_userid, provider, member_id)
    if customer.member_id == member_id:
        customer.member_id = None
        session.add(customer)
    elif not await member_conflicts.strike(session, external_userid, member_id, word):
        is_she = f"she is member {customer.member_id}" if customer.member_id else "she is no member"
        raise LinkRefused(f"{external_userid} is not member {member_id}: {is_she}")
    await _end(session, external_userid, provider, member_id, word)


async def _end(
    session: AsyncSession, external_userid: str, provider: str, member_id: str, word: Word
) -> None:
    """Close her link in the history. One that is not in it is written as it ends."""
    query = select(MemberLink).where(
        MemberLink.external_userid == external_userid,
        MemberLink.provider == provider,
        MemberLink.member_id == member_id,
        col(MemberLink.until).is_(None),
    )
    row = (await session.exec(query)).first() or MemberLink(
        external_userid=external_userid, provider=provider, member_id=member_id, by="", since=word.at
    )
    row.until, row.ended_by, row.ended_why = word.at, word.by, word.reason
    session.add(row)


async def links_of(
    session: AsyncSession, provider: str, external_userids: Sequence[str], member_id: str | None = None
) -> Sequence[MemberLink]:
    """Of these customers, and of the account; oldest first, ended ones as well."""
    theirs = or_(
        col(MemberLink.external_userid).in_(external_userids), col(MemberLink.member_id) == member_id
    )
    query = select(MemberLink).where(MemberLink.provider == provider, theirs)
    return (await session.exec(query.order_by(col(MemberLink.id)))).all()


async def customer_of(session: AsyncSession, member_id: str) -> str | None:
    """The customer of a till member, or of the account that goes on for it.

    None when nobody or more than one matches: never a guess.
    """
    merged = select(Member.merged_into).where(Member.member_id == member_id)
    hers = or_(col(Customer.member_id) == member_id, col(Customer.member_id).in_(merged))
    found = (await session.exec(select(Customer.external_userid).where(hers).limit(2))).all()
    return found[0] if len(found) == 1 else None


async def customers_of(session: AsyncSession, member_id: str) -> Sequence[str]:
    """Whom it is linked to now: one, or nobody; more only where that was so before conflicts were kept."""
    query = select(Customer.external_userid).where(Customer.member_id == member_id)
    return (await session.exec(query.order_by(Customer.external_userid))).all()


async def customers_called(
    session: AsyncSession, external_userid: str | None, unionid: str | None
) -> Sequence[str]:
    """Whom WeCom calls by either id."""
    same = [col(Customer.external_userid) == external_userid] if external_userid else []
    same += [col(Customer.unionid) == unionid] if unionid else []
    query = select(Customer.external_userid).where(or_(false(), *same))
    return (await session.exec(query)).all()


async def _held(session: AsyncSession, external_userid: str, provider: str, member_id: str) -> Customer:
    """Both, until the end of the transaction: of two who decide at once, one comes after the other."""
    await members.hold(session, provider, [member_id])
    query = select(Customer).where(Customer.external_userid == external_userid).with_for_update()
    return (await session.exec(query, execution_options={"populate_existing": True})).one()


async def _obstacle(session: AsyncSession, provider: str, customer: Customer, member_id: str) -> str:
    """Why she cannot be linked to it now; empty if she can."""
    she = customer.external_userid
    if customer.member_id and customer.member_id != member_id:
        links = await links_of(session, provider, [she])
        who = next((f" since {one.since:%F %T}Z by {one.by}" for one in links if one.until is None), "")
        return f"{she} is member {customer.member_id}{who}: unlink her first, or merge the two"
    others = [one for one in await customers_of(session, member_id) if one != she]
    return f"member {member_id} is customer {', '.join(others)}: unlink there first" if others else ""


async def _link(session: AsyncSession, customer: Customer, provider: str, member_id: str, word: Word) -> None:
    she = customer.external_userid
    if customer.member_id is None:
        customer.member_id = member_id
        session.add(customer)
        row = MemberLink(
            external_userid=she,
            provider=provider,
            member_id=member_id,
            by=word.by,
            reason=word.reason,
            since=word.at,
        )
        session.add(row)
        await inbound.readdress(session, f"{inbound.MEMBER}{member_id}", f"customer/{she}", word.at)
    await member_conflicts.settle(session, she, member_id, word)


async def _unlinked(session: AsyncSession, external_userid: str, provider: str) -> set[str]:
    links = await links_of(session, provider, [external_userid])
    last = {one.member_id: one for one in links}
    return {member_id for member_id, one in last.items() if one.until is not None}
