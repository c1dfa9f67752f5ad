"""policy.yaml: every limit of the corp, refused with line and field where it makes no sense."""

import itertools
from collections.abc import Sequence
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.caps import Weights
from domain.conditions import tiers_of
from domain.facts import Bought, Facts
from domain.playbook import Playbook, Step, Way
from domain.quotas import Quotas
from playbooks.loader import PlaybookError, load_playbooks, load_policy
from settings import ROOT
from tests.domain.moments import START, after
from tests.playbooks.files import write

GOOD = "default_playbook: coffee\n"
BROKEN = {
    "typo": ("windwo: 30m", "2: windwo: no such field; did you mean 'window'?"),
    "typo inside": ("frequency: {mots: 1}", "2: frequency.mots: no such field; did you mean 'most'?"),
    "no playbook": ("", "1: default_playbook: missing: add it"),
    "no window": ("window: 0s", "2: window: 0s would mean without end"),
    "no poll rhythm": ("staff_task: {poll_every: 0s}", "2: staff_task.poll_every: 0s would mean without end"),
    "no sweep rhythm": ("sweep_every: 0m", "2: sweep_every: 0s would mean without end"),
    "no frequency": ("frequency: {most: 0}", "2: frequency.most: at least 1"),
    "bare duration": (
        "frequency:\n  most: 1\n  per: 36",
        "4: frequency.per: a duration is a number with a unit",
    ),
    "hour without minutes": (
        "quiet_hours: {start: 22, end: '08:30'}",
        '2: quiet_hours.start: a time of day is "hh:mm", in quotes',
    ),
    "a time with a zone": (
        "quiet_hours: {start: '21:30', end: '08:30Z'}",
        "2: quiet_hours.end: a local time has no zone",
    ),
    "only half of the night": ("quiet_hours: {start: '21:30'}", "2: quiet_hours.end: missing: add it"),
    "holidays of a country that we do not know": (
        "holidays: de",
        "2: holidays: 'de' is not known; one of: cn, none",
    ),
    "a tier of nobody": ("tiers:\n  vip: {}", "3: tiers.vip: an empty condition holds for everybody"),
    "a typo in a tier": (
        "tiers:\n  vip:\n    visit: {least: 4}",
        "4: tiers.vip.visit: no such field; did you mean 'visits'?",
    ),
    "a tier that could come to ask for itself": (
        "tiers:\n  vip:\n    any: [{member: true}, {none: [{tier: vip}]}]",
        "2: tiers: vip asks for a tier, and could come to ask for itself: say what is meant",
    ),
    "a typo in a group": (
        "groups:\n  store: {discounts: true}",
        "3: groups.store.discounts: no such field; did you mean 'discount'?",
    ),
    "a group that is never told anything": (
        "groups:\n  store: {frequency: {most: 0}}",
        "3: groups.store.frequency.most: at least 1",
    ),
    "a channel that weighs nothing": (
        "weights: {moments: 0}",
        "2: weights.moments: a weight lies between 0.01",
    ),
    "a channel of nobody": (
        "weights: {privat: 1}",
        "2: weights.privat: no such field; did you mean 'private'?",
    ),
    "a weight in thousandths": ("weights: {moments: 0.125}", "2: weights.moments: a weight lies"),
    "no message a day": ("per_day: 0", "2: per_day: at least 1"),
    "a quota of no rule": (
        "quotas: {customers: year}",
        "2: quotas.customers: 'year' is not known; one of: month, week, day, none, or {most: 4, per: month}",
    ),
    "a weekly quota of no number": (
        "quotas:\n  moments: {per: week}",
        "3: quotas.moments: say how many a week: `most`",
    ),
    "no patience": ("give_up_after: 0s", "2: give_up_after: 0s would mean without end"),
    "the same key twice": ("window: 1m\nwindow: 2m", "3: window: not YAML: this field is given twice"),
}


@pytest.mark.parametrize(("added", "problem"), BROKEN.values(), ids=list(BROKEN))
def test_what_is_wrong_is_said_with_line_and_field(tmp_path: Path, added: str, problem: str) -> None:
    path = write(tmp_path, GOOD + added if added else "window: 30m", "policy.yaml")
    with pytest.raises(PlaybookError) as caught:
        load_policy(tmp_path)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).startswith(f"{path}:{problem}")


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    write(tmp_path, "window: 0s\nsweep_every: x\nfoo: 1", "policy.yaml")
    with pytest.raises(PlaybookError) as caught:
        load_policy(tmp_path)
    assert len(str(caught.value).splitlines()) == 4


