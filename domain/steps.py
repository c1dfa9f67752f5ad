"""Walking a tree of steps with a cursor: `[2]` is the third step, `[2, "then", 0]` its first branch step."""

from collections.abc import Sequence

from domain.customer import Enrolment, Phase
from domain.playbook import Journey, Step

Cursor = list[int | str]


def steps_of(journey: Journey, phase: Phase) -> list[Step]:
    """The list that a phase walks; empty for phases without steps."""
    if phase is Phase.NURTURE:
        return journey.nurture
    if phase is Phase.REACTIVATION and journey.reactivation:
        return journey.reactivation.steps
    return []


def step_at(steps: Sequence[Step], cursor: Cursor) -> Step | None:
    """The step under the cursor, None where there is none."""
    here: Sequence[Step] = steps
    for index, branch in zip(cursor[:-1:2], cursor[1::2], strict=False):
        parent = here[int(index)].wait_for
        here = getattr(parent, str(branch)) if parent else []
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


def count(steps: Sequence[Step]) -> int:
    """All steps of a tree: the bound of any walk through it."""
    branches = [b for s in steps if s.wait_for for b in (s.wait_for.then, s.wait_for.otherwise)]
    return len(steps) + sum(count(branch) for branch in branches)


def current(enrolment: Enrolment) -> Step | None:
    """The step at which an enrolment stands."""
    steps = steps_of(enrolment.pinned.journey, enrolment.phase)
    return step_at(steps, enrolment.cursor) if steps and enrolment.cursor else None


def path(enrolment: Enrolment) -> str:
    """Where it stands, in words that a file's author recognises: `nurture.2.then.0`."""
    return ".".join([enrolment.phase.value, *map(str, enrolment.cursor)])
