"""Employees publish moments in their client, and customers answer (contract §8.3)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from simulators import ids
from simulators.control.base import ControlModel, Done
from simulators.state.moments import Moment, Publication, Reaction
from simulators.state.received import Received
from simulators.state.refused import Refused
from simulators.wecom.moment_content import check_moment_content
from simulators.world import World, WorldDep

router = APIRouter(prefix="/moments")


class Publish(ControlModel):
    moment_id: str
    userid: str


class Personal(ControlModel):
    """`visible_to` narrows the audience to some of the employee's customers."""

    userid: str
    text: str = ""
    attachments: list[dict[str, Any]] = Field(default=[])
    visible_to: Annotated[list[str], Field(min_length=1)] | None = None


class React(Publish):
    """`by`: a customer who sees it, or an employee; of a comment, its text."""

    by: str
    kind: Literal["like", "comment"] = "like"
    text: str | None = None


class Delete(ControlModel):
    moment_id: str


class Seen(BaseModel):
    moment_id: str
    seen_by: list[str]


@router.post("/publish")
async def publish(world: WorldDep, body: Publish) -> Seen:
    moment, part = world.moments.known(body.moment_id, body.userid)
    if moment.cancelled:
        raise Refused("cancelled")
    if part.published_at is not None:
        raise Refused("published before")
    return _publish(world, moment, part)


@router.post("/personal", status_code=201)
async def personal(world: WorldDep, body: Personal) -> Seen:
    employee = world.people.employee(body.userid)
    customers = [relation.external_userid for relation in world.people.customers_of(employee.userid)]
    strangers = [one for one in body.visible_to or [] if one not in customers]
    if strangers:
        raise Refused(f"not customers of {employee.userid!r}: {strangers}")
    text, attachments = check_moment_content({"content": body.text}, body.attachments, world.media)
    part = Publication(employee.userid, body.visible_to or customers)
    moment = Moment(
        ids.moment_id(),
        text,
        attachments,
        public=body.visible_to is None,
        created_at=world.clock(),
        parts={employee.userid.lower(): part},
        creator=employee.userid,
        personal=True,
    )
    world.moments.all[moment.moment_id] = moment
    return _publish(world, moment, part)


@router.post("/react")
async def react(world: WorldDep, body: React) -> Done:
    _, part = world.moments.known(body.moment_id, body.userid)
    if body.by not in part.seen_by and body.by.lower() not in world.people.employees:
        raise Refused(f"{body.by!r} does not see this moment")
    if (body.kind == "comment") != bool(body.text):
        raise Refused("a comment has a text, a like has none", status=422)
    reaction = Reaction(body.by, world.clock(), body.text)
    if body.kind == "comment":
        part.comments.append(reaction)
    elif any(like.by == body.by for like in part.likes):
        raise Refused("liked before")
    else:
        part.likes.append(reaction)
    return Done()


@router.post("/delete")
async def delete(world: WorldDep, body: Delete) -> Done:
    """A moment that was deleted is not in the lists any more."""
    if body.moment_id not in world.moments.all:
        raise Refused("no such moment", status=404)
    world.moments.all[body.moment_id].deleted = True
    return Done()


@router.get("")
async def moments(world: WorldDep) -> list[Moment]:
    return list(world.moments.all.values())


def _publish(world: World, moment: Moment, part: Publication) -> Seen:
    relations = world.people.customers_of(part.userid)
    friends = [one.external_userid for one in relations if not one.deleted_by_customer]
    seen_by = world.moments.publish(moment, part, friends)
    message = Received(
        world.clock(), "moment", part.userid, moment.text or None, moment.attachments, msgid=moment.moment_id
    )
    for external_userid in seen_by:
        world.inboxes.deliver(external_userid, message)
    return Seen(moment_id=moment.moment_id, seen_by=seen_by)
