"""What the analysis finds, and what it leaves alone."""

from datetime import time, timedelta
from typing import Any

import pytest

from domain.analysis import Severity, findings
from domain.analysis.clock import later, minutes
from domain.hours import Hours
from domain.playbook import Playbook
from domain.policy import Policy

POLICY = Policy.model_validate(
    {
        "default_playbook": "tea",
        "quiet_hours": {"start": "21:30", "end": "08:30"},
        "frequency": {"per": "36h"},
    }
)
SEND = {"send": {"text": "x"}}
SERVICE = {"send": {"text": "x", "content": "service"}}
KNOWN = {"send": {"text": "x", "content": "knowledge"}}
CHEAP = {"send": {"text": "x", "content": "discount"}}
MEMBER = {"member": True}


def _found(**parts: Any) -> list[tuple[str, str, str]]:
    book = {"playbook": "tea", "title": "t", "welcome": {"text": "hi"}, **parts}
    found = findings(Playbook.model_validate(book), POLICY)
    return [(".".join(map(str, f.at)), f.severity.value, f.rule) for f in found]


def _nurture(*steps: dict[str, Any], **parts: Any) -> list[tuple[str, str, str]]:
    return _found(nurture=list(steps), **parts)


def _branch(*cases: dict[str, Any] | None, ends: bool = True) -> dict[str, Any]:
    steps = [{"exit": "over"}] if ends else []
    return {"branch": [{"steps": steps, **({"when": case} if case else {})} for case in cases]}


