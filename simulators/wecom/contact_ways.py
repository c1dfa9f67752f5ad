"""Contact ways (联系我), contract §2.1 and §2.2."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Body, Request
from pydantic import BaseModel

from simulators.acts.friends import end_chat
from simulators.errors import WeComFault
from simulators.state.ways import TEMPORARY_CHAT_SECONDS, TEMPORARY_SECONDS, ContactWay, ContactWaySpec
from simulators.wecom.cursor import wecom_page
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.wecom.way_rules import checked
from simulators.world import World, WorldDep

router = wecom_router()

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


class TemporaryChat(BaseModel):
    userid: str
    external_userid: str


ConfigId = Annotated[str, Body(embed=True)]


@router.post("/externalcontact/add_contact_way")
async def add_contact_way(world: WorldDep, request: Request, spec: ContactWaySpec) -> Answer:
    way = world.ways.add_contact_way(checked(spec, world), world.org.caller.agent_id)
    return ok(config_id=way.config_id, **_qr_code(way, request))


@router.post("/externalcontact/get_contact_way")
async def get_contact_way(world: WorldDep, request: Request, config_id: ConfigId) -> Answer:
    way = _own(world, config_id)
    fields = way.spec.model_dump(exclude_none=True)
    image = fields.get("conclusions", {}).get("image")
    if image:
        fields["conclusions"]["image"] = {"pic_url": f"{request.base_url}{image['pic_url']}"}
    if way.spec.is_temp:
        fields.setdefault("expires_in", TEMPORARY_SECONDS)
        fields.setdefault("chat_expires_in", TEMPORARY_CHAT_SECONDS)
    return ok(contact_way={"config_id": config_id, **fields, **_qr_code(way, request)})


@router.post("/externalcontact/list_contact_way")
async def list_contact_way(world: WorldDep, body: ListContactWay) -> Answer:
    start = body.start_time or int((world.clock() - timedelta(days=90)).timestamp())
    end = body.end_time or world.clock.unix()
    app = world.org.caller.agent_id
    config_ids = [
        {"config_id": way.config_id}
        for way in world.ways.contact_ways.values()
        if way.app == app and not way.spec.is_temp and start <= int(way.created_at.timestamp()) <= end
    ]
    query = f"contact_way {app} {body.start_time} {body.end_time}"
    limit = min(body.limit, LIST_MAX)
    contact_way, next_cursor = wecom_page(config_ids, query=query, cursor=body.cursor, limit=limit)
    return ok(contact_way=contact_way, next_cursor=next_cursor)


@router.post("/externalcontact/update_contact_way")
async def update_contact_way(world: WorldDep, body: UpdateContactWay) -> Answer:
    way = _own(world, body.config_id)
    changes = body.model_dump(exclude={"config_id"}, exclude_none=True)
    members = bool({"user", "party"} & changes.keys())
    way.spec = checked(way.spec.model_copy(update=changes), world, members=members)
    return ok()


@router.post("/externalcontact/del_contact_way")
async def del_contact_way(world: WorldDep, config_id: ConfigId) -> Answer:
    _own(world, config_id)
    del world.ways.contact_ways[config_id]
    return ok()


@router.post("/externalcontact/close_temp_chat")
async def close_temp_chat(world: WorldDep, body: TemporaryChat) -> Answer:
    """[SIM] the errcode for a pair that never was a temporary chat."""
    relation = world.org.require_follower(body.userid, body.external_userid)
    if relation.ends_at is None:
        raise WeComFault(84061, "not a temporary chat")
    end_chat(world, relation)
    return ok()


def _own(world: World, config_id: str) -> ContactWay:
    return world.ways.contact_way(config_id, world.org.caller.agent_id)


def _qr_code(way: ContactWay, request: Request) -> dict[str, str]:
    """Only for scene 2. The address serves a real image."""
    return {"qr_code": f"{request.base_url}qr/{way.config_id}.png"} if way.spec.scene == 2 else {}
