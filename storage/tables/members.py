"""Members of the till: the identity index, who is whose customer and why, and what each member buys."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.tables.columns import Utc, big_serial


class Member(SQLModel, table=True):
    """One account at the till. The phone is sealed; names and birthdays stay with the till."""

    __tablename__ = "members"
    provider: str = Field(primary_key=True)
    member_id: str = Field(primary_key=True)
    phone: bytes | None = Field(default=None, sa_type=LargeBinary, description="sealed with MEMBER_KEY")
    level: str | None = None
    active: bool = True
    merged_into: str | None = Field(default=None, description="the account that goes on for it")
    registered_at: datetime | None = Field(default=None, sa_type=Utc)
    read_at: datetime = Field(sa_type=Utc)


class MemberKey(SQLModel, table=True):
    """What a member can be found by. Values are hashes, with MEMBER_KEY those that nobody may read here."""

    __tablename__ = "member_keys"
    __table_args__ = (Index("member_keys_of_member", "provider", "member_id"),)
    provider: str = Field(primary_key=True)
    kind: str = Field(primary_key=True, description="unionid, external_userid, phone, card_no")
    digest: str = Field(primary_key=True)
    member_id: str = Field(primary_key=True)
    read_at: datetime = Field(sa_type=Utc)


class MemberLink(SQLModel, table=True):
    """Which member a customer is, since when, by whom and why; what was before is kept."""

    __tablename__ = "member_links"
    id: int | None = big_serial()
    external_userid: str = Field(index=True)
    provider: str
    member_id: str
    by: str = Field(description="unionid, external_userid, phone, or the operator's name")
    reason: str = ""
    since: datetime = Field(sa_type=Utc)
    until: datetime | None = Field(default=None, sa_type=Utc)
    ended_by: str | None = Field(default=None, description="whom an operator unlinked stays unlinked")
    ended_why: str = ""


class MemberConflict(SQLModel, table=True):
    """A customer who matches several members: an operator says which, nobody guesses."""

    __tablename__ = "member_conflicts"
    __table_args__ = (
        Index(
            "member_conflicts_open",
            "external_userid",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )
    id: int | None = big_serial()
    external_userid: str = Field(index=True)
    provider: str
    by: str = Field(description="the kind of key that matched")
    candidates: list[str] = Field(sa_type=JSONB, description="member ids")
    found_at: datetime = Field(sa_type=Utc)
    resolved_at: datetime | None = Field(default=None, sa_type=Utc)
    resolved_by: str | None = None
    chosen: str | None = None
    reason: str = ""


class MemberMerge(SQLModel, table=True):
    """Two accounts that are one person; the orders say whose they were (`orders.bought_by`)."""

    __tablename__ = "member_merges"
    id: int | None = big_serial()
    provider: str
    member_id: str = Field(index=True)
    into: str
    by: str
    reason: str = ""
    at: datetime = Field(sa_type=Utc)


class MemberBuying(SQLModel, table=True):
    """What a member buys, counted as orders arrive: the same as counting them all (`domain.buying`)."""

    __tablename__ = "member_buying"
    provider: str = Field(primary_key=True)
    member_id: str = Field(primary_key=True)
    body: dict[str, Any] = Field(sa_type=JSONB)
    updated_at: datetime = Field(sa_type=Utc)
