"""How much a playbook can ask of one customer and of employees within any 30 days, whatever happens.

A bound, never below what can happen in one enrolment whose dates do not change and in which two forms are
answered at most. Only the clock lowers it: facts may change between two conditions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from heapq import heappop, heappush
from math import ceil

from domain.analysis.timeline import Graph, Node, graph_of, stages_begun
from domain.places import steps_of
from domain.playbook import ContentClass, Frequency, Playbook, Step, Way
from domain.policy import Policy
from domain.touches import Channel

WINDOW = timedelta(days=30)
DAYS = 31  # of the calendar, which the window touches at the most
MOST = 100  # more than that is not counted: the playbook is for tests, or it is wrong
FORMS = 2  # answers within one window that may tell a date


@dataclass(frozen=True)
class Burden:
    """The most within any 30 days. 100 means that many or more."""

    touches: int  # messages planned for her, the reminder and the fallback included
    let_through: int  # of these, what the caps of the policy and of the playbook let through
    confirmations: int  # what employees have to confirm or do by hand for her


def burden_of(book: Playbook, policy: Policy) -> Burden:
    graph = graph_of(book)
    first_days = (2 if book.join_reminder else 0) + (1 if book.fallback_text else 0)
    touches = min(first_days + _most(book, graph, lambda step: bool(step.send)), MOST)
    service = _most(book, graph, _is_service)
    own = book.limits.frequency if book.limits else None
    allowed = [_allowed(policy.frequency, _lightest(book, policy)), _allowed(own) if own else MOST]
    allowed += [policy.per_day * DAYS] if policy.per_day else []
    let_through = min(touches, min(allowed) + service)
    by_hand = _most(book, graph, lambda step: bool(step.send or step.notify_staff))
    return Burden(touches, let_through, min(first_days + by_hand, MOST))


def _is_service(step: Step) -> bool:
    return step.send is not None and step.send.content is ContentClass.SERVICE


def _allowed(cap: Frequency, weight: Decimal = Decimal(1)) -> int:
    return int(cap.most / weight) * ceil(WINDOW / cap.per) if cap.per else MOST


def _lightest(book: Playbook, policy: Policy) -> Decimal:
    """What one of its messages uses up of the corp's cap at the least."""
    sends = [step.send for _, step in steps_of(book) if step.send and not _is_service(step)]
    ways = {Way.PRIVATE, *(way for send in sends for way in send.channel)}
    return min(policy.weights.of(Channel(way.value)) for way in ways)


def _most(book: Playbook, graph: Graph, counts: Callable[[Step], bool]) -> int:
    """The most steps that count on any walk within the window, from wherever it begins."""
    jumps = min(1 + FORMS + stages_begun(book.life_stages, WINDOW), MOST) if book.life_stages else 0
    revived = ceil(WINDOW / book.reactivation.dormant_after) if book.reactivation else 0
    gains = [int(node.step is not None and counts(node.step)) for node in graph.nodes]
    labels: list[tuple[timedelta, int, int, int, int]] = []
    begun = graph.at_once(graph.reactivation)  # a window that begins here has seen one begin
    for number in range(len(graph.nodes)):
        left = min(revived, MOST) - (number in begun)
        heappush(labels, (timedelta(0), -gains[number], number, jumps, left))
    best: dict[tuple[int, int, int], int] = {}
    while labels:
        elapsed, negative, number, jumps_left, left = heappop(labels)
        gain, here = -negative, (number, jumps_left, left)
        if gain >= MOST:
            return MOST
        if best.get(here, -1) >= gain:
            continue  # as much was reached here sooner
        best[here] = gain
        for after, by, jumped, revives in _onward(graph, graph.nodes[number]):
            if elapsed + by < WINDOW and jumped <= jumps_left and revives <= left:
                label = (elapsed + by, -gain - gains[after], after, jumps_left - jumped, left - revives)
                heappush(labels, label)
    return max(best.values(), default=0)


def _onward(graph: Graph, node: Node) -> list[tuple[int, timedelta, int, int]]:
    """Where to next: the node, after how long at least, life stages begun, reactivations begun."""
    zero = timedelta(0)
    ways = [(after, by, 0, 0) for after, by in node.edges]
    if node.staged:
        ways += [(stage, zero, 1, 0) for stage in graph.stages.values()]
    if node.settled and graph.reactivation is not None:
        ways.append((graph.reactivation, zero, 0, 1))
    return ways
