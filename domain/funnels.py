"""Funnels: how far people come on the way from a code to the goal, and where they fall off (M35). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.lift import wilson
from domain.playbook import LinkKind

SURE = 0.99  # one store in a hundred is flagged by chance at most
FAR = 0.75  # of the expected rate: less is "far under"; a large store is never flagged for a hair


class FunnelStep(StrEnum):
    """What somebody can do on the way, in the order of 先加好友再拉群."""

    SCANNED = "scanned"  # the page of the code was opened; a scan has no identity
    FRIEND = "friend"
    GREETED = "greeted"
    INVITED = "invited"
    JOINED = "joined"
    FIRST_ORDER = "first_order"
    SECOND_ORDER = "second_order"  # 复购: the default measure of success (M23)
    GOAL = "goal"


_BUYING = (FunnelStep.FIRST_ORDER, FunnelStep.SECOND_ORDER, FunnelStep.GOAL)
_TO_FRIEND = (FunnelStep.SCANNED, FunnelStep.FRIEND, FunnelStep.GREETED)
PATHS: Mapping[LinkKind, tuple[FunnelStep, ...]] = {
    LinkKind.FRIEND_ONLY: (*_TO_FRIEND, *_BUYING),
    LinkKind.GROUP_ONLY: (FunnelStep.JOINED, *_BUYING),
    LinkKind.FRIEND_THEN_GROUP: (*_TO_FRIEND, FunnelStep.INVITED, FunnelStep.JOINED, *_BUYING),
    LinkKind.GROUP_THEN_FRIEND: (FunnelStep.JOINED, *_TO_FRIEND, *_BUYING),
}
GROUP_FIRST = (LinkKind.GROUP_ONLY, LinkKind.GROUP_THEN_FRIEND)


@dataclass(frozen=True)
class Stage:
    """One step of a path: how many came here; of those at the step before and at the first, how large a part.

    `lost`: how many of the step before did not come here. None: there is nothing to compare with.
    """

    step: FunnelStep
    people: int
    of_previous: float | None = None
    of_first: float | None = None
    lost: int | None = None


def path_of(links: Sequence[LinkKind]) -> tuple[FunnelStep, ...]:
    """The steps of these patterns together; each pattern alone has its own order."""
    if len(set(links)) == 1:
        return PATHS[links[0]]
    there = {step for link in links for step in PATHS[link]}
    return tuple(step for step in FunnelStep if step in there)


def stages(path: Sequence[FunnelStep], people: Mapping[FunnelStep, int]) -> list[Stage]:
    """The steps of a path with their shares and drops."""
    found: list[Stage] = []
    for step in path:
        here = people.get(step, 0)
        if not found:
            found.append(Stage(step, here))
            continue
        before, first = found[-1].people, found[0].people
        found.append(Stage(step, here, _share(here, before), _share(here, first), before - here))
    return found


def worst(found: Sequence[Stage]) -> Stage | None:
    """Where most of those who had come so far fall off; None where nobody does.

    The steps after the first order are no place to fall off: their people may still be on their way.
    """
    on_the_way = [s for s in found if s.lost and s.lost > 0 and s.of_previous is not None]
    before_buying = [s for s in on_the_way if s.step not in _BUYING[1:]]
    return min(before_buying, key=lambda s: s.of_previous or 0.0, default=None)


def far_under(adds: int, scans: int, expected: float, *, at_least: int) -> bool:
    """Whether a store's code brings far less than expected (M32), beyond what chance explains.

    Even the best that its numbers allow (the upper end of the score interval) is under three quarters of
    the expected rate. Fewer than `at_least` scans say nothing.
    """
    if scans < at_least:
        return False
    return wilson(min(adds, scans), scans, SURE).high < FAR * expected


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
