"""Reading customer groups (contract §7.1)."""

from typing import Any

from pydantic import BaseModel, Field

from simulators.state.groups import GroupMember
from simulators.wecom.cursor import wecom_page
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

LIST_MAX = 1000


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


@router.post("/externalcontact/groupchat/list")
async def list_groups(world: WorldDep, body: ListGroups) -> Answer:
    """Status is always 0 here: nobody resigns in this world."""
    owners = {userid.lower() for userid in body.owner_filter.userid_list}
    chats = [
        {"chat_id": group.chat_id, "status": 0}
        for group in world.groups.all.values()
        if body.status_filter == 0 and not group.dismissed and (not owners or group.owner.lower() in owners)
    ]
    query = f"groupchat {body.status_filter} {sorted(owners)}"
    limit = min(body.limit, LIST_MAX)
    group_chat_list, next_cursor = wecom_page(chats, query=query, cursor=body.cursor, limit=limit)
    return ok(group_chat_list=group_chat_list, next_cursor=next_cursor)


@router.post("/externalcontact/groupchat/get")
async def get_group(world: WorldDep, body: GetGroup) -> Answer:
    group = world.groups.require(body.chat_id)
    members, version = world.groups.shown(group)
    group_chat = {
        "chat_id": group.chat_id,
        "name": group.name,
        "owner": group.owner,
        "create_time": int(group.created_at.timestamp()),
        "notice": "",
        "member_list": [_member_json(world, member, need_name=bool(body.need_name)) for member in members],
        "admin_list": [],
        "member_version": version,
    }
    return ok(group_chat=group_chat)


def _member_json(world: World, member: GroupMember, *, need_name: bool) -> dict[str, Any]:
    """name only on request, invitor only for an invitation by staff, state only after an API-made QR."""
    fields: dict[str, Any] = {
        "userid": member.member_id,
        "type": member.type,
        "join_time": int(member.joined_at.timestamp()),
        "join_scene": member.join_scene,
        "group_nickname": "",
    }
    if member.type == 1:
        name = world.people.employee(member.member_id).name
    else:
        customer = world.people.customer(member.member_id)
        name = customer.nickname
        if customer.unionid:
            fields["unionid"] = customer.unionid
    if need_name:
        fields["name"] = name
    if member.invitor:
        fields["invitor"] = {"userid": member.invitor}
    if member.state:
        fields["state"] = member.state
    return fields
