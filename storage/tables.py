"""All tables. Shapes that travel live in domain/; a row never leaves this layer as a message."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, DateTime, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from domain.customer import Stage
from domain.touches import Channel, TouchStatus


class Utc(TypeDecorator[datetime]):
    """timestamptz that refuses naive times and always gives aware UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.astimezone(UTC) if value else None


def big_serial() -> Any:
    return Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))


class Region(SQLModel, table=True):
    """分区: headquarters → region → store → employee (M53)."""

    __tablename__ = "regions"
    id: str = Field(primary_key=True)
    name: str


class Store(SQLModel, table=True):
    """门店. Its id is the till's."""

    __tablename__ = "stores"
    id: str = Field(primary_key=True)
    name: str
    region_id: str | None = Field(default=None, foreign_key="regions.id")
    city: str | None = None
    zone: str = "Asia/Shanghai"
    active: bool = True


class Employee(SQLModel, table=True):
    """导购. userids are compared in lower case (contract §0.3)."""

    __tablename__ = "employees"
    userid: str = Field(primary_key=True)
    name: str
    store_id: str | None = Field(default=None, foreign_key="stores.id")
    active: bool = True


class EntryCode(SQLModel, table=True):
    """渠道活码: one printed code of one store and placement; `state` comes back in every event."""

    __tablename__ = "entry_codes"
    state: str = Field(primary_key=True, max_length=30)
    store_id: str = Field(foreign_key="stores.id")
    placement: str
    playbook: str
    userids: list[str] = Field(default_factory=list, sa_type=JSONB)
    config_id: str | None = None
    qr_code: str | None = None
    created_at: datetime = Field(sa_type=Utc)


class Customer(SQLModel, table=True):
    """One external contact. No name and no phone: WeCom and the till keep those."""

    __tablename__ = "customers"
    external_userid: str = Field(primary_key=True)
    unionid: str | None = Field(default=None, index=True)
    member_id: str | None = Field(default=None, index=True)
    stage: Stage = Field(default=Stage.NEW, sa_type=String, index=True)
    stage_since: datetime = Field(sa_type=Utc)
    stage_reason: str = ""
    store_id: str | None = Field(default=None, foreign_key="stores.id", index=True)
    playbooks: list[str] = Field(default_factory=list, sa_type=JSONB)
    paused_by: str | None = None
    opted_out_at: datetime | None = Field(default=None, sa_type=Utc)
    next_at: datetime | None = Field(default=None, sa_type=Utc)
    next_what: str = ""
    created_at: datetime = Field(sa_type=Utc)


class Follow(SQLModel, table=True):
    """A friendship between an employee and a customer; `episode` counts how often it began."""

    __tablename__ = "follows"
    userid: str = Field(primary_key=True)
    external_userid: str = Field(primary_key=True, index=True)
    state: str | None = None
    episode: int = 1
    half: bool = False
    since: datetime | None = Field(default=None, sa_type=Utc)
    lost_at: datetime | None = Field(default=None, sa_type=Utc)
    lost_reason: str | None = None


class Group(SQLModel, table=True):
    """客户群 of a store."""

    __tablename__ = "groups"
    chat_id: str = Field(primary_key=True)
    store_id: str | None = Field(default=None, foreign_key="stores.id", index=True)
    kind: str = "store"
    name: str = ""
    owner: str | None = None
    customers: int = 0
    members: int = 0
    member_version: str | None = None
    join_config_id: str | None = None
    created_at: datetime = Field(sa_type=Utc)
    dismissed_at: datetime | None = Field(default=None, sa_type=Utc)


class GroupMember(SQLModel, table=True):
    """Someone in a group; may be known from there alone."""

    __tablename__ = "group_members"
    chat_id: str = Field(primary_key=True, foreign_key="groups.chat_id")
    member_id: str = Field(primary_key=True, index=True)
    unionid: str | None = None
    state: str | None = None
    joined_at: datetime = Field(sa_type=Utc)
    left_at: datetime | None = Field(default=None, sa_type=Utc)
    announced: bool = Field(default=False, description="her life has been told how it stands")


class InboundEvent(SQLModel, table=True):
    """A fact from outside, stored once. Undelivered rows of one subject queue behind each other."""

    __tablename__ = "inbound_events"
    __table_args__ = (
        Index("inbound_undelivered", "subject", "id", postgresql_where=text("delivered_at IS NULL")),
    )
    id: int | None = big_serial()
    digest: str = Field(unique=True)
    source: str
    subject: str | None = Field(default=None, description="customer/… or group/…; null: nobody's (yet)")
    body: dict[str, Any] = Field(sa_type=JSONB)
    received_at: datetime = Field(sa_type=Utc)
    delivered_at: datetime | None = Field(default=None, sa_type=Utc)


