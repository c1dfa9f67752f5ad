"""The corp's directory and what each of its apps may see of it (contract §0.1, §13.5).

Range and permission belong to an app. Rules ask about the one whose call is being answered (`caller`);
outside of a call, as when people act, that is the main app.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.state.people import ROOT_DEPARTMENT, Employee, People, Relation
from simulators.state.refused import Refused, Unknown

CUSTOMER_APIS = ("externalcontact/", "idconvert/")

_calling: ContextVar[int | None] = ContextVar("calling_app", default=None)


@dataclass
class Department:
    department_id: int
    name: str
    parent_id: int  # 0 above the root
    order: int = 0


@dataclass
class VisibleRange:
    """应用可见范围: these members, and everybody in these departments and below."""

    users: list[str] = field(default_factory=list)
    departments: list[int] = field(default_factory=list)


@dataclass
class App:
    """A self-built app as the admin console has it; its secret stays in the configuration."""

    agent_id: int
    visible: VisibleRange | None = None  # None: everybody
    trusted_ips: list[str] = field(default_factory=list)  # 企业可信IP; empty: all, as for old apps
    callable: bool = True  # in 客户联系 → 可调用接口的应用
    forbidden: list[str] = field(default_factory=list)  # APIs, or families with a slash at the end: 48002
    customer_events: bool = True  # the switch 外部联系人变更回调
    contact_events: bool = False  # the switch 通讯录变更: people come and go in silence by default

    def may_call(self, api: str) -> bool:
        """48002 otherwise (§0.1)."""
        if api.startswith(CUSTOMER_APIS) and not self.callable:
            return False
        return not any(api == one or (one.endswith("/") and api.startswith(one)) for one in self.forbidden)


class Org:
    def __init__(self, config: SimulatorConfig, people: People) -> None:
        self._config = config
        self._people = people
        self._apps: dict[int, App] = {}
        self.departments = {ROOT_DEPARTMENT: Department(ROOT_DEPARTMENT, config.corp_name, 0)}

    # ---- apps

    @property
    def apps(self) -> list[App]:
        """The main app first."""
        agents = [self._config.agent_id, *(other.agent_id for other in self._config.other_apps)]
        return [self._apps.setdefault(agent_id, App(agent_id)) for agent_id in agents]

    def app(self, agent_id: int) -> App:
        found = next((app for app in self.apps if app.agent_id == agent_id), None)
        if found is None:
            raise Unknown("app", str(agent_id))
        return found

    @property
    def caller(self) -> App:
        agent_id = _calling.get()
        return self.apps[0] if agent_id is None else self.app(agent_id)

    @contextmanager
    def called_by(self, app: App) -> Iterator[None]:
        token = _calling.set(app.agent_id)
        try:
            yield
        finally:
            _calling.reset(token)

    # ---- departments

    def department(self, department_id: int) -> Department:
        """For the control API."""
        if department_id not in self.departments:
            raise Unknown("department", str(department_id))
        return self.departments[department_id]

    def below(self, department_id: int) -> list[int]:
        """The department and all under it, top down; none when it does not exist."""
        found = [department_id] if department_id in self.departments else []
        for parent in found:  # grows while we walk
            found += [one.department_id for one in self.departments.values() if one.parent_id == parent]
        return found

    def above(self, department_id: int) -> list[int]:
        """The department and all over it, up to the root."""
        found: list[int] = []
        while department_id in self.departments:
            found.append(department_id)
            department_id = self.departments[department_id].parent_id
        return found

    def members_of(self, department_ids: list[int]) -> list[Employee]:
        """Who works there or below, each once."""
        wanted = {below for department_id in department_ids for below in self.below(department_id)}
        return [one for one in self._people.staff() if wanted & set(one.departments)]

    def remove_department(self, department_id: int) -> None:
        self.department(department_id)
        if len(self.below(department_id)) > 1 or self.members_of([department_id]):
            raise Refused(f"department {department_id} has people or departments in it")
        del self.departments[department_id]

    # ---- who is seen

    def visible(self, userid: str, app: App | None = None) -> bool:
        """In the app's visible range; nobody who has left is."""
        employee = self._people.employees.get(userid.lower())
        if employee is None or employee.resigned:
            return False
        seen = (app or self.caller).visible
        if seen is None or userid.lower() in (one.lower() for one in seen.users):
            return True
        over = {above for department_id in employee.departments for above in self.above(department_id)}
        return bool(over & set(seen.departments))

    def department_visible(self, department_id: int) -> bool:
        seen = self.caller.visible
        return seen is None or bool(set(self.above(department_id)) & set(seen.departments))

    def serves(self, userid: str, app: App | None = None) -> bool:
        """Visible, and in the scope of customer contact: only then are there customers and events (§0.1)."""
        return self.visible(userid, app) and self._people.employees[userid.lower()].in_contact_scope

    def serving(self) -> list[Employee]:
        return [one for one in self._people.staff() if self.serves(one.userid)]

    def followers_in_range(self, external_userid: str) -> list[Relation]:
        """follow_user[] holds nobody else; one who left is not in the range either."""
        followers = self._people.followers(external_userid)
        return [relation for relation in followers if self.serves(relation.userid)]

    # ---- what an API demands, in the order of §13.2

    def require_employee(self, userid: str, errcode: int) -> Employee:
        return self._people.require_employee(userid, errcode)

    def require_visible(self, userid: str, unknown: int = 60111) -> Employee:
        employee = self._people.require_employee(userid, unknown)
        if not self.visible(userid):
            raise WeComFault(60011, userid)
        return employee

    def require_serving(self, userid: str, unknown: int = 60111) -> Employee:
        """A member who may have customers: 84074 outside the scope of customer contact."""
        employee = self.require_visible(userid, unknown)
        if not employee.in_contact_scope:
            raise WeComFault(84074, userid)
        return employee

    def require_customer(self, external_userid: str) -> list[Relation]:
        """The followers whom the app may see: 40096 for a stranger, 84061 when there is none."""
        if external_userid not in self._people.customers:
            raise WeComFault(40096)
        followers = self.followers_in_range(external_userid)
        if not followers:
            raise WeComFault(84061)
        return followers

    def require_follower(self, userid: str, external_userid: str) -> Relation:
        self.require_serving(userid)
        return self._people.require_follower(userid, external_userid)
