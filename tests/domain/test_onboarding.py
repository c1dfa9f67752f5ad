"""The rules of the first days."""

import pytest

from domain import journey, life, onboarding
from domain.customer import CustomerState, Follow, Phase, WelcomeOutcome
from domain.events import EventKind
from domain.playbook import JoinReminder, PinnedJourney
from tests.domain.moments import DAY, START, after, event, friend, pinned, send

LOST = ["beaten", "no_code", "late", "failed"]
REMINDER = JoinReminder(after=2 * DAY, text="come in")


def plan(**fields: object) -> PinnedJourney:
    return pinned([send()], **{"fallback_text": "the group", "join_reminder": REMINDER} | fields)  # type: ignore[arg-type]


def greeted(outcome: str | None = "sent", rules: PinnedJourney | None = None) -> tuple[CustomerState, Follow]:
    """A friend who is enrolled and was greeted with an invitation to a group."""
    state = friend()
    journey.enrol(state, rules or plan(), START)
    if outcome:
        told = event(EventKind.WELCOME_SETTLED, 0, userid="chen", outcome=outcome, chat_id="g1")
        life.happened(state, told, START)
    return state, state.follows["chen"]


def test_the_outcome_of_the_greeting_is_awaited_for_a_minute() -> None:
    state, follow = greeted(None)
    assert onboarding.greeted_by(state, follow, START) == START + life.WELCOME_PATIENCE
    assert follow.welcome is None


def test_then_it_is_unknown_and_on_record() -> None:
    state, follow = greeted(None)
    assert onboarding.greeted_by(state, follow, START + life.WELCOME_PATIENCE) is None
    assert follow.welcome is WelcomeOutcome.UNKNOWN
    assert state.log[-1].what == "welcome unknown"


def test_a_known_outcome_is_not_awaited() -> None:
    assert onboarding.greeted_by(*greeted("late"), START) is None


@pytest.mark.parametrize("outcome", list(WelcomeOutcome))
def test_only_a_lost_greeting_has_a_fallback(outcome: WelcomeOutcome) -> None:
    assert onboarding.needs_fallback(*greeted(outcome)) is (outcome in LOST)


def test_there_is_one_fallback_and_only_where_the_playbook_has_one() -> None:
    state, follow = greeted("late")
    follow.fell_back = True
    assert not onboarding.needs_fallback(state, follow)
    assert not onboarding.needs_fallback(*greeted("late", plan(fallback_text=None)))


@pytest.mark.parametrize("silent", ["paused_by", "opted_out_at"])
def test_who_is_paused_or_opted_out_is_left_alone(silent: str) -> None:
    state, follow = greeted("late")
    setattr(state, silent, "anna" if silent == "paused_by" else START)
    assert not onboarding.needs_fallback(state, follow)
    assert onboarding.reminder_due(state, follow, after(5)) is None


def test_the_reminder_is_due_once_its_days_are_over() -> None:
    state, follow = greeted()
    assert onboarding.reminder_due(state, follow, START) == after(2)
    assert onboarding.reminder_due(state, follow, after(1)) == after(2)
    follow.reminded = True
    assert onboarding.reminder_due(state, follow, after(3)) is None


def test_who_is_in_a_group_needs_no_reminder() -> None:
    state, follow = greeted()
    life.happened(state, event(EventKind.GROUP_JOINED, 1, chat_id="g2"), after(1))
    assert onboarding.reminder_due(state, follow, after(1)) is None


def test_who_was_not_invited_needs_no_reminder() -> None:
    state, follow = greeted()
    follow.invited_to = None
    assert onboarding.reminder_due(state, follow, after(1)) is None
    assert onboarding.reminder_due(*greeted(rules=plan(join_reminder=None)), after(1)) is None


def test_who_joined_and_left_is_reminded_once_more() -> None:
    state, follow = greeted()
    onboarding.reminder_due(state, follow, START)
    follow.reminded = True
    life.happened(state, event(EventKind.GROUP_JOINED, 3, chat_id="g1"), after(3))
    life.happened(state, event(EventKind.GROUP_LEFT, 4, chat_id="g1"), after(4))
    assert onboarding.reminder_due(state, follow, after(4)) == after(6)


def test_after_the_first_days_the_steps_begin() -> None:
    state, _ = greeted()
    onboarding.go_on(state, after(2))
    onboarding.go_on(state, after(3))
    enrolment = state.enrolments["coffee"]
    assert (enrolment.phase, enrolment.entered_at, enrolment.visit) == (Phase.NURTURE, after(2), 1)


def test_the_first_days_use_the_texts_of_her_oldest_running_playbook() -> None:
    state, _ = greeted()
    journey.enrol(state, plan(name="tea"), after(1))
    assert onboarding.rules_of(state) == state.enrolments["coffee"].pinned.journey
    journey.end(state, state.enrolments["coffee"], "over", after(2))
    assert onboarding.rules_of(state) == state.enrolments["tea"].pinned.journey
    journey.end(state, state.enrolments["tea"], "over", after(2))
    assert onboarding.rules_of(state) is None
