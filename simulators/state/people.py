"""Employees, customers, and the relation of each pair (contract §6.2)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from simulators import ids
from simulators.errors import WeComFault
from simulators.state.refused import Refused, Unknown


@dataclass
class Employee:
    userid: str
    name: str
    activated: bool = True
    real_named: bool = True


@dataclass
class Customer:
    external_userid: str
    nickname: str
    unionid: str | None


@dataclass
class Greeting:
    """One welcome per episode of a pair, however many codes were issued for it (§3.4)."""

    used: bool = False
    seized: bool = False  # by another app, which WeCom does not tell ours: codes still come


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
    tag_ids: list[str] = field(default_factory=list)
    greeting: Greeting = field(default_factory=Greeting)


class People:
    """userids are case-insensitive (§0.3): every index is by their lower case."""

    def __init__(self) -> None:
        self.employees: dict[str, Employee] = {}
        self.customers: dict[str, Customer] = {}
        self._followers: defaultdict[str, dict[str, Relation]] = defaultdict(dict)
        self._customers_of: defaultdict[str, dict[str, Relation]] = defaultdict(dict)

    def hire(self, employee: Employee) -> None:
        self.employees[employee.userid.lower()] = employee

    def born(self, nickname: str, unionid: str | None, external_userid: str | None) -> Customer:
        customer = Customer(external_userid or ids.external_userid(), nickname, unionid)
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

    def part(self, relation: Relation) -> None:
        del self._followers[relation.external_userid][relation.userid.lower()]
        del self._customers_of[relation.userid.lower()][relation.external_userid]

    def relations(self) -> list[Relation]:
        return [relation for followers in self._followers.values() for relation in followers.values()]

    def followers(self, external_userid: str) -> list[Relation]:
        """As the API sees them: a half-added friend is not one yet (§6.2)."""
        return [relation for relation in self._followers[external_userid].values() if not relation.half]

    def customers_of(self, userid: str) -> list[Relation]:
        return [relation for relation in self._customers_of[userid.lower()].values() if not relation.half]

    def require_employee(self, userid: str, errcode: int) -> Employee:
        employee = self.employees.get(userid.lower())
        if employee is None:
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