class Batch(SQLModel, table=True):
    """Touches of one employee, one content, one window: they become one task (design §3)."""

    __tablename__ = "batches"
    __table_args__ = (
        Index(
            "batches_open",
            "userid",
            "content_key",
            "window_ends_at",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
    )
    id: int | None = big_serial()
    userid: str
    content_key: str
    content: dict[str, Any] = Field(sa_type=JSONB)
    window_ends_at: datetime = Field(sa_type=Utc)
    status: str = Field(default="open", description="open → flushed → settled")
    attempt: int = Field(default=0, description="how often a task was claimed for it")
    claimed_at: datetime | None = Field(default=None, sa_type=Utc)
    text: str | None = Field(default=None, description="as rendered for WeCom; finds a lost task again")
    msgid: str | None = Field(default=None, unique=True)
    settled_at: datetime | None = Field(default=None, sa_type=Utc)


class Touch(SQLModel, table=True):
    """Every message intended for anyone, under its business key (design §3)."""

    __tablename__ = "touches"
    __table_args__ = (Index("touches_by_customer", "external_userid", "planned_at"),)
    key: str = Field(primary_key=True)
    external_userid: str
    userid: str | None = None
    channel: Channel = Field(sa_type=String)
    kind: str = "general"
    playbook: str | None = None
    priority: int = 50
    batch_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="batches.id", index=True)
    status: TouchStatus = Field(sa_type=String)
    rule: str | None = None
    reason: str = ""
    notify: bool = False
    chat_id: str | None = Field(default=None, description="the group it invites to")
    attempt: str | None = Field(default=None, description="welcome: hash of the code that claimed it")
    planned_at: datetime = Field(sa_type=Utc)
    claimed_at: datetime | None = Field(default=None, sa_type=Utc)
    settled_at: datetime | None = Field(default=None, sa_type=Utc)


class Consent(SQLModel, table=True):
    """Every opt-out ever recorded; never changed, never deleted."""

    __tablename__ = "consents"
    id: int | None = big_serial()
    external_userid: str = Field(index=True)
    allowed: bool
    at: datetime = Field(sa_type=Utc)
    by: str
    reason: str = ""


class Coupon(SQLModel, table=True):
    """A coupon credited to a member's account; claimed before the till is asked."""

    __tablename__ = "coupons"
    key: str = Field(primary_key=True, description="our idempotency key: customer/enrolment/step/visit")
    external_userid: str = Field(index=True)
    member_id: str | None = None
    template: str
    status: str = Field(description="claimed → issued → redeemed · refused · unknown")
    reason: str = ""
    coupon_id: str | None = Field(default=None, unique=True)
    claimed_at: datetime = Field(sa_type=Utc)
    issued_at: datetime | None = Field(default=None, sa_type=Utc)
    redeemed_at: datetime | None = Field(default=None, sa_type=Utc)


class Order(SQLModel, table=True):
    """An order as the till tells it; amounts in fen."""

    __tablename__ = "orders"
    provider: str = Field(primary_key=True)
    order_id: str = Field(primary_key=True)
    member_id: str | None = Field(default=None, index=True)
    store_id: str
    status: str
    paid_at: datetime = Field(sa_type=Utc)
    paid_minor: int
    refunded_minor: int = 0
    currency: str = "CNY"
    updated_at: datetime = Field(sa_type=Utc)


class Snapshot(SQLModel, table=True):
    """A parked life."""

    __tablename__ = "snapshots"
    __table_args__ = (Index("snapshots_due", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),)
    external_userid: str = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)
    body: dict[str, Any] = Field(sa_type=JSON, description="not JSONB, which loses the order of keys")
    wake_at: datetime | None = Field(default=None, sa_type=Utc)
    saved_at: datetime = Field(sa_type=Utc)


class LogEntry(SQLModel, table=True):
    """One line of a customer's story, for `explain`."""

    __tablename__ = "customer_log"
    external_userid: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Utc)
    what: str
    reason: str = ""


class PlaybookVersion(SQLModel, table=True):
    """A published version; immutable."""

    __tablename__ = "playbook_versions"
    __table_args__ = (UniqueConstraint("playbook", "number"),)
    version: str = Field(primary_key=True, description="hash of the body")
    playbook: str
    number: int
    body: dict[str, Any] = Field(sa_type=JSONB)
    published_at: datetime = Field(sa_type=Utc)
    author: str = ""


class Media(SQLModel, table=True):
    """A picture that WeCom holds for 3 days (contract §11.2)."""

    __tablename__ = "media"
    purpose: str = Field(primary_key=True, description="e.g. group-qr/<chat_id>")
    sha256: str
    media_id: str
    uploaded_at: datetime = Field(sa_type=Utc)


class Tag(SQLModel, table=True):
    """企业标签 that we made or found."""

    __tablename__ = "tags"
    group_name: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    tag_id: str


class AccessToken(SQLModel, table=True):
    """The access_token that all processes share."""

    __tablename__ = "access_tokens"
    name: str = Field(primary_key=True)
    value: str
    expires_at: datetime = Field(sa_type=Utc)
