"""An employee's own words to customers, as the intercept rules let them through (contract §10.2)."""

from pydantic import BaseModel

from simulators.world import World


class Spoken(BaseModel):
    sent: bool
    hits: list[str]  # rule ids


def judge(world: World, sender: str, to: str, text: str) -> Spoken:
    """Of a customer nothing is intercepted. One blocking rule is enough; a warning lets the message pass."""
    employee = world.people.employees.get(sender.lower())
    if employee is None:
        return Spoken(sent=True, hits=[])
    over = {above for one in employee.departments for above in world.org.above(one)}
    hits = world.intercepts.judge(employee.userid, over, to, text)
    if hits and world.config.intercept_event is not None:
        world.callbacks.raw(world.config.intercept_event)
    return Spoken(sent=not any(hit.blocked for hit in hits), hits=[hit.rule_id for hit in hits])
