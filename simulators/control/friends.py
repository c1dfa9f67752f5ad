"""Customers and employees become friends, chat and part (contract §13.6, §13.7)."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, PositiveInt

from simulators.acts import friends
from simulators.callbacks import CustomerChange
from simulators.control.base import ControlModel, Done
from simulators.state.people import Customer, Employee, Greeting, Relation
from simulators.state.refused import Refused, Unknown
from simulators.world import World, WorldDep

router = APIRouter()

UNKNOWN_WAY = 0  # add_way (§6.1)


class Pair(ControlModel):
    userid: str
    external_userid: str


class Circumstances(ControlModel):
    audit_consent: bool = False  # chat archiving: the customer has still to consent
    half: bool = False  # the member has still to confirm
    welcome_code: bool = True  # False: the console holds a greeting for this member
    other_app_first: bool = False  # another app uses the code before us


class WeChatChannel(ControlModel):
    nickname: str
    source: Literal[0, 1, 2, 3] = 0


class Add(Circumstances):
    """add_way as in §6.1; `by` employee: she asked, and the customer agreed."""

    userid: str
    external_userid: str
    state: str | None = None
    add_way: int = Field(default=UNKNOWN_WAY, ge=0)
    by: Literal["customer", "employee"] = "customer"
    oper_userid: str | None = None  # the sharer or admin, where it was neither of the two
    wechat_channels: WeChatChannel | None = None


class Delete(Pair):
    by: Literal["customer", "employee"]


class Crowd(ControlModel):
    """Many old friends of one employee, from before any app was there: no event tells of them."""

    userid: str
    external_userids: list[str] = Field(min_length=1)


class Chat(Pair):
    by: Literal["customer", "employee"] = "customer"
    messages: PositiveInt = 1


class Added(BaseModel):
    """Not added and no event: they were friends before, or the request waits for the member."""

    userid: str
    external_userid: str
    added: bool
    event: CustomerChange | None


@router.post("/add")
async def add(world: WorldDep, body: Add) -> Added:
    """Without a contact way; an employee unknown to the corp's directory is hired in silence."""
    world.people.customer(body.external_userid)
    if body.userid.lower() not in world.people.employees:
        world.people.hire(Employee(body.userid, body.userid))
    employee = world.people.employee(body.userid)
    if employee.resigned:
        raise Refused(f"{body.userid!r} has left")
    if is_friend(world, employee, body.external_userid):
        return nothing_new(employee, body.external_userid)
    friends.check_room(world, employee.userid, body.external_userid)
    relation = episode(world, employee, body.external_userid, body.state, body.add_way, body)
    relation.oper_userid = body.oper_userid or (employee.userid if body.by == "employee" else None)
    if body.wechat_channels is not None:
        relation.wechat_channels = body.wechat_channels.model_dump()
    return told(relation, friends.befriend(world, relation))


@router.post("/crowd", status_code=201)
async def crowd(world: WorldDep, body: Crowd) -> Done:
    """A town in few calls; no cap of contacts is asked, and nobody of them has a unionid."""
    userid = world.people.employee(body.userid).userid
    for who in body.external_userids:
        world.people.born(Customer(external_userid=who, nickname=who, unionid=None))
        world.people.befriend(
            Relation(userid, who, created_at=world.clock(), state=None, add_way=UNKNOWN_WAY)
        )
    return Done()


@router.post("/confirm_half_add")
async def confirm_half_add(world: WorldDep, body: Pair) -> Added:
    """The member agrees, also to the request of a customer who came by a way without skip_verify."""
    relation, event = friends.confirm(world, body.userid, body.external_userid)
    return told(relation, event)


@router.post("/decline")
async def decline(world: WorldDep, body: Pair) -> Done:
    """The member lets a request pass; no app hears of it."""
    if world.people.answered(body.userid, body.external_userid) is None:
        raise Unknown("request of", body.external_userid)
    return Done()


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
    return told(relation, "msg_audit_approved")


@router.post("/delete")
async def delete(world: WorldDep, body: Delete) -> Done:
    relation = world.people.friends(body.userid, body.external_userid)
    if body.by == "employee":
        friends.part(world, relation)
    else:
        friends.leave(world, relation)
    return Done()


@router.post("/chat")
async def chat(world: WorldDep, body: Chat) -> Done:
    """Whoever chatted last gets the mass messages; and a chat that has begun needs no welcome (41051)."""
    relation = world.people.friends(body.userid, body.external_userid)
    if body.by == "customer" and relation.deleted_by_customer:
        raise Refused("the customer has deleted the employee")
    for _ in range(body.messages):
        friends.wrote(world, relation, by_customer=body.by == "customer")
    return Done()


def is_friend(world: World, employee: Employee, external_userid: str) -> bool:
    """An existing friend who scans again causes nothing; a one-way relation begins anew (§13.7)."""
    relation = world.people.relation(employee.userid, external_userid)
    return relation is not None and not relation.deleted_by_customer


def episode(
    world: World,
    employee: Employee,
    external_userid: str,
    state: str | None,
    add_way: int,
    how: Circumstances,
) -> Relation:
    return Relation(
        userid=employee.userid,
        external_userid=external_userid,
        created_at=world.clock(),
        state=state,
        add_way=add_way,
        half=how.half,
        awaits_consent=how.audit_consent,
        sends_code=how.welcome_code,
        greeting=Greeting(used=how.other_app_first, seized=how.other_app_first),
    )


def told(relation: Relation, event: CustomerChange) -> Added:
    return Added(userid=relation.userid, external_userid=relation.external_userid, added=True, event=event)


def nothing_new(employee: Employee, external_userid: str) -> Added:
    return Added(userid=employee.userid, external_userid=external_userid, added=False, event=None)
