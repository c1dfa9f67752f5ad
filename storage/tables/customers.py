"""Customers, and what is known of each: friendships, consent, coupons, orders, parked lives, her story."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from domain.stages import Stage
from storage.tables.columns import Utc, big_serial


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
    episode: int = Field(default=1, description="one more each time she comes back after she was lost")
    talks_to: str | None = Field(
        default=None,
        description="the employee to whom WeCom gave her last: who chatted with her most recently",
    )
    paused_by: str | None = None
    opted_out_at: datetime | None = Field(default=None, sa_type=Utc)
    next_at: datetime | None = Field(default=None, sa_type=Utc)
    next_what: str = ""
    created_at: datetime = Field(sa_type=Utc)


class Follow(SQLModel, table=True):
    """A friendship between an employee and a customer; `episode` counts how often it began."""

    __tablename__ = "follows"
    __table_args__ = (Index("follows_by_code", "state", "since"), Index("follows_by_day", "userid", "since"))
    userid: str = Field(primary_key=True)
    external_userid: str = Field(primary_key=True, index=True)
    state: str | None = None
    episode: int = 1
    half: bool = False
    since: datetime | None = Field(default=None, sa_type=Utc)
    lost_at: datetime | None = Field(default=None, sa_type=Utc)
    lost_reason: str | None = None


class Consent(SQLModel, table=True):
    """Every opt-out ever recorded; never changed, never deleted."""

    __tablename__ = "consents"
    id: int | None = big_serial()
    external_userid: str = Field(index=True)
    allowed: bool
    at: datetime = Field(sa_type=Utc)
    by: str
    reason: str = ""


class FormAnswer(SQLModel, table=True):
    """What a customer filled in on /f/{token}. Personal: it stays here, events carry only the row's id."""

    __tablename__ = "form_answers"
    id: int | None = big_serial()
    external_userid: str = Field(index=True)
    form: str
    answers: dict[str, Any] = Field(sa_type=JSONB)
    digest: str = Field(
        unique=True, description="of link, answers and the digest before: a double tap is one"
    )
    at: datetime = Field(sa_type=Utc)


class Coupon(SQLModel, table=True):
    """A coupon credited to a member's account; claimed before the till is asked."""

    __tablename__ = "coupons"
    __table_args__ = (
        Index("coupons_to_look_at", "look_at", postgresql_where=text("status = 'issued'")),
        Index("coupons_of_member", "member_id", "template"),
    )
    key: str = Field(primary_key=True, description="our idempotency key: customer/enrolment/step/visit")
    external_userid: str = Field(index=True)
    member_id: str | None = None
    template: str
    step: str | None = Field(default=None, description="the `id` of the step, for the condition `outcome`")
    status: str = Field(description="claimed → issued → redeemed, expired or void · refused · unclear")
    reason: str = ""
    coupon_id: str | None = Field(default=None, unique=True)
    store_id: str | None = Field(default=None, description="whose stock of the voucher it holds (M62)")
    claimed_at: datetime = Field(sa_type=Utc)
    tried_at: datetime | None = Field(
        default=None, sa_type=Utc, description="when the till was first asked for it"
    )
    asked_at: datetime | None = Field(
        default=None, sa_type=Utc, description="when the till was last asked for it"
    )
    valid_until: datetime | None = Field(default=None, sa_type=Utc)
    issued_at: datetime | None = Field(default=None, sa_type=Utc)
    look_at: datetime | None = Field(
        default=None,
        sa_type=Utc,
        description="when to see what became of it; of a claim: when last tried",
    )
    redeemed_at: datetime | None = Field(default=None, sa_type=Utc)
    redeemed_store_id: str | None = None
    changed_at: datetime | None = Field(
        default=None, sa_type=Utc, description="when it came to this status, if it is no longer claimed"
    )
    settled_by: str | None = Field(default=None, description="the operator who said what became of it")


class Order(SQLModel, table=True):
    """An order as the till tells it; amounts in fen."""

    __tablename__ = "orders"
    __table_args__ = (  # what conditions ask of a member's orders is in the index: the rows lie far apart
        Index(
            "orders_of_member",
            "member_id",
            "paid_at",
            postgresql_include=["store_id", "status", "paid_minor", "refunded_minor", "coupons"],
        ),
    )
    provider: str = Field(primary_key=True)
    order_id: str = Field(primary_key=True)
    member_id: str | None = None
    bought_by: str | None = Field(
        default=None, description="the account that paid, where it was merged into `member_id` since"
    )
    store_id: str
    status: str
    paid_at: datetime = Field(sa_type=Utc)
    paid_minor: int
    refunded_minor: int = Field(
        default=0, description="the larger of what the order itself says and its refund tickets"
    )
    told_minor: int = Field(
        default=0,
        description="refunded, as the order itself says",
        sa_column_kwargs={"server_default": "0"},
    )
    currency: str = "CNY"
    coupons: int = 0
    categories: dict[str, int] = Field(
        default_factory=dict, sa_type=JSONB, description="paid by category, in fen"
    )
    products: dict[str, int] = Field(
        default_factory=dict,
        sa_type=JSONB,
        description="paid by product id, in fen",
        sa_column_kwargs={"server_default": "{}"},
    )
    updated_at: datetime = Field(sa_type=Utc)


class CustomerTag(SQLModel, table=True):
    """What we know of a corp tag on a pair of employee and customer, and who decided it last (M24)."""

    __tablename__ = "customer_tags"
    external_userid: str = Field(primary_key=True)
    userid: str = Field(primary_key=True)
    tag_group: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    tag_id: str | None = Field(default=None, description="finds it again when it was renamed")
    present: bool
    by: str = Field(
        description="rule: we set or removed it; staff: an employee did, and that is kept; claimed: under way"
    )
    at: datetime = Field(sa_type=Utc)


class TemporaryTag(SQLModel, table=True):
    """A tag that a pair has only while a backfill's moment is shown (M52); claimed before it is marked."""

    __tablename__ = "temporary_tags"
    batch_id: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="batches.id")
    external_userid: str = Field(primary_key=True)
    userid: str
    tag: str
    status: str = Field(description="claimed → marked → removing → removed · refused")
    reason: str = ""
    at: datetime = Field(sa_type=Utc)


class Exposure(SQLModel, table=True):
    """Which arm of an experiment she came into, and when: written before anything follows from it."""

    __tablename__ = "exposures"
    external_userid: str = Field(primary_key=True)
    experiment: str = Field(primary_key=True)
    arm: str
    playbook: str
    at: datetime = Field(sa_type=Utc)


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
