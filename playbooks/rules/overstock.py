"""What the file of an overstock rule may get wrong: what any campaign of its may, and its own."""

from collections.abc import Iterator
from datetime import date

from domain.overstock import OverstockRule, Site, campaign_of
from domain.playbook import Condition, Way
from playbooks import segments
from playbooks.rules import campaigns
from playbooks.rules.campaigns import Beside, Problem

# Every campaign of a rule is like this one, but for the store and its days.
_SOME_STORE = Site(store_id="store", name="store", zone="Asia/Shanghai")
_SOME_DAY = date(2026, 1, 1)


def problems(rule: OverstockRule, beside: Beside) -> Iterator[Problem]:
    """Everything that is wrong, with its place in the rule."""
    yield from _by_itself(rule)
    yield from _who(rule, beside)
    yield from _ways(rule)
    campaign = campaign_of(rule, _SOME_STORE, _SOME_DAY, None)
    for at, text in campaigns.problems(campaign, beside):
        if at[0] != "segment":  # is made of `likes` and `who`
            yield at, text


def _by_itself(rule: OverstockRule) -> Iterator[Problem]:
    if rule.down_to >= rule.at_least:
        problem = f"is not less than `at_least` {rule.at_least}: its campaigns would stop before they begin"
        yield ("down_to",), problem
    if rule.hours.start >= rule.hours.end:
        yield ("hours",), "they end before they start: both are of one day of the store"
    if rule.author.strip().casefold() == rule.approver.strip().casefold():
        problem = "is the author: somebody else approves what the rule will send"
        yield ("approver",), problem


def _who(rule: OverstockRule, beside: Beside) -> Iterator[Problem]:
    if rule.who is None:
        return
    try:
        segments.resolve(rule.who, beside.segments)
    except segments.UnknownSegment as error:
        yield ("who",), str(error)
    if isinstance(rule.who, Condition):
        yield from ((("who", *at), text) for at, text in segments.problems_of(rule.who, beside.policy))


def _ways(rule: OverstockRule) -> Iterator[Problem]:
    if Way.GROUP in rule.channel:
        problem = "a group would tell it to everybody, and only who likes it is meant: take `group` out"
        yield ("channel",), problem
    elif rule.channel[0] is not Way.PRIVATE:
        yield ("channel",), "1:1 comes first (M51): begin with `private`"
