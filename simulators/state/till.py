"""A till with members, orders and coupons. Money is integer fen, quantities are strings."""

from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, NonNegativeInt, StringConstraints

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.state.refused import Refused, Unknown

NUMBERED = frozenset({"pospal", "keruyun", "youzan"})  # the providers whose ids are long numbers
Quantity = Annotated[str, StringConstraints(pattern=r"^\d{1,9}(\.\d{1,3})?$")]  # pieces, or a weight


class Money(BaseModel):
    amount_minor: NonNegativeInt
    currency: str = "CNY"


class Store(BaseModel):
    store_id: str
    name: str
    lat: float | None = None
    lng: float | None = None
    crs: Literal["gcj02", "bd09", "wgs84"] = "gcj02"  # maps in China shift coordinates


class Member(BaseModel):
    member_id: str
    unionid: str | None = None
    external_userid: str | None = None
    phone: str | None = None
    card_no: str | None = None
    name: str | None = None
    created_at: AwareDatetime


class Line(BaseModel):
    product_id: str
    name: str
    category: str = ""
    quantity: Quantity = "1"
    paid: Money
    gift: bool = False


class Order(BaseModel):
    order_id: str
    store_id: str
    member_id: str | None
    status: Literal["paid", "part_refunded", "refunded", "cancelled"] = "paid"
    paid_at: AwareDatetime
    updated_at: AwareDatetime
    paid: Money
    refunded: Money
    coupon_ids: list[str]
    lines: list[Line]


class Refund(BaseModel):
    """One time that money of an order was given back; some providers write a ticket for it."""

    refund_id: str
    order_id: str
    amount: Money
    at: AwareDatetime


class Product(BaseModel):
    product_id: str
    name: str
    category: str = ""


class Lot(BaseModel):
    """What a store has of one delivery."""

    store_id: str
    product_id: str
    name: str
    quantity: Quantity
    expires_on: date | None = None  # the last day on which it is sold; left out: it keeps


class Coupon(BaseModel):
    coupon_id: str
    template_id: str
    member_id: str
    status: Literal["issued", "redeemed", "expired", "void"] = "issued"
    issued_at: AwareDatetime
    redeemed_at: AwareDatetime | None = None
    redeemed_order_id: str | None = None
    redeemed_store_id: str | None = None


class Template(BaseModel):
    """What coupons are issued from. The generic till knows none and issues what it is asked for."""

    template_id: str
    name: str
    left: int | None = None


