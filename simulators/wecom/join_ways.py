"""Join ways (加入群聊), contract §7.2."""

from typing import Annotated

from fastapi import Body, Request

from simulators.errors import WeComFault
from simulators.state.ways import JoinWay, JoinWaySpec
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

REMARK_CHARS = 30
ROOM_NAME_CHARS = 40
STATE_CHARS = 30


class UpdateJoinWay(JoinWaySpec):
    config_id: str


ConfigId = Annotated[str, Body(embed=True)]


@router.post("/externalcontact/groupchat/add_join_way")
async def add_join_way(world: WorldDep, spec: JoinWaySpec) -> Answer:
    """Only the config_id: the QR's address comes from get_join_way."""
    _check(spec, world)
    way = world.ways.add_join_way(_cut(spec), world.org.caller.agent_id)
    return ok(config_id=way.config_id)


@router.post("/externalcontact/groupchat/get_join_way")
async def get_join_way(world: WorldDep, request: Request, config_id: ConfigId) -> Answer:
    spec = _own(world, config_id).spec
    fields = spec.model_dump(exclude_none=True)
    if spec.scene == 2:
        fields["qr_code"] = f"{request.base_url}qr/{config_id}.png"
    return ok(join_way={"config_id": config_id, **fields})


@router.post("/externalcontact/groupchat/update_join_way")
async def update_join_way(world: WorldDep, body: UpdateJoinWay) -> Answer:
    """Every field is overwritten, also one that is left out."""
    way = _own(world, body.config_id)
    _check(body, world)
    way.spec = _cut(JoinWaySpec.model_validate(body.model_dump(exclude={"config_id"})))
    way.unlisted.clear()
    return ok()


@router.post("/externalcontact/groupchat/del_join_way")
async def del_join_way(world: WorldDep, config_id: ConfigId) -> Answer:
    _own(world, config_id)
    del world.ways.join_ways[config_id]
    return ok()


def _own(world: World, config_id: str) -> JoinWay:
    return world.ways.join_way(config_id, world.org.caller.agent_id)


def _check(spec: JoinWaySpec, world: World) -> None:
    if spec.scene not in (1, 2):
        raise WeComFault(41040)
    if not spec.chat_id_list:
        raise WeComFault(40063, "chat_id_list")
    if len(spec.chat_id_list) > world.config.join_way_groups:
        raise WeComFault(41091)
    if len(spec.room_base_name) > ROOM_NAME_CHARS or len(spec.state) > STATE_CHARS:
        raise WeComFault(40058, "room_base_name or state")
    for chat_id in spec.chat_id_list:
        world.org.require_serving(world.groups.require(chat_id).owner)


def _cut(spec: JoinWaySpec) -> JoinWaySpec:
    """Unlike a contact way's, a remark that is too long is cut without a word (§13.18)."""
    return spec.model_copy(update={"remark": spec.remark[:REMARK_CHARS]})
