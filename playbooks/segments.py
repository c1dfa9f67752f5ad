"""Reading `segments.yaml`: the corp's saved segments (人群), and finding one by its name."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import Field

from domain.places import Place, combined
from domain.playbook import Condition
from domain.policy import Policy
from domain.segments import Segment, asked_of_a_journey
from domain.shape import Shape
from playbooks.loader import SEGMENTS_FILE, load_policy, read_as, refuse
from playbooks.rules.corp import unknown_names
from playbooks.source import suggest


class UnknownSegment(ValueError):
    """There is no segment of that name; the text says which there are."""


class _File(Shape):
    """A whole file."""

    segments: list[Segment] = Field(min_length=1)


def load_segments(folder: Path) -> dict[str, Segment]:
    """The saved segments of a folder by name, checked against its policy; none where there is no such file.

    Raises PlaybookError with every problem.
    """
    path = folder / SEGMENTS_FILE
    if not path.exists():
        return {}
    written, policy = read_as(path, _File), load_policy(folder)
    problems, found = [], dict[str, Segment]()
    for number, segment in enumerate(written.model.segments):
        here: Place = ("segments", number)
        if segment.name in found:
            twice = f"there is another segment {segment.name!r} in this file: give one of them another name"
            problems.append(((*here, "name"), twice))
        found[segment.name] = segment
        problems += [((*here, "who", *at), text) for at, text in problems_of(segment.who, policy)]
    refuse(written.source, problems)
    return found


def load_condition(path: Path, policy: Policy) -> Condition:
    """A file that is one condition. Raises PlaybookError."""
    written = read_as(path, Condition)
    refuse(written.source, problems_of(written.model, policy))
    return written.model


def problems_of(who: Condition, policy: Policy) -> Iterator[tuple[Place, str]]:
    """Why a condition cannot be a segment, with the places inside it."""
    yield from asked_of_a_journey(who)
    yield from unknown_names(combined((), who), policy)


def resolve(wanted: Condition | str, segments: Mapping[str, Segment]) -> Condition:
    """The condition that is meant. Raises UnknownSegment for a name that no saved segment has."""
    if isinstance(wanted, Condition):
        return wanted
    if wanted not in segments:
        there = suggest(wanted, segments) or f"; there is: {', '.join(segments) or 'none'}"
        raise UnknownSegment(f"there is no segment {wanted!r} in {SEGMENTS_FILE}{there}")
    return segments[wanted].who
