"""Who exists: employees and the people in the street."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, PositiveInt

from simulators import ids
from simulators.acts.renaming import rename as rename_everywhere
from simulators.control.base import ControlModel
from simulators.state.people import ROOT_DEPARTMENT, WECHAT, WECOM, Customer, Employee
from simulators.world import WorldDep

router = APIRouter()


class NewEmployee(ControlModel):
    """The switches are those that make calls fail in practice (§0.1)."""

    userid: str = Field(pattern=r"^[A-Za-z0-9_\-@.]{1,64}$")
    name: str
    activated: bool = True
    real_named: bool = True
    departments: list[int] = Field(default=[ROOT_DEPARTMENT], min_length=1)
    position: str = ""
    in_contact_scope: bool = True
    logged_in_lately: bool = True
    licensed: bool = True
    contact_cap: PositiveInt | None = None


class Rename(ControlModel):
    userid: str = Field(pattern=r"^[A-Za-z0-9_\-@.]{1,64}$")


class NewPerson(ControlModel):
    """unionid: made up when left out; null for a corp without a bound developer account.

    type 2 is a WeCom user of another corp; only such a one has a position and a corp.
    """

    nickname: str
    unionid: str | None = None
    external_userid: str | None = None
    type: Literal[1, 2] = 1
    gender: Literal[0, 1, 2] = 0
    avatar: str = ""
    openid: str | None = None
    position: str = ""
    corp_name: str = ""
    corp_full_name: str = ""
    external_profile: dict[str, Any] | None = None


class SignInCode(BaseModel):
    code: str


@router.post("/employees", status_code=201)
async def hire(world: WorldDep, body: NewEmployee) -> Employee:
    """The same userid again changes the employee."""
    for department_id in body.departments:
        world.org.department(department_id)
    earlier = world.people.employees.get(body.userid.lower())
    known = earlier is not None and not earlier.resigned
    employee = Employee(**body.model_dump())
    world.people.hire(employee)
    world.callbacks.staff("update_user" if known else "create_user", employee)
    return employee


@router.post("/employees/{userid}/rename")
async def rename(world: WorldDep, userid: str, body: Rename) -> Employee:
    """Customers, groups and codes follow; tasks and messages of the past keep the old userid."""
    employee = world.people.employee(userid)
    old = employee.userid
    rename_everywhere(world, employee, body.userid)
    world.callbacks.staff("update_user", employee, old_userid=old)
    return employee


@router.post("/employees/{userid}/resign")
async def resign(world: WorldDep, userid: str) -> Employee:
    """The customers and groups stay behind, unassigned (§9)."""
    employee = world.people.employee(userid)
    world.callbacks.staff("delete_user", employee)
    world.people.resign(employee, world.clock())
    return employee


@router.post("/employees/{userid}/sign_in")
async def sign_in(world: WorldDep, userid: str) -> SignInCode:
    """Opens a page of the app in the client; auth/getuserinfo tells who it was."""
    return SignInCode(code=world.sign_ins.code(world.people.employee(userid).userid))


@router.post("/people", status_code=201)
async def born(world: WorldDep, body: NewPerson) -> Customer:
    prefix = "wm" if body.type == WECHAT else "wo"
    wanted = body.model_dump(exclude={"unionid", "external_userid", "openid"})
    return world.people.born(
        Customer(
            external_userid=body.external_userid or ids.external_userid(prefix),
            unionid=_unionid(body),
            openid=body.openid or (ids.openid() if body.type == WECHAT else None),
            **wanted,
        )
    )


def _unionid(body: NewPerson) -> str | None:
    if "unionid" in body.model_fields_set or body.type == WECOM:
        return body.unionid
    return ids.unionid()