FOUND = {
    "behind an exit": ((({"exit": "over"}, SEND), {}), ("nurture.1", "error", "unreachable")),
    "behind a branch that always ends": (
        ((_branch(MEMBER, None), SEND), {}),
        ("nurture.1", "error", "unreachable"),
    ),
    "behind a wait_for that always ends": (
        (
            (
                {
                    "wait_for": {
                        "event": "order_paid",
                        "timeout": "3d",
                        "then": [{"exit": "a"}],
                        "otherwise": [{"exit": "b"}],
                    }
                },
                SEND,
            ),
            {},
        ),
        ("nurture.1", "error", "unreachable"),
    ),
    "a case that an earlier one takes": (
        ((_branch({"orders": {"least": 2}}, {"orders": {"least": 3}, "member": True}, ends=False),), {}),
        ("nurture.0.branch.1.when", "error", "unreachable"),
    ),
    "a case that contradicts itself": (
        ((_branch({"orders": {"most": 0}, "all": [{"orders": {"least": 1, "within": "7d"}}]}),), {}),
        ("nurture.0.branch.0.when", "error", "never_holds"),
    ),
    "an entry that nobody can match": (
        ((), {"enter": {"segment": {"member": True, "all": [{"member": False}]}}}),
        ("enter.segment", "error", "never_holds"),
    ),
    "an entry that is shut": (
        ((), {"playbook": "other", "enter": {"operator": False}}),
        ("enter.operator", "warning", "entry"),
    ),
    "a greeting that an earlier one takes": (
        (
            (),
            {
                "welcome": {
                    "text": "hi",
                    "variants": [
                        {"when": {"placement": ["a", "b"]}, "text": "1"},
                        {"when": {"placement": "a"}, "text": "2"},
                    ],
                }
            },
        ),
        ("welcome.variants.1.when", "error", "unreachable"),
    ),
    "a reactivation that never begins": (
        (
            ({"exit": "over"},),
            {"reactivation": {"dormant_after": "45d", "steps": [SEND]}},
        ),
        ("reactivation", "error", "unreachable"),
    ),
    "a life stage that never begins": (
        ((), {"life_stages": [{"stage": "a"}, {"stage": "b"}]}),
        ("life_stages.1", "error", "unreachable"),
    ),
    "a wait that outlasts the dormancy": (
        (
            ({"wait_for": {"event": "order_paid", "timeout": "90d"}},),
            {"reactivation": {"dormant_after": "45d", "steps": [SEND]}},
        ),
        ("nurture.0.wait_for", "warning", "longer_than_dormancy"),
    ),
    "a message at night": (
        (({"wait": {"until": "23:00"}}, SEND), {}),
        ("nurture.1.send", "warning", "quiet_hours"),
    ),
    "a message a while after the evening": (
        (({"wait": {"until": "19:00"}}, {"wait": "3h"}, SEND), {}),
        ("nurture.2.send", "warning", "quiet_hours"),
    ),
    "a message for those who come at night": (
        (
            (
                {
                    "branch": [
                        {"when": {"hours": {"start": "22:00", "end": "02:00"}}, "steps": [SEND]},
                    ]
                },
            ),
            {},
        ),
        ("nurture.0.branch.0.steps.0.send", "warning", "quiet_hours"),
    ),
    "a day without a minute for messages": (
        ((SEND,), {"limits": {"quiet_hours": {"start": "08:00", "end": "22:00"}}}),
        ("limits.quiet_hours", "error", "quiet_hours"),
    ),
    "two messages too close": (
        ((SEND, {"wait": "1d"}, SEND), {}),
        ("nurture.2.send", "error", "frequency"),
    ),
    "too close for the playbook's own cap": (
        ((SEND, {"wait": "2d"}, SEND), {"limits": {"frequency": {"most": 1, "per": "7d"}}}),
        ("nurture.2.send", "error", "frequency"),
    ),
    "too close, and its delivery is waited for": (
        ((SEND, {"wait": "3h"}, {"send": {"text": "y", "wait_for_delivery": True}}), {}),
        ("nurture.2.send", "error", "frequency"),
    ),
    "too close on every way": (
        (
            (
                SEND,
                {"wait_for": {"event": "order_paid", "timeout": "1d", "then": [{"wait": "1h"}]}},
                SEND,
            ),
            {},
        ),
        ("nurture.2.send", "error", "frequency"),
    ),
    "too close behind the reminder": (
        (({"wait": "1d"}, SEND), {"join_reminder": {"after": "2d", "text": "x"}}),
        ("nurture.1.send", "warning", "frequency"),
    ),
    "a discount before any knowledge": (
        ((KNOWN, {"wait": "2d"}, CHEAP), {"limits": {"knowledge_per_discount": 2}}),
        ("nurture.2.send.content", "error", "knowledge"),
    ),
}
QUIET = {
    "nothing at all": ((), {}),
    "a branch with a way through": ((_branch(MEMBER), SEND), {}),
    "an exit in one way": (
        ({"wait_for": {"event": "order_paid", "timeout": "3d", "then": [{"exit": "a"}]}}, SEND),
        {},
    ),
    "a later case that is wider": (
        (_branch({"orders": {"least": 3}}, {"orders": {"least": 2}}, ends=False),),
        {},
    ),
    "counts of different times": (
        (_branch({"orders": {"least": 5}, "all": [{"orders": {"most": 1, "within": "7d"}}]}),),
        {},
    ),
    "a message that may come by day": (({"wait": {"day": {"date": "birthday"}}}, {"wait": "12h"}, SEND), {}),
    "a message in the morning": (({"wait": {"until": "23:00"}}, {"wait": "10h"}, SEND), {}),
    "a service message too soon": ((SEND, {"wait": "1h"}, SERVICE), {}),
    "two messages far enough apart": ((SEND, {"wait": "36h"}, SEND), {}),
    "perhaps too close on one way": (
        (SEND, {"wait_for": {"event": "order_paid", "timeout": "3d"}}, SEND),
        {},
    ),
    "enough knowledge": (
        (KNOWN, {"wait": "2d"}, KNOWN, {"wait": "2d"}, CHEAP),
        {"limits": {"knowledge_per_discount": 2}},
    ),
    "the playbook of everybody else": ((), {"enter": {"operator": False}}),
    "a stage that is gone to": (
        ({"goto_stage": "b"},),
        {"life_stages": [{"stage": "a", "begins": {"date": "due_date"}}, {"stage": "b"}]},
    ),
}


@pytest.mark.parametrize(("parts", "wanted"), FOUND.values(), ids=list(FOUND))
def test_it_is_found(parts: tuple[Any, Any], wanted: tuple[str, str, str]) -> None:
    steps, others = parts
    assert wanted in _nurture(*steps, **others)


@pytest.mark.parametrize(("steps", "others"), QUIET.values(), ids=list(QUIET))
def test_it_is_left_alone(steps: Any, others: Any) -> None:
    errors = [f for f in _nurture(*steps, **others) if f[1] != Severity.NOTE and f[0] != "life_stages.0"]
    assert errors == []


def test_the_clock_goes_round() -> None:
    night = Hours(start=time(23), end=time(1))
    assert minutes(night).bit_count() == 120
    assert later(minutes(night), timedelta(hours=2)) == minutes(Hours(start=time(1), end=time(3)))
    assert later(minutes(night), timedelta(days=3)) == minutes(night)
    assert later(1, timedelta(seconds=30)) == 0b11
