"""Answers to the interpreter's questions, from the facts. Pure.

An answer goes into Temporal's history and into `explain`: its words name no date and nothing personal.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain import days
from domain.conditions import holds, tiers_of
from domain.experiments import arm_of
from domain.facts import Facts
from domain.playbook import Condition, Wait
from domain.questions import OVER, Answer, Experiment, Question, Stages
from domain.wording import date_words, day_words, wait_words, words

Tiers = Mapping[str, Condition]


def answer(question: Question, facts: Facts, tiers: Tiers, now: datetime, *, since: datetime) -> Answer:
    """Which way, until when, and why. `tiers`: the policy's; waits are counted from `since`."""
    found = _answered(question, facts, tiers, now, since)
    found.tier = next(iter(tiers_of(facts, tiers, now)), "") if tiers else None
    return found


def _answered(question: Question, facts: Facts, tiers: Tiers, now: datetime, since: datetime) -> Answer:
    if question.cases is not None:
        return _first_case(question.cases, facts, tiers, now)
    if question.split:
        arm = arm_of(facts.external_userid, question.split.name, question.split.shares)
        return in_arm(question.split, arm)
    if question.wait:
        return _wait(question.wait, facts, since)
    if question.stages:
        return _stage(question.stages, facts, now)
    raise ValueError("a question that asks nothing")


def in_arm(experiment: Experiment, arm: str) -> Answer:
    """What is said of an arm, drawn now or earlier."""
    share = experiment.shares.get(arm)
    return Answer(chosen=arm, why=f"experiment {experiment.name}" + (f", {share} %" if share else ""))


def _first_case(cases: Sequence[Condition | None], facts: Facts, tiers: Tiers, now: datetime) -> Answer:
    for number, condition in enumerate(cases):
        if condition is None:
            return Answer(chosen=str(number), why="everybody else" if number else "everybody")
        if holds(condition, facts, tiers, now):
            return Answer(chosen=str(number), why=words(condition))
    return Answer(why="no case holds for her")


def _wait(wait: Wait, facts: Facts, since: datetime) -> Answer:
    if wait.day and days.is_over(wait, facts.dates, facts.zone, since):
        return Answer(chosen=OVER, why=f"{day_words(wait.day)} is over")
    at = days.wait_until(wait, facts.dates, facts.zone, since)
    if at is None:
        assert wait.day is not None
        return Answer(why=f"{date_words(wait.day.date)} is not known")
    return Answer(at=at, why=wait_words(wait))


def _stage(asked: Stages, facts: Facts, now: datetime) -> Answer:
    name, coming = days.stage_at(asked, facts.dates, facts.zone, now)
    return Answer(chosen=name, at=coming, why=_why_stage(asked, name, facts))


def _why_stage(asked: Stages, name: str | None, facts: Facts) -> str:
    stage = next((one for one in asked.stages if one.stage == name), None)
    if asked.stay and name == asked.current and stage is not None:
        return "a step sent her there"
    if stage is not None and stage.begins:
        return f"begins at {day_words(stage.begins)}"
    wanted = dict.fromkeys(one.begins.date for one in asked.stages if one.begins)
    unknown = [date_words(date) for date in wanted if date not in facts.dates]
    return f"{', '.join(unknown)} not known" if unknown else "no dated life stage has begun"
