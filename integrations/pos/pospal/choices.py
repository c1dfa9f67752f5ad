"""POS_OPTIONS of Pospal: what its public pages leave open. Contract §5, §13."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, field_validator

Door = Literal["v2", "v1", "auth"]


class CouponFields(BaseModel):
    """How a coupon's record calls these; no public page lists them, but codeExpiredDate was seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issued_at: str = "createdDate"
    valid_until: str = "codeExpiredDate"
    used_at: str = "usedDate"
    used_app_id: str = "usedAppId"
    used_sn: str = "usedTicketSn"


class Options(BaseModel):
    """`coupon_path`: three ways to issue a coupon are in use; which one works for this chain."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    head_office: str = Field(
        "", description="the store in POS_STORE_KEYS whose keys read members and coupons"
    )
    coupon_path: Door = "v2"
    v2_base_url: str = Field("", description="https://openapi28.pospal.cn; default: by POS_BASE_URL")
    time_zone: str = Field("Asia/Shanghai", description="Pospal writes times without one")
    currency: str = Field("CNY", pattern=r"^[A-Z]{3}$")
    calls_per_day: PositiveInt = Field(3000, description="of each appId: queryAccessTimes tells")
    push_max_age_hours: PositiveFloat | None = Field(None, description="older pushes are refused as replays")
    coupon_fields: CouponFields = CouponFields()

    @field_validator("time_zone")
    @classmethod
    def is_a_time_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("no such time zone") from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
