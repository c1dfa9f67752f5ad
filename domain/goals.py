"""What a journey is for and why it is left early: reached or met at an event, undone with the order of it."""

from datetime import datetime

from domain import journey
from domain.customer import CustomerState, Enrolment, Phase, Undone
from domain.events import Event
from domain.playbook import Goal

ORDERS_KEPT = 20  # that one goal remembers: of more, one that is undone changes nothing


def see(state: CustomerState, enrolment: Enrolment, event: Event, now: datetime) -> None:
    """At once, also in the middle of a wait. What has a condition is looked up next."""
    if event.at < enrolment.since:
        return
    rules = enrolment.pinned.journey
    for number, goal in enumerate(rules.goals):
        if goal.event == event.kind:
            _remember_order(enrolment, goal, event.order_id)
        if goal.event == event.kind and goal.name not in enrolment.reached:
            if goal.when:
                enrolment.asks_goals += [number] if number not in enrolment.asks_goals else []
            else:
                reach(state, enrolment, number, event.kind, now)
    for number, rule in enumerate(rules.exits):
        if rule.event == event.kind and enrolment.phase is not Phase.ENDED:
            if rule.when:
                enrolment.asks_exits.append(number)
            else:
                journey.leave(state, enrolment, rule.reason, now)


def reach(state: CustomerState, enrolment: Enrolment, number: int, why: str, now: datetime) -> None:
    """The journey has done what it is for."""
    goal = enrolment.pinned.journey.goals[number]
    if goal.name not in enrolment.reached:
        enrolment.reached.append(goal.name)
        enrolment.undone.pop(goal.name, None)
        journey.note(state, now, f"goal {goal.name} reached", why)
    if goal.ends and enrolment.phase is not Phase.ENDED:
        journey.end(state, enrolment, f"goal reached: {goal.name}", now, withdraw=True)


def undo(state: CustomerState, enrolment: Enrolment, order_id: str, why: str, now: datetime) -> None:
    """What this order alone reached was taken back.

    A journey that it ended stays ended: what was on its way is withdrawn, and to go on weeks later with words
    of then would be worse than silence. Whoever wants her in it again says so by its re-entry rule.
    """
    goals = enrolment.pinned.journey.goals
    for name, orders in list(enrolment.by_order.items()):
        if order_id in orders:
            orders.remove(order_id)
        if orders:
            continue
        del enrolment.by_order[name]
        enrolment.asks_goals = [number for number in enrolment.asks_goals if goals[number].name != name]
        if name in enrolment.reached:
            enrolment.reached.remove(name)
            enrolment.undone[name] = Undone(at=now, reason=why)
            journey.note(state, now, f"goal {name} undone", why)


def _remember_order(enrolment: Enrolment, goal: Goal, order_id: str | None) -> None:
    """Those that reach a goal: any of them, or where a condition decides the one that it is asked about."""
    if order_id is None or (goal.when and goal.name in enrolment.reached):
        return
    earlier = [] if goal.when else enrolment.by_order.get(goal.name, [])
    enrolment.by_order[goal.name] = [*earlier, order_id][-ORDERS_KEPT:]
