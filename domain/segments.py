"""人群: a condition under a name. Campaigns aim at it; operators count it before anything happens."""

from collections.abc import Iterator

from pydantic import Field

from domain.places import Place, combined
from domain.playbook import Condition
from domain.playbook.conditions import Name
from domain.shape import Shape

JOURNEY_ONLY = ("life_stage", "outcome")  # of one enrolment: nobody outside of it can answer


class Segment(Shape):
    """One of `segments.yaml`."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,40}$")
    title: Name
    who: Condition


def asked_of_a_journey(who: Condition) -> Iterator[tuple[Place, str]]:
    """The places in a condition that only a journey could answer, each with what is wrong."""
    for at, part in combined((), who):
        for name in JOURNEY_ONLY:
            if getattr(part, name) is not None:
                yield (
                    (*at, name),
                    "only a journey knows it of her, and a segment is outside of all: take it out",
                )
