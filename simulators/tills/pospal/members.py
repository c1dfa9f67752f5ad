"""Members: the whole chain's, whoever asks."""

from typing import Any

from simulators.state.till import Member, Till
from simulators.tills.pospal.refusals import Refusal
from simulators.tills.pospal.route import V1, Answer, ok, pospal_router
from simulators.tills.pospal.wire import Asked, local, paged, uid
from simulators.world import WorldDep

router = pospal_router()

MINI_PROGRAM, UNIONID = 1, 1000  # openIdType


class ByNumber(Asked):
    customerNum: str


class ByTel(Asked):
    customerTel: str


class ByUid(Asked):
    customerUid: Any


@router.post(f"{V1}/customerOpenApi/queryByNumber")
async def query_by_number(world: WorldDep, asked: ByNumber) -> Answer:
    found = [one for one in world.till.members.values() if one.card_no == asked.customerNum]
    if not found:
        raise Refusal(2001)
    return ok(_record(found[0]))


@router.post(f"{V1}/customerOpenApi/queryByUid")
async def query_by_uid(world: WorldDep, asked: ByUid) -> Answer:
    return ok(_record(member(world.till, asked.customerUid)))


@router.post(f"{V1}/customerOpenapi/queryBytel")
async def query_by_tel(world: WorldDep, asked: ByTel) -> Answer:
    """Several members may have one phone."""
    found = [one for one in world.till.members.values() if _tel(one) == asked.customerTel]
    return ok([_record(one) for one in found])


@router.post(f"{V1}/customerOpenApi/queryCustomerPages")
async def query_customer_pages(world: WorldDep, asked: Asked) -> Answer:
    return ok(paged(asked, list(world.till.members.values()), _record))


def member(till: Till, customer_uid: Any) -> Member:
    """An id in quotes is nobody's."""
    found = (one for one in till.members.values() if uid(one.member_id) == customer_uid)
    if (one := next(found, None)) is None:
        raise Refusal(2001)
    return one


def _tel(one: Member) -> str | None:
    return one.phone and one.phone.removeprefix("+86")


def _record(one: Member) -> dict[str, Any]:
    open_ids = [{"openId": f"mini-{one.unionid}", "openIdType": MINI_PROGRAM}]
    open_ids.append({"openId": one.unionid, "openIdType": UNIONID})
    return {
        "customerUid": uid(one.member_id),
        "categoryName": "普通会员",
        "number": one.card_no,
        "name": one.name,
        "phone": _tel(one),
        "point": 0,
        "balance": 0,
        "discount": 100,
        "createdDate": local(one.created_at),
        "enable": 1,
        "weixinOpenIds": open_ids if one.unionid else [],
    }