def test_a_missing_policy_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match=r"policy\.yaml:1: the file: cannot be read"):
        load_policy(tmp_path)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "policy.yaml")
    policy = load_policy(tmp_path)
    assert (policy.window, policy.frequency.most, policy.quiet_hours) == (timedelta(minutes=30), 1, None)
    assert (policy.holidays, policy.tiers, policy.groups) == ("cn", {}, {})
    assert (policy.weights, policy.quotas, policy.per_day) == (Weights(), Quotas(), None)


def test_weights_are_read_exactly(tmp_path: Path) -> None:
    write(tmp_path, GOOD + "weights: {private: 1, group: 0.3, moments: 0.1}", "policy.yaml")
    weights = load_policy(tmp_path).weights
    assert (weights.group, weights.moments) == (Decimal("0.3"), Decimal("0.1"))


def test_times_of_day_are_read_as_written(tmp_path: Path) -> None:
    write(tmp_path, GOOD + "quiet_hours: {start: 21:30, end: 08:30}", "policy.yaml")
    quiet = load_policy(tmp_path).quiet_hours
    assert quiet is not None
    assert (quiet.start, quiet.end) == (time(21, 30), time(8, 30))


# ---- the files that come with the product

SHIPPED = load_policy(ROOT / "playbooks")


def kinds_of_groups(playbook: Playbook) -> set[str]:
    """Every kind of group that a playbook sends to, invites to or takes people from."""
    sent = {s.send.group for s in every_step(playbook) if s.send and Way.GROUP in s.send.channel}
    return sent | {route.kind for route in playbook.groups} | set(playbook.enter.group_join)


def every_step(playbook: Playbook) -> list[Step]:
    lists = [playbook.nurture, *(stage.steps for stage in playbook.life_stages)]
    found, lists = [], [*lists, playbook.reactivation.steps if playbook.reactivation else []]
    while lists:
        steps = lists.pop()
        found += steps
        lists += [branch for step in steps for branch in step.branches.values()]
    return found


@pytest.mark.parametrize("playbook", load_playbooks(ROOT / "playbooks"), ids=lambda p: p.playbook)
def test_every_kind_of_group_that_a_shipped_playbook_uses_has_its_rules(playbook: Playbook) -> None:
    assert kinds_of_groups(playbook) <= set(SHIPPED.groups)


def test_the_shipped_weights_are_the_defaults_spelled_out() -> None:
    """M50: a group's message disturbs less than a private one, a moment less than both."""
    assert SHIPPED.weights == Weights()
    assert SHIPPED.weights.moments < SHIPPED.weights.group < SHIPPED.weights.private
    assert SHIPPED.quotas == Quotas()


def test_discounts_are_told_only_where_everybody_came_for_them() -> None:
    """M20: a discount told to people who do not look at prices costs margin and wins nothing."""
    assert {kind for kind, rules in SHIPPED.groups.items() if rules.discount} == {
        "welfare",
        "snack",
        "community",
    }


@pytest.mark.parametrize(
    ("tier", "facts", "belongs"),
    [
        ("price_sensitive", {"days": [9, 8, 7], "coupons": [1, 1, 0]}, True),
        ("price_sensitive", {"days": [9, 8, 7], "coupons": [1, 0, 0]}, False),
        ("price_sensitive", {"days": [9], "coupons": [1]}, False),
        ("high_frequency", {"days": [20, 10, 5, 1]}, True),
        ("high_frequency", {"days": [20, 10, 5]}, False),
        ("high_frequency", {"days": [90, 80, 70, 60]}, False),
        ("first_visit", {"days": [1]}, True),
        ("first_visit", {"days": [1, 2]}, False),
        ("first_visit", {"days": []}, False),
    ],
)
def test_who_belongs_to_a_tier(tier: str, facts: dict[str, list[int]], belongs: bool) -> None:
    assert (tier in tiers_of(who_bought(**facts), SHIPPED.tiers, START)) is belongs


def who_bought(days: list[int], coupons: Sequence[int] = ()) -> Facts:
    """Somebody with an order so many days ago each, and so many coupons in it."""
    orders = [
        Bought(at=after(days=-day), store_id="S1", paid_minor=2000, coupons=used, categories={})
        for day, used in itertools.zip_longest(days, coupons, fillvalue=0)
    ]
    return Facts(external_userid="wm1", orders=orders)
