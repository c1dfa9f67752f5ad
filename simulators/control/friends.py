"""Customers and employees become friends, chat and part (contract §13.6, §13.7)."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from simulators.callbacks import CustomerChange
from simulators.control.base import ControlModel, Done
from simulators.state.people import Employee, Relation
from simulators.state.refused import Refused, Unknown
from simulators.state.ways import ContactWay
from simulators.world import World, WorldDep

router = APIRouter()

BY_QR = 1  # add_way (§6.1)
UNKNOWN_WAY = 0


class Pair(ControlModel):
    userid: str
    external_userid: str


class Circumstances(ControlModel):
    audit_consent: bool = False  # chat archiving: the customer has still to consent
    half: bool = False  # the member has still to confirm
    welcome_code: bool = True  # False: the console holds a greeting for this member
    other_app_first: bool = False  # another app uses the code before us


class Scan(Circumstances):
    external_userid: str
    state: str | None = None
    config_id: str | None = None


class Add(Circumstances):
    userid: str
    external_userid: str
    state: str | None = None


class Delete(Pair):
    by: Literal["customer", "employee"]


class Added(BaseModel):
    userid: str
    external_userid: str
    added: bool
    event: CustomerChange | None


@router.post("/scan")
async def scan(world: WorldDep, body: Scan) -> Added:
    way = _way(world, body)
    world.people.customer(body.external_userid)
    employees = _available(world, way)
    for employee in employees:
        friend = world.people.relation(employee.userid, body.external_userid)
        if friend is not None and not friend.deleted_by_customer:
            return Added(
                userid=employee.userid, external_userid=body.external_userid, added=False, event=None
            )
    employee = employees[way.turn % len(employees)]
    way.turn += 1
    if way.spec.is_temp:  # its QR dies after one add (§2.1)
        del world.ways.contact_ways[way.config_id]
    circumstances = body if way.spec.skip_verify else body.model_copy(update={"half": True})
    return _befriend(world, employee, body.external_userid, way.spec.state, BY_QR, circumstances)


@router.post("/add")
async def add(world: WorldDep, body: Add) -> Added:
    """Without a contact way; an employee unknown to the corp's directory is hired in silence."""
    world.people.customer(body.external_userid)
    if body.userid.lower() not in world.people.employees:
        world.people.hire(Employee(body.userid, body.userid))
    employee = world.people.employee(body.userid)
    friend = world.people.relation(employee.userid, body.external_userid)
    if friend is not None and not friend.deleted_by_customer:
        return Added(userid=employee.userid, external_userid=body.external_userid, added=False, event=None)
    return _befriend(world, employee, body.external_userid, body.state, UNKNOWN_WAY, body)


@router.post("/confirm_half_add")
async def confirm_half_add(world: WorldDep, body: Pair) -> Added:
    relation = world.people.friends(body.userid, body.external_userid)
    if not relation.half:
        raise Refused("they are friends already")
    relation.half = False
    return _announce(world, "add_external_contact", relation)


@router.post("/approve_audit")
async def approve_audit(world: WorldDep, body: Pair) -> Added:
    """The fresh code replaces the one that failed with 41053 (§3.4)."""
    relation = world.people.friends(body.userid, body.external_userid)
    if not relation.awaits_consent:
        raise Refused("no consent is pending")
    relation.awaits_consent = False
    code = world.welcomes.issue(relation)
    world.callbacks.customer(
        "msg_audit_approved", relation.userid, relation.external_userid, welcome_code=code
    )
    return _added(relation, "msg_audit_approved")


@router.post("/delete")
async def delete(world: WorldDep, body: Delete) -> Done:
    relation = world.people.friends(body.userid, body.external_userid)
    if body.by == "employee":
        world.people.part(relation)
        world.callbacks.customer("del_external_contact", relation.userid, relation.external_userid)
        return Done()
    if relation.deleted_by_customer:
        raise Refused("the customer has deleted the employee before")
    relation.deleted_by_customer = True  # a one-way relation remains (§6.2)
    world.callbacks.customer("del_follow_user", relation.userid, relation.external_userid)
    return Done()


@router.post("/chat")
async def chat(world: WorldDep, body: Pair) -> Done:
    """Whoever chatted last gets the mass messages; and a chat that has begun needs no welcome (41051)."""
    relation = world.people.friends(body.userid, body.external_userid)
    relation.last_chat_at = world.clock()
    relation.greeting.used = True
    return Done()


def _way(world: World, body: Scan) -> ContactWay:
    if (body.state is None) == (body.config_id is None):
        raise Refused("give either state or config_id", status=422)
    if body.config_id is not None:
        way = world.ways.contact_ways.get(body.config_id)
    else:
        way = world.ways.newest_with_state(body.state or "")
    if way is None:
        raise Unknown("contact way", body.config_id or body.state or "")
    return way


def _available(world: World, way: ContactWay) -> list[Employee]:
    employees = [world.people.employee(userid) for userid in way.spec.user]
    available = [one for one in employees if one.activated and one.real_named]
    if not available:
        raise Refused("no employee of this way is activated and real-named")
    return available


def _befriend(
    world: World,
    employee: Employee,
    external_userid: str,
    state: str | None,
    add_way: int,
    how: Circumstances,
) -> Added:
    relation = Relation(
        userid=employee.userid,
        external_userid=external_userid,
        created_at=world.clock(),
        state=state,
        add_way=add_way,
        half=how.half,
        awaits_consent=how.audit_consent,
        sends_code=how.welcome_code,
    )
    earlier = world.people.relation(employee.userid, external_userid)
    if earlier is not None:  # the customer had deleted the employee, who kept the tags
        relation.tag_ids = earlier.tag_ids
    relation.greeting.used = how.other_app_first
    relation.greeting.seized = how.other_app_first
    world.people.befriend(relation)
    return _announce(world, "add_half_external_contact" if how.half else "add_external_contact", relation)


def _announce(world: World, change: CustomerChange, relation: Relation) -> Added:
    """WelcomeCode is absent when the console greets, or the half-add's code was used (§3.4)."""
    greeting = relation.greeting
    has_code = relation.sends_code and (not greeting.used or greeting.seized)
    code = world.welcomes.issue(relation) if has_code else None
    world.callbacks.customer(
        change, relation.userid, relation.external_userid, state=relation.state, welcome_code=code
    )
    return _added(relation, change)


def _added(relation: Relation, event: CustomerChange) -> Added:
    return Added(userid=relation.userid, external_userid=relation.external_userid, added=True, event=event)
