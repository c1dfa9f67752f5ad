"""What WeCom holds for us or lets us do."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.tables.columns import Utc


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


class AppliedObject(SQLModel, table=True):
    """Something that `apply` made in WeCom: welcome template, tag, join way. Drift: WeCom differs from it."""

    __tablename__ = "applied_objects"
    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True, description="our name for it, e.g. store/S001")
    wecom_id: str | None = Field(default=None, description="None: claimed, the answer is not known yet")
    body: dict[str, Any] = Field(sa_type=JSONB, description="as we sent it")
    applied_at: datetime = Field(sa_type=Utc)


class TodoCard(SQLModel, table=True):
    """A to-do for an employee as a template card (模板卡片) with buttons."""

    __tablename__ = "todo_cards"
    task_id: str = Field(primary_key=True, description="ours; WeCom wants it unique per app")
    userid: str = Field(index=True)
    kind: str
    subject: str = Field(description="what it is about, e.g. batch/17 or group/wr…")
    body: dict[str, Any] = Field(sa_type=JSONB, description="the card as sent")
    status: str = Field(
        default="planned", description="planned → claimed → sent · unknown · refused; then answered"
    )
    reason: str = ""
    due_at: datetime = Field(sa_type=Utc, description="not sent before: 30 messages a minute per employee")
    response_code: str | None = None
    claimed_at: datetime | None = Field(default=None, sa_type=Utc)
    sent_at: datetime | None = Field(default=None, sa_type=Utc)
    answered_at: datetime | None = Field(default=None, sa_type=Utc)
    answer: str | None = Field(default=None, description="the key of the button")


class Lease(SQLModel, table=True):
    """A right that expires by itself: one of the slots of an API, or the lock of one pair."""

    __tablename__ = "leases"
    name: str = Field(primary_key=True, description="e.g. api/externalcontact/remark")
    slot: int = Field(primary_key=True)
    holder: str
    expires_at: datetime = Field(sa_type=Utc)


class ApiBlock(SQLModel, table=True):
    """An API that WeCom told us to leave alone until a time (45009), known to all processes."""

    __tablename__ = "api_blocks"
    api: str = Field(primary_key=True)
    until: datetime = Field(sa_type=Utc)
    errcode: int
