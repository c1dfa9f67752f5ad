"""Corp tags and mark_tag (contract §5.1, §5.2)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
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


class NewTag(BaseModel):
    name: Name
    order: Order = 0


class AddCorpTag(BaseModel):
    group_id: str = ""
    group_name: Annotated[str, Field(max_length=30)] = ""
    order: Order = 0
    tag: list[NewTag] = []


class EditCorpTag(BaseModel):
    id: str
    name: Name | None = None
    order: Order | None = None


class MarkTag(BaseModel):
    userid: str
    external_userid: str
    add_tag: list[str] = []
    remove_tag: list[str] = []


@router.post("/externalcontact/get_corp_tag_list")
async def get_corp_tag_list(world: WorldDep, body: TagFilter) -> Answer:
    """`deleted` ones are shown only when asked by id; group_id wins over tag_id."""
    if body.group_id:
        groups = [world.tags.groups[key] for key in body.group_id if key in world.tags.groups]
        return ok(tag_group=[_group_json(group, group.tags) for group in groups])
    if body.tag_id:
        return ok(tag_group=_groups_of(world, body.tag_id))
    living = [group for group in world.tags.groups.values() if not group.deleted]
    return ok(tag_group=[_group_json(group, [t for t in group.tags if not t.deleted]) for group in living])


@router.post("/externalcontact/add_corp_tag")
async def add_corp_tag(world: WorldDep, body: AddCorpTag) -> Answer:
    wanted = {tag.name: tag for tag in reversed(body.tag)}  # the same name twice collapses into the first
    if not wanted or not (body.group_id or body.group_name):
        raise WeComFault(40063)
    group = world.tags.group(body.group_id) if body.group_id else world.tags.group_named(body.group_name)
    if group is not None and any(group.named(name) for name in wanted):
        raise WeComFault(40071)
    world.tags.check_room(len(wanted))
    if group is None:
        group = world.tags.add_group(body.group_name, body.order)
    added = [world.tags.add(group, name, wanted[name].order) for name in reversed(wanted)]
    return ok(tag_group=_group_json(group, added))


@router.post("/externalcontact/edit_corp_tag")
async def edit_corp_tag(world: WorldDep, body: EditCorpTag) -> Answer:
    target: Tag | TagGroup
    if body.id in world.tags.groups:
        target = world.tags.group(body.id)
        namesake: Tag | TagGroup | None = world.tags.group_named(body.name or "")
    else:
        target = world.tags.get(body.id)
        namesake = world.tags.group_of(target).named(body.name or "")
    if namesake is not None and namesake is not target:
        raise WeComFault(40071)
    target.name = body.name or target.name
    target.order = target.order if body.order is None else body.order
    return ok()


@router.post("/externalcontact/del_corp_tag")
async def del_corp_tag(world: WorldDep, body: TagFilter) -> Answer:
    if not (body.tag_id or body.group_id):
        raise WeComFault(40063)
    doomed = [world.tags.get(tag_id) for tag_id in body.tag_id]
    for group_id in body.group_id:
        doomed += [tag for tag in world.tags.group(group_id).tags if not tag.deleted]
    gone = {tag.tag_id for tag in doomed}
    for tag in doomed:
        world.tags.delete(tag)
    for relation in world.people.relations():
        relation.tag_ids = [tag_id for tag_id in relation.tag_ids if tag_id not in gone]
    return ok()


@router.post("/externalcontact/mark_tag")
async def mark_tag(world: WorldDep, body: MarkTag) -> Answer:
    """Idempotent; the tags belong to the pair, so every follower is marked by itself."""
    if not (body.add_tag or body.remove_tag):
        raise WeComFault(40063)
    with _alone(world, body.userid.lower(), body.external_userid):
        await asyncio.sleep(world.config.mark_tag_seconds)
        relation = world.people.require_follower(body.userid, body.external_userid)
        for tag_id in (*body.add_tag, *body.remove_tag):
            world.tags.get(tag_id)
        kept = dict.fromkeys([*relation.tag_ids, *body.add_tag])
        tag_ids = [tag_id for tag_id in kept if tag_id not in body.remove_tag]
        if len(tag_ids) > world.config.tags_per_pair:
            raise WeComFault(40126)
        relation.tag_ids = tag_ids
    return ok()


@contextmanager
def _alone(world: World, userid: str, external_userid: str) -> Iterator[None]:
    """Two calls in flight for one pair conflict (§13.17)."""
    pair, busy = (userid, external_userid), world.tags.pairs_in_flight
    if pair in busy:
        raise WeComFault(45035)
    busy.add(pair)
    try:
        yield
    finally:
        busy.discard(pair)


def _groups_of(world: World, tag_ids: list[str]) -> list[Answer]:
    """A tag is returned in its group, with only the tags asked for."""
    asked: dict[str, list[Tag]] = {}
    for tag in map(world.tags.known, tag_ids):
        if tag is not None:
            asked.setdefault(tag.group_id, []).append(tag)
    return [_group_json(world.tags.groups[group_id], tags) for group_id, tags in asked.items()]


def _group_json(group: TagGroup, tags: list[Tag]) -> Answer:
    """A larger order sorts first (§5.1)."""
    return {
        "group_id": group.group_id,
        "group_name": group.name,
        "tag": [
            {"id": tag.tag_id, "name": tag.name, **_common(tag)}
            for tag in sorted(tags, key=lambda tag: -tag.order)
        ],
        **_common(group),
    }


def _common(item: Tag | TagGroup) -> Answer:
    fields = {"create_time": int(item.created_at.timestamp()), "order": item.order}
    return {**fields, "deleted": True} if item.deleted else fields
