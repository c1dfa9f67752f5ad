"""Who decided about a tag last, and what may be changed (M24): an employee's hand is never overruled. Pure.

WeCom says which tags a pair of employee and customer has, and not who set them. So we keep what we did
ourselves: what differs from it was done by an employee.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.conditions import holds
from domain.facts import Facts
from domain.playbook import Condition, TagRule

Key = tuple[str, str]  # the name of the tag group and of the tag

SET_BY_HAND = "an employee set it"
TAKEN_OFF_BY_HAND = "an employee took it off"
CLOCKS_AGREE = timedelta(minutes=1)  # of WeCom and of ours


class By(StrEnum):
    RULE = "rule"  # we set it or took it off
    STAFF = "staff"  # an employee did
    CLAIMED = "claimed"  # we are just changing it: whatever is found is our doing


@dataclass(frozen=True)
class Known:
    """What we know of one tag on one pair. `tag_id` still finds it when it has been renamed."""

    present: bool
    by: By
    at: datetime
    tag_id: str | None = None


@dataclass(frozen=True)
class Truth:
    """What WeCom says of one pair. `deleted`: tags that the corp has no more, so nobody took them off her."""

    there: Mapping[Key, str]  # to the tag's id
    since: datetime
    deleted: frozenset[Key] = frozenset()


@dataclass(frozen=True)
class Decision:
    """What to change on one pair, and what is left as it is, and why."""

    add: list[Key] = field(default_factory=list)
    remove: list[Key] = field(default_factory=list)
    kept: dict[Key, str] = field(default_factory=dict)


def gone(known: Mapping[Key, Known], there: Iterable[Key]) -> list[Key]:
    """What we took for present and WeCom does not have."""
    have = set(there)
    return [k for k, row in known.items() if row.present and row.by is not By.CLAIMED and k not in have]


def seen(known: Mapping[Key, Known], truth: Truth, now: datetime) -> dict[Key, Known]:
    """What is known after a look at WeCom."""
    keys = dict.fromkeys([*known, *truth.there])
    return {key: _seen(known.get(key), key, truth, now) for key in keys}


def settled(known: Mapping[Key, Known], wanted: Mapping[Key, bool]) -> bool:
    """Whether by what is known there is nothing to do, so that WeCom need not be asked."""
    decision = decide(known, wanted)
    unsure = any(row.by is By.CLAIMED for row in known.values())
    return not (unsure or decision.add or decision.remove)


def decide(known: Mapping[Key, Known], wanted: Mapping[Key, bool]) -> Decision:
    """What to do so that wanted tags are there and unwanted ones are not, as far as we may."""
    decision = Decision()
    for key, present in wanted.items():
        row = known.get(key)
        if present is (row is not None and row.present):
            continue
        if row is not None and row.by is By.STAFF:
            decision.kept[key] = TAKEN_OFF_BY_HAND if present else SET_BY_HAND
        elif present:
            decision.add.append(key)
        elif row is not None:
            decision.remove.append(key)
    return decision


def claimed(decision: Decision, known: Mapping[Key, Known], now: datetime) -> dict[Key, Known]:
    """The rows while WeCom is asked: if we never hear its answer, what is found later is our doing."""
    fresh = Known(False, By.CLAIMED, now)
    return {k: replace(known.get(k, fresh), by=By.CLAIMED, at=now) for k in (*decision.add, *decision.remove)}


def done(
    decision: Decision, known: Mapping[Key, Known], tag_ids: Mapping[Key, str], now: datetime
) -> dict[Key, Known]:
    """The rows when WeCom has done it. What an employee had set before us stays hers."""
    ours = [k for k in decision.add if k not in known or known[k].by is not By.STAFF]
    add = {k: Known(True, By.RULE, now, tag_ids.get(k)) for k in ours}
    return add | {k: Known(False, By.RULE, now, tag_ids.get(k)) for k in decision.remove}


def at_entry(known: Mapping[Key, Known], keys: Sequence[Key]) -> Decision:
    """Tags of the way she came, without a look at WeCom: what is there already may be set once more.

    A friendship that begins anew has lost its tags, but not what an employee thought of them.
    """
    decision = Decision()
    for key in keys:
        row = known.get(key)
        if row is not None and row.by is By.STAFF and not row.present:
            decision.kept[key] = TAKEN_OFF_BY_HAND
        else:
            decision.add.append(key)
    return decision


def by_rules(
    rules: Sequence[TagRule], facts: Facts, tiers: Mapping[str, Condition], now: datetime
) -> dict[Key, bool]:
    """What the rules want there and not there. One that wants a tag wins over others that do not."""
    wanted: dict[Key, bool] = {}
    for rule in rules:
        key = rule.group, rule.tag
        if holds(rule.when, facts, tiers, now):
            wanted[key] = True
        elif rule.while_true:
            wanted.setdefault(key, False)
    return wanted


def words(decision: Decision) -> str:
    """For her story; empty when nothing was to do."""
    parts = [
        f"{what} {', '.join(name for _, name in keys)}"
        for what, keys in (("set", decision.add), ("took off", decision.remove))
        if keys
    ]
    return "; ".join(parts + [f"{name} stays as it is: {why}" for (_, name), why in decision.kept.items()])


def _seen(row: Known | None, key: Key, truth: Truth, now: datetime) -> Known:
    tag_id = truth.there.get(key)
    there = tag_id is not None
    if row is None:
        return Known(True, By.STAFF, now, tag_id)
    if there:
        row = replace(row, tag_id=tag_id)
    older = row.at < truth.since - CLOCKS_AGREE  # of a friendship that ended, and its tags with it
    if row.by is By.CLAIMED:
        return replace(row, present=there, by=By.RULE, at=now)
    if row.present == there:
        return replace(row, at=now) if older else row
    if there:
        return replace(row, present=True, by=By.STAFF, at=now)
    by = By.RULE if older or key in truth.deleted else By.STAFF
    return replace(row, present=False, by=by, at=now)
