"""The admin console: departments, and what each app may see and call (contract §0.1)."""

from fastapi import APIRouter
from pydantic import Field, PositiveInt

from simulators.control.base import ControlModel, Done
from simulators.state.org import App, Department, VisibleRange
from simulators.state.people import ROOT_DEPARTMENT
from simulators.state.refused import Refused
from simulators.world import WorldDep

router = APIRouter()


class NewDepartment(ControlModel):
    """The same id again changes the department; without one the next is taken."""

    name: str
    department_id: PositiveInt | None = None
    parent_id: PositiveInt = ROOT_DEPARTMENT
    order: int = 0


class Range(ControlModel):
    users: list[str] = Field(default=[])
    departments: list[int] = Field(default=[])


class AppChange(ControlModel):
    """A field that is left out stays as it is. visible null: everybody."""

    visible: Range | None = None
    trusted_ips: list[str] | None = Field(default=None, description="[] allows all")
    callable: bool | None = Field(default=None, description="客户联系 → 可调用接口的应用")
    forbidden: list[str] | None = Field(default=None, description='48002: "user/get", or "user/" for all')
    customer_events: bool | None = None
    contact_events: bool | None = None


@router.post("/departments", status_code=201)
async def found(world: WorldDep, body: NewDepartment) -> Department:
    department_id = body.department_id or max(world.org.departments) + 1
    known = department_id in world.org.departments
    above = world.org.above(body.parent_id)
    if department_id != ROOT_DEPARTMENT and (not above or department_id in above):
        raise Refused(f"department {body.parent_id} cannot be the parent of {department_id}")
    parent_id = 0 if department_id == ROOT_DEPARTMENT else body.parent_id
    department = Department(department_id, body.name, parent_id, body.order)
    world.org.departments[department_id] = department
    world.callbacks.party("update_party" if known else "create_party", department)
    return department


@router.delete("/departments/{department_id}")
async def close(world: WorldDep, department_id: int) -> Done:
    department = world.org.department(department_id)
    world.org.remove_department(department_id)
    world.callbacks.party("delete_party", department)
    return Done()


@router.get("/apps")
async def apps(world: WorldDep) -> list[App]:
    return world.org.apps


@router.post("/apps/{agent_id}")
async def change_app(world: WorldDep, agent_id: int, body: AppChange) -> App:
    app = world.org.app(agent_id)
    for name, value in body.model_dump(exclude={"visible"}, exclude_none=True).items():
        setattr(app, name, value)
    if "visible" in body.model_fields_set:
        app.visible = None if body.visible is None else VisibleRange(**body.visible.model_dump())
    return app
