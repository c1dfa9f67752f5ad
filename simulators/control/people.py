"""Who exists."""

from fastapi import APIRouter

from simulators.control.base import ControlModel
from simulators.ids import unionid
from simulators.state.people import Customer, Employee
from simulators.world import WorldDep

router = APIRouter()


class NewEmployee(ControlModel):
    userid: str
    name: str
    activated: bool = True
    real_named: bool = True


class NewPerson(ControlModel):
    """unionid: made up when left out; null for a corp without a bound developer account."""

    nickname: str
    unionid: str | None = None
    external_userid: str | None = None


@router.post("/employees", status_code=201)
async def hire(world: WorldDep, body: NewEmployee) -> Employee:
    """The same userid again changes the employee."""
    employee = Employee(**body.model_dump())
    world.people.hire(employee)
    return employee


@router.post("/people", status_code=201)
async def born(world: WorldDep, body: NewPerson) -> Customer:
    known_unionid = body.unionid if "unionid" in body.model_fields_set else unionid()
    return world.people.born(body.nickname, known_unionid, body.external_userid)
