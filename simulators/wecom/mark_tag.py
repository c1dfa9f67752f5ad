"""mark_tag (contract §5.2): the tags of one pair of employee and customer."""

import asyncio

from pydantic import BaseModel

from simulators.errors import WeComFault
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()


class MarkTag(BaseModel):
    userid: str
    external_userid: str
    add_tag: list[str] = []
    remove_tag: list[str] = []


@router.post("/externalcontact/mark_tag")
async def mark_tag(world: WorldDep, body: MarkTag) -> Answer:
    """Idempotent; the tags belong to the pair, so every follower is marked by itself."""
    if not (body.add_tag or body.remove_tag):
        raise WeComFault(40063)
    if len(body.add_tag) + len(body.remove_tag) > world.config.tags_per_call:
        raise WeComFault(40058, "too many tags in one call")
    with world.traffic.alone(body.userid, body.external_userid):
        await asyncio.sleep(world.config.mark_tag_seconds)
        relation = world.org.require_follower(body.userid, body.external_userid)
        for tag_id in (*body.add_tag, *body.remove_tag):
            _require_usable(world, tag_id)
        kept = dict.fromkeys([*relation.tag_ids, *body.add_tag])
        tag_ids = [tag_id for tag_id in kept if tag_id not in body.remove_tag]
        if len(tag_ids) > world.config.tags_per_pair:
            raise WeComFault(40126)
        relation.tag_ids = tag_ids
    return ok()


def _require_usable(world: World, tag_id: str) -> None:
    """A strategy tag is one only for the app that made its rule group (§5.3)."""
    strategy_id = world.tags.group_of(world.tags.get(tag_id)).strategy_id
    if strategy_id is not None and world.tags.strategy(strategy_id).app != world.org.caller.agent_id:
        raise WeComFault(40068)
