"""Two campaigns and a playbook compete over many windows: whatever is planned, and in whichever order.

People have several employees, groups and Moments. Each message is confirmed at some later time, or never.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.caps import Reserved, Weights
from domain.group_policy import Room, judge_room
from domain.hours import QuietHours
from domain.playbook import ContentClass, Frequency, Limits
from domain.policy import GroupKind, Person, Policy, judge
from domain.quotas import Quota, Quotas
from domain.touches import Channel, Planned, TouchStatus, Verdict
from tests.domain.moments import after

WINDOW = timedelta(hours=1)
CHINA = ZoneInfo("Asia/Shanghai")
GROUP_IS_HEARD_BY = ("wm1", "wm2")
SERVICE, GENERAL, DISCOUNT = ContentClass.SERVICE, ContentClass.GENERAL, ContentClass.DISCOUNT


@dataclass(frozen=True)
class Intent:
    """Somebody wants something said: `whose` is a customer, or the group."""

    window: int
    whose: str
    planned: Planned
    confirmed_after: int | None  # windows; None: never, and the task expires


@dataclass
class Ledger:
    """What was let through, and what became of it. `had`: by whom, as (intent, claimed at, settled at)."""

    waiting: list[Intent] = field(default_factory=list)
    sent: list[tuple[Intent, datetime, datetime]] = field(default_factory=list)
    verdicts: dict[str, list[Verdict]] = field(default_factory=lambda: defaultdict(list))

    def reserved(self, whose: str, now: datetime) -> list[Reserved]:
        mine = [
            (intent, settled)
            for intent, _, settled in self.sent
            if intent.whose == whose or (intent.whose == "wr1" and whose in GROUP_IS_HEARD_BY)
        ]
        return [
            Reserved(
                at=min(settled, now),
                channel=i.planned.channel,
                playbook=i.planned.playbook,
                kind=i.planned.kind,
            )
            for i, settled in mine
            if i.confirmed_after is not None or settled > now  # expiry releases
        ]


FREQUENCIES = st.builds(
    lambda most, hours: Frequency(most=most, per=timedelta(hours=hours)),
    st.integers(1, 3),
    st.integers(2, 60),
)
QUOTAS = st.none() | st.builds(Quota, most=st.integers(1, 4), per=st.sampled_from(["day", "week", "month"]))
POLICIES = st.builds(
    Policy,
    default_playbook=st.just("tea"),
    window=st.just(WINDOW),
    frequency=FREQUENCIES,
    weights=st.builds(Weights, group=st.sampled_from([Decimal("0.5"), Decimal("0.3")])),
    per_day=st.none() | st.integers(1, 3),
    quotas=st.builds(Quotas, customers=QUOTAS, groups=QUOTAS, moments=QUOTAS),
    quiet_hours=st.sampled_from([None, QuietHours.model_validate({"start": "21:00", "end": "08:00"})]),
    groups=st.just({"store": GroupKind(frequency=Frequency(most=2, per=timedelta(hours=12)))}),
)
LIMITS = Limits(frequency=Frequency(most=2, per=timedelta(hours=30)))
SOURCES = st.sampled_from(["tea", None])  # None: of a campaign


@st.composite
def schedules(draw: st.DrawFn) -> list[Intent]:
    intents = []
    for number in range(draw(st.integers(1, 25))):
        whose = draw(st.sampled_from(["wm1", "wm2", "wm3", "wr1"]))
        ways = [Channel.GROUP] if whose == "wr1" else [Channel.PRIVATE, Channel.PRIVATE, Channel.MOMENTS]
        playbook, window = draw(SOURCES), draw(st.integers(0, 80))
        in_time = draw(st.sampled_from([None, None, 5]))
        planned = Planned(
            key=f"{'campaign' if playbook is None else 'wm'}/{number}",
            channel=draw(st.sampled_from(ways)),
            priority=draw(st.integers(40, 42)),
            kind=draw(st.sampled_from([GENERAL, GENERAL, DISCOUNT, SERVICE])),
            playbook=playbook,
            limits=LIMITS if playbook else None,
            send_by=at(window + in_time) if in_time else None,
        )
        intents.append(Intent(window, whose, planned, draw(st.sampled_from([0, 1, 3, 20, None]))))
    return intents


def at(window: int) -> datetime:
    return after() + window * WINDOW


def play(intents: Sequence[Intent], policy: Policy) -> Ledger:
    """Window by window; what has to wait is judged again with the next."""
    ledger, windows = Ledger(), max(i.window for i in intents) + 30
    for number in range(windows):
        now = at(number)
        ledger.waiting += [i for i in intents if i.window == number]
        due: dict[str, list[Intent]] = defaultdict(list)
        for intent in ledger.waiting:
            due[intent.whose].append(intent)
        ledger.waiting = []
        # As in the database the transactions of two recipients follow each other in any order, groups first.
        for whose, mine in sorted(due.items(), key=lambda one: one[0] != "wr1"):
            close(ledger, whose, mine, policy, now)
    return ledger


def close(ledger: Ledger, whose: str, mine: list[Intent], policy: Policy, now: datetime) -> None:
    had, planned = ledger.reserved(whose, now), [i.planned for i in mine]
    if whose == "wr1":
        verdicts = judge_room(Room(kind="store", reserved=had), planned, policy, now)
    else:
        verdicts = judge(Person(external_userid=whose, reserved=had), planned, policy, now)
    by_key = {i.planned.key: i for i in mine}
    for verdict in verdicts:
        intent = by_key[verdict.key]
        ledger.verdicts[verdict.key].append(verdict)
        if verdict.status is TouchStatus.PLANNED:
            ledger.waiting.append(intent)
        elif verdict.status is TouchStatus.CLAIMED:
            patience = 24 if intent.confirmed_after is None else intent.confirmed_after
            ledger.sent.append((intent, now, now + patience * WINDOW))


def delivered(ledger: Ledger, whose: str) -> list[tuple[datetime, Planned]]:
    """What she, or the group, really got, and when; a group's message reaches its members."""
    return [
        (settled, intent.planned)
        for intent, _, settled in ledger.sent
        if intent.confirmed_after is not None
        and (intent.whose == whose or (intent.whose == "wr1" and whose in GROUP_IS_HEARD_BY))
    ]


