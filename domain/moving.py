"""Where a place in one version of a playbook is in another. Pure; `domain.journey` moves the lives."""

from collections.abc import Callable, Sequence

from domain import steps
from domain.customer import Enrolment, Phase
from domain.playbook import Journey, Step

Cursor = steps.Cursor
NO_COUNTERPART = "has no counterpart in version"


def counterpart(old: Sequence[Step], new: Sequence[Step], cursor: Cursor) -> Cursor | None:
    """The place in `new` of the step under the cursor in `old`; None where there is none.

    It is the step with the same `id`; else the equal step, if there is one only; else what stands at the same
    path and is of the same kind, unless that is the counterpart of another step.
    """
    step = steps.step_at(old, cursor)
    if step is None:
        return None
    if certain := _certain(old, new, step):
        return certain
    there = steps.step_at(new, cursor)
    if there is None or there.kind != step.kind or (there.id and step.id and there.id != step.id):
        return None
    return None if _certain(new, old, there) else cursor


def in_other_version(enrolment: Enrolment, to: Journey) -> Cursor | None:
    """The place in another version of the step at which an enrolment stands."""
    return counterpart(steps.steps_of(enrolment), _same_list(enrolment, to), enrolment.cursor)


def adopt(enrolment: Enrolment, cursor: Cursor | None = None) -> None:
    """Go over to the version that is waiting; `cursor` is her place in it, none between two lists of steps.

    The number of the visit goes up: a touch under the new version never has a key that the old one used.
    """
    move = enrolment.moving
    assert move is not None
    old, new = enrolment.pinned.journey, move.pinned.journey
    enrolment.been = _been(enrolment, new)
    enrolment.asks_goals = _same(
        enrolment.asks_goals, [g.name for g in old.goals], [g.name for g in new.goals]
    )
    enrolment.asks_exits = _same(
        enrolment.asks_exits,
        [(e.reason, e.event) for e in old.exits],
        [(e.reason, e.event) for e in new.exits],
    )
    enrolment.pinned, enrolment.moving, enrolment.cursor = move.pinned, None, cursor or []
    enrolment.visit += 1
    enrolment.retag = bool(new.tags)
    if _days(old) != _days(new):
        enrolment.stage_asked = False
    if steps.life_stage(new, enrolment.life_stage) is None:
        enrolment.life_stage = None  # asked again, by the new version's stages


def _certain(old: Sequence[Step], new: Sequence[Step], step: Step) -> Cursor | None:
    """By its own name, or because it is the same and there is no second one."""
    if step.id and (named := _only(new, lambda other: other.id == step.id)):
        return named if _only(old, lambda other: other.id == step.id) else None
    equal = _only(new, lambda other: other == step)
    return equal if equal and _only(old, lambda other: other == step) else None


def _only(tree: Sequence[Step], fits: Callable[[Step], bool]) -> Cursor | None:
    found = [cursor for cursor, step in steps.walk(tree) if fits(step)]
    return found[0] if len(found) == 1 else None


def _same_list(enrolment: Enrolment, to: Journey) -> list[Step]:
    """The list of steps in another version that is the one she walks now."""
    if enrolment.phase is Phase.NURTURE:
        return to.nurture
    if enrolment.phase is Phase.LIFE_STAGE and (stage := steps.life_stage(to, enrolment.life_stage)):
        return stage.steps
    if enrolment.phase is Phase.REACTIVATION and to.reactivation:
        return to.reactivation.steps
    return []


def _been(enrolment: Enrolment, to: Journey) -> list[Cursor]:
    """What she has been through, as places of the other version.

    Only what is certainly the same: another message at an old one's path must not be swallowed.
    """
    old, new = steps.steps_of(enrolment), _same_list(enrolment, to)
    had = (step for cursor in enrolment.been if (step := steps.step_at(old, cursor)))
    return [cursor for step in had if (cursor := _certain(old, new, step))]


def _days(journey: Journey) -> list[tuple[str, object]]:
    return [(stage.stage, stage.begins) for stage in journey.life_stages]


def _same(numbers: Sequence[int], old: Sequence[object], new: Sequence[object]) -> list[int]:
    """Numbers in one list as numbers in another; what is gone is left out."""
    return [new.index(old[number]) for number in numbers if old[number] in new]
