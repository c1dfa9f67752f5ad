"""What differs between two versions of a playbook, in words."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import steps
from domain.comparing import compare
from domain.playbook import Journey, Playbook, Step
from domain.step_words import outline
from playbooks.loader import load_playbook
from settings import ROOT
from tests.domain.strategies import plans

SHIPPED = load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")
SEND = {"send": {"text": "您好"}}
WAIT = {"wait": "3d"}
FOR = {"wait_for": {"event": "order_paid", "timeout": "14d", "then": [SEND], "otherwise": []}}
BRANCH = {"branch": [{"when": {"orders": {"least": 2}}, "steps": [SEND]}, {"steps": []}]}
STAGES = [{"stage": "孕期", "begins": {"date": "due_date", "offset": "-280d"}, "steps": [SEND]}]


def book(**parts: Any) -> Playbook:
    return Playbook.model_validate({"playbook": "coffee", "title": "咖啡"} | parts)


def told(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [str(difference) for difference in compare(book(**old), book(**new))]


def of_journey(journey: Journey) -> Playbook:
    fields = {name: getattr(journey, name) for name in Journey.model_fields if name in Playbook.model_fields}
    return book(**{k: v for k, v in fields.items() if k not in ("benefit", "fallback_text")})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            {"nurture": [SEND]},
            {"nurture": [{"send": {"text": "再见"}}]},
            "nurture.0.text: changed: “您好” → “再见”",
        ),
        ({"nurture": [WAIT]}, {"nurture": [{"wait": "5d"}]}, "nurture.0: wait changed: 3d → 5d"),
        ({"nurture": [WAIT]}, {"nurture": [SEND, WAIT]}, "nurture.0: send “您好” by private: added"),
        ({"nurture": [WAIT, SEND]}, {"nurture": [SEND]}, "nurture.0: wait 3d: removed"),
        (
            {"nurture": [FOR]},
            {"nurture": [{"wait_for": FOR["wait_for"] | {"timeout": "7d"}}]},
            "nurture.0.timeout: changed: 14d → 7d",
        ),
        (
            {"nurture": [FOR]},
            {"nurture": [{"wait_for": FOR["wait_for"] | {"otherwise": [WAIT]}}]},
            "nurture.0.otherwise.0: wait 3d: added",
        ),
        (
            {"nurture": [BRANCH]},
            {"nurture": [{"branch": [{"when": {"orders": {"least": 3}}, "steps": [SEND]}, {"steps": []}]}]},
            "nurture.0.0.when: changed: orders ≥ 2 → orders ≥ 3",
        ),
        (
            {"life_stages": STAGES},
            {"life_stages": [STAGES[0] | {"begins": {"date": "due_date", "offset": "-250d"}}]},
            "life_stage.0.begins: changed: due date -280d → due date -250d",
        ),
        (
            {},
            {"limits": {"frequency": {"most": 1, "per": "24h"}}},
            "limits: added: frequency most 1, per 1d, holidays “send”",
        ),
        (
            {"goals": [{"name": "bought", "event": "order_paid"}]},
            {"goals": [{"name": "bought", "event": "order_paid", "when": {"member": True}}]},
            "goals.bought.when: added: a member",
        ),
        (
            {"nurture": [SEND | {"id": "hello"}, WAIT]},
            {"nurture": [WAIT, SEND | {"id": "hello"}]},
            "nurture.0: wait 3d: added",
        ),
    ],
)
def test_a_change_in_words(old: dict[str, Any], new: dict[str, Any], said: str) -> None:
    assert said in told(old, new)
    assert told(new, new) == []


def test_of_a_long_text_only_what_differs_is_shown() -> None:
    text = "一" * 100
    [line] = told({"group_welcome": f"{text}甲{text}"}, {"group_welcome": f"{text}乙{text}"})
    assert line.startswith("group_welcome: changed: …")
    assert "甲" in line
    assert "乙" in line
    assert len(line) < 100


@settings(max_examples=60, deadline=None)
@given(plans(), plans())
def test_equal_is_silent_and_different_is_not(one: Any, other: Any) -> None:
    first, second = of_journey(one.journey), of_journey(other.journey)
    assert compare(first, first) == []
    assert bool(compare(first, second)) == (first != second)


@settings(max_examples=60, deadline=None)
@given(plans(), st.data())
def test_every_change_of_a_step_is_told_at_its_place(plan: Any, data: st.DataObject) -> None:
    places = list(steps.walk(plan.journey.nurture))
    if not places:
        return
    cursor, _ = data.draw(st.sampled_from(places))
    changed = plan.journey.model_copy(deep=True)
    _replace(changed.nurture, cursor, Step.model_validate({"exit": "quite another"}))
    found = compare(of_journey(plan.journey), of_journey(changed))
    where = ".".join(["nurture", *map(str, cursor)])
    assert any(f"{d}".startswith((f"{where}: exit", f"{where}: changed")) for d in found), found


def _replace(tree: list[Step], cursor: steps.Cursor, step: Step) -> None:
    for index, branch in zip(cursor[:-1:2], cursor[1::2], strict=False):
        tree = tree[int(index)].branches[str(branch)]
    tree[int(cursor[-1])] = step


@pytest.mark.parametrize("field", [f for f in Playbook.model_fields if getattr(SHIPPED, f) not in (None, [])])
def test_every_field_of_a_shipped_playbook_is_looked_at(field: str) -> None:
    """Without it, or with another value, the difference names the field."""
    if Playbook.model_fields[field].is_required():
        other = SHIPPED.model_copy(update={field: "another"})
    else:
        default = Playbook.model_fields[field].get_default(call_default_factory=True)
        other = SHIPPED.model_copy(update={field: default})
    found = compare(SHIPPED, other)
    assert bool(found) == (other != SHIPPED)
    assert all(d.place.startswith(field.rstrip("s")) for d in found)


def test_an_outline_has_every_step() -> None:
    lines = dict(outline(SHIPPED))
    assert lines["nurture.0"] == "wait 4d"
    assert lines["nurture.2"] == "wait_for order_paid for 14d"
    assert len(lines) == sum(steps.count(tree) for _, tree in steps.lists_of(SHIPPED.journey))
