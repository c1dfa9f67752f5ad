"""What we read of Square's answers. The SDK checks nothing of them, so these do."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, StrictInt

from integrations.pos.values import Shape

Item = TypeVar("Item")
# Square leaves an empty list out.
Many = Annotated[tuple[Item, ...], BeforeValidator(lambda told: () if told is None else told)]


class Told(Shape):
    model_config = ConfigDict(from_attributes=True)


class Amount(Told):
    """`amount` in the smallest unit of the currency."""

    amount: StrictInt
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class Address(Told):
    address_line_1: str | None = None
    address_line_2: str | None = None
    locality: str | None = None
    administrative_district_level_1: str | None = None


class Coordinates(Told):
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)


class Location(Told):
    id: str
    name: str | None = None
    address: Address | None = None
    coordinates: Coordinates | None = None
    status: str | None = None


class Locations(Told):
    locations: Many[Location] = ()


class Customer(Told):
    id: str
    reference_id: str | None = Field(None, repr=False)
    phone_number: str | None = Field(None, repr=False)
    given_name: str | None = Field(None, repr=False)
    family_name: str | None = Field(None, repr=False)
    created_at: AwareDatetime | None = None


class OneCustomer(Told):
    customer: Customer


class Customers(Told):
    customers: Many[Customer] = ()
    cursor: str | None = None


class LineItem(Told):
    name: str | None = None
    variation_name: str | None = None
    catalog_object_id: str | None = None  # of the variation
    quantity: Decimal
    base_price_money: Amount | None = None
    total_money: Amount


class Amounts(Told):
    total_money: Amount | None = None


class Return(Told):
    """Of one sale. `source_order_id` is missing where the cashier did not look the sale up."""

    source_order_id: str | None = None
    return_amounts: Amounts | None = None


class Refund(Told):
    tender_id: str | None = None
    status: str
    amount_money: Amount


class Tender(Told):
    customer_id: str | None = None
    created_at: AwareDatetime | None = None


class OrderReward(Told):
    id: str


class SquareOrder(Told):
    """A sale, a return of earlier sales, or an exchange, which is both."""

    id: str
    location_id: str
    customer_id: str | None = None
    state: str
    updated_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    total_money: Amount
    net_amount_due_money: Amount | None = None
    line_items: Many[LineItem] = ()
    returns: Many[Return] = ()
    refunds: Many[Refund] = ()
    tenders: Many[Tender] = ()
    rewards: Many[OrderReward] = ()


class OneOrder(Told):
    order: SquareOrder


class Orders(Told):
    orders: Many[SquareOrder] = ()
    cursor: str | None = None


class Payment(Told):
    order_id: str | None = None


class OnePayment(Told):
    payment: Payment


class CategoryRef(Told):
    id: str | None = None


class ItemData(Told):
    name: str | None = None
    reporting_category: CategoryRef | None = None
    categories: Many[CategoryRef] = ()
    variations: Many[CatalogObject] = ()


class VariationData(Told):
    item_id: str | None = None
    name: str | None = None


class CategoryData(Told):
    name: str | None = None


class CatalogObject(Told):
    id: str
    item_data: ItemData | None = None
    item_variation_data: VariationData | None = None
    category_data: CategoryData | None = None


class CatalogObjects(Told):
    objects: Many[CatalogObject] = ()
    related_objects: Many[CatalogObject] = ()
    cursor: str | None = None


class Count(Told):
    catalog_object_id: str
    location_id: str
    quantity: Decimal


class Counts(Told):
    counts: Many[Count] = ()
    cursor: str | None = None


class CountsPage(Told):
    """The SDK's pager; we turn the pages."""

    response: Counts


class Account(Told):
    id: str
    customer_id: str | None = None


class OneAccount(Told):
    loyalty_account: Account


class Accounts(Told):
    loyalty_accounts: Many[Account] = ()


class Tier(Told):
    id: str
    name: str | None = None
    points: StrictInt


class Program(Told):
    status: str | None = None
    reward_tiers: Many[Tier] = ()


class OneProgram(Told):
    program: Program


class Reward(Told):
    id: str
    status: Literal["ISSUED", "REDEEMED", "DELETED"]
    loyalty_account_id: str
    reward_tier_id: str
    order_id: str | None = None
    created_at: AwareDatetime
    redeemed_at: AwareDatetime | None = None


class OneReward(Told):
    reward: Reward


class Rewards(Told):
    rewards: Many[Reward] = ()
    cursor: str | None = None


class Redeemed(Told):
    reward_id: str | None = None
    order_id: str | None = None


class LoyaltyEvent(Told):
    created_at: AwareDatetime
    location_id: str | None = None
    redeem_reward: Redeemed


class LoyaltyEvents(Told):
    events: Many[LoyaltyEvent] = ()
    cursor: str | None = None


class Adjusted(Told):
    """That points were granted; nothing of it is read."""
