"""Limits, whatever is planned: no cap is ever exceeded, and a narrower limit never lets more through."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.caps import Reserved
from domain.playbook import ContentClass, Frequency, Limits
from domain.policy import Person, Policy, judge
from domain.touches import Planned, TouchStatus, Verdict
from tests.domain.moments import after
from tests.domain.test_limits import DISCOUNT, HOLIDAY, KNOWLEDGE, NOON_NAP, OPEN, SERVICE, verdicts

FREQUENCIES = st.builds(
    lambda most, hours: Frequency(most=most, per=timedelta(hours=hours)),
    st.integers(1, 3),
    st.integers(1, 90),
)
LIMITS = st.builds(
    Limits,
    frequency=st.none() | FREQUENCIES,
    quiet_hours=st.sampled_from([None, None, NOON_NAP]),
    holidays=st.sampled_from(["send", "skip"]),
    knowledge_per_discount=st.none() | st.integers(1, 3),
)
OF_ONE = st.lists(
    st.builds(
        Planned,
        key=st.text("abc", min_size=1, max_size=3),
        priority=st.integers(0, 3),
        kind=st.sampled_from(ContentClass),
        playbook=st.just("tea"),
    ),
    max_size=7,
    unique_by=lambda t: t.key,
)
OF_MANY = st.lists(
    st.builds(
        Planned,
        key=st.text("abc", min_size=1, max_size=3),
        priority=st.integers(0, 3),
        kind=st.sampled_from(ContentClass),
        playbook=st.sampled_from(["tea", "coffee", None]),
    ),
    max_size=7,
    unique_by=lambda t: t.key,
)
PEOPLE = st.builds(
    Person,
    external_userid=st.just("wm1"),
    reserved=st.lists(
        st.builds(
            Reserved,
            at=st.integers(0, 100).map(lambda hours: after(hours=-hours)),
            playbook=st.sampled_from(["tea", "coffee", None]),
            kind=st.sampled_from([ContentClass.GENERAL, KNOWLEDGE, DISCOUNT]),
        ),
        max_size=3,
    ),
    knowledge=st.dictionaries(st.sampled_from(["tea", "coffee"]), st.integers(0, 3)),
)
POLICIES = st.builds(lambda frequency: OPEN.model_copy(update={"frequency": frequency}), FREQUENCIES)
CALENDARS = st.sampled_from([frozenset(), HOLIDAY])


def claimed(found: Mapping[str, Verdict], planned: Sequence[Planned]) -> list[str]:
    """What goes out and counts."""
    counts = {t.key for t in planned if t.kind is not SERVICE}
    return [k for k, v in found.items() if v.status is TouchStatus.CLAIMED and k in counts]


def limited(planned: Sequence[Planned], limits: Limits | None) -> list[Planned]:
    return [t.model_copy(update={"limits": limits}) if t.playbook == "tea" else t for t in planned]


@settings(max_examples=150, deadline=None)
@given(
    PEOPLE, OF_MANY.flatmap(lambda t: st.tuples(st.just(t), st.permutations(t))), POLICIES, LIMITS, CALENDARS
)
def test_with_limits_too_the_order_does_not_matter(
    who: Person,
    both: tuple[list[Planned], list[Planned]],
    policy: Policy,
    limits: Limits,
    holidays: frozenset[date],
) -> None:
    planned, shuffled = (limited(each, limits) for each in both)
    assert verdicts(who, shuffled, policy, holidays) == verdicts(who, planned, policy, holidays)


@settings(max_examples=300, deadline=None)
@given(PEOPLE, OF_MANY, POLICIES, LIMITS, CALENDARS)
def test_limits_never_let_more_through_than_none(
    who: Person, planned: list[Planned], policy: Policy, limits: Limits, holidays: frozenset[date]
) -> None:
    wide = claimed(verdicts(who, planned, policy, holidays), planned)
    narrow = claimed(verdicts(who, limited(planned, limits), policy, holidays), planned)
    assert len(narrow) <= len(wide)
    ours = {t.key for t in planned if t.playbook == "tea"}
    assert len(ours & set(narrow)) <= len(ours & set(wide))


@settings(max_examples=300, deadline=None)
@given(PEOPLE, OF_ONE, POLICIES, LIMITS, CALENDARS, st.data())
def test_a_narrower_limit_never_lets_more_through(
    who: Person,
    planned: list[Planned],
    policy: Policy,
    limits: Limits,
    holidays: frozenset[date],
    data: st.DataObject,
) -> None:
    wide = claimed(verdicts(who, limited(planned, limits), policy, holidays), planned)
    narrower = data.draw(narrowed(limits))
    narrow = claimed(verdicts(who, limited(planned, narrower), policy, holidays), planned)
    assert len(narrow) <= len(wide)


def narrowed(limits: Limits) -> st.SearchStrategy[Limits]:
    """The same limits with one of them narrower."""
    own, mix = limits.frequency, limits.knowledge_per_discount
    longer = Frequency(most=own.most, per=own.per + timedelta(hours=24)) if own else Frequency(most=2)
    fewer = Frequency(most=max(1, own.most - 1), per=own.per) if own else Frequency()
    return st.sampled_from(
        [
            limits.model_copy(update={"frequency": longer}),
            limits.model_copy(update={"frequency": fewer}),
            limits.model_copy(update={"quiet_hours": NOON_NAP}),
            limits.model_copy(update={"holidays": "skip"}),
            limits.model_copy(update={"knowledge_per_discount": (mix or 0) + 1}),
        ]
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), OF_MANY), max_size=15), POLICIES, LIMITS)
def test_no_cap_is_ever_exceeded_by_any_schedule(
    windows: list[tuple[int, list[Planned]]], policy: Policy, limits: Limits
) -> None:
    """The corp's, the playbook's own, and the mix of what it has sent so far."""
    sent: list[Reserved] = []
    for minutes, planned in sorted(windows, key=lambda w: w[0]):
        now = after(minutes=minutes * 10)
        who = Person(external_userid="wm1", reserved=sent, knowledge={"tea": since_discount(sent)})
        by_key = {t.key: t for t in planned}
        for verdict in judge(who, limited(planned, limits), policy, now, HOLIDAY):
            touch = by_key[verdict.key]
            if verdict.status is TouchStatus.CLAIMED and touch.kind is not SERVICE:
                sent = [*sent, Reserved(at=now, playbook=touch.playbook, kind=touch.kind)]
        own = [t for t in sent if t.playbook == "tea"]
        for cap, counted in ((policy.frequency, sent), (limits.frequency, own)):
            assert cap is None or len([t for t in counted if t.at > now - cap.per]) <= cap.most
        assert mixed_well(own, limits.knowledge_per_discount or 0)


def since_discount(sent: Sequence[Reserved]) -> int:
    count = 0
    for message in sent:
        if message.playbook == "tea":
            count = 0 if message.kind is DISCOUNT else count + (message.kind is KNOWLEDGE)
    return count


def mixed_well(own: Sequence[Reserved], wanted: int) -> bool:
    return all(since_discount(own[:n]) >= wanted for n, t in enumerate(own) if t.kind is DISCOUNT)
