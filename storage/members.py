"""The identity index: by which keys a member of the till is found, and which account goes on for which."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, delete, func, or_, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.member_keys import Kind, MemberKeys
from storage.tables import Member, MemberKey


class Account(Protocol):
    """What a till says of a member: `integrations.pos.Member`."""

    @property
    def member_id(self) -> str: ...
    @property
    def unionid(self) -> str | None: ...
    @property
    def external_userid(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def card_no(self) -> str | None: ...
    @property
    def level(self) -> str | None: ...
    @property
    def active(self) -> bool: ...
    @property
    def created_at(self) -> datetime | None: ...


async def keep(
    session: AsyncSession, provider: str, member: Account, keys: MemberKeys, now: datetime
) -> None:
    """As the till tells her now: keys that she no longer has lead to her no more.

    Raises MemberKeyError when she has a phone or a card and there is no key to keep it with.
    """
    told = {
        "phone": keys.seal("phone", member.phone.encode()) if member.phone else None,
        "level": member.level,
        "active": member.active,
        "registered_at": member.created_at,
        "read_at": now,
    }
    row = insert(Member).values(provider=provider, member_id=member.member_id, **told)
    await session.exec(row.on_conflict_do_update(index_elements=["provider", "member_id"], set_=told))
    hers = [(kind, keys.digest(kind, value)) for kind, value in _found_by(member).items()]
    where = [col(MemberKey.provider) == provider, col(MemberKey.member_id) == member.member_id]
    same = tuple_(col(MemberKey.kind), col(MemberKey.digest))
    await session.exec(delete(MemberKey).where(*where, same.not_in(hers)))
    rows = [
        {
            "provider": provider,
            "kind": kind,
            "digest": digest,
            "member_id": member.member_id,
            "read_at": now,
        }
        for kind, digest in hers
    ]
    if rows:
        await session.exec(insert(MemberKey).values(rows).on_conflict_do_nothing())


def _found_by(member: Account) -> dict[Kind, str]:
    found: dict[Kind, str | None] = {
        "unionid": member.unionid,
        "external_userid": member.external_userid,
        "phone": member.phone,
        "card_no": member.card_no,
    }
    return {kind: value for kind, value in found.items() if value}


async def find(session: AsyncSession, provider: str, kind: Kind, value: str, keys: MemberKeys) -> list[str]:
    """The open accounts with this key, merged ones as one; sorted."""
    goes_on = func.coalesce(Member.merged_into, Member.member_id)
    query = (
        select(goes_on)
        .join(
            MemberKey,
            (col(MemberKey.provider) == Member.provider) & (col(MemberKey.member_id) == Member.member_id),
        )
        .where(MemberKey.provider == provider, MemberKey.kind == kind)
        .where(MemberKey.digest == keys.digest(kind, value))
        .where(or_(col(Member.active), col(Member.merged_into).is_not(None)))
    )
    return sorted((await session.exec(query.distinct())).all())


async def find_member(session: AsyncSession, provider: str, member_id: str) -> Member | None:
    return await session.get(Member, (provider, member_id))


async def account_of(session: AsyncSession, provider: str, member_id: str) -> str:
    """The account that goes on for this one: itself, unless it was merged.

    No merge of it is decided until this transaction ends, so nothing that is written for it is left behind.
    """
    await session.exec(select(func.pg_advisory_xact_lock_shared(_lock(provider, member_id))))
    query = select(Member.merged_into).where(Member.provider == provider, Member.member_id == member_id)
    return (await session.exec(query)).first() or member_id


async def hold(session: AsyncSession, provider: str, member_ids: Collection[str]) -> None:
    """Let nobody else decide about these accounts until this transaction ends."""
    for member_id in sorted(member_ids):
        await session.exec(select(func.pg_advisory_xact_lock(_lock(provider, member_id))))


def _lock(provider: str, member_id: str) -> ColumnElement[int]:
    return func.hashtextextended(f"member/{provider}/{member_id}", 0)
