"""The console's side of acquisition links: quota is bought, a link deleted (contract §3.7)."""

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, PositiveInt

from simulators.acts import links
from simulators.control.base import ControlModel, Done
from simulators.state.links import Link, Lot
from simulators.state.refused import Unknown
from simulators.world import WorldDep

router = APIRouter(prefix="/links")


class Purchase(ControlModel):
    amount: PositiveInt
    expires_at: AwareDatetime | None = None


class Books(BaseModel):
    links: list[Link]
    quota: list[Lot]


@router.get("")
async def books(world: WorldDep) -> Books:
    return Books(links=list(world.links.all.values()), quota=world.links.lots)


@router.post("/quota", status_code=201)
async def buy(world: WorldDep, body: Purchase) -> Lot:
    lot = world.links.buy(body.amount, body.expires_at)
    links.buy(world, lot)
    return lot


@router.delete("/{link_id}")
async def delete(world: WorldDep, link_id: str) -> Done:
    """In the console, which raises an event; the API's own delete_link does not."""
    link = world.links.all.pop(link_id, None)
    if link is None:
        raise Unknown("link", link_id)
    links.tell(world, link, "delete_link")
    return Done()
