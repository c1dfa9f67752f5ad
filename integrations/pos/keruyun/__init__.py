"""Keruyun 客如云, a till for restaurants. Contract §7.

    POS_BASE_URL        https://openapi.keruyun.com
    POS_APP_ID          appKey
    POS_API_KEY         the app's secret
    POS_ACCOUNT         brandId
    POS_WEBHOOK_SECRET  what signs the pushes; left empty, the app's secret does
    POS_OPTIONS         see options.py

Ids: an order's is <shopId>/<orderId>, since only its shop may read it; every other is Keruyun's own.
Orders cannot be asked for by member, nor members by anything but id and phone: our own index does both. Nor
are there lists of members and of redeemed coupons: who buys makes herself known, and a push tells a coupon.
"""

from integrations.pos import access as _access
from integrations.pos.keruyun.adapter import KeruyunPos
from integrations.pos.keruyun.client import KeruyunClient
from integrations.pos.keruyun.options import CAPABILITIES, Options
from integrations.pos.keruyun.push import PushDoor

__all__ = ["CAPABILITIES", "KeruyunPos", "Options", "connect"]


def connect(access: _access.Access, means: _access.Means) -> KeruyunPos:
    """Raises AccessError."""
    _access.need(
        access,
        base_url="POS_BASE_URL (https://openapi.keruyun.com)",
        app_id="POS_APP_ID (the appKey)",
        api_key="POS_API_KEY (the app's secret)",
        account="POS_ACCOUNT (the brandId)",
    )
    options = _access.options(Options, access)
    client = KeruyunClient(
        http=means.http,
        clock=means.clock,
        base_url=access.base_url,
        app_key=access.app_id,
        secret=access.api_key,
        timeout_seconds=access.timeout_seconds,
        send_token=options.send_token,
    )
    key = access.webhook_secret if access.webhook_secret.get_secret_value() else access.api_key
    door = PushDoor(app_key=access.app_id, brand=access.account, key=key)
    return KeruyunPos(client, brand=access.account, options=options, door=door)
