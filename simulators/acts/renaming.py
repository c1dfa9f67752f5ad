"""A member's userid changes, everywhere that the present names it; the past keeps the old one (§3.8)."""

from simulators.state.groups import Group
from simulators.state.people import Employee
from simulators.world import World


def rename(world: World, employee: Employee, userid: str) -> None:
    old = employee.userid
    world.people.rename(employee, userid)  # refuses a userid that is taken, so it comes first
    for group in world.groups.all.values():
        _in_group(group, old, userid)
    for way in world.ways.contact_ways.values():
        way.spec = way.spec.model_copy(update={"user": _replaced(way.spec.user, old, userid)})
    for link in world.links.all.values():
        link.range.user_list = _replaced(link.range.user_list, old, userid)
        link.priority_userids = _replaced(link.priority_userids, old, userid)
    for rule in world.intercepts.rules.values():
        rule.users = _replaced(rule.users, old, userid)
    _what_waits(world, old, userid)
    for app in world.org.apps:
        if app.visible is not None:
            app.visible.users = _replaced(app.visible.users, old, userid)


def _what_waits(world: World, old: str, new: str) -> None:
    """Tasks that were not confirmed yet, and customers on their way."""
    for task in world.mass.all.values():
        part = task.parts.get(old.lower())
        if part is not None and part.sent_at is None:
            task.parts[new.lower()] = task.parts.pop(old.lower())
            part.userid = new
    for moment in world.moments.all.values():
        share = moment.parts.get(old.lower())
        if share is not None and share.published_at is None:
            moment.parts[new.lower()] = moment.parts.pop(old.lower())
            share.userid = new
    for one in world.handovers.waiting:
        pair = [one.handover_userid, one.takeover_userid]
        one.handover_userid, one.takeover_userid = _replaced(pair, old, new)


def _in_group(group: Group, old: str, new: str) -> None:
    if group.owner.lower() == old.lower():
        group.owner = new
    if group.next_owner is not None and group.next_owner.lower() == old.lower():
        group.next_owner = new
    group.admins = _replaced(group.admins, old, new)
    for member in group.members.values():
        member.invitor = new if member.invitor == old else member.invitor
    if old in group.members:
        member = group.members.pop(old)
        member.member_id = new
        group.members[new] = member


def _replaced(userids: list[str], old: str, new: str) -> list[str]:
    return [new if userid.lower() == old.lower() else userid for userid in userids]
