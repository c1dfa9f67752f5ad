"""Customers scan contact ways and open acquisition links (contract §13.6, §13.7)."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter

from simulators.acts import friends, links
from simulators.control.friends import Added, Circumstances, episode, is_friend, nothing_new, told
from simulators.state.links import Link
from simulators.state.people import WECOM, Employee, Relation
from simulators.state.refused import Refused, Unknown
from simulators.state.ways import TEMPORARY_CHAT_SECONDS, ContactWay
from simulators.world import World, WorldDep

router = APIRouter()

# add_way (§6.1)
BY_QR = 1
BY_LINK = 16

# priority_type of a link: friends anywhere in the corp, or among the named (§2.3)
ANYWHERE, AMONG = 1, 2


class Scan(Circumstances):
    external_userid: str
    state: str | None = None
    config_id: str | None = None


class Open(Circumstances):
    """Either link_id and customer_channel, or the url as it was handed out, with its query."""

    external_userid: str
    link_id: str | None = None
    customer_channel: str = ""
    url: str | None = None


@router.post("/scan")
async def scan(world: WorldDep, body: Scan) -> Added:
    way = _way(world, body)
    customer = world.people.customer(body.external_userid)
    if way.spec.unionid and way.spec.unionid != customer.unionid:
        raise Refused("this temporary code is for another customer")
    employees = _staff(world, way.spec.user, way.spec.party)
    for employee in employees:
        if is_friend(world, employee, body.external_userid):
            return nothing_new(employee, body.external_userid)
    chosen = _colleague_of(world, way, employees, body.external_userid)
    if chosen is None:
        chosen = friends.choose(world, employees, way.turn)
        way.turn += 1
    relation = episode(world, chosen, body.external_userid, way.spec.state, BY_QR, body)
    if way.spec.is_temp:
        seconds = way.spec.chat_expires_in or TEMPORARY_CHAT_SECONDS
        relation.ends_at = world.clock() + timedelta(seconds=seconds)
        relation.conclusions = way.spec.conclusions
        del world.ways.contact_ways[way.config_id]  # its QR dies after one add (§2.1)
    return _begin(world, relation, skip_verify=way.spec.skip_verify)


@router.post("/open_link")
async def open_link(world: WorldDep, body: Open) -> Added:
    link, channel = _link(world, body)
    world.people.customer(body.external_userid)
    link.clicks.append((world.clock(), body.external_userid))
    employees = _staff(world, link.range.user_list, link.range.department_list)
    for employee in (*_favoured(world, link), *employees):
        if is_friend(world, employee, body.external_userid):
            return nothing_new(employee, body.external_userid)
    if not world.links.balance:
        raise Refused("the acquisition quota is used up")
    try:
        employee = friends.choose(world, employees, link.turn)
    except Refused:
        links.tell(world, link, "link_unavailable")
        raise
    link.turn += 1
    if world.config.acquisition_open_profile:
        links.tell(world, link, "open_profile", State=channel)
    if channel:
        links.tell(world, link, "friend_request", State=channel)
    relation = episode(world, employee, body.external_userid, channel or None, BY_LINK, body)
    relation.link_id = link.link_id
    return _begin(world, relation, skip_verify=link.skip_verify)


def _begin(world: World, relation: Relation, *, skip_verify: bool) -> Added:
    if skip_verify:
        return told(relation, friends.befriend(world, relation))
    world.people.ask(relation)
    return Added(userid=relation.userid, external_userid=relation.external_userid, added=False, event=None)


def _way(world: World, body: Scan) -> ContactWay:
    if (body.state is None) == (body.config_id is None):
        raise Refused("give either state or config_id", status=422)
    if body.config_id is not None:
        way = world.ways.contact_ways.get(body.config_id)
    else:
        way = world.ways.newest_with_state(body.state or "")
    if way is None:
        raise Unknown("contact way", body.config_id or body.state or "")
    if not world.ways.alive(way):
        raise Refused("this temporary code has expired")
    return way


def _link(world: World, body: Open) -> tuple[Link, str]:
    if (body.url is None) == (body.link_id is None):
        raise Refused("give either link_id or url", status=422)
    link_id, channel = body.link_id or "", body.customer_channel
    if body.url is not None:
        parts = urlsplit(body.url)
        link_id = parts.path.rpartition("/")[2]
        channel = parse_qs(parts.query).get("customer_channel", [""])[0]
    if link_id not in world.links.all:
        raise Unknown("link", link_id)
    return world.links.all[link_id], links.cut(channel)


def _staff(world: World, userids: list[str], departments: list[int]) -> list[Employee]:
    """The named first, then the departments' people of today; who has left serves no one."""
    named = [world.people.employee(userid) for userid in userids]
    everyone = {one.userid: one for one in (*named, *world.org.members_of(departments))}
    return [one for one in everyone.values() if not one.resigned]


def _colleague_of(
    world: World, way: ContactWay, employees: list[Employee], external_userid: str
) -> Employee | None:
    """is_exclusive: people of one other corp are led to the same member (§2.1)."""
    corp = world.people.customer(external_userid).corp_name
    if not (way.spec.is_exclusive and corp):
        return None
    for employee in employees:
        for relation in world.people.customers_of(employee.userid):
            known = world.people.customer(relation.external_userid)
            if known.type == WECOM and known.corp_name == corp and friends.has_room(world, employee):
                return employee
    return None


def _favoured(world: World, link: Link) -> list[Employee]:
    """Friends of hers are preferred, in the whole corp or among the named."""
    if link.priority_type == ANYWHERE:
        return world.people.staff()
    return _staff(world, link.priority_userids, []) if link.priority_type == AMONG else []
