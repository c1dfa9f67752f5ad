"""Members and coupons, in the name of the brand. Contract §7, CRM 2.0."""

from typing import Any

from pydantic import BaseModel, Field, PositiveInt

from simulators.state.till import Coupon, Member
from simulators.tills.keruyun.route import Answer, Brand, failed, keruyun_router, served
from simulators.world import World, WorldDep

router = keruyun_router()
CRM = "/open/standard/crm"
STATUSES = {"issued": "NORMAL", "redeemed": "ISUSED", "expired": "EXPIRED", "void": "INVALID"}


class ByMobile(BaseModel):
    mobile: str


class ByIds(BaseModel):
    customerIds: list[int]


class CrmPage(BaseModel):
    pageNo: PositiveInt
    pageSize: int = Field(ge=1, le=100)


class Send(BaseModel):
    activityId: str
    outPreInstanceId: str = Field(min_length=1, max_length=64)
    customerId: str
    templateId: str


class VoucherPage(CrmPage):
    customerId: str
    statusList: list[str] = Field(default=[])


class OneVoucher(BaseModel):
    resourceCode: str
    customerId: str


@router.post(f"{CRM}/CustomerOpenFacade/queryByMobile")
async def by_mobile(world: WorldDep, brand: Brand, body: ByMobile) -> Answer:
    """One member for a phone."""
    found = [one for one in world.till.members.values() if one.phone and _national(one.phone) == body.mobile]
    return served(data=_customer(found[0])) if found else failed("CUSTOMER_404", "会员不存在")


@router.post(f"{CRM}/CustomerQueryFacade/queryByCustomerIds")
async def by_ids(world: WorldDep, brand: Brand, body: ByIds) -> Answer:
    members = world.till.members
    return served(list=[_customer(members[str(one)]) for one in body.customerIds if str(one) in members])


@router.post(f"{CRM}/OpenVoucherTemplateQueryFacade/page")
async def templates(world: WorldDep, brand: Brand, body: CrmPage) -> Answer:
    rows = [
        {
            "id": one.template_id,
            "name": one.name,
            "inventory": one.left,
            "status": "NO_INVENTORY" if one.left == 0 else "USED",
        }
        for one in world.till.templates.values()
    ]
    return _paged(rows, body)


@router.post(f"{CRM}/OpenVoucherInstanceOperateFacade/send")
async def send(world: WorldDep, brand: Brand, body: Send) -> Answer:
    """The same outPreInstanceId gives the same coupon."""
    coupon, _ = world.till.issue(body.templateId, body.customerId, body.outPreInstanceId)
    return served(data={"resourceCode": coupon.coupon_id})


@router.post(f"{CRM}/OpenVoucherInstanceQueryFacade/page")
async def vouchers(world: WorldDep, brand: Brand, body: VoucherPage) -> Answer:
    rows = [
        _voucher(one) | {"templateId": one.template_id, "templateName": _name(world, one.template_id)}
        for one in world.till.coupons.values()
        if one.member_id == body.customerId
        and (not body.statusList or STATUSES[one.status] in body.statusList)
    ]
    return _paged(rows, body)


@router.post(f"{CRM}/OpenVoucherInstanceQueryFacade/queryOne")
async def voucher(world: WorldDep, brand: Brand, body: OneVoucher) -> Answer:
    one = world.till.coupons.get(body.resourceCode)
    if one is None or one.member_id != body.customerId:
        return failed("VOUCHER_404", "券不存在")
    template = {"id": one.template_id, "name": _name(world, one.template_id)}
    return served(data=_voucher(one) | {"voucherTemplate": template})


def _paged(rows: list[dict[str, Any]], body: CrmPage) -> Answer:
    start = (body.pageNo - 1) * body.pageSize
    return served(result=rows[start : start + body.pageSize], totalSize=len(rows))


def _national(phone: str) -> str:
    """As the till keeps it, whoever wrote +86 before it."""
    return phone.removeprefix("+86")


def _customer(member: Member) -> dict[str, Any]:
    return {
        "customerId": member.member_id,
        "mobile": _national(member.phone or ""),
        "name": member.name,
        "gender": 2,
        "birthday": "",
        "levelDTO": {"levelName": "普通会员", "levelNo": 1},
        "state": 1,
        "customerTime": int(member.created_at.timestamp() * 1000),
    }


def _voucher(coupon: Coupon) -> dict[str, Any]:
    return {
        "resourceCode": coupon.coupon_id,
        "status": STATUSES[coupon.status],
        "gmtCreated": int(coupon.issued_at.timestamp() * 1000),
        "startTime": int(coupon.issued_at.timestamp() * 1000),
    }


def _name(world: World, template_id: str) -> str:
    template = world.till.templates.get(template_id)
    return template.name if template else template_id
