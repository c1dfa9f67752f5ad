"""Square under /square/v2/: customers, orders, catalogue, stock, loyalty. The bearer token is pos_api_key."""

from simulators.tills.square.goods import router as _goods
from simulators.tills.square.loyalty import router as _loyalty
from simulators.tills.square.people import router as _people
from simulators.tills.square.route import square_router
from simulators.tills.square.sales import router as _sales

router = square_router()
for _part in (_people, _sales, _goods, _loyalty):
    router.include_router(_part)

__all__ = ["router"]
