"""Who an application message goes to (contract §10.1)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from simulators.errors import WeComFault
from simulators.state.people import Employee
from simulators.world import World

ALL = "@all"
USERS, PARTIES, TAGS = 1000, 100, 100


@dataclass
class Recipients:
    valid: list[str] = field(default_factory=list)  # userids as the directory spells them
    invalid: list[str] = field(default_factory=list)
    invalid_parties: list[str] = field(default_factory=list)
    invalid_tags: list[str] = field(default_factory=list)
    unlicensed: list[str] = field(default_factory=list)


def find(world: World, touser: str, toparty: str, totag: str) -> Recipients:
    """Members of the visible range. [SIM] this corp has no member tags, so no tag is a valid one."""
    users, parties, tags = _split(touser), _split(toparty), _split(totag)
    _check_lengths(users, parties, tags)
    found = Recipients(invalid_tags=tags)
    if ALL in users:
        _reach(found, [one for one in world.people.staff() if world.org.visible(one.userid)])
        return Recipients(found.valid, unlicensed=found.unlicensed)
    for userid in users:
        employee = world.people.employees.get(userid.lower())
        if employee is not None and world.org.visible(userid):
            _reach(found, [employee])
        else:
            found.invalid.append(userid)
    departments = {str(key): key for key in world.org.departments}
    for party in parties:
        if party in departments and world.org.department_visible(departments[party]):
            _reach(found, world.org.members_of([departments[party]]))
        else:
            found.invalid_parties.append(party)
    return found


def _split(text: str) -> list[str]:
    return [one for one in dict.fromkeys(text.split("|")) if one]


def _check_lengths(users: Sequence[str], parties: Sequence[str], tags: Sequence[str]) -> None:
    if len(users) > USERS:
        raise WeComFault(40035, "touser")
    if len(parties) > PARTIES:
        raise WeComFault(82002)
    if len(tags) > TAGS:
        raise WeComFault(82003)


def _reach(found: Recipients, employees: Sequence[Employee]) -> None:
    for employee in employees:
        kind = found.valid if employee.licensed else found.unlicensed
        if employee.userid not in kind:
            kind.append(employee.userid)
