"""What arrived: at customers, on their tags, at employees."""

from fastapi import APIRouter

from simulators.state.notices import Notice
from simulators.state.received import Received
from simulators.state.staff_messages import StaffMessage
from simulators.world import WorldDep

router = APIRouter()


@router.get("/received")
async def received(world: WorldDep) -> dict[str, list[Received]]:
    return world.inboxes.by_customer


@router.get("/received/{external_userid}")
async def received_by(world: WorldDep, external_userid: str) -> list[Received]:
    world.people.customer(external_userid)
    return world.inboxes.by_customer.get(external_userid, [])


@router.get("/tags/{external_userid}")
async def tags(world: WorldDep, external_userid: str) -> dict[str, list[str]]:
    """Tag names by follower."""
    world.people.customer(external_userid)
    return {
        relation.userid: [world.tags.get(tag_id).name for tag_id in relation.tag_ids]
        for relation in world.people.followers(external_userid)
    }


@router.get("/messages")
async def messages(world: WorldDep, userid: str | None = None) -> list[StaffMessage]:
    """Application messages to employees, those dropped by the limit too."""
    wanted = None if userid is None else userid.lower()
    return [message for message in world.staff_messages.all if wanted in (None, message.userid.lower())]


@router.get("/notices")
async def notices(world: WorldDep, userid: str | None = None) -> list[Notice]:
    """What WeCom itself shows employees in the client: tasks to confirm, reminders."""
    wanted = None if userid is None else userid.lower()
    return [notice for notice in world.notices.all if wanted in (None, notice.userid.lower())]
