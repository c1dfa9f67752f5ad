"""Contact ways (联系我), contract §2.1 and §2.2."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Body, Request
from pydantic import BaseModel

from simulators.errors import WeComFault
from simulators.state.people import People
from simulators.state.ways import ContactWay, ContactWaySpec
from simulators.wecom.cursor import wecom_page
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

STATE_CHARS = 30
REMARK_CHARS = 30
TEMPORARY_SECONDS = 14 * 24 * 3600
LIST_DEFAULT, LIST_MAX = 100, 1000


class UpdateContactWay(BaseModel):
    """Everything but type and scene, which cannot change; a field that is given replaces the old one."""

    config_id: str
    remark: str | None = None
    skip_verify: bool | None = None
    style: int | None = None
    state: str | None = None
    user: list[str] | None = None
    party: list[int] | None = None
    expires_in: int | None = None
    chat_expires_in: int | None = None
    unionid: str | None = None
    conclusions: dict[str, Any] | None = None
    mark_source: bool | None = None


class ListContactWay(BaseModel):
    start_time: int | None = None
    end_time: int | None = None
    cursor: str = ""
    limit: int = LIST_DEFAULT


ConfigId = Annotated[str, Body(embed=True)]


@router.post("/externalcontact/add_contact_way")
async def add_contact_way(world: WorldDep, request: Request, spec: ContactWaySpec) -> Answer:
    _check(spec, world)
    way = world.ways.add_contact_way(spec)
    return ok(config_id=way.config_id, **_qr_code(way, request))


@router.post("/externalcontact/get_contact_way")
async def get_contact_way(world: WorldDep, request: Request, config_id: ConfigId) -> Answer:
    way = world.ways.contact_way(config_id)
    fields = way.spec.model_dump(exclude_none=True)
    return ok(contact_way={"config_id": config_id, **fields, **_qr_code(way, request)})


@router.post("/externalcontact/list_contact_way")
async def list_contact_way(world: WorldDep, body: ListContactWay) -> Answer:
    start = body.start_time or int((world.clock() - timedelta(days=90)).timestamp())
    end = body.end_time or world.clock.unix()
    config_ids = [
        {"config_id": way.config_id}
        for way in world.ways.contact_ways.values()
        if not way.spec.is_temp and start <= int(way.created_at.timestamp()) <= end
    ]
    query = f"contact_way {body.start_time} {body.end_time}"
    limit = min(body.limit, LIST_MAX)
    contact_way, next_cursor = wecom_page(config_ids, query=query, cursor=body.cursor, limit=limit)
    return ok(contact_way=contact_way, next_cursor=next_cursor)


@router.post("/externalcontact/update_contact_way")
async def update_contact_way(world: WorldDep, body: UpdateContactWay) -> Answer:
    way = world.ways.contact_way(body.config_id)
    changes = body.model_dump(exclude={"config_id"}, exclude_none=True)
    spec = way.spec.model_copy(update=changes)
    _check(spec, world)
    way.spec = spec
    return ok()


@router.post("/externalcontact/del_contact_way")
async def del_contact_way(world: WorldDep, config_id: ConfigId) -> Answer:
    world.ways.contact_way(config_id)
    del world.ways.contact_ways[config_id]
    return ok()


def _qr_code(way: ContactWay, request: Request) -> dict[str, str]:
    """Only for scene 2. The address serves a real image."""
    return {"qr_code": f"{request.base_url}qr/{way.config_id}.png"} if way.spec.scene == 2 else {}


def _check(spec: ContactWaySpec, world: World) -> None:
    if spec.type not in (1, 2):
        raise WeComFault(41039)
    if spec.scene not in (1, 2):
        raise WeComFault(41040)
    if spec.style is not None and not (spec.scene == 1 and spec.style in (1, 2, 3)):
        raise WeComFault(41042)
    if len(spec.state) > STATE_CHARS:
        raise WeComFault(40058, "state")
    if len(spec.remark) > REMARK_CHARS:
        raise WeComFault(40058, "remark")
    _check_temporary(spec)
    if spec.party:  # [SIM] this corp has no departments
        raise WeComFault(40066)
    _check_users(spec, world.config.contact_way_users, world.people)


def _check_temporary(spec: ContactWaySpec) -> None:
    if spec.is_temp:
        if spec.type != 1 or max(spec.expires_in or 0, spec.chat_expires_in or 0) > TEMPORARY_SECONDS:
            raise WeComFault(40058, "is_temp")
    elif spec.expires_in or spec.chat_expires_in or spec.conclusions:
        raise WeComFault(40058, "only for a temporary session")


def _check_users(spec: ContactWaySpec, most: int, people: People) -> None:
    if not spec.user:
        raise WeComFault(40063, "user")
    if len(spec.user) > most:
        raise WeComFault(41041)
    if spec.type == 1 and len(spec.user) != 1:
        raise WeComFault(40058, "type 1 has exactly one user")
    for userid in spec.user:
        employee = people.require_employee(userid, 40003)
        if not employee.activated:
            raise WeComFault(41054, userid)
        if not employee.real_named:
            raise WeComFault(40098, userid)
