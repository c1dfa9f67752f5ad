"""Groups are made, joined, left and dismissed by people (contract §7, §13.9)."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from simulators.acts import groups as acts
from simulators.acts.groups import BY_LINK, BY_QR, INVITED
from simulators.control.base import ControlModel, Done
from simulators.state.groups import EXTERNAL, Group, GroupMember
from simulators.state.refused import Refused, Unknown
from simulators.state.ways import JoinWay
from simulators.world import World, WorldDep

router = APIRouter()


class NewGroup(ControlModel):
    name: str
    owner: str
    chat_id: str | None = None


class Join(ControlModel):
    """By one of: a join way, a QR that was exported by hand, or the group itself (then `scene` says how)."""

    external_userid: str
    config_id: str | None = None
    qr_token: str | None = None
    chat_id: str | None = None
    scene: Literal[1, 2, 3] = INVITED  # only with a chat_id


class Leave(ControlModel):
    external_userid: str
    chat_id: str
    by: Literal["customer", "employee"] = "customer"


class Dismiss(ControlModel):
    chat_id: str


class Created(BaseModel):
    chat_id: str
    name: str
    owner: str
    opengid: str


class Joined(BaseModel):
    chat_id: str
    joined: bool  # False: was a member before, so nothing happened
    created: bool = False  # True: the group was made because all others were full


@router.post("/groups", status_code=201)
async def create(world: WorldDep, body: NewGroup) -> Created:
    owner = world.people.employee(body.owner)
    group = acts.create(world, body.name, owner.userid, body.chat_id)
    return Created(chat_id=group.chat_id, name=group.name, owner=group.owner, opengid=group.opengid)


@router.post("/join")
async def join(world: WorldDep, body: Join) -> Joined:
    world.people.customer(body.external_userid)
    if sum(one is not None for one in (body.config_id, body.qr_token, body.chat_id)) != 1:
        raise Refused("give one of config_id, qr_token, chat_id", status=422)
    if body.config_id is not None:
        return _join_by_way(world, body.external_userid, body.config_id)
    scene: int = body.scene
    if body.qr_token is not None:
        group, scene = world.hand_qrs.group(body.qr_token), BY_QR
    else:
        group = world.groups.known(body.chat_id or "")
    if body.external_userid in group.members:
        return Joined(chat_id=group.chat_id, joined=False)
    if scene in (BY_LINK, BY_QR) and len(group.members) >= world.config.qr_join_cap:
        raise Refused("beyond this size one joins only by invitation")
    _admit(world, group, body.external_userid, scene)
    return Joined(chat_id=group.chat_id, joined=True)


@router.post("/leave")
async def leave(world: WorldDep, body: Leave) -> Done:
    group = world.groups.known(body.chat_id)
    acts.remove(world, group, acts.LEFT if body.by == "customer" else acts.REMOVED, body.external_userid)
    return Done()


@router.post("/dismiss")
async def dismiss(world: WorldDep, body: Dismiss) -> Done:
    group = world.groups.known(body.chat_id)
    if group.dismissed:
        raise Refused("dismissed before")
    world.groups.dismiss(group)
    world.callbacks.group("dismiss", group.chat_id)
    return Done()


def _join_by_way(world: World, external_userid: str, config_id: str) -> Joined:
    """Unlike a QR that was exported by hand, that of a join way never expires."""
    way = world.ways.join_ways.get(config_id)
    if way is None:
        raise Unknown("join way", config_id)
    chat_ids = [*way.spec.chat_id_list, *way.unlisted]
    for chat_id in chat_ids:
        if external_userid in world.groups.all[chat_id].members:
            return Joined(chat_id=chat_id, joined=False)
    group = world.groups.open_by_qr(chat_ids)
    created = group is None
    if group is None:
        group = _create_next(world, way)
    _admit(world, group, external_userid, BY_QR, state=way.spec.state or None)
    return Joined(chat_id=group.chat_id, joined=True, created=created)


def _create_next(world: World, way: JoinWay) -> Group:
    """[SIM] its owner, its name when there is no base name, and whether the way lists it (§7.2)."""
    spec = way.spec
    if not spec.auto_create_room:
        raise Refused("all groups of this way are full")
    last = -1 if world.config.auto_room_owner == "last" else 0
    model = world.groups.all[spec.chat_id_list[last]]
    name = f"{spec.room_base_name or model.name}{spec.room_base_id}"
    group = acts.create(world, name, model.owner)
    way.spec = spec.model_copy(update={"room_base_id": spec.room_base_id + 1})
    if world.config.auto_room_listed:
        chat_id_list = [*spec.chat_id_list, group.chat_id]
        way.spec = way.spec.model_copy(update={"chat_id_list": chat_id_list})
    else:
        way.unlisted.append(group.chat_id)
    return group


def _admit(world: World, group: Group, external_userid: str, scene: int, state: str | None = None) -> None:
    """Who was invited was so by the owner; `groups/invite` has other inviters."""
    invitor = group.owner if scene == INVITED else None
    member = GroupMember(external_userid, EXTERNAL, world.clock(), scene, invitor=invitor, state=state)
    acts.admit(world, group, member)
