"""Life stages that send her to each other must let time pass on the way, or she would go round for ever."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from domain.events import EventKind
from domain.journey import DATES
from domain.places import Place, inside
from domain.playbook import Playbook, Step, WaitFor

Jumps = dict[str, Place]  # life stage -> a step that goes there and is reached without waiting


def problems(book: Playbook) -> Iterator[tuple[Place, str]]:
    """A step is at fault when it closes a circle of stages in which nothing waits."""
    at_once: dict[str, Jumps] = {}
    for number, stage in enumerate(book.life_stages):
        at_once[stage.stage] = {}
        _collect(("life_stages", number, "steps"), stage.steps, at_once[stage.stage])
    closed: set[str] = set()
    for stage in at_once:
        for goal, at in at_once[stage].items():
            if stage not in closed and stage in _reached(goal, at_once):
                closed |= _reached(goal, at_once)
                yield (*at, "goto_stage"), "she would go round for ever: put a wait in front of it"


def _reached(start: str, at_once: dict[str, Jumps]) -> set[str]:
    found, waiting = set(), [start]
    while waiting:
        if (stage := waiting.pop()) not in found:
            found.add(stage)
            waiting += at_once.get(stage, {})
    return found


def _collect(at: Place, steps: Sequence[Step], jumps: Jumps) -> bool:
    """Adds what is reached without waiting; True when the steps may be over at once."""
    for number, step in enumerate(steps):
        here = (*at, number)
        if step.goto_stage:
            jumps.setdefault(step.goto_stage, here)
        if step.goto_stage or step.exit or (step.wait and step.wait.plain and step.wait.duration):
            return False
        if step.branches and not _through(here, step, jumps):
            return False
    return True


def _through(here: Place, step: Step, jumps: Jumps) -> bool:
    ways = {
        name: _collect((*here, *inside(step, name)), branch, jumps)
        for name, branch in step.branches.items()
        if not (step.wait_for and _waits(step.wait_for, name))
    }
    nobody_left = bool(step.branch) and step.branch[-1].when is not None  # type: ignore[index]
    return any(ways.values()) or nobody_left


def _waits(wait_for: WaitFor, branch: str) -> bool:
    """Whether time passes before this branch begins; some things are so already."""
    if branch == "otherwise":
        return wait_for.timeout > timedelta(0)
    at_once = (EventKind.GROUP_JOINED, EventKind.FRIEND_ADDED)
    return not (wait_for.event in at_once or wait_for.form in DATES)