def day(moment: datetime) -> object:
    return moment.astimezone(CHINA).date()


def span(moment: datetime, quota: Quota) -> object:
    local = moment.astimezone(CHINA).date()
    return {"day": local, "week": local.isocalendar()[:2], "month": (local.year, local.month)}[quota.per]


@settings(max_examples=150, deadline=None)
@given(schedules(), POLICIES)
def test_no_cap_is_exceeded_at_any_instant(intents: list[Intent], policy: Policy) -> None:
    """Looked at whenever something reached her alone; a group's message is held back by no member's cap."""
    ledger = play(intents, policy)
    for whose in ("wm1", "wm2", "wm3"):
        got = [(at, t) for at, t in delivered(ledger, whose) if t.kind is not SERVICE]
        for now, last in got:
            if last.channel is Channel.GROUP:
                continue
            until_now = [(at, t) for at, t in got if at <= now and at > now - policy.frequency.per]
            groups_since = [t for at, t in until_now if t.channel is Channel.GROUP]
            weight = sum(policy.weights.of(t.channel) for _, t in until_now)
            allowed = policy.frequency.most + sum(policy.weights.of(t.channel) for t in groups_since)
            assert weight <= allowed
            if policy.per_day:
                alone = [t for at, t in got if day(at) == day(now) and t.channel is not Channel.GROUP]
                assert len(alone) <= policy.per_day
        tea = [at for at, t in got if t.playbook == "tea" and t.channel is not Channel.GROUP]
        assert all(len([one for one in tea if at - timedelta(hours=30) < one <= at]) <= 2 for at in tea)


@settings(max_examples=150, deadline=None)
@given(schedules(), POLICIES)
def test_wecom_has_nothing_to_drop(intents: list[Intent], policy: Policy) -> None:
    """By the calendar of its own clock, when the employee confirmed: service messages count as well."""
    ledger = play(intents, policy)
    for whose in ("wm1", "wm2", "wm3", "wr1"):
        for channel in (Channel.PRIVATE, Channel.GROUP, Channel.MOMENTS):
            quota = policy.quotas.of(channel)
            if quota is None or (channel is Channel.GROUP) != (whose == "wr1"):
                continue
            counts: dict[object, int] = defaultdict(int)
            for moment, planned in delivered(ledger, whose):
                counts[span(moment, quota)] += planned.channel is channel
            assert all(count <= (quota.most or 31) for count in counts.values())


@settings(max_examples=100, deadline=None)
@given(schedules(), POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(intents: list[Intent], policy: Policy, random: Random) -> None:
    shuffled = random.sample(intents, len(intents))
    assert play(shuffled, policy).verdicts == play(intents, policy).verdicts


@settings(max_examples=150, deadline=None)
@given(schedules(), POLICIES)
def test_nobody_is_starved_silently(intents: list[Intent], policy: Policy) -> None:
    """Each comes to an end, and every time that it did not go there was a rule and a reason."""
    ledger = play(intents, policy)
    assert not ledger.waiting
    for intent in intents:
        *put_off, last = ledger.verdicts[intent.planned.key]
        assert last.status in (TouchStatus.CLAIMED, TouchStatus.REFUSED)
        assert all(v.status is TouchStatus.PLANNED for v in put_off)
        said = put_off if last.status is TouchStatus.CLAIMED else [*put_off, last]
        assert all(v.rule and v.reason for v in said)
