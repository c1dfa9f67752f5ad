"""The life of groups: what they are like, what is set by hand, whose they became, what they replace."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.tables.columns import Utc, big_serial


class GroupProfile(SQLModel, table=True):
    """群画像: what the members of a group are like on one day (M26)."""

    __tablename__ = "group_profiles"
    chat_id: str = Field(primary_key=True, foreign_key="groups.chat_id")
    day: date = Field(primary_key=True, description="by the clock of its store")
    customers: int = Field(description="people in it who are no employees")
    members: int = Field(description="of them, whom the till knows")
    buyers: int = Field(description="of them, with an order")
    high_frequency: int = Field(description="of them, in the policy's tier high_frequency")
    price_sensitive: int = Field(description="of them, in the policy's tier price_sensitive")
    orders: int = Field(description="of all of them, whenever")
    ticket_minor: int | None = Field(
        default=None, description="average paid per order, in fen; None: no orders"
    )
    in_several: int = Field(description="of them, in another group of ours as well")


class GroupCheck(SQLModel, table=True):
    """What WeCom shows to no program (群规, 防骚扰, 入群欢迎语): who says that it is set, and when."""

    __tablename__ = "group_checks"
    chat_id: str = Field(primary_key=True, foreign_key="groups.chat_id")
    what: str = Field(primary_key=True, description="welcome, rules, anti_spam, keywords")
    digest: str = Field(description="of what is to be set: when that changes, it is to be done again")
    by: str
    at: datetime = Field(sa_type=Utc)


class GroupHandover(SQLModel, table=True):
    """群继承: a group's way to a new owner; claimed before WeCom is asked."""

    __tablename__ = "group_handovers"
    id: int | None = big_serial()
    chat_id: str = Field(index=True, foreign_key="groups.chat_id")
    old_owner: str
    new_owner: str
    on_job: bool = Field(description="the old owner has not left: at most twice in 90 days")
    status: str = Field(description="claimed → done · refused · unknown")
    reason: str = Field(default="", description="of its status")
    by: str
    why: str = Field(description="what she who did it said")
    claimed_at: datetime = Field(sa_type=Utc)
    settled_at: datetime | None = Field(default=None, sa_type=Utc)


class GroupOverride(SQLModel, table=True):
    """Leave to tell a group what its kind forbids (M20): who gave it, why, and until when."""

    __tablename__ = "group_overrides"
    id: int | None = big_serial()
    chat_id: str = Field(index=True, foreign_key="groups.chat_id")
    content: str = Field(description="the content class that is let through")
    by: str
    reason: str
    since: datetime = Field(sa_type=Utc)
    until: datetime = Field(sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc, description="taken back before its time")
    ended_by: str | None = None
    ended_reason: str = ""


class Removal(SQLModel, table=True):
    """个微群迁移 (M33): old personal-WeChat groups that are to be dissolved, and led into new ones."""

    __tablename__ = "removals"
    id: str = Field(primary_key=True)
    body: dict[str, Any] = Field(sa_type=JSON, description="domain.removal.Removal")
    status: str = Field(description="running → finished · cancelled")
    by: str
    reason: str = ""
    created_at: datetime = Field(sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)


class OldGroup(SQLModel, table=True):
    """One old group: how many were in it, who looks after it, and the code that leads out of it."""

    __tablename__ = "old_groups"
    removal_id: str = Field(primary_key=True, foreign_key="removals.id")
    name: str = Field(primary_key=True)
    people: int = Field(description="counted by hand when the removal began")
    userid: str = Field(description="the employee who posts the notices")
    store_id: str = Field(foreign_key="stores.id")
    state: str = Field(unique=True, description="of its join way: comes back with every member")
    config_id: str | None = None
    qr_code: str | None = None
    chat_ids: list[str] = Field(
        default_factory=list,
        sa_type=JSONB,
        description="the groups that its join way leads to",
        sa_column_kwargs={"server_default": "[]"},
    )
    claimed_at: datetime | None = Field(default=None, sa_type=Utc)
