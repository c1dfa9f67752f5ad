"""The world as a whole: reset, clock, settings, overview, calls."""

from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field, NonNegativeFloat, ValidationError

from simulators.acts.due import settle
from simulators.config import SimulatorConfig
from simulators.control.base import ControlModel, Done
from simulators.state.groups import Group
from simulators.state.org import App, Department
from simulators.state.people import Customer, Employee, Relation
from simulators.state.refused import Refused
from simulators.state.tags import TagGroup
from simulators.state.ways import ContactWay, JoinWay
from simulators.traffic import Call
from simulators.world import WorldDep

router = APIRouter()

SECRETS = {"secret", "callback_token", "callback_aes_key", "pos_api_key", "pos_push_secret", "other_apps"}


class Advance(ControlModel):
    advance_seconds: NonNegativeFloat


class Now(BaseModel):
    now: AwareDatetime


class Overview(BaseModel):
    now: AwareDatetime
    settings: dict[str, Any]
    counts: dict[str, int]
    apps: list[App]
    departments: list[Department]
    employees: list[Employee]
    customers: list[Customer]
    relations: list[Relation]
    requests: list[Relation] = Field(description="that wait for the member, by ways without skip_verify")
    contact_ways: list[ContactWay]
    join_ways: list[JoinWay]
    groups: list[Group]
    tag_groups: list[TagGroup]


class Calls(BaseModel):
    counts: dict[str, int] = Field(description='per API; those of the till with a method: "POST pos/coupons"')
    log: list[Call]


@router.post("/reset")
async def reset(world: WorldDep) -> Done:
    world.reset()
    return Done()


@router.post("/clock")
async def clock(world: WorldDep, body: Advance) -> Now:
    """What ends by itself in this time does so: handovers, upload jobs, group welcomes that waited."""
    world.clock.advance(body.advance_seconds)
    settle(world)
    return Now(now=world.clock())


@router.get("/clock")
async def read_clock(world: WorldDep) -> Now:
    return Now(now=world.clock())


@router.post("/tick")
async def tick(world: WorldDep) -> Now:
    """Lets happen what is due, as every call does, when the clock of a test was moved by itself."""
    return Now(now=world.clock())


@router.post("/settings")
async def settings(world: WorldDep, body: dict[str, Any]) -> dict[str, Any]:
    """Any field of SimulatorConfig, until the next reset; all or nothing."""
    try:
        changed = SimulatorConfig.model_validate({**world.config.model_dump(), **body})
    except ValidationError as error:
        raise Refused(str(error), status=422) from error
    for name in body:
        setattr(world.config, name, getattr(changed, name))
    return world.config.model_dump(exclude=SECRETS)


@router.get("/world")
async def overview(world: WorldDep) -> Overview:
    relations = world.people.relations()
    counts = {
        "employees": len(world.people.employees),
        "customers": len(world.people.customers),
        "relations": len(relations),
        "groups": len(world.groups.all),
        "mass_tasks": len(world.mass.all),
        "moments": len(world.moments.all),
        "handovers": len(world.handovers.all),
        "intercept_rules": len(world.intercepts.rules),
        "group_templates": len(world.templates.all),
        "staff_messages": len(world.staff_messages.all),
        "callbacks": len(world.callbacks.outbox.log),
        "till_members": len(world.till.members),
        "till_orders": len(world.till.orders),
        "till_coupons": len(world.till.coupons),
    }
    return Overview(
        now=world.clock(),
        settings=world.config.model_dump(exclude=SECRETS),
        counts=counts,
        apps=world.org.apps,
        departments=list(world.org.departments.values()),
        employees=list(world.people.employees.values()),
        customers=list(world.people.customers.values()),
        relations=relations,
        requests=list(world.people.requests.values()),
        contact_ways=list(world.ways.contact_ways.values()),
        join_ways=list(world.ways.join_ways.values()),
        groups=list(world.groups.all.values()),
        tag_groups=list(world.tags.groups.values()),
    )


@router.get("/calls")
async def calls(world: WorldDep) -> Calls:
    return Calls(counts=world.traffic.counts, log=list(world.traffic.log))


@router.post("/token/invalidate")
async def invalidate_token(world: WorldDep) -> Done:
    world.tokens.invalidate()
    return Done()
