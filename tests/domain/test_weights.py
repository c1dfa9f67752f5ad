"""M50: channels use up different shares of a customer's cap; per day, per quota and in time."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.caps import Reserved, Weights
from domain.hours import QuietHours
from domain.playbook import ContentClass, Frequency, Limits
from domain.policy import Person, Policy, judge
from domain.quotas import Quota, Quotas
from domain.touches import Channel, Planned, Verdict
from tests.domain.moments import START, after

PRIVATE, GROUP, MOMENTS = Channel.PRIVATE, Channel.GROUP, Channel.MOMENTS
POLICY = Policy(default_playbook="coffee")
NAP = QuietHours.model_validate({"start": "11:00", "end": "14:00"})  # START is noon


def touch(key: str = "t", channel: Channel = PRIVATE, **more: Any) -> Planned:
    return Planned(key=key, channel=channel, **more)


def verdicts(
    *planned: Planned, had: list[tuple[Channel, float]] | None = None, policy: Policy = POLICY, **more: Any
) -> dict[str, Verdict]:
    """`had`: by which channel, and how many hours ago."""
    reserved = [Reserved(at=after(hours=-hours), channel=channel) for channel, hours in had or []]
    who = Person(external_userid="wm1", reserved=reserved)
    return {v.key: v for v in judge(who, planned, policy.model_copy(update=more), START)}


@pytest.mark.parametrize(
    ("had", "channel", "goes"),
    [
        ([(PRIVATE, 35)], PRIVATE, False),
        ([(PRIVATE, 35)], MOMENTS, False),
        ([(MOMENTS, 1)], PRIVATE, False),
        ([(MOMENTS, 1)], MOMENTS, True),
        ([(MOMENTS, 30), (MOMENTS, 29), (MOMENTS, 1)], MOMENTS, True),
        ([(MOMENTS, 31), (MOMENTS, 30), (MOMENTS, 29), (MOMENTS, 1)], MOMENTS, False),
        ([(GROUP, 5)], MOMENTS, True),
        ([(GROUP, 5), (GROUP, 4)], MOMENTS, False),
        ([(GROUP, 5)], PRIVATE, False),
        ([(PRIVATE, 36)], PRIVATE, True),
    ],
)
def test_m50_a_private_message_wants_the_cap_for_itself_and_a_moment_a_quarter(
    had: list[tuple[Channel, float]], channel: Channel, goes: bool
) -> None:
    found = verdicts(touch(channel=channel), had=had)["t"]
    assert (found.status == "claimed") is goes
    assert found.rule == (None if goes else "frequency")


def test_weights_are_ranked_as_people_are_disturbed() -> None:
    """打扰性: 朋友圈 < 群聊 < 单聊."""
    weights = Weights()
    assert weights.moments < weights.group < weights.private == weights.staff == 1


def test_ten_tenths_are_one() -> None:
    """Floats would say 0.9999999999999999, and let an eleventh through."""
    tenth, none = Weights(moments=Decimal("0.1")), Quotas(moments=None)
    had = [(MOMENTS, float(n)) for n in range(1, 11)]
    assert verdicts(touch(channel=MOMENTS), had=had[:9], weights=tenth, quotas=none)["t"].status == "claimed"
    assert verdicts(touch(channel=MOMENTS), had=had, weights=tenth, quotas=none)["t"].rule == "frequency"


def test_the_reason_says_what_it_weighs() -> None:
    found = verdicts(touch(), had=[(MOMENTS, 1), (GROUP, 2)])["t"]
    assert found.reason == "0.75 in the last 36h and this one weighs 1, 1 allowed"
    assert verdicts(touch(), had=[(PRIVATE, 1)])["t"].reason == "1 in the last 36h, 1 allowed"


def test_who_went_first_is_named_only_if_it_made_the_difference() -> None:
    moment, private = touch("moment", MOMENTS, priority=90), touch("private", priority=10)
    assert verdicts(moment, private)["private"].reason == "moment went first in the same window"
    lost = verdicts(moment, private, had=[(GROUP, 2)])["private"]
    assert (lost.rule, lost.reason) == (
        "frequency",
        "0.75 in the last 36h and this one weighs 1, 1 allowed",
    )


def test_a_playbooks_own_cap_counts_messages() -> None:
    limits = Limits(frequency=Frequency(most=1, per=timedelta(days=7)))
    planned = [touch(k, MOMENTS, playbook="tea", limits=limits) for k in "ab"]
    assert verdicts(*planned)["b"].rule == "playbook_frequency"


# ---- a day of hers


def test_a_day_of_hers_has_so_many_and_no_more() -> None:
    had = [(MOMENTS, 11.0), (MOMENTS, 1.0)]  # at one at night and at eleven in the morning
    full = verdicts(touch(channel=MOMENTS), had=had, per_day=2)["t"]
    assert (full.rule, full.reason) == ("per_day", "2 today, 2 allowed")
    yesterday = [(MOMENTS, 13.0), (MOMENTS, 1.0)]
    assert verdicts(touch(channel=MOMENTS), had=yesterday, per_day=2)["t"].status == "claimed"


def test_the_day_is_that_of_her_own_clock() -> None:
    had = [Reserved(at=after(hours=-11), channel=MOMENTS)]
    policy = POLICY.model_copy(update={"per_day": 1})
    for zone, rule in (("Asia/Shanghai", "per_day"), ("Europe/London", None)):  # 17:00 and 04:00
        who = Person(external_userid="wm1", zone=zone, reserved=had)
        assert judge(who, [touch(channel=MOMENTS)], policy, START)[0].rule == rule


def test_of_two_on_one_day_the_loser_knows_to_whom() -> None:
    found = verdicts(touch("a", MOMENTS), touch("b", MOMENTS), per_day=1)
    assert (found["b"].rule, found["b"].reason) == ("priority", "a went first in the same window")


# ---- WeCom's own


def test_a_full_quota_refuses_with_numbers_whatever_the_message_is_about() -> None:
    quotas = Quotas(customers=Quota(most=1, per="day"))
    service = touch("s", kind=ContentClass.SERVICE)
    for planned in (touch(), service):
        found = verdicts(planned, had=[(PRIVATE, 2)], quotas=quotas)[planned.key]
        assert found.rule == "wecom_quota"
        assert found.reason == "1 since 2026-03-02, WeCom allows 1 a day"
    other_ways = verdicts(touch(channel=MOMENTS), had=[(GROUP, 2)], quotas=quotas)
    assert other_ways["t"].status == "claimed"


def test_service_messages_use_up_the_quota() -> None:
    quotas = Quotas(customers=Quota(most=1, per="day"))
    service = touch("s", kind=ContentClass.SERVICE, priority=90)
    found = verdicts(service, touch("t"), quotas=quotas)
    assert (found["s"].status, found["t"].rule) == ("claimed", "wecom_quota")


# ---- in time


def test_m37_what_is_too_late_is_refused_and_never_put_off() -> None:
    late = verdicts(touch(send_by=START))["t"]
    assert (late.rule, late.reason) == ("too_late", "of no use after 2026-03-02 12:00")
    put_off = verdicts(touch(send_by=after(hours=1)), quiet_hours=NAP)["t"]
    assert (put_off.status, put_off.rule) == ("refused", "too_late")
    assert put_off.reason == "of no use after 2026-03-02 13:00, and quiet_hours last longer"
    in_time = verdicts(touch(send_by=after(hours=3)), quiet_hours=NAP)["t"]
    assert (in_time.status, in_time.rule) == ("planned", "quiet_hours")
    assert verdicts(touch(send_by=after(hours=1)))["t"].status == "claimed"


@pytest.mark.parametrize("nap", [None, NAP])
def test_nothing_is_put_off_for_ever(nap: QuietHours | None) -> None:
    long_ago, lately = touch(put_off_since=after(days=-14)), touch(put_off_since=after(days=-13))
    assert verdicts(long_ago, quiet_hours=nap)["t"].rule == "given_up"
    assert verdicts(lately, quiet_hours=nap)["t"].status == ("planned" if nap else "claimed")
