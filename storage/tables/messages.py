"""What comes in and what goes out: facts, batches, touches; and the playbooks that send."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from domain.touches import Channel, TouchStatus
from storage.tables.columns import Utc, big_serial


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
            "channel",
            "content_key",
            "window_ends_at",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "batches_filling",
            "campaign_id",
            "wave",
            "userid",
            "channel",
            "content_key",
            unique=True,
            postgresql_where=text("status = 'filling'"),
        ),
        Index("batches_of_campaign", "campaign_id", postgresql_where=text("campaign_id IS NOT NULL")),
        Index("batches_unsettled", "status", postgresql_where=text("status <> 'settled'")),
        Index("batches_by_claim", "claimed_at"),
    )
    id: int | None = big_serial()
    userid: str
    channel: Channel = Field(
        default=Channel.PRIVATE, sa_column=Column(String, nullable=False, server_default="private")
    )
    content_key: str
    content: dict[str, Any] = Field(sa_type=JSONB)
    window_ends_at: datetime = Field(sa_type=Utc)
    status: str = Field(
        default="open", description="open → flushed → settled; of a campaign filling first, until its release"
    )
    campaign_id: str | None = Field(default=None, foreign_key="campaigns.id")
    wave: int | None = None
    released_at: datetime | None = Field(
        default=None, sa_type=Utc, description="of a campaign: handed over at its pace"
    )
    attempt: int = Field(default=0, description="how often a task was claimed for it")
    claimed_at: datetime | None = Field(default=None, sa_type=Utc)
    text: str | None = Field(default=None, description="as rendered for WeCom; finds a lost task again")
    job: str | None = Field(default=None, description="Moments: WeCom's job that makes the task")
    msgid: str | None = Field(default=None, unique=True, description="of the task; of Moments the moment_id")
    reminded_at: list[str] = Field(
        default_factory=list,
        sa_type=JSONB,
        description="WeCom allows three reminders in 24 h; ISO 8601",
        sa_column_kwargs={"server_default": "[]"},
    )
    told_at: datetime | None = Field(default=None, sa_type=Utc, description="the employee got a to-do of it")
    escalated_at: datetime | None = Field(default=None, sa_type=Utc, description="her store's manager did")
    escalated_to: str | None = Field(
        default=None, description="userid of the manager; None: the store has none"
    )
    expires_at: datetime | None = Field(default=None, sa_type=Utc, description="until when it is of use")
    backfill_of: int | None = Field(
        default=None, sa_type=BigInteger, description="the batch that missed them"
    )
    settled_at: datetime | None = Field(default=None, sa_type=Utc)


class Touch(SQLModel, table=True):
    """Every message intended for anyone, under its business key (design §3)."""

    __tablename__ = "touches"
    __table_args__ = (
        Index("touches_by_customer", "external_userid", "planned_at"),
        Index("touches_by_group", "chat_id", "planned_at", postgresql_where=text("channel = 'group'")),
        Index(
            "touches_of_campaign", "campaign_id", "status", postgresql_where=text("campaign_id IS NOT NULL")
        ),
    )
    key: str = Field(primary_key=True)
    external_userid: str = Field(description="empty: a message to a whole group")
    userid: str | None = None
    channel: Channel = Field(sa_type=String)
    kind: str = "general"
    playbook: str | None = None
    enrolment: int | None = None
    step: str | None = Field(default=None, description="the `id` of the step that planned it")
    limits: dict[str, Any] | None = Field(default=None, sa_type=JSONB, description="the playbook's own")
    priority: int = 50
    batch_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="batches.id", index=True)
    status: TouchStatus = Field(sa_type=String)
    rule: str | None = None
    reason: str = ""
    passed_over: str = Field(
        default="",
        description="why it does not go by the ways that were preferred",
        sa_column_kwargs={"server_default": ""},
    )
    notify: bool = False
    chat_id: str | None = Field(default=None, description="the group it goes to, or invites to")
    campaign_id: str | None = None
    wave: int | None = None
    holder: str | None = Field(
        default=None, description="the employee to whom WeCom gave her: who chatted last"
    )
    send_by: datetime | None = Field(default=None, sa_type=Utc, description="of no use later (M37)")
    put_off_since: datetime | None = Field(
        default=None, sa_type=Utc, description="when it first had to go over into a later window"
    )
    sent_at: datetime | None = Field(
        default=None, sa_type=Utc, description="when the employee confirmed, by WeCom"
    )
    coupon: dict[str, Any] | None = Field(default=None, sa_type=JSONB, description="that a greeting promises")
    attempt: str | None = Field(default=None, description="welcome: hash of the code that claimed it")
    planned_at: datetime = Field(sa_type=Utc)
    claimed_at: datetime | None = Field(default=None, sa_type=Utc)
    settled_at: datetime | None = Field(default=None, sa_type=Utc)


class GroupPlan(SQLModel, table=True):
    """A step of somebody's journey that a message to her group was planned for; many share one message."""

    __tablename__ = "group_plans"
    __table_args__ = (
        Index("group_plans_of_campaign", "campaign_id", postgresql_where=text("campaign_id IS NOT NULL")),
    )
    key: str = Field(primary_key=True, description="the step's business key, as of a message to her alone")
    touch_key: str = Field(foreign_key="touches.key", index=True)
    external_userid: str = Field(index=True)
    playbook: str | None = None
    campaign_id: str | None = None
    wave: int | None = None
    enrolment: int | None = None
    step: str | None = None
    passed_over: str = ""
    planned_at: datetime = Field(sa_type=Utc)


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
    note: str = ""


class PlaybookPicture(SQLModel, table=True):
    """A picture that published playbooks attach, by its content: a version keeps it when the file changes."""

    __tablename__ = "playbook_pictures"
    digest: str = Field(primary_key=True, description="sha256 of the content")
    content_type: str = Field(description="image/png or image/jpeg")
    content: bytes
