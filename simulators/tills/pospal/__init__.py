"""Pospal 银豹 under /pospal: base URL <simulator>/pospal. Contract §5.

`pos_store_keys` are the stores' appId and appKey, `pos_app_id` and `pos_api_key` those of the head office;
pushes are signed with the same keys. A coupon's name in this back office is its template_id, and a product's
barcode is its product_id.
"""

from fastapi import APIRouter

from simulators.tills.pospal import catalogue, coupons, members, tickets

router = APIRouter()
for part in (members, tickets, catalogue, coupons):
    router.include_router(part.router)

__all__ = ["router"]
