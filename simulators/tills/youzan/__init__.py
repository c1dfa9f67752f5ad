"""Youzan 有赞 under /youzan: base URL <simulator>/youzan. Contract §6.

`pos_app_id` is the client_id, `pos_api_key` the client_secret, which signs the pushes as well, and
`pos_account` the kdt_id of the head office. A yz_open_id is the till's member id, a shop's code its store id.
"""

from fastapi import APIRouter

from simulators.tills.youzan import coupons, goods, members, token, trades

router = APIRouter()
for part in (token, members, trades, goods, coupons):
    router.include_router(part.router)

__all__ = ["router"]