class Till:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.stores: dict[str, Store] = {}
        self.members: dict[str, Member] = {}
        self.orders: dict[str, Order] = {}
        self.refunds: dict[str, Refund] = {}
        self.templates: dict[str, Template] = {}
        self.coupons: dict[str, Coupon] = {}
        self.lots: list[Lot] = []
        self.orders_of: defaultdict[str, list[Order]] = defaultdict(list)
        self.coupon_by_key: dict[str, Coupon] = {}
        self.calls: Counter[str] = Counter()  # of an account in a day, where a provider sells so many
        self.points: dict[str, tuple[str, int]] = {}  # loyalty points granted, by key: to whom, how many

    def new_id(self, kind: str) -> str:
        """As the provider that is played makes them."""
        return ids.till_number() if self._config.pos_provider in NUMBERED else ids.till_id(kind)

    def store(self, store_id: str) -> Store:
        if store_id not in self.stores:
            raise Unknown("store", store_id)
        return self.stores[store_id]

    def member(self, member_id: str) -> Member:
        if member_id not in self.members:
            raise Unknown("member", member_id)
        return self.members[member_id]

    def order(self, order_id: str) -> Order:
        if order_id not in self.orders:
            raise Unknown("order", order_id)
        return self.orders[order_id]

    def coupon(self, coupon_id: str) -> Coupon:
        if coupon_id not in self.coupons:
            raise Unknown("coupon", coupon_id)
        return self.coupons[coupon_id]

    def issue(
        self, template_id: str, member_id: str, key: str, coupon_id: str | None = None
    ) -> tuple[Coupon, bool]:
        """The coupon, and whether it is new: one key buys one coupon, however often it is sent.

        At some providers the caller chooses the `coupon_id`.
        """
        member = self.member(member_id)
        earlier = self.coupon_by_key.get(key)
        if earlier is not None:
            if (earlier.template_id, earlier.member_id) != (template_id, member_id):
                raise Refused("the idempotency key was used for another coupon")
            return earlier, False
        coupon = Coupon(
            coupon_id=coupon_id or self.new_id("coupon"),
            template_id=template_id,
            member_id=member.member_id,
            issued_at=self._clock(),
        )
        self.coupons[coupon.coupon_id] = self.coupon_by_key[key] = coupon
        return coupon, True

    def products(self) -> list[Product]:
        """Whatever was sold or delivered; what was sold has a category."""
        found = {lot.product_id: Product(product_id=lot.product_id, name=lot.name) for lot in self.lots}
        for order in self.orders.values():
            for line in order.lines:
                known = found.get(line.product_id)
                if known is None or not known.category:
                    found[line.product_id] = Product(
                        product_id=line.product_id, name=line.name, category=line.category
                    )
        return list(found.values())

    def put_in_stock(self, lot: Lot) -> None:
        """Instead of what was known of this store, product and day."""
        self.store(lot.store_id)
        key = (lot.store_id, lot.product_id, lot.expires_on)
        self.lots = [one for one in self.lots if (one.store_id, one.product_id, one.expires_on) != key]
        self.lots.append(lot)

    def stock(self, store_id: str, product_id: str) -> list[Lot]:
        """What is left, and goes off first, first."""
        mine = [one for one in self.lots if (one.store_id, one.product_id) == (store_id, product_id)]
        left = [one for one in mine if Decimal(one.quantity) > 0]
        return sorted(left, key=lambda one: one.expires_on or date.max)

    def _take_from_stock(self, store_id: str, line: Line) -> None:
        """What the till did not know of can be sold as well."""
        wanted = Decimal(line.quantity)
        for lot in self.stock(store_id, line.product_id):
            taken = min(wanted, Decimal(lot.quantity))
            lot.quantity = str(Decimal(lot.quantity) - taken)
            wanted -= taken

    def ring_up(
        self, store_id: str, member_id: str | None, paid: Money, paid_at: datetime | None, lines: list[Line]
    ) -> Order:
        paid_at = paid_at or self._clock()
        order = Order(
            order_id=self.new_id("order"),
            store_id=self.store(store_id).store_id,
            member_id=member_id and self.member(member_id).member_id,
            paid_at=paid_at,
            updated_at=paid_at,
            paid=paid,
            refunded=Money(amount_minor=0, currency=paid.currency),
            coupon_ids=[],
            lines=lines,
        )
        self.orders[order.order_id] = order
        if order.member_id is not None:
            self.orders_of[order.member_id].append(order)
        for line in lines:
            self._take_from_stock(order.store_id, line)
        return order

    def redeem(self, coupon: Coupon, order: Order) -> None:
        coupon.status = "redeemed"
        coupon.redeemed_at = self._clock()
        coupon.redeemed_order_id = order.order_id
        coupon.redeemed_store_id = order.store_id
        order.coupon_ids.append(coupon.coupon_id)

    def refund(self, order: Order, amount_minor: int | None) -> Refund:
        """All that is left, or a part of it."""
        left = order.paid.amount_minor - order.refunded.amount_minor
        amount = left if amount_minor is None else amount_minor
        if not 0 < amount <= left:
            raise Refused(f"only {left} of order {order.order_id!r} can be refunded")
        order.refunded.amount_minor += amount
        order.status = "refunded" if amount == left else "part_refunded"
        order.updated_at = self._clock()
        back = Refund(
            refund_id=self.new_id("refund"),
            order_id=order.order_id,
            amount=Money(amount_minor=amount, currency=order.paid.currency),
            at=order.updated_at,
        )
        self.refunds[back.refund_id] = back
        return back
