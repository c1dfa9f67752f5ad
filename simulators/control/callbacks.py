"""The network between WeCom (or the till) and the app, and what was delivered over it."""

from typing import Annotated, Literal

import httpx
from fastapi import APIRouter
from pydantic import BaseModel, Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from simulators.control.base import ControlModel, Done
from simulators.lots import Lots
from simulators.mischief import Mischief
from simulators.outbox import Delivery, Outbox
from simulators.state.refused import Refused
from simulators.world import World, WorldDep

router = APIRouter()

Sender = Literal["wecom", "till"]


Rate = Annotated[float, Field(ge=0, le=1)]


class Trouble(ControlModel):
    """A field that is left out stays as it is. Rates are shares of the deliveries, drawn by the seed."""

    sender: Sender = "wecom"
    drop: NonNegativeInt | None = Field(default=None, description="lose so many of the next deliveries")
    drop_rate: Rate | None = None
    duplicate: PositiveInt | None = Field(default=None, description="make each delivery so many times")
    duplicate_rate: Rate | None = Field(default=None, description="this share of them")
    duplicate_next: NonNegativeInt | None = Field(default=None, description="only so many of the next")
    delay_seconds: NonNegativeFloat | None = None
    delay_rate: Rate | None = None
    delay_next: NonNegativeInt | None = None
    reorder: bool | None = Field(default=None, description="the next two swap places, once")
    reorder_rate: Rate | None = Field(default=None, description="this share lets another go first")
    seed: int | None = None


class RawEvent(ControlModel):
    changes: str = Field(description="inner XML, e.g. <Event><![CDATA[news]]></Event>")


class Verified(BaseModel):
    verified: bool


@router.post("/callbacks")
async def trouble(world: WorldDep, body: Trouble) -> Mischief:
    outbox = _outbox(world, body.sender)
    mischief = outbox.mischief
    for name, value in body.model_dump(exclude={"sender", "seed"}, exclude_none=True).items():
        setattr(mischief, name, value)
    if body.seed is not None:
        mischief.lots = Lots(body.seed)
    if not (mischief.reorder or mischief.reorder_rate):
        outbox.release()
    return mischief


@router.delete("/callbacks")
async def peace(world: WorldDep, sender: Sender = "wecom") -> Done:
    """The network is itself again; what was held back goes out."""
    outbox = _outbox(world, sender)
    outbox.mischief = Mischief()
    outbox.release()
    return Done()


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
        return Verified(verified=await world.callbacks.door.verify_url(world.config.callback_url))
    except (httpx.HTTPError, TimeoutError) as error:
        raise Refused(repr(error)) from error


def _outbox(world: World, sender: Sender) -> Outbox:
    return world.callbacks.outbox if sender == "wecom" else world.till_push.outbox
