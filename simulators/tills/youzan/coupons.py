"""Coupons 优惠券. Contract §6.6: no call is idempotent, every send issues one more."""

from pydantic import BaseModel, Field

from simulators import ids
from simulators.state.till import Coupon
from simulators.tills.youzan.route import Answer, Failure, served, youzan_router
from simulators.tills.youzan.wire import milliseconds, mobile, number
from simulators.world import World, WorldDep

router = youzan_router()
STATUS = {"issued": 1, "redeemed": 2, "expired": 3, "void": 3}


class Send(BaseModel):
    activity_id: int = Field(strict=True)
    yz_open_id: str


class WhichVoucher(BaseModel):
    coupon_id: int
    coupon_type: int


class WhichVouchers(BaseModel):
    yz_open_id: str
    activity_type_group: int
    status: int = 0
    page_num: int = Field(default=1, ge=1)
    page_size: int = Field(default=200, ge=1, le=200)


@router.post("/youzan.ump.voucheractivity.send/3.0.1")
async def send(world: WorldDep, body: Send) -> Answer:
    """A till that was told of no activities has all of them."""
    template, offered = str(body.activity_id), world.till.templates
    if offered and template not in offered:
        raise Failure(160700601, "活动不存在")
    if body.yz_open_id not in world.till.members:
        raise Failure(144100000, "不是该店铺客户")
    made = ids.till_number()
    coupon, _ = world.till.issue(template, body.yz_open_id, made, made)
    return served(
        {
            "activity_id": body.activity_id,
            "coupon_id": int(coupon.coupon_id),
            "coupon_type": 0,
            "status": 1,
            "yz_open_id": coupon.member_id,
        }
    )


@router.post("/youzan.ump.voucher.query.detail/1.0.1")
async def voucher(world: WorldDep, body: WhichVoucher) -> Answer:
    coupon = world.till.coupons.get(str(body.coupon_id))
    if coupon is None or body.coupon_type != 0:
        raise Failure(160700503, "优惠凭证不存在")
    return served(_voucher(world, coupon) | {"status": STATUS[coupon.status]})


@router.post("/youzan.ump.voucher.query/3.0.0")
async def vouchers(world: WorldDep, body: WhichVouchers) -> Answer:
    """`status` narrows but is not told of a row."""
    mine = [
        one
        for one in world.till.coupons.values()
        if one.member_id == body.yz_open_id and body.status in (0, STATUS[one.status])
    ]
    start = (body.page_num - 1) * body.page_size
    rows = [_voucher(world, one) for one in mine[start : start + body.page_size]]
    return served(rows, total=len(mine), page_num=body.page_num, page_size=body.page_size)


def _voucher(world: World, coupon: Coupon) -> Answer:
    member = world.till.member(coupon.member_id)
    return {
        "activity_id": number(coupon.template_id),
        "voucher_identity": {"coupon_id": number(coupon.coupon_id), "coupon_type": 0},
        "user_identity": {"yz_open_id": member.member_id, "mobile": mobile(member.phone)},
        "verify_code": f"ZAN{number(coupon.coupon_id)}",
        "value": 500,
        "send_at": milliseconds(coupon.issued_at),
        "verified_at": milliseconds(coupon.redeemed_at) if coupon.redeemed_at else 0,
        "verified_in_order_nos": [coupon.redeemed_order_id] if coupon.redeemed_order_id else [],
    }
