"""Corp tags (contract §5.1). The API causes no events; the console does (`simulators.control.tags`)."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, Field

from simulators.errors import WeComFault
from simulators.state.tags import Tag, TagGroup
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

Order = Annotated[int, Field(ge=0, lt=2**32)]
Name = Annotated[str, Field(min_length=1, max_length=30)]


class TagFilter(BaseModel):
    tag_id: list[str] = []
    group_id: list[str] = []


class DeleteTags(TagFilter):
    agentid: int | None = None


class NewTag(BaseModel):
    name: Name
    order: Order = 0


class NewTags(BaseModel):
    group_id: str = ""
    group_name: Annotated[str, Field(max_length=30)] = ""
    order: Order = 0
    tag: list[NewTag] = []


class AddCorpTag(NewTags):
    agentid: int | None = None


class EditTag(BaseModel):
    id: str
    name: Name | None = None
    order: Order | None = None
    agentid: int | None = None


@router.post("/externalcontact/get_corp_tag_list")
async def get_corp_tag_list(world: WorldDep, body: TagFilter) -> Answer:
    return ok(tag_group=listed(world, body, None))


@router.post("/externalcontact/add_corp_tag")
async def add_corp_tag(world: WorldDep, body: AddCorpTag) -> Answer:
    _check_agent(world, body.agentid)
    return ok(tag_group=added(world, body, None))


@router.post("/externalcontact/edit_corp_tag")
async def edit_corp_tag(world: WorldDep, body: EditTag) -> Answer:
    _check_agent(world, body.agentid)
    edit(world, body, strategic=False)
    return ok()


@router.post("/externalcontact/del_corp_tag")
async def del_corp_tag(world: WorldDep, body: DeleteTags) -> Answer:
    _check_agent(world, body.agentid)
    delete(world, body, strategic=False)
    return ok()


# ---- the same rules for both kinds of tag


def listed(world: World, asked: TagFilter, strategy_id: int | None) -> list[Answer]:
    """`deleted` ones are shown only when asked by id; group_id wins over tag_id."""
    tags = world.tags
    if asked.group_id:
        groups = [tags.groups[key] for key in asked.group_id if key in tags.groups]
        return [group_json(one, one.tags) for one in groups if one.strategy_id == strategy_id]
    if asked.tag_id:
        known = [tag for tag in map(tags.known, asked.tag_id) if tag is not None]
        return _in_their_groups(world, [t for t in known if tags.group_of(t).strategy_id == strategy_id])
    return [
        group_json(group, [tag for tag in group.tags if not tag.deleted])
        for group in tags.living(strategy_id)
    ]


def added(world: World, body: NewTags, strategy_id: int | None) -> Answer:
    """The group with only the new tags. A group_name that exists means: add to that group."""
    wanted = {tag.name: tag for tag in reversed(body.tag)}  # the same name twice collapses into the first
    if not wanted or not (body.group_id or body.group_name):
        raise WeComFault(40063)
    group = _group(world, body, strategy_id)
    if group is not None and any(group.named(name) for name in wanted):
        raise WeComFault(40071)
    world.tags.check_room(len(wanted))
    app = world.org.caller.agent_id
    if group is None:
        group = world.tags.add_group(body.group_name, body.order, app=app, strategy_id=strategy_id)
    new = [world.tags.add(group, name, wanted[name].order, app=app) for name in reversed(wanted)]
    return group_json(group, new)


def edit(world: World, body: EditTag, *, strategic: bool) -> None:
    item = world.tags.item(body.id)
    _require_own(world, [item], strategic=strategic)
    world.tags.change(item, body.name, body.order)


def delete(world: World, body: TagFilter, *, strategic: bool) -> None:
    if not (body.tag_id or body.group_id):
        raise WeComFault(40063)
    groups = [world.tags.group(group_id) for group_id in body.group_id]
    doomed = [world.tags.get(tag_id) for tag_id in body.tag_id]
    doomed += [tag for group in groups for tag in group.tags if not tag.deleted]
    _require_own(world, [*doomed, *groups], strategic=strategic)
    remove(world, doomed)


def remove(world: World, doomed: Iterable[Tag]) -> None:
    """The tags vanish from the customers too."""
    gone = set()
    for tag in doomed:
        world.tags.delete(tag)
        gone.add(tag.tag_id)
    for relation in world.people.relations():
        relation.tag_ids = [tag_id for tag_id in relation.tag_ids if tag_id not in gone]


def _group(world: World, body: NewTags, strategy_id: int | None) -> TagGroup | None:
    if not body.group_id:
        return world.tags.group_named(body.group_name, strategy_id)
    group = world.tags.group(body.group_id)
    if group.strategy_id != strategy_id:
        raise WeComFault(40068)
    return group


def _require_own(world: World, items: Iterable[Tag | TagGroup], *, strategic: bool) -> None:
    """An app touches only what it made itself; the ids of the other kind of tag are unknown here."""
    for item in items:
        group = item if isinstance(item, TagGroup) else world.tags.group_of(item)
        if (group.strategy_id is not None) != strategic:
            raise WeComFault(40068)
        if item.app != world.org.caller.agent_id:
            raise WeComFault(world.config.console_tag_error, "not created by this app")


def _check_agent(world: World, agentid: int | None) -> None:
    if agentid is not None and agentid != world.org.caller.agent_id:
        raise WeComFault(301002)


def _in_their_groups(world: World, tags: list[Tag]) -> list[Answer]:
    """A tag is returned in its group, with only the tags asked for."""
    asked: dict[str, list[Tag]] = {}
    for tag in tags:
        asked.setdefault(tag.group_id, []).append(tag)
    return [group_json(world.tags.groups[group_id], some) for group_id, some in asked.items()]


def group_json(group: TagGroup, tags: list[Tag]) -> Answer:
    fields = {
        "group_id": group.group_id,
        "group_name": group.name,
        "tag": [
            {"id": tag.tag_id, "name": tag.name, **_common(tag)}
            for tag in sorted(tags, key=lambda tag: -tag.order)
        ],
        **_common(group),
    }
    return fields if group.strategy_id is None else {**fields, "strategy_id": group.strategy_id}


def _common(item: Tag | TagGroup) -> Answer:
    fields = {"create_time": int(item.created_at.timestamp()), "order": item.order}
    return {**fields, "deleted": True} if item.deleted else fields
