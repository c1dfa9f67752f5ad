"""What may go to a whole group: pure rules."""

from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.caps import Reserved
from domain.group_policy import Room, forbidden, judge_room
from domain.hours import QuietHours
from domain.playbook import ContentClass, Frequency
from domain.policy import GroupKind, Policy
from domain.touches import Planned, TouchStatus

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # in Shanghai
KINDS = {
    "store": GroupKind(),
    "welfare": GroupKind(discount=True, frequency=Frequency(most=2, per=timedelta(hours=24))),
}
POLICY = Policy(default_playbook="coffee", groups=KINDS)
CONTENTS = st.sampled_from(list(ContentClass))


def touches(contents: list[tuple[ContentClass, int]]) -> list[Planned]:
    return [Planned(key=f"k{n}", kind=kind, priority=p) for n, (kind, p) in enumerate(contents)]


@pytest.mark.parametrize("kind", ["store", "elsewhere"])
def test_discounts_are_forbidden_where_nobody_allowed_them(kind: str) -> None:
    assert "no discounts" in (forbidden(kind, ContentClass.DISCOUNT, POLICY) or "")
    assert forbidden(kind, ContentClass.KNOWLEDGE, POLICY) is None
    assert forbidden("welfare", ContentClass.DISCOUNT, POLICY) is None


@given(
    st.lists(st.tuples(CONTENTS, st.integers(0, 3)), max_size=6),
    st.sampled_from(["store", "welfare", "elsewhere"]),
    st.lists(st.integers(0, 48), max_size=3),
    st.randoms(),
)
def test_no_order_of_planning_changes_the_verdicts(
    contents: list[tuple[ContentClass, int]], kind: str, hours_ago: list[int], random: Random
) -> None:
    room = Room(kind=kind, reserved=[Reserved(at=NOON - timedelta(hours=h)) for h in hours_ago])
    planned = touches(contents)
    shuffled = random.sample(planned, len(planned))
    verdicts = {v.key: v for v in judge_room(room, planned, POLICY, NOON)}
    assert {v.key: v for v in judge_room(room, shuffled, POLICY, NOON)} == verdicts
    let_through = [t for t in planned if verdicts[t.key].status is TouchStatus.CLAIMED]
    if kind != "welfare":
        assert all(t.kind is not ContentClass.DISCOUNT for t in let_through)
    recent = sum(h < 24 for h in hours_ago)
    counted = [t for t in let_through if t.kind is not ContentClass.SERVICE]
    most = KINDS.get(kind, GroupKind()).frequency.most
    assert len(counted) <= max(0, most - recent)
    assert all(v.rule and v.reason for v in verdicts.values() if v.status is TouchStatus.REFUSED)


def test_quiet_hours_go_by_the_clock_of_the_groups_store() -> None:
    policy = POLICY.model_copy(update={"quiet_hours": QuietHours(start=time(21, 30), end=time(8, 30))})
    planned = touches([(ContentClass.GENERAL, 50)])
    [here] = judge_room(Room(kind="store"), planned, policy, NOON)
    [there] = judge_room(Room(kind="store", zone="America/New_York"), planned, policy, NOON)
    assert (here.status, there.status, there.rule) == ("claimed", "planned", "quiet_hours")
