"""The tags in the admin console: unlike calls of the API, these cause events (contract §3.6)."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from simulators.control.base import ControlModel, Done
from simulators.state.refused import Refused
from simulators.state.tags import Strategy, Tag, TagGroup
from simulators.wecom.tags import Name, Order, remove
from simulators.world import WorldDep

router = APIRouter(prefix="/console")


class NewStrategy(ControlModel):
    name: str
    app: int | None = None  # the app that may use its tags; the main one when left out


class NewTags(ControlModel):
    """An existing group gets more tags. With strategy_id they are strategy tags."""

    group_name: Name
    tags: Annotated[list[Name], Field(min_length=1)]
    order: Order = 0
    strategy_id: int | None = None


class Edit(ControlModel):
    id: str = Field(description="of a tag or a group")
    name: Name | None = None
    order: Order | None = None


class Delete(ControlModel):
    ids: Annotated[list[str], Field(min_length=1, description="of tags and of groups")]


class Shuffle(ControlModel):
    """The wanted order: of the tags of a group, or without group_id of the groups."""

    group_id: str | None = None
    ids: Annotated[list[str], Field(min_length=1)]


class Made(BaseModel):
    group_id: str
    tag_ids: dict[str, str]  # by name


@router.post("/strategies", status_code=201)
async def new_strategy(world: WorldDep, body: NewStrategy) -> Strategy:
    app = world.config.agent_id if body.app is None else world.org.app(body.app).agent_id
    return world.tags.add_strategy(body.name, app)


@router.post("/tags", status_code=201)
async def create(world: WorldDep, body: NewTags) -> Made:
    if body.strategy_id is not None:
        world.tags.strategy(body.strategy_id)
    group = world.tags.group_named(body.group_name, body.strategy_id)
    if group is not None and any(group.named(name) for name in body.tags):
        raise Refused("a tag of this name is in the group already")
    if len(set(body.tags)) < len(body.tags):
        raise Refused("a name stands twice", status=422)
    world.tags.check_room(len(body.tags))
    if group is None:
        group = world.tags.add_group(body.group_name, body.order, strategy_id=body.strategy_id)
        world.callbacks.tag("create", group.group_id, "tag_group", group.strategy_id)
    tag_ids = {name: world.tags.add(group, name, 0).tag_id for name in body.tags}
    for tag_id in tag_ids.values():
        world.callbacks.tag("create", tag_id, "tag", group.strategy_id)
    return Made(group_id=group.group_id, tag_ids=tag_ids)


@router.post("/tags/edit")
async def edit(world: WorldDep, body: Edit) -> Done:
    item = world.tags.item(body.id)
    world.tags.change(item, body.name, body.order)
    if isinstance(item, TagGroup):
        world.callbacks.tag("update", body.id, "tag_group", item.strategy_id)
    else:
        world.callbacks.tag("update", body.id, "tag", world.tags.group_of(item).strategy_id)
    return Done()


@router.post("/tags/delete")
async def delete(world: WorldDep, body: Delete) -> Done:
    """One event for each tag, and one for a group that has none left."""
    items = [world.tags.item(id_) for id_ in body.ids]
    doomed = {
        tag.tag_id: tag
        for item in items
        for tag in (item.tags if isinstance(item, TagGroup) else [item])
        if not tag.deleted
    }
    groups = {tag.group_id: world.tags.group_of(tag) for tag in doomed.values()}
    remove(world, doomed.values())
    for tag in doomed.values():
        world.callbacks.tag("delete", tag.tag_id, "tag", groups[tag.group_id].strategy_id)
    for group in groups.values():
        if group.deleted:
            world.callbacks.tag("delete", group.group_id, "tag_group", group.strategy_id)
    return Done()


@router.post("/tags/shuffle")
async def shuffle(world: WorldDep, body: Shuffle) -> Done:
    """The first of `ids` comes first in the lists, so it gets the largest order."""
    group = None if body.group_id is None else world.tags.group(body.group_id)
    known: dict[str, Tag | TagGroup] = {}
    if group is None:
        known |= {one.group_id: one for one in world.tags.living()}
    else:
        known |= {tag.tag_id: tag for tag in group.tags if not tag.deleted}
    if sorted(body.ids) != sorted(known):
        raise Refused("name each of them once", status=422)
    for order, id_ in enumerate(reversed(body.ids), start=1):
        known[id_].order = order
    strategy_id = None if group is None else group.strategy_id
    world.callbacks.tag("shuffle", body.group_id, None, strategy_id)
    return Done()
