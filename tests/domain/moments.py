"""Times, and the events and states that the domain tests are made of."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain import journey, life
from domain.customer import CustomerState, Enrolment
from domain.events import Event, EventKind
from domain.playbook import Journey, PinnedJourney, Reactivation, Reentry, Send, Step, WaitFor

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # noon in Shanghai
DAY = timedelta(days=1)


def after(days: float = 0, **more: float) -> datetime:
    return START + timedelta(days=days, **more)


def event(kind: EventKind, days: float = 0, **fields: Any) -> Event:
    at = after(days)
    named = "/".join(str(v) for v in fields.values())
    return Event(id=f"{kind}/{at.isoformat()}/{named}", kind=kind, at=at, **fields)


def send(text: str = "hello", **fields: Any) -> Step:
    return Step(send=Send(text=text, **fields))


def wait(days: float) -> Step:
    return Step(wait=timedelta(days=days))


def wait_for(
    days: float,
    then: Sequence[Step] = (),
    otherwise: Sequence[Step] = (),
    kind: str = "order_paid",
    form: str | None = None,
) -> Step:
    body = {"event": kind, "timeout": timedelta(days=days), "then": list(then), "otherwise": list(otherwise)}
    body["form"] = form
    return Step(wait_for=WaitFor.model_validate(body))


def pinned(
    nurture: Sequence[Step] = (),
    reactivation: Sequence[Step] = (),
    *,
    dormant_days: float = 45,
    name: str = "coffee",
    reentry: Reentry = Reentry.NEW_EPISODE,
    **fields: Any,
) -> PinnedJourney:
    rules = Journey(nurture=list(nurture), **fields)
    if reactivation:
        rules.reactivation = Reactivation(
            dormant_after=timedelta(days=dormant_days), steps=list(reactivation)
        )
    return PinnedJourney(playbook=name, version=f"v-{name}", number=1, reentry=reentry, journey=rules)


def customer() -> CustomerState:
    return CustomerState(external_userid="wm1")


def friend(days: float = 0) -> CustomerState:
    """A customer who is a friend of chen."""
    state = customer()
    life.happened(state, event(EventKind.FRIEND_ADDED, days, userid="chen"), after(days))
    return state


def in_nurture(plan: PinnedJourney) -> tuple[CustomerState, Enrolment]:
    """A friend whose steps begin now."""
    state = friend()
    journey.enrol(state, plan, START, onboarded=True)
    journey.advance(state, START)
    return state, state.enrolments[plan.playbook]


def again(state: CustomerState) -> CustomerState:
    """As it comes out of a history, or out of PostgreSQL."""
    return CustomerState.model_validate_json(state.model_dump_json())
