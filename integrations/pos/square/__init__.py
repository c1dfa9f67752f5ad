"""Square, over its official SDK. The chain's stores are its locations, its members are customers.

    POS_BASE_URL        https://connect.squareup.com, or https://connect.squareupsandbox.com
    POS_API_KEY         the access token, with the scopes CUSTOMERS_READ, ORDERS_READ, PAYMENTS_READ,
                        MERCHANT_PROFILE_READ, ITEMS_READ, INVENTORY_READ, LOYALTY_READ, LOYALTY_WRITE
    POS_WEBHOOK_SECRET  the signature key of the webhook subscription
    POS_PUSH_URL        its notification URL, letter by letter: Square signs it
    POS_OPTIONS         see Options

A member's unionid is kept in the customer's reference_id, by whoever links the two. Coupons are rewards of
the loyalty programme, see loyalty.py; a member has to have joined it. Refunds are orders of their own, see
mapping.orders.
"""

from integrations.pos.square.till import CAPABILITIES, Options, SquarePos, connect

__all__ = ["CAPABILITIES", "Options", "SquarePos", "connect"]
