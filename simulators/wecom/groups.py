"""Reading customer groups (contract §7.1). Only those whose owner is in the app's visible range."""

from typing import Any

from pydantic import BaseModel, Field

from simulators.errors import WeComFault
from simulators.state.groups import STAFF, Group, GroupMember
from simulators.wecom.cursor import wecom_page
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

LIST_MAX = 1000
# status of a group (§7.1); as a filter, 0 means all
NORMAL, RESIGNED, IN_HANDOVER, HANDED_OVER = 0, 1, 2, 3


class OwnerFilter(BaseModel):
    userid_list: list[str] = Field(default=[], max_length=100)


class ListGroups(BaseModel):
    status_filter: int = Field(default=0, ge=0, le=3)
    owner_filter: OwnerFilter = OwnerFilter()
    cursor: str = ""
    limit: int


class GetGroup(BaseModel):
    chat_id: str
    need_name: int = 0


class OpenGid(BaseModel):
    opengid: str


@router.post("/externalcontact/groupchat/list")
async def list_groups(world: WorldDep, body: ListGroups) -> Answer:
    owners = {userid.lower() for userid in body.owner_filter.userid_list}
    _check_owners(world, body.owner_filter.userid_list)
    chats = [
        {"chat_id": group.chat_id, "status": status(world, group)}
        for group in world.groups.all.values()
        if not group.dismissed and _listed(world, group, owners)
    ]
    if body.status_filter:
        chats = [chat for chat in chats if chat["status"] == body.status_filter]
    query = f"groupchat {body.status_filter} {sorted(owners)}"
    limit = min(body.limit, LIST_MAX)
    group_chat_list, next_cursor = wecom_page(chats, query=query, cursor=body.cursor, limit=limit)
    return ok(group_chat_list=group_chat_list, next_cursor=next_cursor)


@router.post("/externalcontact/groupchat/get")
async def get_group(world: WorldDep, body: GetGroup) -> Answer:
    group = world.groups.require(body.chat_id)
    _require_owner_in_range(world, group)
    members, version = world.groups.shown(group)
    group_chat = {
        "chat_id": group.chat_id,
        "name": group.name,
        "owner": group.owner,
        "create_time": int(group.created_at.timestamp()),
        "notice": group.notice,
        "member_list": [_member_json(world, member, need_name=bool(body.need_name)) for member in members],
        "admin_list": [{"userid": userid} for userid in group.admins],
        "member_version": version,
    }
    return ok(group_chat=group_chat)


@router.post("/externalcontact/opengid_to_chatid")
async def opengid_to_chatid(world: WorldDep, body: OpenGid) -> Answer:
    if body.opengid in world.groups.foreign:
        raise WeComFault(90509)
    group = next((one for one in world.groups.all.values() if one.opengid == body.opengid), None)
    if group is None:
        raise WeComFault(90511)
    _require_owner_in_range(world, world.groups.require(group.chat_id))
    return ok(chat_id=group.chat_id)


def status(world: World, group: Group) -> int:
    if group.next_owner is not None:
        return IN_HANDOVER
    if world.people.employee(group.owner).resigned:
        return RESIGNED
    return HANDED_OVER if group.inherited else NORMAL


def owner_in_range(world: World, group: Group) -> bool:
    """The groups of one who resigned stay in sight: they wait for a new owner."""
    return world.people.employee(group.owner).resigned or world.org.serves(group.owner)


def _require_owner_in_range(world: World, group: Group) -> None:
    if not world.people.employee(group.owner).resigned:
        world.org.require_serving(group.owner)


def _listed(world: World, group: Group, owners: set[str]) -> bool:
    if owners:
        return group.owner.lower() in owners
    return owner_in_range(world, group)


def _check_owners(world: World, owners: list[str]) -> None:
    if not owners and len(world.org.serving()) > world.config.group_list_members:
        raise WeComFault(81017, "give an owner_filter")
    for userid in owners:
        employee = world.people.employees.get(userid.lower())
        if employee is None or not employee.resigned:
            world.org.require_visible(userid)


def _member_json(world: World, member: GroupMember, *, need_name: bool) -> dict[str, Any]:
    """name only on request, invitor only for an invitation by staff, state only after an API-made QR."""
    fields: dict[str, Any] = {
        "userid": member.member_id,
        "type": member.type,
        "join_time": int(member.joined_at.timestamp()),
        "join_scene": member.join_scene,
        "group_nickname": member.nickname,
    }
    if member.type == STAFF:
        name = world.people.employee(member.member_id).name
    else:
        customer = world.people.customer(member.member_id)
        name = customer.nickname
        if customer.unionid and world.config.developer_bound:
            fields["unionid"] = customer.unionid
    if need_name:
        fields["name"] = name
    if member.invitor:
        fields["invitor"] = {"userid": member.invitor}
    if member.state:
        fields["state"] = member.state
    return fields
