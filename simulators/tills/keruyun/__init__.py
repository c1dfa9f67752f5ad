"""Keruyun 客如云 under /keruyun: base URL <simulator>/keruyun. Contract §7.

`pos_app_id` is the appKey, `pos_api_key` the app's secret, `pos_account` the brandId, `pos_push_secret` what
signs the pushes.
"""

from fastapi import APIRouter

from simulators.tills.keruyun import crm, shops

router = APIRouter()
router.include_router(shops.router)
router.include_router(crm.router)

__all__ = ["router"]
