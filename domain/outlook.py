"""What a move to another version would mean for whoever stands at one place, in words. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime

from domain import journey, moving, steps
from domain.customer import CustomerState, Enrolment, Move, MovePolicy, Phase
from domain.playbook import PinnedJourney
from domain.step_words import step_words

NOWHEN = datetime(2000, 1, 1, tzinfo=UTC)  # a place has no time
END = "the end of these steps"


@dataclass(frozen=True)
class Outlook:
    """`what` becomes of those at a place, and what they do `next`."""

    what: str
    next: str


def outlook(old: PinnedJourney, new: PinnedJourney, path: str, policy: MovePolicy) -> Outlook:
    """As `journey.move` decides it for a life that stands at `path` of the old version."""
    here = standing_at(old, path)
    if policy is MovePolicy.STAY or old.version == new.version:
        return Outlook(f"stays on version {old.number}", _next(here))
    state = CustomerState(external_userid="nobody", enrolments={old.playbook: here})
    answer = journey.move(state, here, Move(id="outlook", policy=policy, pinned=new), NOWHEN)
    if here.moving is None:
        return Outlook(answer, _next(here))
    if policy is MovePolicy.DRAIN and here.phase is not Phase.ONBOARDING:
        return Outlook(answer, f"{_next(here)}, and so on to {END}")
    cursor = moving.in_other_version(here, new.journey)
    moving.adopt(here, cursor)
    return Outlook(answer, _next(here))


def standing_at(pinned: PinnedJourney, path: str) -> Enrolment:
    """An enrolment at a path as `steps.path` tells it."""
    name, *rest = path.split(".")
    where = Enrolment(number=1, pinned=pinned, since=NOWHEN, phase=Phase(name))
    if where.phase is Phase.LIFE_STAGE and rest:
        stages, number = pinned.journey.life_stages, rest.pop(0)
        where.life_stage = (
            stages[int(number)].stage if number.isdecimal() and int(number) < len(stages) else None
        )
    where.cursor = [int(part) if place % 2 == 0 else part for place, part in enumerate(rest)]
    return where


def _next(here: Enrolment) -> str:
    """What comes after the step at which it stands."""
    tree, step = steps.steps_of(here), steps.current(here)
    if here.phase is Phase.ONBOARDING:
        first = here.pinned.journey.nurture[:1]
        return step_words(first[0]) if first else END
    if step is None:
        return "nothing before she drifts away" if here.pinned.journey.reactivation else "nothing"
    if step.branches:
        ways = {name: steps.inside(tree, here.cursor, name) for name in step.branches}
        return "; ".join(f"{name}: {_at(here, cursor)}" for name, cursor in ways.items())
    return _at(here, steps.following(tree, here.cursor))


def _at(here: Enrolment, cursor: steps.Cursor | None) -> str:
    step = steps.step_at(steps.steps_of(here), cursor) if cursor else None
    return step_words(step) if step else END
