"""The till: hints that wait to be read, refunds, products, vouchers per store, how far walks have come."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.tables.columns import Utc


class TillHint(SQLModel, table=True):
    """A push, kept before it is acknowledged; the till is asked for the truth when it is due."""

    __tablename__ = "till_hints"
    __table_args__ = (Index("till_hints_due", "due_at", postgresql_where=text("settled_at IS NULL")),)
    provider: str = Field(primary_key=True)
    dedupe_key: str = Field(primary_key=True)
    kind: str
    facts: dict[str, Any] = Field(sa_type=JSONB, description="pos.PosEvent: ids and times, no content")
    body: bytes | None = Field(default=None, sa_type=LargeBinary, description="as pushed, sealed; expires")
    received_at: datetime = Field(sa_type=Utc)
    due_at: datetime = Field(sa_type=Utc)
    attempts: int = 0
    settled_at: datetime | None = Field(default=None, sa_type=Utc)
    outcome: str = Field(default="", description="applied, unchanged, nobody, not_found, ignored: and why")


class OrderRefund(SQLModel, table=True):
    """A ticket that only gives money back (Pospal, Keruyun); it may come before the order that it is of."""

    __tablename__ = "order_refunds"
    provider: str = Field(primary_key=True)
    refund_id: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    minor: int
    at: datetime = Field(sa_type=Utc)


class Product(SQLModel, table=True):
    """商品: what conditions and preference tags may name."""

    __tablename__ = "products"
    provider: str = Field(primary_key=True)
    product_id: str = Field(primary_key=True)
    name: str
    category: str | None = None
    read_at: datetime = Field(sa_type=Utc)


class VoucherStock(SQLModel, table=True):
    """How many of a voucher a store has to give (M62); what is held or used is counted from the coupons."""

    __tablename__ = "voucher_stocks"
    template: str = Field(primary_key=True)
    store_id: str = Field(primary_key=True, foreign_key="stores.id")
    total: int
    held: int = Field(default=0, description="claimed or issued, not yet redeemed")
    used: int = 0
    updated_at: datetime = Field(sa_type=Utc)


class TillWalk(SQLModel, table=True):
    """One walk through a part of the till: a night's, or a backfill of years. Resumable by `cursor`."""

    __tablename__ = "till_walks"
    id: str = Field(primary_key=True, description="the workflow's id")
    provider: str
    kind: str = Field(description="stores, products, members, orders, redemptions, backfill")
    since: datetime | None = Field(default=None, sa_type=Utc)
    until: datetime | None = Field(default=None, sa_type=Utc)
    reached: datetime | None = Field(default=None, sa_type=Utc, description="done from here to `until`")
    cursor: str | None = Field(default=None, description="the next page of the step that ends at `reached`")
    pages: int = 0
    seen: int = 0
    new: int = Field(default=0, description="not on record before")
    changed: int = Field(default=0, description="on record, but not so")
    untold: int = Field(default=0, description="new or changed, and no push told us: the gap")
    findings: list[str] = Field(default_factory=list, sa_type=JSONB, description="for people to look at")
    status: str = "running"
    reason: str = Field(default="", description="why it waits, stopped or failed")
    next_at: datetime | None = Field(
        default=None, sa_type=Utc, description="the provider's quota is used up until then"
    )
    started_at: datetime = Field(sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)


class QuotaUse(SQLModel, table=True):
    """Calls against a provider's quota, all processes together."""

    __tablename__ = "quota_uses"
    account: str = Field(primary_key=True, description="provider/account")
    period: str = Field(primary_key=True, description="a day or a month of China: 2026-11-22, 2026-11")
    calls: int
