"""Answers to the interpreter's questions, and what they give away."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deciding import answer
from domain.facts import Facts
from domain.playbook import Condition, Day, Wait
from domain.questions import OVER, Answer, Experiment, Question, StageDay, Stages
from domain.wording import day_words, wait_words, words
from tests.domain.moments import START
from tests.domain.people import CONDITIONS, FACTS, HERS, TIERS, bought, condition, she

REGULAR, MEMBER = condition(orders={"least": 2}), condition(member=True)


def asked(question: Question, facts: Facts, now: datetime = START, **more: Any) -> Answer:
    return answer(question, facts, more.get("tiers", {}), now, since=more.get("since", now))


# ---- cases


@pytest.mark.parametrize(
    ("facts", "chosen", "why"),
    [
        (she(bought(), bought(), member=True), "0", "orders ≥ 2"),
        (she(member=True), "1", "a member"),
        (she(), "2", "everybody else"),
    ],
)
def test_the_first_case_that_holds_is_taken(facts: Facts, chosen: str, why: str) -> None:
    found = asked(Question(cases=[REGULAR, MEMBER, None]), facts)
    assert (found.chosen, found.why, found.at) == (chosen, why, None)


def test_no_case_may_hold() -> None:
    assert asked(Question(cases=[REGULAR, MEMBER]), she()) == Answer(why="no case holds for her")


@given(st.lists(CONDITIONS, min_size=1, max_size=4), FACTS)
def test_a_branch_is_the_first_of_its_cases_alone(cases: list[Condition], facts: Facts) -> None:
    alone = [asked(Question(cases=[one]), facts).chosen is not None for one in cases]
    found = asked(Question(cases=list(cases)), facts).chosen
    assert found == (str(alone.index(True)) if any(alone) else None)


# ---- waits, stages, splits


def test_a_wait_is_counted_from_when_she_came_to_it() -> None:
    wait = Question(wait=Wait.model_validate({"duration": "1d", "until": "12:00"}))
    found = asked(wait, she(), since=START - timedelta(hours=20))
    assert (found.at, found.why, found.chosen) == (START + timedelta(days=1), "1d, then until 12:00", None)


def test_a_date_that_is_not_known_is_said() -> None:
    wait = Question(wait=Wait(day=Day(date="due_date", offset="-14d")))
    assert asked(wait, she()) == Answer(why="due date is not known")
    known = asked(wait, she(dates={"due_date": date(2026, 6, 1)}))
    assert known.why == "due date -14d"
    assert known.at is not None


STAGES = [
    StageDay(stage="备孕"),
    StageDay(stage="孕期", begins=Day(date="due_date", offset="-280d")),
    StageDay(stage="宝宝", begins=Day(date="child_born")),
]


@pytest.mark.parametrize(
    ("dates", "more", "chosen", "why"),
    [
        ({}, {}, "备孕", "due date, child born not known"),
        (
            {"due_date": date(2027, 6, 1), "child_born": date(2027, 6, 1)},
            {},
            "备孕",
            "no dated life stage has begun",
        ),
        ({"due_date": date(2026, 6, 1)}, {}, "孕期", "begins at due date -280d"),
        ({"child_born": date(2026, 3, 1)}, {}, "宝宝", "begins at child born"),
        ({"due_date": date(2026, 6, 1)}, {"stay": True, "current": "宝宝"}, "宝宝", "a step sent her there"),
    ],
)
def test_her_life_stage(dates: Any, more: dict[str, Any], chosen: str, why: str) -> None:
    found = asked(Question(stages=Stages(stages=STAGES, **more)), she(dates=dates))
    assert (found.chosen, found.why) == (chosen, why)


def test_an_arm_is_told_with_its_share() -> None:
    found = asked(Question(split=Experiment(name="words", shares={"a": 100})), she())
    assert (found.chosen, found.why) == ("a", "experiment words, 100 %")


def test_a_question_that_asks_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="asks nothing"):
        asked(Question(), she())


# ---- tiers


def test_the_first_of_her_tiers_comes_along() -> None:
    question = Question(cases=[MEMBER])
    both = she(*[bought(n, coupons=1) for n in range(4)])
    assert asked(question, both, tiers=TIERS).tier == "frequent"
    assert asked(question, she(bought(coupons=1)), tiers=TIERS).tier == "price"
    assert asked(question, she(), tiers=TIERS).tier == "", "she is in none of them"
    assert asked(question, both).tier is None, "the policy has none"


def test_a_day_that_lies_behind_her_is_over() -> None:
    due = Question(
        wait=Wait.model_validate({"day": {"date": "due_date", "offset": "-84d"}, "until": "10:00"})
    )
    told = asked(due, she(dates={"due_date": date(2026, 3, 2)}))
    assert (told.chosen, told.at) == (OVER, None)


# ---- what may be read by whoever sees a history

DAYS = st.sampled_from(["birthday", "due_date", "child_born", "friend_since"])
WAITS = st.builds(
    lambda name, offset, at: Question(
        wait=Wait.model_validate({"day": {"date": name, "offset": offset}} | ({"until": at} if at else {}))
    ),
    DAYS,
    st.sampled_from(["0d", "-3d", "+2w", "6mo"]),
    st.sampled_from([None, "10:00"]),
)
STAGED = st.builds(
    lambda stay, current: Question(stages=Stages(stages=STAGES, stay=stay, current=current)),
    st.booleans(),
    st.sampled_from([None, "备孕", "孕期"]),
)
SPLITS = st.just(Question(split=Experiment(name="words", shares={"a": 40, "b": 60})))
CASES = st.lists(CONDITIONS, min_size=1, max_size=3).map(lambda cases: Question(cases=list(cases)))


@given(WAITS | STAGED | SPLITS | CASES, FACTS)
def test_the_reason_says_no_date_and_nothing_of_her(question: Question, facts: Facts) -> None:
    found = asked(question, facts, tiers=TIERS)
    assert found.why
    assert HERS not in found.why
    assert not re.search(r"(19|20)\d\d|\d+-\d+-\d+|月", found.why)
    assert found.why in set(_told_by(question)), "it depends on which way, never on what is known"


def _told_by(question: Question) -> Iterator[str]:
    """Every reason that the question itself holds."""
    for case in question.cases or ():
        yield words(case) if case else "everybody else"
    if question.split:
        yield from (f"experiment words, {share} %" for share in question.split.shares.values())
    if question.wait and question.wait.day:
        yield wait_words(question.wait)
        yield f"{question.wait.day.date.replace('_', ' ')} is not known"
        yield f"{day_words(question.wait.day)} is over"
    if question.stages:
        yield from ("begins at due date -280d", "begins at child born", "due date, child born not known")
        yield from ("due date not known", "child born not known", "a step sent her there")
    yield from ("no case holds for her", "no dated life stage has begun")
