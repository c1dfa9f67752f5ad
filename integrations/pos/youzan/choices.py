"""POS_OPTIONS of Youzan: the plan that was bought, and what its documents leave open (contract §13)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from integrations.pos.values import Crs

StoreId = Literal["code", "number"]
CALLS_PER_MONTH = {"A": 500_000, "B": 2_000_000, "C": 12_000_000}


class Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    plan: Literal["A", "B", "C"] = Field("A", description="套餐: so many calls a month, see CALLS_PER_MONTH")
    calls_per_second: float = Field(10, gt=0, description="of this process; plan A allows the app 20")
    read_delay_seconds: int = Field(30, ge=0, description="so long after a change it can be read")
    coupon_settles_seconds: int = Field(
        120, ge=0, description="after an issue without an answer: until what it issued is among her coupons"
    )
    activities: dict[str, int] = Field(
        default_factory=dict,
        description="activity_id (优惠券活动) of a template that playbooks call by another name",
    )
    store_id: StoreId = Field(
        "code", description="what our stores' ids are: the store code (门店编码) or the kdt_id"
    )
    crs: Crs = Field("bd09", description="of the stores' coordinates: Baidu's by default, as in addresses")
    external_userid: bool = Field(
        False,
        description="ask users.customer.get.externalUserId by external_userid: the app must be granted it",
    )
    legacy_sign: bool = Field(
        False,
        description="accept pushes without Event-Sign by the sign in their body, which covers msg alone",
    )
