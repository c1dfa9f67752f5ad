"""What WeCom holds for us or lets us do."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.tables.columns import Utc


class Media(SQLModel, table=True):
    """A file that WeCom holds for 3 days, by its content (contract §11.2)."""

    __tablename__ = "media"
    sha256: str = Field(primary_key=True)
    kind: str = Field(primary_key=True, description="image, video or file: WeCom keeps them apart")
    media_id: str = Field(index=True)
    uploaded_at: datetime = Field(sa_type=Utc)


class GroupPicture(SQLModel, table=True):
    """The QR picture of a group as it was uploaded, so that it can be uploaded anew in one call."""

    __tablename__ = "group_pictures"
    chat_id: str = Field(primary_key=True, foreign_key="groups.chat_id")
    source: str = Field(description="way/<config_id>, or hand/<sha256> of one exported by hand")
    sha256: str
    content: bytes


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


class WrongSecret(SQLModel, table=True):
    """An app's secret that WeCom refused, as a digest: no process tries the same one again at once."""

    __tablename__ = "wrong_secrets"
    name: str = Field(primary_key=True, description="of the app, as in access_tokens")
    digest: str
    errcode: int
    at: datetime = Field(sa_type=Utc)


class AppliedObject(SQLModel, table=True):
    """Something that `apply` made in WeCom: welcome template, tag, join way. Drift: WeCom differs from it."""

    __tablename__ = "applied_objects"
    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True, description="our name for it, e.g. store/S001")
    wecom_id: str | None = Field(default=None, description="None: claimed, the answer is not known yet")
    body: dict[str, Any] = Field(sa_type=JSONB, description="as we sent it")
    applied_at: datetime = Field(sa_type=Utc)
    followed: bool = Field(default=False, description="our groups, tags and to-dos have followed it")


class Todo(SQLModel, table=True):
    """待办: what an employee must do by hand, sent to her as a card with buttons."""

    __tablename__ = "todos"
    __table_args__ = (Index("todos_by_time", "userid", "claimed_at"),)
    id: str = Field(primary_key=True, description="hash of its business key: kind, subject, occasion")
    userid: str
    kind: str
    subject: str = Field(index=True, description="what it is about, e.g. group/wr…")
    card: dict[str, Any] = Field(sa_type=JSONB, description="domain.todos.Card, or a Draft about a customer")
    external_userid: str | None = Field(
        default=None, description="the customer it is about; her name is looked up when the card is sent"
    )
    touch_key: str | None = Field(default=None, description="the message that she is to write by hand")
    checks: dict[str, str] = Field(
        default_factory=dict,
        sa_type=JSONB,
        description="what 已处理 says is set in the group: name → digest, as in group_checks",
        sa_column_kwargs={"server_default": "{}"},
    )
    attempt: int = Field(default=1, description="how many cards: one more for every 明天提醒我")
    status: str = Field(
        default="planned", description="planned → claimed → sent → done · lapsed; or refused, unknown"
    )
    reason: str = ""
    due_at: datetime = Field(sa_type=Utc, description="not sent before")
    response_code: str | None = Field(default=None, description="lets us change the card once")
    claimed_at: datetime | None = Field(default=None, sa_type=Utc)
    sent_at: datetime | None = Field(default=None, sa_type=Utc)
    settled_at: datetime | None = Field(default=None, sa_type=Utc)


class Lease(SQLModel, table=True):
    """A right that expires by itself: one of the places of an API, or the lock of one pair."""

    __tablename__ = "leases"
    # After a crash of PostgreSQL it is empty, and nobody holds anything: no commit has to wait for the disk.
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)
    name: str = Field(primary_key=True, description="api/externalcontact/remark, pair/<userid>/<customer>")
    slot: int = Field(primary_key=True)
    holder: str
    expires_at: datetime = Field(sa_type=Utc, description="by PostgreSQL's clock")


class ApiLimit(SQLModel, table=True):
    """What WeCom told us of an API's limits, known to all processes (45009, 45033)."""

    __tablename__ = "api_limits"
    api: str = Field(primary_key=True)
    closed_until: datetime | None = Field(default=None, sa_type=Utc, description="not called before")
    span: str = Field(default="", description="of the window: minute, hour or day")
    slots: int | None = Field(default=None, description="fewer calls at a time than usual …")
    slots_until: datetime | None = Field(default=None, sa_type=Utc, description="… before then")
