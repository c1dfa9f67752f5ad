"""Coupons: the caller chooses the code, three paths lead to one. Read by member, or those that were used."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pydantic import Field

from simulators.config import SimulatorConfig
from simulators.state.till import Coupon, Template
from simulators.tills.pospal.keys import shop_of
from simulators.tills.pospal.members import member
from simulators.tills.pospal.refusals import Refusal
from simulators.tills.pospal.route import AUTH, V1, V2, Answer, ok, pospal_router
from simulators.tills.pospal.wire import Asked, local, moment, paged, uid, whole
from simulators.world import World, WorldDep

router = pospal_router()

MODULE = f"{V1}/promotionOpenApi"
LONGEST = timedelta(days=5)
# A back office that was told of no coupons has those of the coffee chain.
COFFEE = tuple(Template(template_id=name, name=name) for name in ("FIRST5", "CASHIER5", "WINBACK10"))


class NewCode(Asked):
    promotionCouponUid: Any
    code: str = Field(pattern=r"^[A-Za-z0-9]{1,50}$")
    customerUid: Any


class OfMember(Asked):
    customerUid: Any


class Used(Asked):
    startTime: str
    excludeEndTime: str


@router.post(f"{MODULE}/queryCouponPromotions")
async def query_coupon_promotions(world: WorldDep, asked: Asked) -> Answer:
    return ok([_promotion(world, one) for one in _rules(world)])


@router.post(f"{MODULE}/addCouponcode")
@router.post(f"{AUTH}/promotion/addCouponcode/")
@router.post(f"{V2}/promotionOpenApi/promotion/addCouponcode")
async def add_coupon_code(world: WorldDep, asked: NewCode) -> Answer:
    who = member(world.till, asked.customerUid)
    named = (one for one in _rules(world) if uid(one.template_id) == asked.promotionCouponUid)
    if (rule := next(named, None)) is None:
        raise Refusal(2004)
    if asked.code in world.till.coupons:
        raise Refusal(2005)
    world.till.issue(rule.template_id, who.member_id, asked.code, coupon_id=asked.code)
    return ok({"codeExpiredDate": None})


@router.post(f"{MODULE}/queryCustomerCouponCodePage")
async def query_customer_coupon_code_page(world: WorldDep, asked: OfMember) -> Answer:
    """All of hers, the newest first."""
    who = member(world.till, asked.customerUid).member_id
    hers = [one for one in reversed(world.till.coupons.values()) if one.member_id == who]
    return ok(paged(asked, hers, lambda one: _record(world.config, one)))


@router.post(f"{MODULE}/queryUsedPromotionCode")
async def query_used_promotion_code(world: WorldDep, asked: Used) -> Answer:
    start, end = moment(asked.startTime), moment(asked.excludeEndTime)
    if end - start > LONGEST:
        raise Refusal(2006)
    used = [
        one
        for one in reversed(world.till.coupons.values())
        if one.redeemed_at is not None and start <= whole(one.redeemed_at) < end
    ]
    return ok(paged(asked, used, lambda one: _record(world.config, one)))


def _rules(world: World) -> Iterable[Template]:
    return world.till.templates.values() or COFFEE


def _promotion(world: World, one: Template) -> dict[str, Any]:
    return {
        "promotionCouponUid": uid(one.template_id),
        "name": one.template_id,
        "description": one.name,
        "enable": 1,
        "avaliableQuantity": one.left,
        "createdQuantity": sum(each.template_id == one.template_id for each in world.till.coupons.values()),
    }


def _record(config: SimulatorConfig, one: Coupon) -> dict[str, Any]:
    shop = shop_of(config, one.redeemed_store_id) if one.redeemed_store_id else None
    return {
        "code": one.coupon_id,
        "promotionCouponUid": uid(one.template_id),
        "customerUid": uid(one.member_id),
        "createdDate": local(one.issued_at),
        "codeExpiredDate": None,
        "usedDate": local(one.redeemed_at),
        "usedAppId": shop and shop.app_id,
        "usedTicketSn": one.redeemed_order_id,
    }
