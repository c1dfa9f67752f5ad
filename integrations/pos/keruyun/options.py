"""What this adapter can do, and what of Keruyun is uncertain: POS_OPTIONS, each with the likelier default."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from integrations.pos.keruyun.values import local_text
from integrations.pos.values import Capabilities, Crs, EventKind

CAPABILITIES = Capabilities(
    lookup=frozenset({"member_id", "phone"}),
    orders_by_member=False,
    issue_coupon=True,
    issue_idempotent="key",
    events=frozenset(
        {
            EventKind.ORDER_PAID,
            EventKind.ORDER_REFUNDED,
            EventKind.ORDER_CHANGED,
            EventKind.COUPON_REDEEMED,
        }
    ),
    stock=True,
    store_geo=True,
    products=True,
    templates=True,
)

PAID_TIME = "4"  # dateType: 1 business day, 2 ordered, 3 finished, 4 paid


class Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    crs: Crs = Field("gcj02", description="the coordinate system of the shops; Keruyun does not say")
    order_list: Literal["page_bean", "flat"] = Field(
        "page_bean", description="the body of order/queryList: pageBean{…}, or shopIds with pageNum beside it"
    )
    stock_path: str = Field(
        "/open/standard/stock/goods/findByCondition", pattern="^/", description="of the supply chain's stock"
    )
    activity_id: str = Field("", description="the marketing activity in whose name coupons are issued")
    send_token: bool = Field(
        False, description="name the token among the signed parameters; only if code 1001 persists"
    )

    def order_list_body(
        self, shop: str, first: datetime, last: datetime, page: int, size: int
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "dateType": PAID_TIME,
            "startDate": local_text(first),
            "endDate": local_text(last),
        }
        if self.order_list == "flat":
            return body | {"shopIds": [shop], "pageNum": page, "pageSize": size}
        return body | {"pageBean": {"pageNum": page, "pageSize": size}}
