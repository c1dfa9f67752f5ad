"""Who publishes a moment of the corp, and to whom (contract §8.3)."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from simulators import ids
from simulators.state.moments import Moment, Publication
from simulators.state.people import Employee
from simulators.world import World

# [SIM] what the job says when nobody is left who could publish, or no tag.
NO_SENDER, NO_TAG = 40031, 40068


class SenderList(BaseModel):
    user_list: list[str] = []
    department_list: list[int] = []


class TagList(BaseModel):
    tag_list: list[str] = []


@dataclass
class Audience:
    """`customers` by userid. Public: all of an employee's customers may see it."""

    public: bool
    errcode: int = 0
    customers: dict[str, list[str]] = field(default_factory=dict)
    invalid_senders: SenderList = field(default_factory=SenderList)
    invalid_tags: TagList = field(default_factory=TagList)


def find_audience(world: World, senders: SenderList | None, tags: TagList | None) -> Audience:
    """Senders: all their customers. Tags: the followers of those customers. Both: the senders, to those."""
    asked_senders = senders is not None and bool(senders.user_list or senders.department_list)
    asked_tags = tags is not None and bool(tags.tag_list)
    audience = Audience(public=not asked_tags)
    staff = world.org.serving()
    if senders is not None and asked_senders:
        staff = _senders(world, senders, audience)
    valid_tags = _tags(world, tags, audience) if tags is not None and asked_tags else []
    if asked_tags and not valid_tags:
        audience.errcode = NO_TAG
        return audience
    for employee in staff:
        customers = _customers(world, employee, set(valid_tags) if asked_tags else None)
        if customers or asked_senders:
            audience.customers[employee.userid] = customers
    if not audience.customers:
        audience.errcode = NO_SENDER
    return audience


def new_moment(world: World, text: str, attachments: list[dict[str, Any]], audience: Audience) -> Moment:
    """Exists from the moment when its job is done."""
    parts = {
        userid.lower(): Publication(userid, customers) for userid, customers in audience.customers.items()
    }
    done = world.moments.when_done()
    return Moment(ids.moment_id(), text, attachments, audience.public, done, parts)


def _senders(world: World, senders: SenderList, audience: Audience) -> list[Employee]:
    found: dict[str, Employee] = {}
    for userid in senders.user_list:
        if world.org.serves(userid):
            employee = world.people.employee(userid)
            found[employee.userid] = employee
        else:
            audience.invalid_senders.user_list.append(userid)
    for department_id in senders.department_list:
        if department_id in world.org.departments and world.org.department_visible(department_id):
            members = world.org.members_of([department_id])
            found |= {one.userid: one for one in members if world.org.serves(one.userid)}
        else:
            audience.invalid_senders.department_list.append(department_id)
    return list(found.values())


def _tags(world: World, tags: TagList, audience: Audience) -> list[str]:
    """Corp tags only."""
    valid = []
    for tag_id in tags.tag_list:
        tag = world.tags.known(tag_id)
        if tag is None or tag.deleted or world.tags.group_of(tag).strategy_id is not None:
            audience.invalid_tags.tag_list.append(tag_id)
        else:
            valid.append(tag_id)
    return valid


def _customers(world: World, employee: Employee, tags: set[str] | None) -> list[str]:
    relations = world.people.customers_of(employee.userid)
    return [
        relation.external_userid for relation in relations if tags is None or tags & set(relation.tag_ids)
    ]
