"""The staff directory, as an app of today sees it (contract §11.3).

Avatar, gender, mobile, e-mail, QR and address need a person's consent (OAuth2) and are not shown.
"""

from typing import Annotated, Any

from fastapi import Query

from simulators.errors import WeComFault
from simulators.state.org import Department
from simulators.state.people import Employee
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

ACTIVATED, NOT_ACTIVATED = 1, 4

DepartmentId = Annotated[int, Query()]
FetchChild = Annotated[int, Query()]
Above = Annotated[int | None, Query()]


@router.get("/user/get")
async def get_user(world: WorldDep, userid: Annotated[str, Query()]) -> Answer:
    return ok(**_detail(world.org.require_visible(userid)))


@router.get("/user/simplelist")
async def simple_list(world: WorldDep, department_id: DepartmentId, fetch_child: FetchChild = 0) -> Answer:
    users = [_brief(one) for one in _members(world, department_id, deep=bool(fetch_child))]
    return ok(userlist=users)


@router.get("/user/list")
async def user_list(world: WorldDep, department_id: DepartmentId, fetch_child: FetchChild = 0) -> Answer:
    users = [_detail(one) for one in _members(world, department_id, deep=bool(fetch_child))]
    return ok(userlist=users)


@router.get("/department/simplelist")
async def department_simplelist(world: WorldDep, id: Above = None) -> Answer:
    departments = [
        {"id": one.department_id, "parentid": one.parent_id, "order": one.order}
        for one in _departments(world, id)
    ]
    return ok(department_id=departments)


@router.get("/department/list")
async def department_list(world: WorldDep, id: Above = None) -> Answer:
    departments = [
        {
            "id": one.department_id,
            "name": one.name,
            "name_en": "",
            "department_leader": [],
            "parentid": one.parent_id,
            "order": one.order,
        }
        for one in _departments(world, id)
    ]
    return ok(department=departments)


@router.get("/auth/getuserinfo")
async def get_user_info(world: WorldDep, code: Annotated[str, Query()]) -> Answer:
    """Who signed in; a code counts once (`POST /_control/employees/{userid}/sign_in` hands one out)."""
    userid = world.sign_ins.take(code)
    return ok(userid=world.org.require_visible(userid).userid)


def _departments(world: World, above: int | None) -> list[Department]:
    """Those in the visible range, all or from one down."""
    if above is not None:
        _require_department(world, above)
    wanted = world.org.departments if above is None else world.org.below(above)
    return [world.org.departments[key] for key in wanted if world.org.department_visible(key)]


def _members(world: World, department_id: int, *, deep: bool) -> list[Employee]:
    _require_department(world, department_id)
    return [
        one
        for one in world.org.members_of([department_id])
        if world.org.visible(one.userid) and (deep or department_id in one.departments)
    ]


def _require_department(world: World, department_id: int) -> None:
    if department_id not in world.org.departments:
        raise WeComFault(60003)
    if not world.org.department_visible(department_id):
        raise WeComFault(60011, f"department {department_id}")


def _brief(employee: Employee) -> dict[str, Any]:
    return {"userid": employee.userid, "name": employee.name, "department": employee.departments}


def _detail(employee: Employee) -> dict[str, Any]:
    zeros = [0 for _ in employee.departments]
    return {
        **_brief(employee),
        "order": zeros,
        "is_leader_in_dept": zeros,
        "direct_leader": [],
        "main_department": employee.departments[0],
        "position": employee.position,
        "alias": "",
        "telephone": "",
        "extattr": {"attrs": []},
        "status": ACTIVATED if employee.activated else NOT_ACTIVATED,
        "isleader": 0,
        "enable": 1,
        "hide_mobile": 0,
    }
