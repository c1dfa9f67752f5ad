"""What employees see of the app in their client, and what they press (contract §3.8, §10.1)."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from simulators.acts import cards
from simulators.control.base import ControlModel, Done
from simulators.state.refused import Refused, Unknown
from simulators.state.staff_messages import StaffMessage
from simulators.world import World, WorldDep

router = APIRouter()


class Tap(ControlModel):
    """`key` of a button, of the menu or of the submit button; `selected`: option ids by question_key."""

    userid: str
    key: str
    msgid: str | None = None
    task_id: str | None = None
    selected: dict[str, list[str]] = Field(default={})


class Tapped(BaseModel):
    response_code: str


class Visit(ControlModel):
    """An employee opens the app, or it comes into or out of her range."""

    event: Literal["enter_agent", "subscribe", "unsubscribe"] = "enter_agent"
    agent_id: int | None = None  # left out: the main app


@router.get("/employees/{userid}/inbox")
async def inbox(world: WorldDep, userid: str) -> list[StaffMessage]:
    """As she sees it: without what was dropped or recalled."""
    owner = world.people.employee(userid).userid.lower()
    messages = [one for one in world.staff_messages.all if one.userid.lower() == owner]
    return [one for one in messages if not (one.dropped or one.recalled)]


@router.post("/employees/{userid}/visit")
async def visit(world: WorldDep, userid: str, body: Visit) -> Done:
    employee = world.people.employee(userid)
    agent_id = world.config.agent_id if body.agent_id is None else body.agent_id
    if body.event == "enter_agent" and not world.org.visible(userid, world.org.app(agent_id)):
        raise Refused("she does not see this app")
    world.callbacks.app(body.event, agent_id, employee.userid)
    return Done()


@router.post("/cards/tap")
async def tap(world: WorldDep, body: Tap) -> Tapped:
    code = cards.press(world, _message(world, body), body.key, body.selected)
    return Tapped(response_code=code)


def _message(world: World, body: Tap) -> StaffMessage:
    if (body.msgid is None) == (body.task_id is None):
        raise Refused("give either msgid or task_id", status=422)
    wanted = world.people.employee(body.userid).userid
    for message in reversed(world.staff_messages.all):
        card = world.staff_messages.sent[message.msgid].card
        found = message.msgid == body.msgid or (card is not None and card.task_id == body.task_id)
        if found and message.userid == wanted and not (message.dropped or message.recalled):
            return message
    raise Unknown("card", body.msgid or body.task_id or "")
