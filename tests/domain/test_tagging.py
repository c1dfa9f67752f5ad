"""Whatever employees and playbooks do to her tags in any order, an employee's hand is never overruled."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain import tagging
from domain.facts import Facts
from domain.playbook import Condition, TagRule
from domain.tagging import By, Decision, Key, Known, Truth
from tests.domain.moments import START

A, B, C = KEYS = [("顾客旅程", name) for name in "甲乙丙"]
TAG_IDS = {key: f"et-{key[1]}" for key in KEYS}
EARLIER = START - timedelta(days=30)


@dataclass
class Pair:
    """A friendship at WeCom, what we know of it, and what really happened to it."""

    there: set[Key] = field(default_factory=set)
    rows: dict[Key, Known] = field(default_factory=dict)
    left: set[Key] = field(default_factory=set)  # as our last look or change left it
    by_hand: set[Key] = field(default_factory=set)  # tags that an employee decided about last

    def edit(self, keys: set[Key]) -> None:
        """By hand. While an answer is missing, nobody can tell whose doing it is: that is ours."""
        self.there ^= {key for key in keys if key not in self.rows or self.rows[key].by is not By.CLAIMED}

    def look(self) -> None:
        self.by_hand |= self.there ^ self.left
        self.left = set(self.there)
        truth = Truth({key: TAG_IDS[key] for key in self.there}, EARLIER)
        self.rows = tagging.seen(self.rows, truth, START)

    def change(self, wanted: dict[Key, bool], *, answered: bool = True) -> Decision:
        """As the activity does it; `answered`: we hear that WeCom has done it."""
        decision = tagging.decide(self.rows, wanted)
        self.rows |= tagging.claimed(decision, self.rows, START)
        self.there = (self.there | set(decision.add)) - set(decision.remove)
        self.left = set(self.there)
        if answered:
            self.rows |= tagging.done(decision, self.rows, TAG_IDS, START)
        return decision


STEPS = st.lists(
    st.tuples(
        st.sets(st.sampled_from(KEYS)),  # which the employee changes
        st.dictionaries(st.sampled_from(KEYS), st.booleans()),  # what the playbook wants then
        st.booleans(),  # whether we hear of WeCom's answer
    ),
    max_size=12,
)


@given(STEPS)
def test_what_an_employee_did_by_hand_is_never_undone(
    steps: list[tuple[set[Key], dict[Key, bool], bool]],
) -> None:
    pair = Pair()
    for edited, wanted, answered in steps:
        pair.edit(edited)
        pair.look()
        before = set(pair.there)
        decision = pair.change(wanted, answered=answered)
        assert not (before ^ pair.there) & pair.by_hand
        for key, present in wanted.items():
            as_wanted = (key in pair.there) is present
            assert as_wanted or (key in pair.by_hand and key in decision.kept)


@given(STEPS)
def test_deciding_again_changes_nothing_more(steps: list[tuple[set[Key], dict[Key, bool], bool]]) -> None:
    pair = Pair()
    for edited, wanted, answered in steps:
        pair.edit(edited)
        pair.look()
        pair.change(wanted, answered=answered)
        pair.look()
        again = tagging.decide(pair.rows, wanted)
        assert (again.add, again.remove) == ([], [])
        assert tagging.settled(pair.rows, wanted)


@given(STEPS)
def test_looking_twice_is_looking_once(steps: list[tuple[set[Key], dict[Key, bool], bool]]) -> None:
    pair = Pair()
    for edited, wanted, answered in steps:
        pair.edit(edited)
        pair.look()
        once = dict(pair.rows)
        pair.look()
        assert pair.rows == once
        pair.change(wanted, answered=answered)


def test_the_reasons_are_told() -> None:
    pair = Pair(there={B})
    pair.look()
    pair.change({A: True})
    pair.there -= {A}
    pair.look()
    decision = pair.change({A: True, B: False, C: True})
    assert decision.kept == {A: "an employee took it off", B: "an employee set it"}
    assert tagging.words(decision) == (
        "set 丙; 甲 stays as it is: an employee took it off; 乙 stays as it is: an employee set it"
    )
    assert tagging.words(Decision()) == ""


def test_a_tag_that_the_corp_deleted_was_taken_off_by_nobody() -> None:
    pair = Pair()
    pair.change({A: True})
    assert tagging.gone(pair.rows, []) == [A]
    rows = tagging.seen(pair.rows, Truth({}, EARLIER, frozenset({A})), START)
    assert tagging.decide(rows, {A: True}).add == [A]


def test_a_new_friendship_has_lost_its_tags_but_not_what_the_employee_thought_of_them() -> None:
    rows = {A: Known(True, By.RULE, START), B: Known(False, By.STAFF, START)}
    later = START + timedelta(days=9)
    seen = tagging.seen(rows, Truth({}, later), later)
    decision = tagging.decide(seen, {A: True, B: True})
    assert (decision.add, list(decision.kept)) == ([A], [B])
    at_entry = tagging.at_entry(rows, [A, B])
    assert (at_entry.add, list(at_entry.kept)) == ([A], [B])


def test_after_a_new_friendship_an_employees_hand_counts_again() -> None:
    rows = {A: Known(True, By.RULE, START)}
    later = START + timedelta(days=9)
    seen = tagging.seen(rows, Truth({A: "et"}, later), later)  # she kept it: only the customer had left
    seen = tagging.seen(seen, Truth({}, later), later + timedelta(days=1))
    assert tagging.decide(seen, {A: True}).kept == {A: "an employee took it off"}


def test_an_unheard_answer_makes_wecom_be_asked() -> None:
    pair = Pair()
    pair.change({A: True}, answered=False)
    assert not tagging.settled(pair.rows, {})
    pair.look()
    assert pair.rows[A] == Known(True, By.RULE, START, TAG_IDS[A])


def test_what_an_employee_set_before_us_stays_hers() -> None:
    rows = {A: Known(True, By.STAFF, START)}
    done = tagging.done(tagging.at_entry(rows, [A, B]), rows, TAG_IDS, START)
    assert done == {B: Known(True, By.RULE, START, TAG_IDS[B])}


def test_rules_set_what_holds_and_take_off_only_what_is_tied_to_it() -> None:
    member, stranger = Condition(member=True), Condition(member=False)
    rules = [
        TagRule(when=member, tag="甲"),
        TagRule(when=stranger, tag="乙", while_true=True),
        TagRule(when=stranger, tag="丙"),
    ]
    facts = Facts("wm1", member=True)
    assert tagging.by_rules(rules, facts, {}, START) == {A: True, B: False}
    facts = replace(facts, member=False)
    assert tagging.by_rules(rules, facts, {}, START) == {B: True, C: True}


def test_of_two_rules_for_one_tag_the_one_that_wants_it_wins() -> None:
    yes = TagRule(when=Condition(member=True), tag="甲", while_true=True)
    no = TagRule(when=Condition(member=False), tag="甲", while_true=True)
    facts = Facts("wm1", member=True)
    for rules in ([yes, no], [no, yes]):
        assert tagging.by_rules(rules, facts, {}, START) == {A: True}
