"""What came of a removal, with the people who stayed behind (M34)."""

from collections.abc import Sequence
from typing import Any

from storage.removals import Came
from storage.tables import OldGroup, Removal

ALL = "all"


def lines(
    row: Removal, groups: Sequence[OldGroup], each: dict[str, Came], whole: Came
) -> list[dict[str, Any]]:
    """Every old group, then all of them together: who came out of two is one person there."""
    dissolves = row.body["dissolves_on"]
    people = sum(group.people for group in groups)
    rows = [_line(g.name, g.people, each.get(g.state, Came()), dissolves) for g in groups]
    return [*rows, _line(ALL, people, whole, dissolves)]


def _line(name: str, people: int, came: Came, dissolves: str) -> dict[str, Any]:
    """`lost` are all who are in no new group now, those who left again included.

    More than the roster had can come, because a picture is passed on: then it cannot be told who is lost,
    and the share is of the roster all the same.
    """
    return {
        "old_group": name,
        "people": people,
        "joined": came.joined,
        "inside": came.inside,
        "left_again": came.joined - came.inside,
        "migrated": round(min(came.inside / people, 1), 4),
        "lost": max(people - came.inside, 0),
        "lost_share": round(max(1 - came.inside / people, 0), 4),
        "beyond_roster": max(came.joined - people, 0),
        "dissolves_on": dissolves,
    }
