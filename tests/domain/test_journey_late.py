"""What is told late, out of order or several at once: none of it is lost, nothing is done by old facts."""

import pytest

from domain import actions, journey
from domain.commands import obey
from domain.customer import Command, CommandKind, CustomerState, Enrolment, Phase
from domain.events import EventKind
from domain.playbook import Exit, Goal, LifeStage, Step
from domain.step_messages import PlannedTouch
from domain.touches import OPEN, Channel, TouchStatus
from tests.domain.moments import START, after, in_nurture, pinned, send, wait
from tests.domain.test_journey_steps import asked, carry_out, happens, key, next_of, noted, tell

MEMBER, REGULAR = {"member": True}, {"orders": {"least": 3}}


def goal(name: str, **fields: object) -> Goal:
    return Goal.model_validate({"name": name, "event": "order_paid", **fields})


def bought(*goals: Goal) -> tuple[CustomerState, Enrolment]:
    state, enrolment = in_nurture(pinned([wait(9), send("B")], goals=list(goals)))
    happens(state, EventKind.ORDER_PAID, 1, order_id="o1")
    return state, enrolment


def test_of_several_goals_that_one_event_asks_for_each_is_looked_up() -> None:
    state, enrolment = bought(goal("first", when=MEMBER, ends=False), goal("third", when=REGULAR))
    tell(state, 1, chosen="0")
    assert len(asked(state, 1).question.cases or []) == 1
    tell(state, 1, chosen="0")
    assert enrolment.reached == ["first", "third"]
    assert enrolment.ended_reason == "goal reached: third"


def test_a_goal_is_asked_for_once_however_many_events_came_meanwhile() -> None:
    state, enrolment = bought(goal("third", when=REGULAR))
    happens(state, EventKind.ORDER_PAID, 2, order_id="o2")
    assert enrolment.asks_goals == [0]


def test_two_goals_at_one_event_end_a_journey_once() -> None:
    state, enrolment = bought(goal("first"), goal("second"))
    assert enrolment.reached == ["first", "second"]
    assert [line for line in noted(state) if line[0] == "coffee ended"] == [
        ("coffee ended", "goal reached: first")
    ]


# ---- what is taken back


def undone(state: CustomerState, days: float, order_id: str) -> None:
    happens(state, EventKind.ORDER_UNDONE, days, order_id=order_id, reason="refunded")


def test_a_goal_is_undone_with_its_order_and_the_journey_that_it_ended_stays_ended() -> None:
    state, enrolment = bought(goal("first"))
    undone(state, 3, "o1")
    assert (enrolment.reached, enrolment.phase) == ([], Phase.ENDED)
    assert (enrolment.undone["first"].at, enrolment.undone["first"].reason) == (
        after(3),
        "order o1 was refunded",
    )
    assert noted(state)[-1] == ("goal first undone", "order o1 was refunded")


def test_a_refund_of_a_part_leaves_the_goal() -> None:
    state, enrolment = bought(goal("first"))
    happens(state, EventKind.ORDER_REFUNDED, 3, order_id="o1")
    assert (enrolment.reached, enrolment.undone) == (["first"], {})


def test_a_goal_stands_as_long_as_one_of_its_orders_does_and_is_reached_again_by_another() -> None:
    state, enrolment = bought(goal("first", ends=False))
    happens(state, EventKind.ORDER_PAID, 2, order_id="o2")
    undone(state, 3, "o1")
    assert enrolment.reached == ["first"]
    undone(state, 4, "o2")
    assert (enrolment.reached, list(enrolment.undone)) == ([], ["first"])
    happens(state, EventKind.ORDER_PAID, 5, order_id="o3")
    assert (enrolment.reached, enrolment.undone) == (["first"], {})


def test_a_goal_with_a_condition_hangs_on_the_order_that_made_it_true() -> None:
    state, enrolment = bought(goal("third", when=REGULAR, ends=False))
    tell(state, 1, chosen=None)
    happens(state, EventKind.ORDER_PAID, 2, order_id="o2")
    tell(state, 2, chosen="0")
    undone(state, 3, "o1")
    assert enrolment.reached == ["third"]
    undone(state, 4, "o2")
    assert enrolment.reached == []


def test_a_goal_is_not_asked_for_an_order_that_is_undone_before_the_answer() -> None:
    state, enrolment = bought(goal("member", when=MEMBER))
    undone(state, 1, "o1")
    assert enrolment.asks_goals == []


