"""Members come and go, owners change; the events are those of contract §3.5."""

from datetime import timedelta
from typing import Final

from simulators.state.groups import EXTERNAL, STAFF, Group, GroupMember, GroupMessage
from simulators.state.received import Received
from simulators.world import World

# join_scene of groupchat/get (§7.1)
INVITED: Final = 1
BY_LINK: Final = 2
BY_QR: Final = 3
EVENT_SCENE = {INVITED: 0, BY_LINK: 0, BY_QR: 3}  # the event has numbers of its own (§3.5)
LEFT, REMOVED = 0, 1  # QuitScene

NICKNAME = "%NICKNAME%"


def create(world: World, name: str, owner: str, chat_id: str | None = None) -> Group:
    group = world.groups.create(name, owner, chat_id)
    world.callbacks.group("create", group.chat_id)
    return group


def admit(world: World, group: Group, *members: GroupMember) -> None:
    """Those who come at once are one event. They all have the same join_scene."""
    versions = world.groups.admit(group, *members)
    scene = EVENT_SCENE[members[0].join_scene]
    ids = [member.member_id for member in members]
    world.callbacks.group_members("add_member", group.chat_id, ids, versions, join_scene=scene)
    if group.welcome_template is not None:
        group.unwelcomed += [member.member_id for member in members if member.type == EXTERNAL]
        welcome(world, group)


def remove(world: World, group: Group, scene: int, *member_ids: str) -> None:
    versions = world.groups.remove(group, *member_ids)
    world.callbacks.group_members("del_member", group.chat_id, list(member_ids), versions, quit_scene=scene)


def change_owner(world: World, group: Group, userid: str, *, event: bool) -> None:
    """Who was not in the group comes in. `event`: WeCom says nothing of what the API itself does (§3.1)."""
    if not group.has(userid):
        newcomer = GroupMember(userid, STAFF, world.clock(), INVITED)
        versions = world.groups.admit(group, newcomer)
        if event:
            world.callbacks.group_members("add_member", group.chat_id, [userid], versions)
    group.owner = userid
    group.admins = [admin for admin in group.admins if admin.lower() != userid.lower()]
    if event:
        world.callbacks.group_changed("change_owner", group.chat_id)


def welcome(world: World, group: Group) -> None:
    """One message greets all who wait, and then there is a pause (§4.2)."""
    pause = timedelta(seconds=world.config.group_welcome_interval_seconds)
    if group.welcomed_at is not None and world.clock() - group.welcomed_at < pause:
        world.groups.waiting.add(group.chat_id)
        return
    template = world.templates.find(group.welcome_template)
    if template is None or not group.unwelcomed:
        group.unwelcomed.clear()
        return
    names = "、".join(world.people.customer(one).nickname for one in group.unwelcomed)
    text = template.text.replace(NICKNAME, names)
    attachments = [] if template.attachment is None else [template.attachment]
    group.messages.append(GroupMessage(world.clock(), group.owner, text, attachments, "welcome"))
    greeting = Received(
        world.clock(), "group_welcome", group.owner, text or None, attachments, chat_id=group.chat_id
    )
    for external_userid in group.unwelcomed:
        world.inboxes.deliver(external_userid, greeting)
    group.unwelcomed.clear()
    group.welcomed_at = world.clock()


def settle(world: World) -> None:
    """Welcomes and handovers of groups whose time has come."""
    for chat_id in tuple(world.groups.waiting):
        group = world.groups.all[chat_id]
        world.groups.waiting.discard(chat_id)
        if group.unwelcomed:
            welcome(world, group)
        if group.next_owner is None or group.changes_owner_at is None:
            continue
        if world.clock() < group.changes_owner_at:
            world.groups.waiting.add(chat_id)
        else:
            inherit(world, group, group.next_owner)


def inherit(world: World, group: Group, userid: str) -> None:
    """A group of somebody who resigned has its new owner."""
    change_owner(world, group, userid, event=world.config.group_handover_events)
    group.inherited, group.next_owner, group.changes_owner_at = True, None, None
