"""The network between WeCom (or the till) and the app, and what was delivered over it."""

from typing import Literal

import httpx
from fastapi import APIRouter
from pydantic import BaseModel, Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from simulators.control.base import ControlModel, Done
from simulators.outbox import Delivery, Mischief, Outbox
from simulators.state.refused import Refused
from simulators.world import World, WorldDep

router = APIRouter()

Sender = Literal["wecom", "till"]


class Trouble(ControlModel):
    """A field that is left out stays as it is."""

    sender: Sender = "wecom"
    drop: NonNegativeInt | None = Field(default=None, description="lose so many of the next deliveries")
    duplicate: PositiveInt | None = Field(default=None, description="make each delivery so many times")
    delay_seconds: NonNegativeFloat | None = None
    reorder: bool | None = Field(default=None, description="the next two swap places, once")


class RawEvent(ControlModel):
    changes: str = Field(description="inner XML, e.g. <Event><![CDATA[news]]></Event>")


class Verified(BaseModel):
    verified: bool


@router.post("/callbacks")
async def trouble(world: WorldDep, body: Trouble) -> Mischief:
    mischief = _outbox(world, body.sender).mischief
    for name, value in body.model_dump(exclude={"sender"}, exclude_none=True).items():
        setattr(mischief, name, value)
    return mischief


@router.get("/callbacks")
async def deliveries(world: WorldDep, sender: Sender = "wecom", settled: bool = False) -> list[Delivery]:
    """With `settled` the answer waits until no delivery is under way."""
    outbox = _outbox(world, sender)
    if settled:
        await outbox.drain()
    return list(outbox.log)


@router.post("/callbacks/raw")
async def raw(world: WorldDep, body: RawEvent) -> Done:
    world.callbacks.raw(body.changes)
    return Done()


@router.post("/callbacks/verify")
async def verify(world: WorldDep) -> Verified:
    """Saves the callback URL, as it were: WeCom asks it to decrypt an echo."""
    if world.config.callback_url is None:
        raise Refused("no callback_url is set")
    try:
        return Verified(verified=await world.callbacks.verify_url(world.config.callback_url))
    except (httpx.HTTPError, TimeoutError) as error:
        raise Refused(repr(error)) from error


def _outbox(world: World, sender: Sender) -> Outbox:
    return world.callbacks.outbox if sender == "wecom" else world.till_push.outbox
