"""Employees and customers become friends, chat and part; the events are those of contract §3.4."""

from simulators.acts import links
from simulators.callbacks import CustomerChange
from simulators.state.people import WECOM, Employee, Relation
from simulators.state.received import Received
from simulators.state.refused import Refused
from simulators.world import World


def choose(world: World, employees: list[Employee], turn: int) -> Employee:
    """[SIM] those who can take part take turns; the rule is not published (§2.1)."""
    fit = [one for one in employees if one.activated and one.real_named and one.in_contact_scope]
    if not fit:
        raise Refused("no employee of this way is activated, real-named and in the contact scope")
    free = [one for one in fit if has_room(world, one)]
    if not free:
        raise Refused("every employee of this way is at the limit of contacts (40099)")
    return free[turn % len(free)]


def has_room(world: World, employee: Employee) -> bool:
    """§6.4: beyond a cap the add fails in the client, and no app hears of it."""
    config = world.config
    cap = employee.contact_cap or config.contacts_per_member
    contacts = world.people.contacts(employee.userid)
    return contacts < cap and world.people.size() < config.contacts_per_corp


def check_room(world: World, userid: str, external_userid: str) -> None:
    """Who is there already takes no more room."""
    known = world.people.relation(userid, external_userid)
    if known is None and not has_room(world, world.people.employee(userid)):
        raise Refused(f"{userid!r} is at the limit of contacts (40099)")


def befriend(world: World, relation: Relation) -> CustomerChange:
    """A new episode of the pair; returns the event that it caused."""
    earlier = world.people.relation(relation.userid, relation.external_userid)
    if earlier is not None:  # the customer had deleted the employee, who kept what was noted of her
        relation.tag_ids, relation.personal_tags = earlier.tag_ids, earlier.personal_tags
        relation.remark, relation.description = earlier.remark, earlier.description
        relation.remark_company, relation.remark_mobiles = earlier.remark_company, earlier.remark_mobiles
    world.people.befriend(relation)
    if relation.oper_userid == relation.userid:
        world.journal.note("applied", relation.userid, relation.external_userid)
    world.journal.note("added", relation.userid, relation.external_userid)
    if earlier is None:
        links.added(world, relation)
    return announce(world, "add_half_external_contact" if relation.half else "add_external_contact", relation)


def confirm(world: World, userid: str, external_userid: str) -> tuple[Relation, CustomerChange]:
    """The member agrees: to a request that waits, or to one who has added her half."""
    asked = world.people.answered(userid, external_userid)
    if asked is not None:
        check_room(world, userid, external_userid)
        asked.created_at = world.clock()
        return asked, befriend(world, asked)
    relation = world.people.friends(userid, external_userid)
    if not relation.half:
        raise Refused("they are friends already")
    relation.half = False
    return relation, announce(world, "add_external_contact", relation)


def announce(world: World, change: CustomerChange, relation: Relation) -> CustomerChange:
    """No WelcomeCode when the console greets, the half-add's was used, or for a WeCom user (§3.4)."""
    greeting = relation.greeting
    consumer = world.people.customer(relation.external_userid).type != WECOM
    has_code = consumer and relation.sends_code and (not greeting.used or greeting.seized)
    code = world.welcomes.issue(relation) if has_code else None
    world.callbacks.customer(
        change, relation.userid, relation.external_userid, state=relation.state, welcome_code=code
    )
    return change


def leave(world: World, relation: Relation) -> None:
    """The customer deletes the employee: a one-way relation remains (§6.2)."""
    if relation.deleted_by_customer:
        raise Refused("the customer has deleted the employee before")
    relation.deleted_by_customer = True
    world.journal.note("lost", relation.userid, relation.external_userid)
    state = relation.state if world.config.del_follow_user_state else None
    world.callbacks.customer("del_follow_user", relation.userid, relation.external_userid, state=state)
    links.left(world, relation)


def part(world: World, relation: Relation) -> None:
    """The employee deletes the customer: nothing remains."""
    world.people.part(relation)
    world.callbacks.customer("del_external_contact", relation.userid, relation.external_userid)


def wrote(world: World, relation: Relation, *, by_customer: bool) -> None:
    """One message. A chat that has begun needs no welcome any more (41051)."""
    relation.last_chat_at = world.clock()
    relation.greeting.used = True
    world.journal.note("heard" if by_customer else "spoke", relation.userid, relation.external_userid)
    if by_customer:
        relation.messages_received += 1
        links.heard(world, relation)


def end_chat(world: World, relation: Relation) -> None:
    """A temporary chat is over: the conclusion is said, and they are strangers again."""
    conclusions = relation.conclusions or {}
    if conclusions:
        text = conclusions.get("text", {}).get("content")
        rest = [{"msgtype": name, name: body} for name, body in conclusions.items() if name != "text"]
        message = Received(world.clock(), "conclusion", relation.userid, text, rest)
        world.inboxes.deliver(relation.external_userid, message)
    world.people.part(relation)


def settle(world: World) -> None:
    now = world.clock()
    for relation in world.people.temporary():
        if relation.ends_at is not None and relation.ends_at <= now:
            end_chat(world, relation)
