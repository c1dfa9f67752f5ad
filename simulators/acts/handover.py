"""A customer changes hands, some time after an app asked for it (contract §9, §13.13)."""

from dataclasses import replace

from simulators.acts.friends import has_room
from simulators.callbacks import FailReason
from simulators.state.handovers import DONE, NO_RECORD, REFUSED, TAKER_FULL, Handover
from simulators.state.people import Greeting, Relation
from simulators.state.received import Received
from simulators.world import World

BY_ADMIN = 202  # add_way (§6.1)


def settle(world: World) -> None:
    for one in world.handovers.due():
        _complete(world, one)


def refuse(world: World, one: Handover) -> None:
    """By the customer, who is asked before anything happens."""
    world.handovers.end(one, REFUSED)
    _tell_failure(world, one, "customer_refused")


def _complete(world: World, one: Handover) -> None:
    old = world.people.relation(one.handover_userid, one.external_userid)
    taker = world.people.employee(one.takeover_userid)
    if old is None or taker.resigned:
        world.handovers.end(one, NO_RECORD)
        return
    known = world.people.relation(taker.userid, one.external_userid)
    if known is None and not has_room(world, taker):
        world.handovers.end(one, TAKER_FULL)
        _tell_failure(world, one, "customer_limit_exceed")
        return
    world.handovers.end(one, DONE)
    world.people.part(old)
    if not one.resigned:
        world.callbacks.customer(
            "del_external_contact", old.userid, old.external_userid, source="DELETE_BY_TRANSFER"
        )
    _take_over(world, one, old, known)


def _take_over(world: World, one: Handover, old: Relation, known: Relation | None) -> None:
    """[SIM] No state and no welcome code. Who were friends before stay so, without an event."""
    if known is not None and not known.half and not known.deleted_by_customer:
        known.tag_ids = list(dict.fromkeys([*known.tag_ids, *_kept(world, old).tag_ids]))
    else:
        world.people.befriend(
            replace(
                _kept(world, old),
                userid=world.people.employee(one.takeover_userid).userid,
                created_at=world.clock(),
                state=None,
                add_way=BY_ADMIN,
                oper_userid=world.people.employee(one.takeover_userid).userid,
                half=False,
                deleted_by_customer=False,
                last_chat_at=None,
                greeting=Greeting(used=True),
            )
        )
        world.callbacks.customer("add_external_contact", one.takeover_userid, one.external_userid)
    world.notices.show(one.takeover_userid, "handover", one.external_userid)
    if not one.resigned:
        message = Received(world.clock(), "handover", one.takeover_userid, one.message or None, [])
        world.inboxes.deliver(one.external_userid, message)


def _kept(world: World, old: Relation) -> Relation:
    """§9 [U]: remark and corp tags go with the customer; personal tags are the old employee's own."""
    if world.config.handover_keeps_tags:
        return replace(old, personal_tags=[])
    return Relation(old.userid, old.external_userid, old.created_at, None, old.add_way)


def _tell_failure(world: World, one: Handover, reason: FailReason) -> None:
    world.callbacks.customer("transfer_fail", one.takeover_userid, one.external_userid, fail_reason=reason)
