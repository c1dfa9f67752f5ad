"""Employees, customers, and the relation of each pair (contract §6.2)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulators.errors import WeComFault
from simulators.state.refused import Refused, Unknown

ROOT_DEPARTMENT = 1

WECHAT, WECOM = 1, 2  # type of a customer (§6.1)


@dataclass
class Employee:
    userid: str
    name: str
    activated: bool = True  # has logged in once
    real_named: bool = True  # 实名认证
    departments: list[int] = field(default_factory=lambda: [ROOT_DEPARTMENT])
    position: str = ""
    in_contact_scope: bool = True  # 客户联系 → 权限配置 → 使用范围
    logged_in_lately: bool = True  # within a year, or WeChat's ticket is void (40205)
    licensed: bool = True  # 基础帐号; without it the answer's unlicenseduser names her
    contact_cap: int | None = None  # None: the corp's usual one (§6.4)
    resigned: bool = False  # the customers stay behind, for a handover
    resigned_at: datetime | None = None


@dataclass
class Customer:
    external_userid: str
    nickname: str
    unionid: str | None
    type: int = WECHAT
    gender: int = 0  # 1 male, 2 female, 0 not known
    avatar: str = ""
    openid: str | None = None
    pending_id: str | None = None  # of idconvert, for who is no customer yet
    position: str = ""  # of a WeCom user, as the rest below
    corp_name: str = ""
    corp_full_name: str = ""
    external_profile: dict[str, Any] | None = None


@dataclass
class Greeting:
    """One welcome per episode of a pair, however many codes were issued for it (§3.4)."""

    used: bool = False
    seized: bool = False  # by another app, which WeCom does not tell ours: codes still come


@dataclass
class PersonalTag:
    """A member's own (§6.1: type 2): it has no id."""

    group_name: str
    name: str


@dataclass
class Relation:
    userid: str
    external_userid: str
    created_at: datetime
    state: str | None
    add_way: int
    half: bool = False  # the customer added the member, who has not confirmed
    deleted_by_customer: bool = False  # a one-way relation remains: most APIs still work
    awaits_consent: bool = False  # chat archiving: no welcome before the customer agrees
    sends_code: bool = True  # False: the console holds a greeting for this member
    last_chat_at: datetime | None = None
    link_id: str | None = None  # of the acquisition link that it began with
    ends_at: datetime | None = None  # of a temporary chat (§2.1)
    conclusions: dict[str, Any] | None = None  # said when that ends
    messages_received: int = 0  # from the customer, in this episode
    tag_ids: list[str] = field(default_factory=list)  # corp tags and strategy tags
    personal_tags: list[PersonalTag] = field(default_factory=list)
    remark: str | None = None  # None: the nickname, as a client shows it
    description: str = ""
    remark_company: str = ""
    remark_mobiles: list[str] = field(default_factory=list)
    oper_userid: str | None = None  # who began it; None: the customer
    wechat_channels: dict[str, Any] | None = None  # {nickname, source}
    greeting: Greeting = field(default_factory=Greeting)


