"""The adapter for Youzan 有赞 (open.youzanyun.com). Contract §6.

    POS_BASE_URL   https://open.youzanyun.com
    POS_APP_ID     client_id of an own app (自用型应用)
    POS_API_KEY    its client_secret; it signs the pushes as well, POS_WEBHOOK_SECRET is not used
    POS_ACCOUNT    kdt_id of the head office
    POS_OPTIONS    what Options says, as JSON

The app needs the capability packs (能力包) for trade, customer, retail goods and coupons, and our address on
its IP list. Push service: subscribe trade, refund, COUPON_CUSTOMER_PROMOTION, SCRM_CUSTOMER_EVENT and item.
"""

from integrations.pos.access import Access, Means, need, options
from integrations.pos.youzan.adapter import CAPABILITIES, YouzanPos
from integrations.pos.youzan.choices import Options

__all__ = ["CAPABILITIES", "YouzanPos", "connect"]


def connect(access: Access, means: Means) -> YouzanPos:
    """Raises AccessError. Nothing is called yet."""
    need(
        access,
        base_url="POS_BASE_URL to https://open.youzanyun.com",
        app_id="POS_APP_ID to the app's client_id",
        api_key="POS_API_KEY to the app's client_secret",
        account="POS_ACCOUNT to the head office's kdt_id",
    )
    return YouzanPos(access, options(Options, access), means)
