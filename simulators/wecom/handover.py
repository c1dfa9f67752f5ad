"""Customers pass to another employee: of one who is there, and of one who has left (contract §9)."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from simulators.acts.friends import has_room
from simulators.errors import WeComFault
from simulators.state.handovers import Handover
from simulators.state.people import Employee
from simulators.wecom.cursor import wecom_page
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

RESULT_PAGE = 1000
UNASSIGNED_MAX = 1000
UNASSIGNED_DEPTH = 50_000  # page_id * page_size stays below


class Transfer(BaseModel):
    handover_userid: str
    takeover_userid: str
    external_userid: Annotated[list[str], Field(min_length=1, max_length=100)]


class OnJobTransfer(Transfer):
    transfer_success_msg: Annotated[str, Field(max_length=200)] = ""


class ResultQuery(BaseModel):
    handover_userid: str
    takeover_userid: str
    cursor: str = ""


class UnassignedQuery(BaseModel):
    page_id: int | None = Field(default=None, ge=0)
    page_size: int = Field(default=UNASSIGNED_MAX, ge=1)
    cursor: str = ""


@router.post("/externalcontact/transfer_customer")
async def transfer_customer(world: WorldDep, body: OnJobTransfer) -> Answer:
    """Accepted is not done: that is so 24 hours later, unless the customer refuses."""
    giver = world.org.require_serving(body.handover_userid)
    taker = _pair(world, body)
    return ok(customer=_asked(world, body, giver, taker, message=body.transfer_success_msg))


@router.post("/externalcontact/transfer_result")
async def transfer_result(world: WorldDep, body: ResultQuery) -> Answer:
    world.org.require_visible(body.handover_userid)
    return _result(world, body, resigned=False)


@router.post("/externalcontact/resigned/transfer_customer")
async def resigned_transfer_customer(world: WorldDep, body: Transfer) -> Answer:
    giver = _gone(world, body.handover_userid)
    taker = _pair(world, body)
    return ok(customer=_asked(world, body, giver, taker))


@router.post("/externalcontact/resigned/transfer_result")
async def resigned_transfer_result(world: WorldDep, body: ResultQuery) -> Answer:
    _gone(world, body.handover_userid)
    return _result(world, body, resigned=True)


@router.post("/externalcontact/get_unassigned_list")
async def get_unassigned_list(world: WorldDep, body: UnassignedQuery) -> Answer:
    """By cursor, or by page number, which the cursor overrides."""
    info = _unassigned(world)
    size = min(body.page_size, UNASSIGNED_MAX)
    if body.page_id is None or body.cursor:
        found, next_cursor = wecom_page(info, query="unassigned", cursor=body.cursor, limit=size)
        return ok(info=found, is_last=not next_cursor, next_cursor=next_cursor)
    if body.page_id * size >= UNASSIGNED_DEPTH:
        raise WeComFault(40058, "page_id * page_size")
    start = body.page_id * size
    return ok(info=info[start : start + size], is_last=start + size >= len(info), next_cursor="")


def _pair(world: World, body: Transfer) -> Employee:
    if body.handover_userid.lower() == body.takeover_userid.lower():
        raise WeComFault(40130)
    return require_taker(world, body.takeover_userid)


def require_taker(world: World, userid: str) -> Employee:
    """Activated, real-named, in the scope of customer contact, in sight, and logged in within a year."""
    taker = world.org.require_serving(userid)
    if not taker.activated:
        raise WeComFault(41054, userid)
    if not taker.real_named:
        raise WeComFault(40098, userid)
    if not taker.logged_in_lately:
        raise WeComFault(40205, userid)
    return taker


def _gone(world: World, userid: str) -> Employee:
    employee = world.people.employees.get(userid.lower())
    if employee is None:
        raise WeComFault(60111, userid)
    if not employee.resigned:
        raise WeComFault(40097, userid)
    return employee


def _asked(
    world: World, body: Transfer, giver: Employee, taker: Employee, *, message: str = ""
) -> list[dict[str, Any]]:
    answers = []
    for external_userid in dict.fromkeys(body.external_userid):
        errcode = _problem(world, external_userid, giver, taker)
        if not errcode:
            world.handovers.ask(
                external_userid, giver.userid, taker.userid, resigned=giver.resigned, message=message
            )
        answers.append({"external_userid": external_userid, "errcode": errcode})
    return answers


def _problem(world: World, external_userid: str, giver: Employee, taker: Employee) -> int:
    """0, or the errcode of this one customer."""
    if external_userid not in world.people.customers:
        return 40096
    relation = world.people.relation(giver.userid, external_userid)
    if relation is None or relation.half:
        return 40131
    if world.handovers.is_waiting(external_userid, giver.userid):
        return 40129
    if not giver.resigned and world.handovers.too_often(external_userid):
        return 40128
    known = world.people.relation(taker.userid, external_userid)
    return 40099 if known is None and not has_room(world, taker) else 0


def _result(world: World, body: ResultQuery, *, resigned: bool) -> Answer:
    """The taker may have left since."""
    if body.takeover_userid.lower() not in world.people.employees:
        raise WeComFault(60111, body.takeover_userid)
    found = world.handovers.between(body.handover_userid, body.takeover_userid, resigned=resigned)
    query = f"handover {body.handover_userid} {body.takeover_userid} {resigned}"
    page, next_cursor = wecom_page(found, query=query, cursor=body.cursor, limit=RESULT_PAGE)
    return ok(customer=[_handover_json(one) for one in page], next_cursor=next_cursor)


def _handover_json(one: Handover) -> dict[str, Any]:
    """While it waits, takeover_time is in the future."""
    return {
        "external_userid": one.external_userid,
        "status": one.status,
        "takeover_time": int(one.takes_place_at.timestamp()),
    }


def _unassigned(world: World) -> list[dict[str, Any]]:
    """The customers of those who left, longest ago first; not those who are on their way to somebody."""
    gone = [one for one in world.people.employees.values() if one.resigned_at is not None]
    on_the_way = {(one.handover_userid.lower(), one.external_userid) for one in world.handovers.waiting}
    return [
        {
            "handover_userid": employee.userid,
            "external_userid": relation.external_userid,
            "dimission_time": int(employee.resigned_at.timestamp()),
        }
        for employee in sorted(gone, key=lambda one: one.resigned_at or world.clock())
        for relation in world.people.customers_of(employee.userid)
        if employee.resigned_at is not None
        and (employee.userid.lower(), relation.external_userid) not in on_the_way
    ]
