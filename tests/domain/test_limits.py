"""What a playbook may narrow: its own frequency, quiet hours, holidays, and its mix of contents."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from domain.caps import Reserved
from domain.hours import QuietHours
from domain.playbook import ContentClass, Frequency, Limits
from domain.policy import Person, Policy, judge, longest_memory, shut_for
from domain.quotas import Quotas
from domain.touches import Planned, TouchStatus, Verdict
from tests.domain.moments import START, after

OPEN = Policy(
    default_playbook="coffee",
    frequency=Frequency(most=99, per=timedelta(hours=1)),
    quotas=Quotas(customers=None, groups=None, moments=None),
)
NOON_NAP = QuietHours(start=time(11), end=time(14))  # START is noon there
HOLIDAY = frozenset({date(2026, 3, 2)})
SERVICE, KNOWLEDGE, DISCOUNT = ContentClass.SERVICE, ContentClass.KNOWLEDGE, ContentClass.DISCOUNT
WEEKLY = Limits(frequency=Frequency(most=1, per=timedelta(days=7)))
MIX = Limits(knowledge_per_discount=2)


def touch(
    key: str = "t", kind: ContentClass = ContentClass.GENERAL, limits: Limits | None = None, **more: Any
) -> Planned:
    return Planned(key=key, kind=kind, playbook="tea", limits=limits, **more)


def person(*reserved: datetime, playbook: str = "tea", **facts: Any) -> Person:
    had = [Reserved(at=at, playbook=playbook) for at in reserved]
    return Person(external_userid="wm1", reserved=had, **facts)


def verdicts(
    who: Person, planned: Sequence[Planned], policy: Policy = OPEN, holidays: frozenset[date] = frozenset()
) -> dict[str, Verdict]:
    return {v.key: v for v in judge(who, planned, policy, START, holidays)}


# ---- frequency


def test_a_playbook_counts_only_its_own_messages() -> None:
    lately = after(days=-3)
    found = verdicts(person(lately), [touch(limits=WEEKLY)])["t"]
    assert (found.status, found.rule) == (TouchStatus.REFUSED, "playbook_frequency")
    assert found.reason == "of tea: 1 in the last 7d, 1 allowed"
    assert verdicts(person(lately, playbook="coffee"), [touch(limits=WEEKLY)])["t"].status == "claimed"
    assert verdicts(person(after(days=-7)), [touch(limits=WEEKLY)])["t"].status == "claimed"


def test_of_two_of_one_playbook_in_one_window_one_goes() -> None:
    found = verdicts(person(), [touch("a", limits=WEEKLY), touch("b", limits=WEEKLY)])
    assert (found["a"].status, found["b"].rule) == (TouchStatus.CLAIMED, "playbook_frequency")


def test_the_corps_cap_is_said_first() -> None:
    once = OPEN.model_copy(update={"frequency": Frequency()})
    assert verdicts(person(after(hours=-1)), [touch(limits=WEEKLY)], once)["t"].rule == "frequency"


def test_a_service_message_passes_the_playbooks_caps_and_uses_up_nothing() -> None:
    limits = WEEKLY.model_copy(update={"knowledge_per_discount": 1})
    found = verdicts(person(), [touch("s", SERVICE, limits, priority=90), touch("t", limits=limits)])
    assert {v.status for v in found.values()} == {TouchStatus.CLAIMED}


def test_the_memory_reaches_as_far_as_the_longest_cap() -> None:
    assert longest_memory(OPEN, [touch()]) == timedelta(hours=24)  # of groups
    assert longest_memory(OPEN, [touch(), touch(limits=WEEKLY)]) == timedelta(days=7)
    monthly = OPEN.model_copy(update={"quotas": Quotas()})
    assert longest_memory(monthly, [touch(limits=WEEKLY)]) == timedelta(days=31)


# ---- quiet hours and holidays


def test_quiet_hours_of_a_playbook_hold_only_its_own_messages() -> None:
    nap = Limits(quiet_hours=NOON_NAP)
    found = verdicts(person(), [touch("a", limits=nap), touch("s", SERVICE, nap), touch("b")])
    assert {k: (v.status, v.rule) for k, v in found.items()} == {
        "a": (TouchStatus.PLANNED, "quiet_hours"),
        "s": (TouchStatus.PLANNED, "quiet_hours"),
        "b": (TouchStatus.CLAIMED, None),
    }


def test_what_is_never_open_is_refused_at_once() -> None:
    policy = OPEN.model_copy(update={"quiet_hours": QuietHours(start=time(14), end=time(11))})
    found = verdicts(person(), [touch(limits=Limits(quiet_hours=NOON_NAP))], policy)["t"]
    assert (found.status, found.rule) == (TouchStatus.REFUSED, "never_open")
    assert "leave no time of the day" in found.reason


def test_on_a_holiday_who_skips_it_waits_and_others_do_not() -> None:
    skip = Limits(holidays="skip")
    planned = [touch("a", limits=skip), touch("b", limits=Limits()), touch("s", SERVICE, skip)]
    found = verdicts(person(), planned, holidays=HOLIDAY)
    assert (found["a"].status, found["a"].rule) == (TouchStatus.PLANNED, "holiday")
    assert found["a"].reason == "after the holidays"
    assert {found["b"].status, found["s"].status} == {TouchStatus.CLAIMED}
    assert verdicts(person(), [touch(limits=skip)])["t"].status is TouchStatus.CLAIMED


def test_what_waits_uses_up_nothing() -> None:
    once = OPEN.model_copy(update={"frequency": Frequency()})
    planned = [touch("a", limits=Limits(holidays="skip"), priority=90), touch("b")]
    assert verdicts(person(), planned, once, HOLIDAY)["b"].status is TouchStatus.CLAIMED


def test_the_times_of_a_message_are_the_corps_and_its_playbooks() -> None:
    night = QuietHours(start=time(21), end=time(8))
    policy = OPEN.model_copy(update={"quiet_hours": night})
    limits = Limits(quiet_hours=NOON_NAP, holidays="skip")
    shut = shut_for(policy, limits, ContentClass.GENERAL, "UTC", HOLIDAY)
    assert (shut.quiet, shut.holidays) == ((night, NOON_NAP), HOLIDAY)
    assert shut_for(policy, limits, SERVICE, "UTC", HOLIDAY).holidays == frozenset()
    assert shut_for(OPEN, None, ContentClass.GENERAL, "UTC", HOLIDAY).quiet == ()


# ---- knowledge before discounts (M59)


@pytest.mark.parametrize(("had", "goes"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_discount_comes_after_enough_knowledge(had: int, goes: bool) -> None:
    found = verdicts(person(knowledge={"tea": had, "coffee": 9}), [touch(kind=DISCOUNT, limits=MIX)])["t"]
    assert (found.status is TouchStatus.CLAIMED, found.rule) == (goes, None if goes else "mix")
    assert goes or found.reason == f"{had} knowledge messages since the last discount, 2 come before the next"


def test_what_goes_first_in_the_same_window_counts() -> None:
    planned = [
        touch("k", KNOWLEDGE, MIX, priority=90),
        touch("d1", DISCOUNT, MIX, priority=80),
        touch("d2", DISCOUNT, MIX, priority=70),
    ]
    found = verdicts(person(knowledge={"tea": 1}), planned)
    assert {k: v.rule for k, v in found.items()} == {"k": None, "d1": None, "d2": "mix"}


def test_knowledge_and_general_messages_need_nothing_before_them() -> None:
    found = verdicts(person(), [touch("k", KNOWLEDGE, MIX), touch("g", limits=MIX)])
    assert {v.status for v in found.values()} == {TouchStatus.CLAIMED}


def test_a_knowledge_message_counts_for_the_cap() -> None:
    once = OPEN.model_copy(update={"frequency": Frequency()})
    found = verdicts(person(), [touch("k", KNOWLEDGE, priority=90), touch("g")], once)
    assert found["g"].rule == "priority"
