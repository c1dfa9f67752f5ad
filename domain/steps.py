"""Walking a tree of steps with a cursor: `[2]` is the third step, `[2, "then", 0]` its first branch step."""

from collections.abc import Iterator, Sequence

from domain.customer import Enrolment, Phase
from domain.playbook import Journey, LifeStage, Step

Cursor = list[int | str]


def steps_of(enrolment: Enrolment) -> list[Step]:
    """The list that an enrolment walks now; empty for phases without steps."""
    journey = enrolment.pinned.journey
    if enrolment.phase is Phase.NURTURE:
        return journey.nurture
    if enrolment.phase is Phase.LIFE_STAGE and (stage := life_stage(journey, enrolment.life_stage)):
        return stage.steps
    if enrolment.phase is Phase.REACTIVATION and journey.reactivation:
        return journey.reactivation.steps
    return []


def life_stage(journey: Journey, name: str | None) -> LifeStage | None:
    return next((s for s in journey.life_stages if s.stage == name), None)


def lists_of(journey: Journey) -> Iterator[tuple[str, list[Step]]]:
    """Every top list of steps with the beginning of its paths."""
    yield Phase.NURTURE.value, journey.nurture
    for number, stage in enumerate(journey.life_stages):
        yield f"{Phase.LIFE_STAGE}.{number}", stage.steps
    if journey.reactivation:
        yield Phase.REACTIVATION.value, journey.reactivation.steps


def step_at(steps: Sequence[Step], cursor: Cursor) -> Step | None:
    """The step under the cursor, None where there is none."""
    here: Sequence[Step] = steps
    for index, branch in zip(cursor[:-1:2], cursor[1::2], strict=False):
        parent = here[int(index)] if int(index) < len(here) else None
        here = parent.branches.get(str(branch), []) if parent else []
    position = int(cursor[-1]) if cursor else 0
    return here[position] if position < len(here) else None


def following(steps: Sequence[Step], cursor: Cursor) -> Cursor | None:
    """The next sibling, else what follows the parent; None at the end of the tree."""
    while cursor:
        *parent, position = cursor
        candidate: Cursor = [*parent, int(position) + 1]
        if step_at(steps, candidate):
            return candidate
        cursor = parent[:-1]
    return None


def inside(steps: Sequence[Step], cursor: Cursor, branch: str) -> Cursor | None:
    """The first step of a branch, or what follows the whole step when the branch is empty."""
    candidate: Cursor = [*cursor, branch, 0]
    return candidate if step_at(steps, candidate) else following(steps, cursor)


def walk(steps: Sequence[Step], above: Cursor | None = None) -> Iterator[tuple[Cursor, Step]]:
    """Every step of a tree with its cursor, as the file reads."""
    for number, step in enumerate(steps):
        here: Cursor = [*(above or []), number]
        yield here, step
        for name, branch in step.branches.items():
            yield from walk(branch, [*here, name])


def count(steps: Sequence[Step]) -> int:
    """All steps of a tree: the bound of any walk through it."""
    return sum(1 for _ in walk(steps))


def current(enrolment: Enrolment) -> Step | None:
    """The step at which an enrolment stands."""
    steps = steps_of(enrolment)
    return step_at(steps, enrolment.cursor) if steps and enrolment.cursor else None


def path(enrolment: Enrolment) -> str:
    """Where it stands, in words that a file's author recognises: `nurture.2.then.0`, `life_stage.1.0`."""
    where = [enrolment.phase.value]
    if enrolment.phase is Phase.LIFE_STAGE:
        names = [stage.stage for stage in enrolment.pinned.journey.life_stages]
        where.append(str(names.index(enrolment.life_stage)) if enrolment.life_stage in names else "")
    return ".".join([*where, *map(str, enrolment.cursor)])
