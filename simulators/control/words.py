"""Employees write to customers, and rules of interception stand in between (contract §10.2)."""

from fastapi import APIRouter

from simulators.acts import friends
from simulators.acts.words import Spoken, judge
from simulators.control.base import ControlModel
from simulators.state.intercepts import Interception
from simulators.world import WorldDep

router = APIRouter()


class Say(ControlModel):
    userid: str
    external_userid: str
    text: str


@router.post("/say")
async def say(world: WorldDep, body: Say) -> Spoken:
    """A message that goes out is a chat: see `chat`. What was said is kept only where a rule was hit."""
    relation = world.people.friends(body.userid, body.external_userid)
    spoken = judge(world, relation.userid, relation.external_userid, body.text)
    if spoken.sent:
        friends.wrote(world, relation, by_customer=False)
    return spoken


@router.get("/interceptions")
async def interceptions(world: WorldDep) -> list[Interception]:
    return world.intercepts.hits
