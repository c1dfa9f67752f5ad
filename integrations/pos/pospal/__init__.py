"""The adapter for Pospal 银豹. Contract §5.

POS_BASE_URL    https://area28-win.pospal.cn:443, the area that came with the keys
POS_STORE_KEYS  each store has keys of its own: S001=appId:appKey,S002=…
POS_APP_ID, POS_API_KEY   appId and appKey of the head office, which reads members, coupons and stores;
                or POS_OPTIONS {"head_office": "S001"} names the store whose keys do
POS_WEBHOOK_SECRET is not used: a push is signed with the appKey of the store that it is from.

An order is named "store/sn", because a ticket's number is unique within its store alone; a product by its
barcode, because its uid is a store's own; a coupon by its code. A coupon's template is named by its uid or by
its name in Pospal's back office. Pospal cannot look up a unionid: members are listed instead.
"""

from __future__ import annotations

from integrations.pos.access import Access, AccessError, Means, StoreKey, need, options
from integrations.pos.pospal.choices import Options
from integrations.pos.pospal.till import CAPABILITIES, Pospal

__all__ = ["CAPABILITIES", "Pospal", "connect"]


def connect(access: Access, means: Means) -> Pospal:
    """Raises AccessError, naming what is missing."""
    chosen = options(Options, access)
    need(
        access,
        base_url="POS_BASE_URL to https://<area>-win.pospal.cn:443, the area that came with the keys",
        store_keys="POS_STORE_KEYS to each store's keys, S001=appId:appKey,S002=…",
    )
    return Pospal(access, chosen, _head_office(access, chosen), means)


def _head_office(access: Access, chosen: Options) -> StoreKey:
    if chosen.head_office:
        if chosen.head_office not in access.store_keys:
            raise AccessError(f"POS_OPTIONS: head_office {chosen.head_office} is not in POS_STORE_KEYS")
        return access.store_keys[chosen.head_office]
    need(
        access,
        app_id='POS_APP_ID to the head office\'s appId, or POS_OPTIONS to {"head_office": "<store>"}',
        api_key="POS_API_KEY to the head office's appKey",
    )
    return StoreKey(access.app_id, access.api_key)
