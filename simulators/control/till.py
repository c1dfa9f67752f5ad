"""People shop: members, orders, refunds, redeemed coupons. And what the stores have to sell."""

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field, NonNegativeInt, PositiveInt

from simulators.control.base import ControlModel
from simulators.state.refused import Refused
from simulators.state.till import Coupon, Line, Lot, Member, Money, Order, Refund, Store, Template
from simulators.tills import Told
from simulators.world import WorldDep

router = APIRouter(prefix="/till")


class NewMember(ControlModel):
    unionid: str | None = None
    phone: str | None = None
    card_no: str | None = None
    name: str | None = None
    external_userid: str | None = None
    member_id: str | None = None


class NewOrder(ControlModel):
    store_id: str
    amount_minor: NonNegativeInt
    currency: str = "CNY"
    member_id: str | None = None
    paid_at: AwareDatetime | None = None
    lines: list[Line] = Field(default=[])
    coupon_id: str | None = None
    other_coupon_ids: list[str] = Field(
        default=[]
    )  # on paper or of a platform: the till knows no more of them
    push: bool = True


class NewRefund(ControlModel):
    order_id: str
    amount_minor: PositiveInt | None = None  # left out: all that is left
    push: bool = True


class Books(BaseModel):
    stores: list[Store]
    members: list[Member]
    orders: list[Order]
    refunds: list[Refund]
    templates: list[Template]
    coupons: list[Coupon]
    lots: list[Lot]


@router.post("/stores", status_code=201)
async def open_store(world: WorldDep, body: Store) -> Store:
    world.till.stores[body.store_id] = body
    return body


@router.post("/stock", status_code=201)
async def deliver(world: WorldDep, body: Lot) -> Lot:
    """So much is there now; an order takes from it what its lines say."""
    world.till.put_in_stock(body)
    return body


@router.post("/templates", status_code=201)
async def offer(world: WorldDep, body: Template) -> Template:
    """A kind of coupon that the back office has made."""
    world.till.templates[body.template_id] = body
    return body


@router.post("/members", status_code=201)
async def enrol(world: WorldDep, body: NewMember) -> Member:
    member_id = body.member_id or world.till.new_id("member")
    if member_id in world.till.members:
        raise Refused(f"member {member_id!r} exists already")
    fields = body.model_dump(exclude={"member_id"})
    member = Member(member_id=member_id, created_at=world.clock(), **fields)
    world.till.members[member_id] = member
    world.till_push.tell(Told("member.changed", member_id=member_id))
    return member


@router.post("/orders", status_code=201)
async def buy(world: WorldDep, body: NewOrder) -> Order:
    coupon = None if body.coupon_id is None else world.till.coupon(body.coupon_id)
    if coupon is not None and (coupon.status != "issued" or coupon.member_id != body.member_id):
        raise Refused(f"coupon {coupon.coupon_id!r} is {coupon.status}, of member {coupon.member_id!r}")
    paid = Money(amount_minor=body.amount_minor, currency=body.currency)
    order = world.till.ring_up(body.store_id, body.member_id, paid, body.paid_at, body.lines)
    order.coupon_ids += body.other_coupon_ids
    if coupon is not None:
        world.till.redeem(coupon, order)
    if body.push:
        world.till_push.tell(Told("order.paid", order))
        if coupon is not None:
            world.till_push.tell(Told("coupon.redeemed", order, coupon))
    return order


@router.post("/refund")
async def refund(world: WorldDep, body: NewRefund) -> Order:
    order = world.till.order(body.order_id)
    back = world.till.refund(order, body.amount_minor)
    if body.push:
        world.till_push.tell(Told("order.refunded", order, refund_id=back.refund_id))
    return order


@router.get("")
async def books(world: WorldDep) -> Books:
    till = world.till
    return Books(
        stores=list(till.stores.values()),
        members=list(till.members.values()),
        orders=list(till.orders.values()),
        refunds=list(till.refunds.values()),
        templates=list(till.templates.values()),
        coupons=list(till.coupons.values()),
        lots=till.lots,
    )
