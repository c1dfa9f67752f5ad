"""What owners, admins and members do with a group in their client (contract §3.5, §7)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, Field

from simulators import ids
from simulators.acts import groups as acts
from simulators.acts.groups import BY_LINK, INVITED
from simulators.acts.words import Spoken, judge
from simulators.control.base import ControlModel, Done
from simulators.state.groups import EXTERNAL, STAFF, Group, GroupMember, GroupMessage
from simulators.state.refused import Refused
from simulators.world import WorldDep

router = APIRouter(prefix="/groups")

Ids = Annotated[list[str], Field(min_length=1)]


class InGroup(ControlModel):
    chat_id: str


class Rename(InGroup):
    name: str


class PutNotice(InGroup):
    notice: str


class NewOwner(InGroup):
    userid: str = Field(description="a member of the group")


class Admin(InGroup):
    userid: str
    admin: bool = True


class Invite(InGroup):
    """Employees and customers come in together, which is one event. `by` is a member; staff or not."""

    by: str
    userids: list[str] = Field(default=[])
    external_userids: list[str] = Field(default=[])
    scene: Literal[1, 2] = Field(default=INVITED, description="1 directly, 2 by an invitation link")


class Kick(InGroup):
    members: Ids


class Nickname(InGroup):
    member: str
    nickname: str


class Say(InGroup):
    """An employee's message is judged by the intercept rules first."""

    sender: str
    text: str


class ApplyTemplate(InGroup):
    userid: str = Field(description="the owner or an admin; only they can")
    template_id: str | None = Field(description="null takes the welcome away")


class Exported(BaseModel):
    qr_token: str
    qr_code: str
    expires_at: AwareDatetime


class OrdinaryGroup(BaseModel):
    opengid: str


@router.post("/rename")
async def rename(world: WorldDep, body: Rename) -> Done:
    group = world.groups.living(body.chat_id)
    group.name = body.name
    world.callbacks.group_changed("change_name", group.chat_id)
    return Done()


@router.post("/notice")
async def put_notice(world: WorldDep, body: PutNotice) -> Done:
    group = world.groups.living(body.chat_id)
    group.notice = body.notice
    world.callbacks.group_changed("change_notice", group.chat_id)
    return Done()


@router.post("/owner")
async def new_owner(world: WorldDep, body: NewOwner) -> Done:
    group = world.groups.living(body.chat_id)
    acts.change_owner(world, group, _staff_member(group, body.userid), event=True)
    return Done()


@router.post("/admin")
async def set_admin(world: WorldDep, body: Admin) -> Done:
    """There is no event for this."""
    group = world.groups.living(body.chat_id)
    userid = _staff_member(group, body.userid)
    others = [admin for admin in group.admins if admin != userid]
    group.admins = [*others, userid] if body.admin else others
    return Done()


@router.post("/invite")
async def invite(world: WorldDep, body: Invite) -> Done:
    group = world.groups.living(body.chat_id)
    if not group.has(body.by):
        raise Refused("only a member can invite")
    invitor = body.by if body.by.lower() in world.people.employees else None  # an external one is not told
    people = [(world.people.employee(userid).userid, STAFF) for userid in body.userids]
    people += [(world.people.customer(one).external_userid, EXTERNAL) for one in body.external_userids]
    if not people or any(group.has(member_id) for member_id, _ in people):
        raise Refused("name people who are not in the group")
    if body.scene == BY_LINK and len(group.members) + len(people) > world.config.qr_join_cap:
        raise Refused("beyond this size one joins only by direct invitation")
    by = invitor if body.scene == INVITED else None
    now = world.clock()
    newcomers = [GroupMember(member_id, kind, now, body.scene, invitor=by) for member_id, kind in people]
    acts.admit(world, group, *newcomers)
    return Done()


@router.post("/kick")
async def kick(world: WorldDep, body: Kick) -> Done:
    group = world.groups.living(body.chat_id)
    if group.owner in body.members:
        raise Refused("the owner cannot be removed: change the owner first")
    acts.remove(world, group, acts.REMOVED, *body.members)
    return Done()


@router.post("/nickname")
async def nickname(world: WorldDep, body: Nickname) -> Done:
    group = world.groups.living(body.chat_id)
    if body.member not in group.members:
        raise Refused("not a member")
    group.members[body.member].nickname = body.nickname
    return Done()


@router.post("/message")
async def say(world: WorldDep, body: Say) -> Spoken:
    group = world.groups.living(body.chat_id)
    if not group.has(body.sender):
        raise Refused("not a member")
    spoken = judge(world, body.sender, group.chat_id, body.text)
    if spoken.sent:
        group.messages.append(GroupMessage(world.clock(), body.sender, body.text))
    return spoken


@router.get("/messages")
async def messages(world: WorldDep, chat_id: str) -> list[GroupMessage]:
    return world.groups.known(chat_id).messages


@router.post("/apply_template")
async def apply_template(world: WorldDep, body: ApplyTemplate) -> Done:
    """There is no API for it (§4.2)."""
    group = world.groups.living(body.chat_id)
    if body.userid.lower() not in (one.lower() for one in (group.owner, *group.admins)):
        raise Refused("only the owner or an admin applies a group welcome")
    if body.template_id is not None:
        world.templates.known(body.template_id)
    group.welcome_template = body.template_id
    return Done()


@router.post("/export_qr", status_code=201)
async def export_qr(world: WorldDep, request: Request, body: InGroup) -> Exported:
    """A member saves the group's own QR: it lives for 7 days, and `join` takes its token."""
    qr = world.hand_qrs.export(world.groups.living(body.chat_id))
    qr_code = f"{request.base_url}qr/{qr.token}.png"
    return Exported(qr_token=qr.token, qr_code=qr_code, expires_at=qr.expires_at)


@router.post("/ordinary", status_code=201)
async def ordinary(world: WorldDep) -> OrdinaryGroup:
    """A WeChat group that is no customer group, for opengid_to_chatid."""
    opengid = ids.opengid()
    world.groups.foreign.add(opengid)
    return OrdinaryGroup(opengid=opengid)


def _staff_member(group: Group, userid: str) -> str:
    for member in group.members.values():
        if member.type == STAFF and member.member_id.lower() == userid.lower():
            return member.member_id
    raise Refused(f"no employee {userid!r} in the group")
