"""The steps of a playbook as a graph in time: which step may follow which, and after how long at least."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from domain.playbook import LifeStage, Playbook, Step

NOW = timedelta(0)
_UNITS = {"d": (1.0, 1.0), "w": (7.0, 7.0), "mo": (28.0, 31.0), "y": (365.0, 366.0)}  # days: least, most


@dataclass
class Node:
    """A step, or the place between two lists."""

    step: Step | None = None
    edges: list[tuple[int, timedelta]] = field(default_factory=list)
    staged: bool = False  # another life stage may begin here
    settled: bool = False  # she may count as dormant here


@dataclass
class Graph:
    nodes: list[Node] = field(default_factory=list)
    stages: dict[str, int] = field(default_factory=dict)
    reactivation: int | None = None

    def add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def at_once(self, begin: int | None) -> set[int]:
        """What is done in the same moment as `begin`."""
        found: set[int] = set()
        waiting = [] if begin is None else [begin]
        while waiting:
            if (number := waiting.pop()) in found:
                continue
            found.add(number)
            if not _takes_time(self.nodes[number].step):
                waiting += [after for after, _ in self.nodes[number].edges]
        return found


def _takes_time(step: Step | None) -> bool:
    delivered = step is not None and step.send is not None and step.send.wait_for_delivery
    return step is not None and (step.wait is not None or step.wait_for is not None or delivered)


def graph_of(book: Playbook) -> Graph:
    graph = Graph()
    settled = graph.add(Node(staged=True, settled=True))
    for stage in book.life_stages:  # first their beginnings, for `goto_stage`
        graph.stages[stage.stage] = graph.add(Node(staged=True))
    for stage in book.life_stages:
        begin = _list(graph, stage.steps, settled, staged=True)
        graph.nodes[graph.stages[stage.stage]].edges.append((begin, NOW))
    _list(graph, book.nurture, settled, staged=False)
    if book.reactivation:
        graph.reactivation = _list(graph, book.reactivation.steps, settled, staged=False)
    return graph


def _list(graph: Graph, steps: Sequence[Step], after: int, *, staged: bool) -> int:
    """Adds a list of steps; returns where it begins. `after` is what follows the whole list."""
    following = after
    for step in reversed(steps):
        following = _step(graph, step, following, after, staged)
    return following


def _step(graph: Graph, step: Step, following: int, left_out: int, staged: bool) -> int:
    node = Node(step, staged=staged)
    number = graph.add(node)
    if step.exit:
        return number
    if step.goto_stage:
        node.edges += [(graph.stages[s], NOW) for s in (step.goto_stage,) if s in graph.stages]
        return number
    for name, branch in step.branches.items():
        least = step.wait_for.timeout if step.wait_for and name == "otherwise" else NOW
        node.edges.append((_list(graph, branch, following, staged=staged), least))
    if not step.branches or (step.branch and step.branch[-1].when is not None):
        node.edges.append((following, (step.wait.duration or NOW) if step.wait else NOW))
    if step.coupon or (step.wait and step.wait.day):  # refused, or the day is not known
        node.edges.append((left_out, NOW))
    if step.send and step.send.coupon:
        return graph.add(Node(edges=[(number, NOW), (left_out, NOW)], staged=staged))
    return number


def stages_begun(stages: Sequence[LifeStage], window: timedelta) -> int:
    """How many life stages can begin on their days within a window."""
    return sum(_of_one_date(spans, window) for spans in _offsets(stages).values())


def _offsets(stages: Sequence[LifeStage]) -> dict[str, list[tuple[float, float]]]:
    """By date: the least and the most days behind it at which a stage begins."""
    found: dict[str, list[tuple[float, float]]] = {}
    for begins in (stage.begins for stage in stages if stage.begins):
        parts = re.fullmatch(r"([+-]?)(\d+)(d|w|mo|y)", begins.offset)
        assert parts is not None
        ends = sorted(float(f"{parts[1]}{parts[2]}") * days for days in _UNITS[parts[3]])
        found.setdefault(begins.date, []).append((ends[0], ends[1]))
    return found


def _of_one_date(spans: Sequence[tuple[float, float]], window: timedelta) -> int:
    days = window / timedelta(days=1)
    return max(sum(1 for low, _ in spans if first[0] <= low <= first[1] + days) for first in spans)
