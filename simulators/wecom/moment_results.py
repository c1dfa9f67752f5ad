"""Reading moments: the list, who published, who saw, who answered (contract §8.3)."""

from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import BaseModel

from simulators.errors import WeComFault
from simulators.state.moments import Moment, Publication, Reaction
from simulators.wecom.cursor import wecom_page
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

TASK_DEFAULT, TASK_MAX = 500, 1000
SEEN_DEFAULT, SEEN_MAX = 3000, 5000
LONGEST_SPAN = timedelta(days=30)
# filter_type; the first two are create_type as well
CORP: Final = 0
PERSONAL: Final = 1
ALL: Final = 2
PART_OF_THEM, PUBLIC = 0, 1  # visible_type


class ListMoments(BaseModel):
    start_time: int
    end_time: int
    creator: str = ""
    filter_type: Literal[0, 1, 2] = ALL
    cursor: str = ""
    limit: int | None = None


class TaskQuery(BaseModel):
    moment_id: str
    cursor: str = ""
    limit: int = TASK_DEFAULT


class AudienceQuery(TaskQuery):
    userid: str


class SeenQuery(AudienceQuery):
    limit: int = SEEN_DEFAULT


class CommentsQuery(BaseModel):
    moment_id: str
    userid: str


@router.post("/externalcontact/get_moment_list")
async def get_moment_list(world: WorldDep, body: ListMoments) -> Answer:
    if not 0 <= body.end_time - body.start_time <= LONGEST_SPAN.total_seconds():
        raise WeComFault(40058, "span")
    moments = [_moment_json(one) for one in world.moments.listed() if _listed(world, one, body)]
    query = f"moments {body.start_time} {body.end_time} {body.filter_type} {body.creator}"
    most = world.config.moment_list_max
    limit = most if body.limit is None else min(body.limit, most)
    found, next_cursor = wecom_page(moments, query=query, cursor=body.cursor, limit=limit)
    return ok(moment_list=found, next_cursor=next_cursor)


@router.post("/externalcontact/get_moment_task")
async def get_moment_task(world: WorldDep, body: TaskQuery) -> Answer:
    """Who is to publish a moment of the corp, and who has."""
    parts = _visible_parts(world, world.moments.require_corps(body.moment_id))
    tasks = [{"userid": part.userid, "publish_status": int(part.published_at is not None)} for part in parts]
    limit = min(body.limit, TASK_MAX)
    query = f"task {body.moment_id}"
    found, next_cursor = wecom_page(tasks, query=query, cursor=body.cursor, limit=limit)
    return ok(task_list=found, next_cursor=next_cursor)


@router.post("/externalcontact/get_moment_customer_list")
async def get_moment_customer_list(world: WorldDep, body: AudienceQuery) -> Answer:
    """Whom the employee's share is meant for."""
    part = _part(world, body)
    customers = [{"userid": part.userid, "external_userid": one} for one in part.audience]
    limit = min(body.limit, TASK_MAX)
    query = f"customers {body.moment_id} {part.userid}"
    found, next_cursor = wecom_page(customers, query=query, cursor=body.cursor, limit=limit)
    return ok(customer_list=found, next_cursor=next_cursor)


@router.post("/externalcontact/get_moment_send_result")
async def get_moment_send_result(world: WorldDep, body: SeenQuery) -> Answer:
    """Who really sees it."""
    world.org.require_visible(body.userid)
    part = world.moments.require_published(body.moment_id, body.userid)
    customers = [{"external_userid": one} for one in part.seen_by]
    limit = min(body.limit, SEEN_MAX)
    query = f"seen {body.moment_id} {part.userid}"
    found, next_cursor = wecom_page(customers, query=query, cursor=body.cursor, limit=limit)
    return ok(customer_list=found, next_cursor=next_cursor)


@router.post("/externalcontact/get_moment_comments")
async def get_moment_comments(world: WorldDep, body: CommentsQuery) -> Answer:
    """Who liked and who commented, but not what was said."""
    world.org.require_visible(body.userid)
    part = world.moments.require_published(body.moment_id, body.userid)
    return ok(
        comment_list=[_reaction_json(world, one) for one in part.comments],
        like_list=[_reaction_json(world, one) for one in part.likes],
    )


def _part(world: World, body: AudienceQuery) -> Publication:
    world.org.require_visible(body.userid)
    return world.moments.require_part(body.moment_id, body.userid)


def _visible_parts(world: World, moment: Moment) -> list[Publication]:
    """An app sees only members in its visible range. What is unpublished ends with a cancelled task."""
    return [
        part
        for part in moment.parts.values()
        if world.org.visible(part.userid) and not (moment.cancelled and part.published_at is None)
    ]


def _listed(world: World, moment: Moment, asked: ListMoments) -> bool:
    kind = PERSONAL if moment.personal else CORP
    return (
        asked.start_time <= int(moment.created_at.timestamp()) <= asked.end_time
        and asked.filter_type in (ALL, kind)
        and (not asked.creator or asked.creator.lower() == (moment.creator or "").lower())
        and any(world.org.visible(part.userid) for part in moment.parts.values())
    )


def _moment_json(moment: Moment) -> dict[str, Any]:
    """Pictures are a list of their own here; a creator is named unless an app made it."""
    fields: dict[str, Any] = {
        "moment_id": moment.moment_id,
        "create_time": str(int(moment.created_at.timestamp())),  # a string in the official sample
        "create_type": PERSONAL if moment.personal else CORP,
        "visible_type": PUBLIC if moment.public else PART_OF_THEM,
    }
    if moment.creator is not None:
        fields["creator"] = moment.creator
    if moment.text:
        fields["text"] = {"content": moment.text}
    for attachment in moment.attachments:
        match attachment["msgtype"]:
            case "image":
                fields.setdefault("image", []).append({"media_id": attachment["image"]["media_id"]})
            case "video":
                fields["video"] = {"media_id": attachment["video"]["media_id"], "thumb_media_id": ""}
            case "link":
                link = attachment["link"]
                fields["link"] = {"title": link.get("title", ""), "url": link["url"]}
    return fields


def _reaction_json(world: World, reaction: Reaction) -> dict[str, Any]:
    who = "external_userid" if reaction.by in world.people.customers else "userid"
    return {who: reaction.by, "create_time": int(reaction.at.timestamp())}
