"""Groups are made, joined, left and dismissed by people (contract §7, §13.9)."""

from typing import Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from simulators.control.base import ControlModel, Done
from simulators.state.groups import Group, GroupMember
from simulators.state.refused import Refused, Unknown
from simulators.state.ways import JoinWay
from simulators.world import World, WorldDep

router = APIRouter()

# join_scene of groupchat/get (§7.1)
INVITED: Final = 1
BY_LINK: Final = 2
BY_QR: Final = 3
EVENT_SCENE = {INVITED: 0, BY_LINK: 0, BY_QR: 3}  # the event has numbers of its own (§3.5)
LEFT, REMOVED = 0, 1


class NewGroup(ControlModel):
    name: str
    owner: str
    chat_id: str | None = None


class Join(ControlModel):
    external_userid: str
    config_id: str | None = None
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


class Joined(BaseModel):
    chat_id: str
    joined: bool  # False: was a member before, so nothing happened
    created: bool = False  # True: the group was made because all others were full


@router.post("/groups", status_code=201)
async def create(world: WorldDep, body: NewGroup) -> Created:
    owner = world.people.employee(body.owner)
    group = _create(world, body.name, owner.userid, body.chat_id)
    return Created(chat_id=group.chat_id, name=group.name, owner=group.owner)


@router.post("/join")
async def join(world: WorldDep, body: Join) -> Joined:
    world.people.customer(body.external_userid)
    if (body.config_id is None) == (body.chat_id is None):
        raise Refused("give either config_id or chat_id", status=422)
    if body.config_id is not None:
        return _join_by_way(world, body.external_userid, body.config_id)
    group = world.groups.known(body.chat_id or "")
    if body.external_userid in group.members:
        return Joined(chat_id=group.chat_id, joined=False)
    if body.scene in (BY_LINK, BY_QR) and len(group.members) >= world.config.qr_join_cap:
        raise Refused("beyond this size one joins only by invitation")
    _admit(world, group, body.external_userid, body.scene)
    return Joined(chat_id=group.chat_id, joined=True)


@router.post("/leave")
async def leave(world: WorldDep, body: Leave) -> Done:
    group = world.groups.known(body.chat_id)
    versions = world.groups.remove(group, body.external_userid)
    scene = LEFT if body.by == "customer" else REMOVED
    world.callbacks.group_members(
        "del_member", group.chat_id, [body.external_userid], versions, quit_scene=scene
    )
    return Done()


@router.post("/dismiss")
async def dismiss(world: WorldDep, body: Dismiss) -> Done:
    group = world.groups.known(body.chat_id)
    if group.dismissed:
        raise Refused("dismissed before")
    group.dismissed = True
    world.callbacks.group("dismiss", group.chat_id)
    return Done()


def _join_by_way(world: World, external_userid: str, config_id: str) -> Joined:
    way = world.ways.join_ways.get(config_id)
    if way is None:
        raise Unknown("join way", config_id)
    for chat_id in way.spec.chat_id_list:
        if external_userid in world.groups.all[chat_id].members:
            return Joined(chat_id=chat_id, joined=False)
    group = world.groups.open_by_qr(way.spec.chat_id_list)
    created = group is None
    if group is None:
        group = _create_next(world, way)
    _admit(world, group, external_userid, BY_QR, state=way.spec.state or None)
    return Joined(chat_id=group.chat_id, joined=True, created=created)


def _create_next(world: World, way: JoinWay) -> Group:
    """[SIM] the owner of the last group owns the next one, which joins the way's list (§7.2)."""
    spec = way.spec
    if not spec.auto_create_room:
        raise Refused("all groups of this way are full")
    owner = world.groups.all[spec.chat_id_list[-1]].owner
    group = _create(world, f"{spec.room_base_name}{spec.room_base_id}", owner)
    chat_id_list = [*spec.chat_id_list, group.chat_id]
    way.spec = spec.model_copy(update={"chat_id_list": chat_id_list, "room_base_id": spec.room_base_id + 1})
    return group


def _create(world: World, name: str, owner: str, chat_id: str | None = None) -> Group:
    group = world.groups.create(name, owner, chat_id)
    world.callbacks.group("create", group.chat_id)
    return group


def _admit(world: World, group: Group, external_userid: str, scene: int, state: str | None = None) -> None:
    """Who was invited was so by the owner: no one else acts in this world."""
    invitor = group.owner if scene == INVITED else None
    member = GroupMember(external_userid, 2, world.clock(), scene, invitor=invitor, state=state)
    versions = world.groups.admit(group, member)
    world.callbacks.group_members(
        "add_member", group.chat_id, [external_userid], versions, join_scene=EVENT_SCENE[scene]
    )
