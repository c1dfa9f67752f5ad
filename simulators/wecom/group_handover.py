"""Groups pass to another owner: of one who is there, at once; and of one who has left (contract §9)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field

from simulators.acts import groups as acts
from simulators.errors import TEXTS, WeComFault
from simulators.state.groups import Group
from simulators.state.people import Employee
from simulators.wecom.handover import require_taker
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()


class TransferGroups(BaseModel):
    chat_id_list: Annotated[list[str], Field(min_length=1, max_length=100)]
    new_owner: str


@router.post("/externalcontact/groupchat/onjob_transfer")
async def onjob_transfer(world: WorldDep, body: TransferGroups) -> Answer:
    return ok(failed_chat_list=_failed(world, body, _move_onjob))


@router.post("/externalcontact/groupchat/transfer")
async def transfer(world: WorldDep, body: TransferGroups) -> Answer:
    return ok(failed_chat_list=_failed(world, body, _move_of_resigned))


def _failed(
    world: World, body: TransferGroups, move: Callable[[World, Group, Employee], None]
) -> list[dict[str, Any]]:
    """Moves every group that can be moved; only the others are answered."""
    taker = require_taker(world, body.new_owner)
    failed = []
    for chat_id in dict.fromkeys(body.chat_id_list):
        try:
            move(world, world.groups.require(chat_id), taker)
        except WeComFault as fault:
            errmsg = TEXTS.get(fault.code, "unknown error")
            failed.append({"chat_id": chat_id, "errcode": fault.code, "errmsg": errmsg})
    return failed


def _move_onjob(world: World, group: Group, taker: Employee) -> None:
    if world.people.employee(group.owner).resigned:
        raise WeComFault(90502)
    world.org.require_serving(group.owner)
    _check(world, group, taker)
    if world.handovers.group_too_often(group.chat_id):
        raise WeComFault(40128)
    world.handovers.moved(group.chat_id, group.owner, resigned=False)
    acts.change_owner(world, group, taker.userid, event=world.config.group_handover_events)


def _move_of_resigned(world: World, group: Group, taker: Employee) -> None:
    if not world.people.employee(group.owner).resigned:
        raise WeComFault(90508 if group.inherited else 90500)
    if group.next_owner is not None:
        raise WeComFault(90507)
    _check(world, group, taker)
    world.handovers.moved(group.chat_id, group.owner, resigned=True)
    group.next_owner = taker.userid
    group.changes_owner_at = world.clock() + timedelta(seconds=world.config.group_handover_seconds)
    world.groups.waiting.add(group.chat_id)
    acts.settle(world)


def _check(world: World, group: Group, taker: Employee) -> None:
    if group.owner.lower() == taker.userid.lower():
        raise WeComFault(90504)
    if not group.has(taker.userid) and len(group.members) >= world.config.group_cap:
        raise WeComFault(90503)
    # [SIM] the errcode of a limit that WeCom words without one
    if world.handovers.groups_today(group.owner) >= world.config.group_handovers_per_day:
        raise WeComFault(45009)
