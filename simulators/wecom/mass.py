"""Creating mass messages (contract §8.1)."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from simulators.errors import WeComFault
from simulators.state.content import check_content
from simulators.state.mass import ChatType, MassTask
from simulators.state.people import Relation
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class TagList(BaseModel):
    tag_list: list[str] = Field(default=[], max_length=100)


class TagFilter(BaseModel):
    group_list: list[TagList] = Field(default=[], max_length=100)


class MsgTemplate(BaseModel):
    chat_type: str = "single"
    external_userid: list[str] = Field(default=[], max_length=10_000)
    chat_id_list: list[str] = Field(default=[], max_length=2000)
    tag_filter: TagFilter | None = None
    sender: str = ""
    allow_select: bool = False
    text: Any = None
    attachments: Any = None


# Who sends to whom, and whom nobody can reach
Shares = tuple[dict[str, list[str]], list[str]]


@router.post("/externalcontact/add_msg_template")
async def add_msg_template(world: WorldDep, body: MsgTemplate) -> Answer:
    task, fail_list = create_task(world, body)
    return ok(fail_list=fail_list, msgid=task.msgid)


def create_task(world: World, body: MsgTemplate, creator: str | None = None) -> tuple[MassTask, list[str]]:
    """A task only: nothing is sent before the employees confirm it in the client, who see a notice of it."""
    content = check_content(body.text, body.attachments, world.media)
    chat_type: ChatType
    match body.chat_type:
        case "single":
            chat_type, (shares, fail_list) = "single", _single(world, body)
        case "group":
            chat_type, (shares, fail_list) = "group", _group(world, body)
        case _:
            raise WeComFault(86214)
    if not shares:
        raise WeComFault(41048)
    task = world.mass.create(chat_type, content, shares, allow_select=body.allow_select, creator=creator)
    for part in task.parts.values():
        world.notices.show(part.userid, "mass_task", task.msgid)
    return task, fail_list


def _single(world: World, body: MsgTemplate) -> Shares:
    """A customer with several followers is served only by the one who chatted last (§8.1 rule 2)."""
    if body.sender:
        world.org.require_serving(body.sender, 40003)
    shares: dict[str, list[str]] = defaultdict(list)
    fail_list = []
    for external_userid in dict.fromkeys(_wanted(world, body)):
        followers = _followers(world, external_userid, body)
        if followers and not _over_cap(world, external_userid):
            last = max(followers, key=lambda one: (one.last_chat_at or LONG_AGO, one.created_at))
            shares[last.userid].append(external_userid)
        else:
            fail_list.append(external_userid)
    return shares, fail_list


def _wanted(world: World, body: MsgTemplate) -> list[str]:
    if body.external_userid:  # then tag_filter is ignored
        return body.external_userid
    if body.tag_filter is None and not body.sender:
        raise WeComFault(40063, "external_userid, sender and tag_filter")
    groups = body.tag_filter.group_list if body.tag_filter else []
    for tag_id in (tag_id for group in groups for tag_id in group.tag_list):
        world.tags.get(tag_id)
    relations = world.people.customers_of(body.sender) if body.sender else world.people.relations()
    found = [relation for relation in relations if _matches(relation, groups)]
    return [one.external_userid for one in found if world.org.serves(one.userid)]


def _matches(relation: Relation, groups: list[TagList]) -> bool:
    """OR inside a list, AND between lists."""
    return not relation.half and all(set(group.tag_list) & set(relation.tag_ids) for group in groups)


def _followers(world: World, external_userid: str, body: MsgTemplate) -> list[Relation]:
    """Who may serve her: of the sender's own customers she is one, of customers that are named perhaps."""
    followers = world.org.followers_in_range(external_userid)
    if not body.sender or (body.external_userid and not world.config.mass_sender_decides):
        return followers
    return [one for one in followers if one.userid.lower() == body.sender.lower()]


def _group(world: World, body: MsgTemplate) -> Shares:
    if not body.sender:
        raise WeComFault(40063, "sender")
    sender = world.org.require_serving(body.sender, 40003)
    own = [group.chat_id for group in world.groups.owned_by(sender.userid)]
    wanted = list(dict.fromkeys(body.chat_id_list or own))
    reachable = [chat_id for chat_id in wanted if chat_id in own and not _over_cap(world, chat_id)]
    fail_list = [chat_id for chat_id in wanted if chat_id not in reachable]
    return ({sender.userid: reachable} if reachable else {}), fail_list


def _over_cap(world: World, recipient_id: str) -> bool:
    return world.config.mass_cap_at_creation and world.mass.capped(recipient_id)
