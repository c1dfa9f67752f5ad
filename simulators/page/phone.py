"""A customer's phone: what arrived there, and what can be done with it."""

from typing import Any
from urllib.parse import urlsplit

from simulators.page.rendering import clock_text
from simulators.page.views import Values, contact_way, join_way, newest, staff_name
from simulators.state.people import Relation
from simulators.state.received import Received
from simulators.world import World

CHANNELS = {"welcome": "欢迎语", "single": "群发", "group": "群发到客户群", "moment": "朋友圈"}
KINDS = {"link": "链接", "miniprogram": "小程序", "video": "视频", "file": "文件"}


def customer_phone(world: World, external_userid: str) -> Values:
    person = world.people.customer(external_userid)
    members = [one for one in world.till.members.values() if _is(one, person.unionid, external_userid)]
    member_id = members[0].member_id if members else ""
    relations = [one for one in world.people.relations() if one.external_userid == external_userid]
    groups = [
        one for one in world.groups.all.values() if external_userid in one.members and not one.dismissed
    ]
    return {
        "person": {"id": external_userid, "nickname": person.nickname, "unionid": person.unionid or ""},
        "messages": [
            _received(world, one) for one in newest(world.inboxes.by_customer.get(external_userid, []))
        ],
        "ways": [contact_way(world, way) for way in newest(world.ways.contact_ways.values())],
        "join_ways": [join_way(world, way) for way in newest(world.ways.join_ways.values())],
        "friends": [_friend(world, one) for one in relations],
        "groups": [{"chat_id": one.chat_id, "name": one.name or "未命名"} for one in groups],
        "member_id": member_id,
        "orders": len(world.till.orders_of.get(member_id, [])),
        "stores": [{"id": one.store_id, "name": one.name} for one in world.till.stores.values()],
    }


def _is(member: Any, unionid: str | None, external_userid: str) -> bool:
    return member.external_userid == external_userid or (unionid is not None and member.unionid == unionid)


def _friend(world: World, relation: Relation) -> Values:
    return {
        "userid": relation.userid,
        "name": staff_name(world, relation.userid),
        "tags": tags(world, relation),
        "note": note(relation),
        "deleted": relation.deleted_by_customer,
    }


def note(relation: Relation) -> str:
    if relation.deleted_by_customer:
        return "客户已删除好友"
    return "等待通过" if relation.half else ""


def tags(world: World, relation: Relation) -> str:
    known = (world.tags.known(tag_id) for tag_id in relation.tag_ids)
    return "、".join(tag.name for tag in known if tag is not None)


def _received(world: World, one: Received) -> Values:
    group = world.groups.all.get(one.chat_id or "")
    who = staff_name(world, one.userid)
    return {
        "who": f"{who} · {group.name}" if group else who,
        "channel": CHANNELS.get(one.channel, one.channel),
        "at": clock_text(one.at),
        "text": one.text or "",
        "parts": [_part(attachment) for attachment in one.attachments],
    }


def _part(attachment: dict[str, Any]) -> Values:
    """A picture is shown; anything else by what it says of itself."""
    kind = str(attachment.get("msgtype", ""))
    body = attachment.get(kind) or {}
    image = ""
    if kind == "image":
        media_id, pic_url = body.get("media_id"), body.get("pic_url", "")
        image = f"/_control/pictures/{media_id}" if media_id else urlsplit(pic_url).path
    return {
        "kind": KINDS.get(kind, kind),
        "image": image,
        "title": str(body.get("title", "")),
        "more": str(body.get("desc") or body.get("url") or body.get("page") or ""),
    }
