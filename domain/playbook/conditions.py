"""Conditions (条件): a small typed form of what must be true of her. `domain.conditions` evaluates them.

All the fields that are given must hold; `all`, `any` and `none` combine whole conditions.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from domain.events import FormName
from domain.hours import Hours, Weekday
from domain.shape import Period, Shape
from domain.stages import Stage


def as_list(value: Any) -> Any:
    """One or more: `table` is the same as `[table]`."""
    return value if isinstance(value, list) else [value]


Name = Annotated[str, Field(min_length=1)]
Names = Annotated[list[Name], BeforeValidator(as_list), Field(min_length=1)]
Yuan = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]


class _Range(Shape):
    """At least one end, and the ends the right way round."""

    @model_validator(mode="after")
    def _has_ends(self) -> "_Range":
        least, most = getattr(self, "least", None), getattr(self, "most", None)
        if least is None and most is None:
            raise ValueError("give `least`, `most` or both")
        if least is not None and most is not None and least > most:
            raise ValueError(f"`least` {least} is more than `most` {most}: nobody matches")
        return self


class Count(_Range):
    """How often."""

    least: int | None = Field(None, ge=0)
    most: int | None = Field(None, ge=0)
    within: Period | None = Field(None, description="only the time before now; all of it when absent")


class Amount(_Range):
    """Money, in yuan (元)."""

    least: Yuan | None = None
    most: Yuan | None = None
    within: Period | None = Field(None, description="only the time before now; all of it when absent")


class Share(_Range):
    """A part of a whole, 0 to 1."""

    least: float | None = Field(None, ge=0, le=1)
    most: float | None = Field(None, ge=0, le=1)


class Rating(_Range):
    """Stars of a feedback, 1 to 5."""

    least: int | None = Field(None, ge=1, le=5)
    most: int | None = Field(None, ge=1, le=5)


class Ago(Shape):
    """How long ago. Who never did it matches `longer_than`."""

    within: Period | None = None
    longer_than: Period | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Ago":
        if (self.within is None) == (self.longer_than is None):
            raise ValueError("give either `within` or `longer_than`")
        return self


class Goods(Shape):
    """Products or categories, one of which is in an order."""

    product: Names | None = Field(None, description="the till's product ids")
    category: Names | None = None
    least: int = Field(1, ge=1, description="orders with one of them")
    within: Period | None = Field(None, description="only the time before now; all of it when absent")

    @model_validator(mode="after")
    def _exactly_one(self) -> "Goods":
        if (self.product is None) == (self.category is None):
            raise ValueError("give either `product` or `category`")
        return self


OutcomeWord = Literal["sent", "refused", "not_friend", "capped", "expired", "cancelled", "unknown", "open"]
Channel = Literal["private", "group", "moments"]


class Outcome(Shape):
    """What became of an earlier message of this journey."""

    step: Name = Field(description="the `id` of the step that sent it")
    was: Annotated[list[OutcomeWord], BeforeValidator(as_list), Field(min_length=1)]


class Condition(Shape):
    """What must be true of a customer."""

    all: list["Condition"] | None = Field(None, min_length=1, description="each of these holds")
    any: list["Condition"] | None = Field(None, min_length=1, description="at least one of these holds")
    none: list["Condition"] | None = Field(None, min_length=1, description="none of these holds")

    placement: Names | None = Field(None, description="of the entry code she came by")
    campaign: Names | None = Field(None, description="of the entry code she came by")
    store: Names | None = Field(None, description="ids; her store: most visited, else scanned")
    region: Names | None = Field(None, description="ids; of her store")
    city: Names | None = Field(None, description="of her store")

    member: bool | None = Field(None, description="the till knows her")
    reachable: Annotated[list[Channel], BeforeValidator(as_list)] | None = Field(
        None, min_length=1, description="by at least one of these channels"
    )
    in_group: Names | None = Field(None, description="she is in a group of one of these kinds")
    tag: Names | None = Field(None, description="she has one of these tags")
    tier: Names | None = Field(None, description="she is in one of the policy's tiers")
    stage: Annotated[list[Stage], BeforeValidator(as_list)] | None = Field(None, min_length=1)
    life_stage: Names | None = None
    answered: Annotated[list[FormName], BeforeValidator(as_list)] | None = Field(
        None, min_length=1, description="she answered one of these forms"
    )

    rating: Rating | None = Field(None, description="of her last feedback; none matches nothing")

    orders: Count | None = Field(None, description="paid and not wholly refunded")
    visits: Count | None = Field(None, description="distinct local days with an order")
    spend: Amount | None = None
    ticket: Amount | None = Field(None, description="average paid per order (客单价)")
    last_order: Ago | None = None
    coupons_used: Count | None = Field(None, description="coupons in her orders")
    coupon_share: Share | None = Field(None, description="orders with a coupon ÷ all orders")
    prefers: Names | None = Field(None, description="her most bought category is one of these")
    bought: Goods | None = Field(None, description="orders with certain products or categories (M51)")

    last_message: Ago | None = Field(None, description="when one last reached her, by any channel")

    outcome: Outcome | None = None
    hours: Hours | None = Field(None, description="her local time now")
    weekday: Annotated[list[Weekday], BeforeValidator(as_list)] | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _says_something(self) -> "Condition":
        if all_empty(self):
            raise ValueError("an empty condition holds for everybody: say who is meant, or take it out")
        return self


def all_empty(condition: Condition) -> bool:
    return not given(condition)


def given(condition: Condition) -> list[str]:
    """The fields that the author filled in."""
    return [name for name in Condition.model_fields if getattr(condition, name) is not None]
