"""The chain: regions, stores, employees, their entry codes and groups."""

from datetime import date, datetime

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.tables.columns import Utc


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
    address: str | None = None
    latitude: float | None = Field(default=None, description="degrees, WGS-84 (what a phone reports)")
    longitude: float | None = None
    manager: str | None = Field(default=None, description="userid of the 店长: hears of what nobody did")
    wifi: str | None = Field(default=None, description="what `{{ store.wifi }}` says in greetings (M29)")


class Employee(SQLModel, table=True):
    """导购. userids are compared in lower case (contract §0.3)."""

    __tablename__ = "employees"
    userid: str = Field(primary_key=True)
    name: str
    store_id: str | None = Field(default=None, foreign_key="stores.id")
    active: bool = True
    shifts: list[str] = Field(
        default_factory=list, sa_type=JSONB, description='e.g. "Mon-Fri 09:00-18:00"; empty: always'
    )
    daily_adds: int | None = Field(default=None, description="new friends a day by the scan page; None: any")


class EntryCode(SQLModel, table=True):
    """渠道活码: one printed code of one store and placement; `state` comes back in every event."""

    __tablename__ = "entry_codes"
    state: str = Field(primary_key=True, max_length=30)
    store_id: str = Field(foreign_key="stores.id")
    placement: str
    campaign: str | None = Field(default=None, description="批次 or 活动; part of what a playbook enters by")
    playbook: str | None = Field(default=None, description="None: the playbook whose `enter.codes` matches")
    userids: list[str] = Field(default_factory=list, sa_type=JSONB)
    config_id: str | None = None
    qr_code: str | None = None
    created_at: datetime = Field(sa_type=Utc)
    closed_at: datetime | None = Field(default=None, sa_type=Utc)
    closed_reason: str = Field(default="", description="shown to whoever scans it, in Chinese")


class EntryCodeWay(SQLModel, table=True):
    """One employee's own contact way of an entry code: the scan page shows it, so we choose who it is."""

    __tablename__ = "entry_code_ways"
    state: str = Field(primary_key=True, foreign_key="entry_codes.state")
    userid: str = Field(primary_key=True)
    config_id: str | None = None
    qr_code: str | None = None
    created_at: datetime = Field(sa_type=Utc)


class ScanCount(SQLModel, table=True):
    """How often a code's scan page was opened on a day of its store; a scan has no identity (design §1.6)."""

    __tablename__ = "scan_counts"
    state: str = Field(primary_key=True, foreign_key="entry_codes.state")
    day: date = Field(primary_key=True)
    scans: int = 0


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
    hand_qr: bytes | None = Field(default=None, description="a QR picture exported by hand: lives 7 days")
    hand_qr_exported_at: datetime | None = Field(default=None, sa_type=Utc)
    read_at: datetime | None = Field(default=None, sa_type=Utc, description="its members, at WeCom")
    next_at: datetime | None = Field(
        default=None, sa_type=Utc, description="when its life looks at it next; None: it lives no life yet"
    )
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
