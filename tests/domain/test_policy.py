"""Who gets what of all that is planned in one window."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.caps import Reserved
from domain.hours import QuietHours
from domain.playbook import ContentClass, Frequency
from domain.policy import Person, Policy, judge
from domain.touches import Planned, TouchStatus, Verdict
from tests.domain.moments import START, after

ONE = Policy(default_playbook="coffee")
NIGHT = ONE.model_copy(
    update={"quiet_hours": QuietHours(start=time(11), end=time(14))}
)  # START is noon there
SERVICE = ContentClass.SERVICE
TOUCHES = st.lists(
    st.builds(
        Planned,
        key=st.text("abc", min_size=1, max_size=3),
        priority=st.integers(0, 3),
        kind=st.sampled_from(ContentClass),
    ),
    max_size=6,
    unique_by=lambda t: t.key,
)
PEOPLE = st.builds(
    Person,
    external_userid=st.just("wm1"),
    opted_out=st.booleans(),
    is_friend=st.sampled_from([True, True, False]),
    reserved=st.lists(st.integers(0, 72).map(lambda h: Reserved(at=after(hours=-h))), max_size=2),
)
POLICIES = st.builds(
    lambda most, hours, quiet: Policy(
        default_playbook="coffee",
        frequency=Frequency(most=most, per=timedelta(hours=hours)),
        quiet_hours=quiet,
    ),
    st.integers(1, 3),
    st.integers(1, 72),
    st.sampled_from([None, NIGHT.quiet_hours]),
)


def touch(key: str = "t", priority: int = 50, kind: ContentClass = ContentClass.GENERAL) -> Planned:
    return Planned(key=key, priority=priority, kind=kind)


def person(*reserved: datetime, opted_out: bool = False, is_friend: bool = True) -> Person:
    had = [Reserved(at=at) for at in reserved]
    return Person(external_userid="wm1", reserved=had, opted_out=opted_out, is_friend=is_friend)


def verdicts(who: Person, planned: list[Planned], policy: Policy = ONE) -> dict[str, Verdict]:
    return {v.key: v for v in judge(who, planned, policy, START)}


def claimed(found: dict[str, Verdict]) -> set[str]:
    return {key for key, v in found.items() if v.status is TouchStatus.CLAIMED}


@settings(max_examples=100, deadline=None)
@given(PEOPLE, TOUCHES.flatmap(lambda t: st.tuples(st.just(t), st.permutations(t))), POLICIES)
def test_the_order_of_what_is_planned_does_not_matter(
    who: Person, both: tuple[list[Planned], list[Planned]], policy: Policy
) -> None:
    planned, shuffled = both
    assert verdicts(who, shuffled, policy) == verdicts(who, planned, policy)


@settings(max_examples=100, deadline=None)
@given(PEOPLE, TOUCHES, POLICIES)
def test_every_touch_has_one_verdict_and_every_refusal_its_rule_and_reason(
    who: Person, planned: list[Planned], policy: Policy
) -> None:
    found = judge(who, planned, policy, START)
    assert sorted(v.key for v in found) == sorted(t.key for t in planned)
    for verdict in found:
        yes = verdict.status is TouchStatus.CLAIMED
        assert yes or (verdict.rule and verdict.reason)
        assert verdict.status in (TouchStatus.CLAIMED, TouchStatus.REFUSED, TouchStatus.PLANNED)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 600), TOUCHES), max_size=15), st.integers(1, 3), st.integers(1, 48))
def test_no_cap_is_ever_exceeded_over_many_windows(
    windows: list[tuple[int, list[Planned]]], most: int, hours: int
) -> None:
    per = timedelta(hours=hours)
    policy = Policy(default_playbook="coffee", frequency=Frequency(most=most, per=per))
    reserved: list[datetime] = []
    for minutes, planned in sorted(windows, key=lambda w: w[0]):
        now = after(minutes=minutes * 10)
        kinds = {t.key: t.kind for t in planned}
        for verdict in judge(person(*reserved), planned, policy, now):
            if verdict.status is TouchStatus.CLAIMED and kinds[verdict.key] is not SERVICE:
                reserved.append(now)
        assert sum(1 for t in reserved if t > now - per) <= most


@given(TOUCHES)
def test_exactly_one_of_those_who_could_go_wins(planned: list[Planned]) -> None:
    able = [t for t in planned if t.kind is not SERVICE]
    best = sorted(able, key=lambda t: (-t.priority, t.key))[:1]
    won = claimed(verdicts(person(), able))
    assert won == {t.key for t in best}


def test_the_higher_priority_wins_and_the_loser_knows_to_whom() -> None:
    found = verdicts(person(), [touch("a", 10), touch("b", 90)])
    assert claimed(found) == {"b"}
    assert (found["a"].rule, found["a"].reason) == ("priority", "b went first in the same window")


def test_of_two_equals_the_smaller_key_wins() -> None:
    assert claimed(verdicts(person(), [touch("b"), touch("a")])) == {"a"}


def test_what_was_sent_lately_counts() -> None:
    found = verdicts(person(after(hours=-35)), [touch()])
    assert (found["t"].rule, found["t"].reason) == ("frequency", "1 in the last 36h, 1 allowed")


def test_what_was_sent_long_ago_does_not() -> None:
    assert claimed(verdicts(person(after(hours=-36)), [touch()])) == {"t"}


def test_service_messages_pass_opt_out_and_cap() -> None:
    who = person(after(hours=-1), opted_out=True)
    assert claimed(verdicts(who, [touch("s", kind=SERVICE), touch("m")])) == {"s"}


def test_service_messages_use_up_nothing() -> None:
    planned = [touch("s1", 90, SERVICE), touch("s2", 90, SERVICE), touch("m", 10)]
    assert claimed(verdicts(person(), planned)) == {"s1", "s2", "m"}


def test_an_opt_out_refuses_everything_else() -> None:
    assert verdicts(person(opted_out=True), [touch()])["t"].rule == "opted_out"


def test_without_a_friend_nothing_goes_not_even_service() -> None:
    assert verdicts(person(is_friend=False), [touch(kind=SERVICE)])["t"].rule == "not_friend"


def test_in_quiet_hours_everything_stays_planned() -> None:
    found = verdicts(person(), [touch("a"), touch("b"), touch("s", kind=SERVICE)], NIGHT)
    assert {v.status for v in found.values()} == {TouchStatus.PLANNED}
    assert {v.rule for v in found.values()} == {"quiet_hours"}


def test_in_quiet_hours_a_refusal_that_would_stay_one_is_said_at_once() -> None:
    assert verdicts(person(opted_out=True), [touch()], NIGHT)["t"].status is TouchStatus.REFUSED


@pytest.mark.parametrize("field", ["window", "sweep_every"])
def test_a_rhythm_of_no_time_is_refused(field: str) -> None:
    with pytest.raises(ValidationError, match="0s would mean without end"):
        Policy.model_validate({"default_playbook": "coffee", field: "0s"})