class People:
    """userids are case-insensitive (§0.3): every index is by their lower case."""

    def __init__(self) -> None:
        self.employees: dict[str, Employee] = {}
        self.customers: dict[str, Customer] = {}
        self.requests: dict[tuple[str, str], Relation] = {}  # by the pair; see `ask`
        self._temporary: dict[tuple[str, str], Relation] = {}
        self._followers: defaultdict[str, dict[str, Relation]] = defaultdict(dict)
        self._customers_of: defaultdict[str, dict[str, Relation]] = defaultdict(dict)

    def hire(self, employee: Employee) -> None:
        self.employees[employee.userid.lower()] = employee

    def staff(self) -> list[Employee]:
        """Those who have not left."""
        return [employee for employee in self.employees.values() if not employee.resigned]

    def resign(self, employee: Employee, now: datetime) -> None:
        if employee.resigned:
            raise Refused(f"{employee.userid!r} has left before")
        employee.resigned, employee.resigned_at = True, now

    def rename(self, employee: Employee, userid: str) -> None:
        """The relations follow; what is written about the past keeps the old userid."""
        old, new = employee.userid.lower(), userid.lower()
        if new != old and new in self.employees:
            raise Refused(f"{userid!r} exists already")
        self.employees = {new if key == old else key: one for key, one in self.employees.items()}
        employee.userid = userid
        mine = self._customers_of[new] = self._customers_of.pop(old, {})
        for external_userid, relation in mine.items():
            followers = self._followers[external_userid]
            followers[new] = followers.pop(old)
            relation.userid = userid

    def born(self, customer: Customer) -> Customer:
        if customer.external_userid in self.customers:
            raise Refused(f"{customer.external_userid!r} exists already")
        self.customers[customer.external_userid] = customer
        return customer

    def employee(self, userid: str) -> Employee:
        employee = self.employees.get(userid.lower())
        if employee is None:
            raise Unknown("employee", userid)
        return employee

    def customer(self, external_userid: str) -> Customer:
        customer = self.customers.get(external_userid)
        if customer is None:
            raise Unknown("customer", external_userid)
        return customer

    def relation(self, userid: str, external_userid: str) -> Relation | None:
        return self._followers[external_userid].get(userid.lower())

    def friends(self, userid: str, external_userid: str) -> Relation:
        """The relation of two people who both exist and have one, for the control API."""
        self.customer(external_userid)
        relation = self.relation(self.employee(userid).userid, external_userid)
        if relation is None:
            raise Refused(f"{userid!r} and {external_userid!r} have no relation")
        return relation

    def befriend(self, relation: Relation) -> None:
        self._followers[relation.external_userid][relation.userid.lower()] = relation
        self._customers_of[relation.userid.lower()][relation.external_userid] = relation
        if relation.ends_at is not None:
            self._temporary[relation.userid.lower(), relation.external_userid] = relation

    def ask(self, relation: Relation) -> None:
        """By a way without skip_verify: nothing is told to any app until the member agrees (§13.7)."""
        self.requests[relation.userid.lower(), relation.external_userid] = relation

    def answered(self, userid: str, external_userid: str) -> Relation | None:
        """The request, which is one no longer."""
        return self.requests.pop((userid.lower(), external_userid), None)

    def part(self, relation: Relation) -> None:
        del self._followers[relation.external_userid][relation.userid.lower()]
        del self._customers_of[relation.userid.lower()][relation.external_userid]
        self._temporary.pop((relation.userid.lower(), relation.external_userid), None)

    def size(self) -> int:
        """Contacts of the whole corp; a customer counts once for each member."""
        return sum(len(customers) for customers in self._customers_of.values())

    def temporary(self) -> list[Relation]:
        """Those of temporary sessions (§2.1)."""
        return list(self._temporary.values())

    def relations(self) -> list[Relation]:
        return [relation for followers in self._followers.values() for relation in followers.values()]

    def contacts(self, userid: str) -> int:
        """Everybody counts for the cap, a one-way relation and a half-added friend too."""
        return len(self._customers_of[userid.lower()])

    def followers(self, external_userid: str) -> list[Relation]:
        """As the API sees them: a half-added friend is not one yet (§6.2)."""
        return [relation for relation in self._followers[external_userid].values() if not relation.half]

    def customers_of(self, userid: str) -> list[Relation]:
        return [relation for relation in self._customers_of[userid.lower()].values() if not relation.half]

    def require_employee(self, userid: str, errcode: int) -> Employee:
        employee = self.employees.get(userid.lower())
        if employee is None or employee.resigned:
            raise WeComFault(errcode, userid)
        return employee

    def require_follower(self, userid: str, external_userid: str) -> Relation:
        self.require_employee(userid, 60111)
        if external_userid not in self.customers:
            raise WeComFault(40096)
        relation = self.relation(userid, external_userid)
        if relation is None or relation.half:
            raise WeComFault(84061)
        return relation
