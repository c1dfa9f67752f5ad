"""One life rehearsed: what would be sent, refused and why, without sending."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from domain.caps import Reserved
from domain.events import EventKind
from domain.experiments import arm_of
from domain.facts import Facts
from domain.playbook import Frequency, Holdout, Journey, Limits, PinnedJourney, Send, Step
from domain.policy import Policy
from domain.rehearsal import Happening, Her, rehearse
from domain.stages import Stage
from tests.domain.drive import Drive
from tests.domain.moments import START, after, event, in_nurture, pinned, send, wait, wait_for
from tests.domain.strategies import plans

POLICY = Policy(
    default_playbook="coffee",
    window=timedelta(minutes=30),
    frequency=Frequency(most=1, per=timedelta(hours=36)),
    holidays="none",
)
SHE = Facts("wm1", reachable=frozenset({"private"}), stage=Stage.WELCOMED)


def plan(*steps: Any, **fields: Any) -> PinnedJourney:
    journey = Journey.model_validate({"nurture": list(steps), **fields})
    return PinnedJourney(playbook="coffee", version="v1", number=1, journey=journey)


def played(
    pinned: PinnedJourney, facts: Facts = SHE, events: Sequence[Any] = (), days: float = 60, **her: Any
) -> list[Happening]:
    return rehearse(pinned, Her(facts, **her), events, START, after(days), POLICY)


def outline(happened: Sequence[Happening]) -> list[tuple[str, str, str]]:
    return [(one.path, one.verdict, one.rule) for one in happened]


def test_messages_go_out_when_their_windows_close() -> None:
    found = played(pinned([send("a"), wait(3), send("b"), wait(9)]))
    assert [(one.path, one.verdict, one.text) for one in found[:2]] == [
        ("nurture.0", "sent", "a"),
        ("nurture.2", "sent", "b"),
    ]
    first, second = found[0].at, found[1].at
    assert START < first <= START + POLICY.window
    assert after(3) < second <= after(3) + POLICY.window


def test_the_policy_refuses_as_it_would() -> None:
    found = played(pinned([send("a"), wait(1), send("b"), wait(2), send("c"), wait(9)]))
    assert outline(found)[:3] == [
        ("nurture.0", "sent", ""),
        ("nurture.2", "refused", "frequency"),
        ("nurture.4", "sent", ""),
    ]


def test_what_she_had_before_counts() -> None:
    had = [Reserved(at=START - timedelta(hours=3))]
    assert outline(played(pinned([send("a"), wait(9)]), reserved=had))[0] == (
        "nurture.0",
        "refused",
        "frequency",
    )


@pytest.mark.parametrize(
    ("facts", "her", "rule"),
    [
        (Facts("wm1", stage=Stage.WELCOMED), {}, "not_friend"),
        (SHE, {"opted_out": True}, "opted_out"),
        (Facts("wm1", reachable=frozenset({"private"})), {"friends": ()}, "not_friend"),
    ],
)
def test_whom_nothing_can_reach_gets_nothing(facts: Facts, her: dict[str, Any], rule: str) -> None:
    assert outline(played(pinned([send("a"), wait(9)]), facts, **her))[0] == ("nurture.0", "refused", rule)


def test_the_control_group_gets_nothing() -> None:
    everybody = pinned([send("a"), wait(9)], holdout=Holdout(experiment="worth", share=50))
    rules = {
        outline(played(everybody, Facts(f"wm{n}", reachable=frozenset({"private"}))))[0][2] for n in range(40)
    }
    assert rules == {"", "holdout"}


def test_the_control_group_gets_no_coupon_and_no_call_and_goes_on_all_the_same() -> None:
    steps = [
        {"coupon": {"template": "T5", "name": "券"}},
        {"notify_staff": {"title": "请回访"}},
        {"send": {"text": "a"}},
    ]
    half = Holdout(experiment="worth", share=50)
    people = [Facts(f"wm{n}", member=True, reachable=frozenset({"private"})) for n in range(40)]
    lives = {tuple(outline(played(plan(*steps, holdout=half), she))) for she in people}
    refused = [(f"nurture.{n}", "refused", "holdout") for n in range(3)]
    assert len(lives) == 2
    assert any(life[:3] == tuple(refused) for life in lives)


def test_a_group_message_needs_a_group_and_its_policy() -> None:
    step = Step(send=Send(text="a", channel=["group"], content="discount"))
    assert outline(played(pinned([step, wait(9)])))[0][1:] == ("refused", "not_in_group")
    member = Facts("wm1", reachable=frozenset({"group"}), group_kinds=frozenset({"store"}))
    assert outline(played(pinned([step, wait(9)]), member))[0][1:] == ("refused", "group_content")
    said = Step(send=Send(text="a", channel=["group"]))
    assert outline(played(pinned([said, wait(9)]), member))[0][1:] == ("sent", "")


def test_branches_splits_and_days_of_her_own() -> None:
    facts = Facts(
        "wm1",
        reachable=frozenset({"private"}),
        tags=frozenset({"高频"}),
        dates={"birthday": date(1990, 3, 12)},
    )
    steps = [
        {"branch": [{"when": {"tag": "高频"}, "steps": [{"send": {"text": "often"}}]}]},
        {"wait": {"day": {"date": "birthday", "offset": "-3d"}}},
        {
            "split": {
                "experiment": "words",
                "arms": [
                    {"arm": "a", "share": 50, "steps": [{"send": {"text": "a"}}]},
                    {"arm": "b", "share": 50, "steps": [{"send": {"text": "b"}}]},
                ],
            }
        },
        {"wait": "9d"},
    ]
    texts = [one.text for one in played(plan(*steps), facts) if one.kind == "send"]
    assert texts == ["often", arm_of("wm1", "words", {"a": 50, "b": 50})]


def test_recorded_events_choose_the_way() -> None:
    journey = pinned([wait_for(14, then=[send("thanks")], otherwise=[send("missed you")]), wait(9)])
    bought = [event(EventKind.ORDER_PAID, 2, order_id="o1")]
    assert [one.path for one in played(journey, events=bought) if one.kind == "send"] == ["nurture.0.then.0"]
    assert [one.path for one in played(journey) if one.kind == "send"] == ["nurture.0.otherwise.0"]


def test_an_outcome_is_known_to_later_conditions() -> None:
    steps = [
        {"id": "hello", "send": {"text": "a", "wait_for_delivery": True}},
        {"branch": [{"when": {"outcome": {"step": "hello", "was": "sent"}}, "steps": [{"exit": "read"}]}]},
        {"exit": "not read"},
    ]
    assert [one.rule for one in played(plan(*steps)) if one.kind == "end"] == ["read"]


def test_a_coupon_needs_an_account_and_what_speaks_of_it_is_left_out() -> None:
    steps = [
        {"coupon": {"template": "T", "name": "10 元券"}},
        {"send": {"text": "in your account"}},
        {"wait": "9d"},
    ]
    assert outline(played(plan(*steps)))[0] == ("nurture.0", "refused", "not_member")
    assert [one.kind for one in played(plan(*steps)) if one.kind == "send"] == []
    member = Facts("wm1", reachable=frozenset({"private"}), member=True)
    assert outline(played(plan(*steps), member))[:2] == [
        ("nurture.0", "given", ""),
        ("nurture.1", "sent", ""),
    ]


def test_a_goal_ends_it_and_stops_what_waits() -> None:
    goals = [{"name": "bought", "event": "order_paid"}]
    journey = plan({"send": {"text": "a"}}, {"wait": "30d"}, {"send": {"text": "b"}}, goals=goals)
    bought = [event(EventKind.ORDER_PAID, 0.001, order_id="o1")]
    found = played(journey, events=bought)
    assert {(one.kind, one.verdict, one.rule) for one in found} == {
        ("end", "ended", "goal reached: bought"),
        ("send", "refused", "withdrawn"),
    }


def test_the_playbooks_own_limits_count() -> None:
    limits = Limits(frequency=Frequency(most=1, per=timedelta(days=10)))
    found = played(pinned([send("a"), wait(5), send("b"), wait(9)], limits=limits))
    assert outline(found)[1] == ("nurture.2", "refused", "playbook_frequency")


@settings(max_examples=40, deadline=None)
@given(plans())
def test_it_always_ends_and_tells_what_it_did_in_order(pinned: PinnedJourney) -> None:
    found = played(pinned, days=250)
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert "too many steps" not in {one.rule for one in found}
    assert found == played(pinned, days=250), "the same facts, the same rehearsal"


def test_it_plans_what_a_life_plans() -> None:
    """The same steps as a driven life: only the policy's verdicts come on top."""
    journey = pinned([send("a"), wait(2), send("b"), wait(3), send("c"), wait(1)])
    state, _ = in_nurture(journey)
    keys = Drive(state).run([], START, after(60)).keys
    paths = [key.split("/")[2] for key in keys]
    assert [one.path for one in played(journey) if one.kind == "send"] == paths
