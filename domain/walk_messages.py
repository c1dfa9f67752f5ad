"""Inputs and outputs of the TillWalk workflow and its activities."""

from enum import StrEnum

from domain.shape import Shape, UtcTime


class WalkKind(StrEnum):
    """What of the till is walked through, in the order of a night: an order's lines name products."""

    STORES = "stores"  # 门店, and where they are
    PRODUCTS = "products"  # 商品 and their categories
    MEMBERS = "members"  # 会员, for the identity index
    ORDERS = "orders"  # what was paid or changed lately
    REDEMPTIONS = "redemptions"  # 核销
    BACKFILL = "backfill"  # orders of years


class WalkStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # by an operator; a backfill can go on from there
    FAILED = "failed"


class WalkStart(Shape):
    """Start of TillWalk. How far it has come is in PostgreSQL, so every run begins with the same."""

    walk_id: str


class WalkRef(Shape):
    walk_id: str


class Walked(Shape):
    """How far a walk has come. `again_at`: the provider's quota is used up until then."""

    status: WalkStatus
    told: str = ""
    again_at: UtcTime | None = None


class GiveUp(Shape):
    """A walk that goes no further, and why."""

    walk_id: str
    reason: str