def exiting() -> tuple[CustomerState, Enrolment]:
    """The exits have been looked at, and the message is about to go."""
    rule = Exit.model_validate({"reason": "member", "when": MEMBER})
    state, enrolment = in_nurture(pinned([send("A")], exits=[rule]))
    tell(state, chosen=None)
    assert isinstance(next_of(state), actions.SendTouch)
    return state, enrolment


def test_after_a_pause_the_exits_are_looked_at_again_before_a_message_goes() -> None:
    state, enrolment = exiting()
    obey(state, Command(id="1", kind=CommandKind.PAUSE, by="anna"), START)
    obey(state, Command(id="2", kind=CommandKind.RESUME, by="anna"), after(30))
    tell(state, 30, chosen="0", why="the till knows her")
    assert enrolment.ended_reason == "member"


# ---- days of hers that come to be known


def staged(date: str) -> tuple[CustomerState, Enrolment]:
    """No stage's day is known yet."""
    stages = [
        LifeStage(stage="new", steps=[wait(400)]),
        LifeStage.model_validate(
            {"stage": "regular", "begins": {"date": date, "offset": "+1mo"}, "steps": [send("C")]}
        ),
    ]
    state, enrolment = in_nurture(pinned(life_stages=stages))
    tell(state, chosen="new", at=None)
    assert isinstance(next_of(state), actions.Rest)
    return state, enrolment


@pytest.mark.parametrize(
    ("date", "kind", "fields"),
    [
        ("first_order", EventKind.ORDER_PAID, {"order_id": "o1"}),
        ("last_order", EventKind.ORDER_UNDONE, {"order_id": "o1", "reason": "refunded"}),
        ("friend_since", EventKind.FRIEND_ADDED, {"userid": "li"}),
        ("child_born", EventKind.FORM_ANSWERED, {"form": "due_date", "answer_id": 1}),
    ],
)
def test_a_stage_begins_by_a_day_that_only_came_to_be_known(
    date: str, kind: EventKind, fields: dict[str, str]
) -> None:
    """The README's own example: a stage a month after the first order, of which she had none."""
    state, enrolment = staged(date)
    happens(state, kind, 5, **fields)
    tell(state, 5, chosen="new", at=after(35))
    assert key(state, 6) is None
    tell(state, 35, chosen="regular", at=None)
    assert enrolment.life_stage == "regular"


def test_an_event_that_says_nothing_of_such_a_day_asks_for_nothing() -> None:
    state, _ = staged("due_date")
    happens(state, EventKind.ORDER_PAID, 5, order_id="o1")
    assert isinstance(next_of(state, 5), actions.Rest)


def test_a_new_order_puts_off_the_day_that_is_counted_from_the_last_one() -> None:
    day = Step.model_validate({"wait": {"day": {"date": "last_order", "offset": "30d"}}})
    state, _ = in_nurture(pinned([day, send("long time no see")]))
    tell(state, at=after(20))
    happens(state, EventKind.ORDER_PAID, 19, order_id="o1")
    tell(state, 19, at=after(49))
    assert key(state, 48) is None
    assert key(state, 49) == "wm1/1/nurture.1/1"


def test_a_feedback_does_not_take_her_back_from_where_a_step_sent_her() -> None:
    """It would begin that stage's steps from the top, and she would hear the same things twice."""
    state, enrolment = staged("due_date")
    journey.begin_life_stage(state, enrolment, "regular", "sent there", START)
    enrolment.sent_to_stage = True
    happens(state, EventKind.FORM_ANSWERED, 1, form="feedback", answer_id=1)
    assert (enrolment.stage_asked, enrolment.sent_to_stage) == (True, True)
    happens(state, EventKind.FORM_ANSWERED, 2, form="due_date", answer_id=2)
    assert (enrolment.stage_asked, enrolment.sent_to_stage) == (False, False)


# ---- outcomes that were there before they were waited for


@pytest.mark.parametrize("status", TouchStatus)
def test_only_an_outcome_that_is_still_to_come_is_waited_for(status: TouchStatus) -> None:
    """A touch whose planning was not answered may be settled by the time it is planned again."""
    planned = PlannedTouch(status=status)
    assert planned.settles_for_her is (status in OPEN)
    state, enrolment = in_nurture(pinned([send("A", wait_for_delivery=True)]))
    carry_out(state, refused=not planned.settles_for_her)
    assert (enrolment.phase is Phase.NURTURE) is (status in OPEN)
    assert not PlannedTouch(status=status, channel=Channel.GROUP).settles_for_her
