"""Campaigns, what regions made of them, and how far each has come."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlmodel import Field, SQLModel

from domain.campaign import CampaignStatus
from storage.tables.columns import Utc, big_serial


class CampaignRow(SQLModel, table=True):
    """One campaign. Its body never changes after it was approved."""

    __tablename__ = "campaigns"
    id: str = Field(primary_key=True)
    body: dict[str, Any] = Field(sa_type=JSON, description="domain.campaign.Campaign; JSON keeps the order")
    who: dict[str, Any] = Field(
        sa_type=JSON, description="its segment as a condition, whatever is renamed later"
    )
    status: CampaignStatus = Field(sa_type=String)
    reason: str = Field(default="", description="why it is paused or cancelled")
    recall: bool = Field(
        default=False,
        description="it was cancelled with what employees had not confirmed yet",
        sa_column_kwargs={"server_default": "false"},
    )
    author: str
    created_at: datetime = Field(sa_type=Utc)
    approved_by: str | None = None
    approved_at: datetime | None = Field(default=None, sa_type=Utc)
    began_at: datetime | None = Field(default=None, sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)


class CampaignRegion(SQLModel, table=True):
    """What a region made of a campaign, before it began there."""

    __tablename__ = "campaign_regions"
    campaign_id: str = Field(primary_key=True, foreign_key="campaigns.id")
    region_id: str = Field(primary_key=True, foreign_key="regions.id")
    body: dict[str, Any] = Field(sa_type=JSON, description="domain.campaign.RegionWords")
    by: str
    at: datetime = Field(sa_type=Utc)


class CampaignWave(SQLModel, table=True):
    """How far a wave has come; `cursor` and the touches of a page are written in one transaction."""

    __tablename__ = "campaign_waves"
    campaign_id: str = Field(primary_key=True, foreign_key="campaigns.id")
    number: int = Field(primary_key=True, description="from 0, as in the file")
    name: str
    cursor: str = Field(default="", description="the last customer who was looked at")
    targeted: int = 0
    planned: int = Field(default=0, description="of them; to the others no way leads, or they are held out")
    began_at: datetime = Field(sa_type=Utc)
    planned_at: datetime | None = Field(default=None, sa_type=Utc, description="all of it is written down")
    released_at: datetime | None = Field(default=None, sa_type=Utc, description="all of it is with employees")
    ended_at: datetime | None = Field(
        default=None, sa_type=Utc, description="settled, waited and confirmed: the next may begin"
    )


class CampaignOrder(SQLModel, table=True):
    """Who decided what about a campaign. Never changed, never deleted."""

    __tablename__ = "campaign_orders"
    id: int | None = big_serial()
    campaign_id: str = Field(foreign_key="campaigns.id", index=True)
    what: str = Field(description="created, revised, adapted, approved, paused, resumed, cancelled, go")
    by: str
    reason: str = ""
    at: datetime = Field(sa_type=Utc)
    key: str | None = Field(default=None, unique=True, description="the order's own id: it is obeyed once")


class Stock(SQLModel, table=True):
    """What a store has of one lot of a product, as the till last said (M51)."""

    __tablename__ = "stocks"
    store_id: str = Field(primary_key=True)
    product_id: str = Field(primary_key=True)
    expires_on: date = Field(
        primary_key=True,
        description="of the lot; by the store's own calendar; date.max: it keeps, or there is none",
    )
    name: str
    quantity: int = Field(description="whole units as the till counts them; weights are rounded down")
    read_at: datetime = Field(sa_type=Utc)
    campaign_id: str | None = Field(
        default=None, foreign_key="campaigns.id", index=True, description="that this lot started"
    )
    quantity_then: int | None = Field(default=None, description="how much there was when it started that")
