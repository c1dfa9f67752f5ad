"""The rules of the first days: is she greeted, is she in the group, does she need a reminder.

The order of these things is told in workflows/customer_lifecycle.py.
"""

from datetime import datetime

from domain import journey
from domain.customer import CustomerState, Follow, Phase, WelcomeOutcome
from domain.playbook import CouponStep, Journey, LinkKind

GREETING_LOST = (WelcomeOutcome.BEATEN, WelcomeOutcome.NO_CODE, WelcomeOutcome.LATE, WelcomeOutcome.FAILED)


def greeted_by(state: CustomerState, follow: Follow, now: datetime) -> datetime | None:
    """When we stop waiting to hear of the greeting; None when it is known. Overdue counts as unknown."""
    if follow.welcome is not None:
        return None
    if follow.welcome_due and now < follow.welcome_due:
        return follow.welcome_due
    follow.welcome = WelcomeOutcome.UNKNOWN
    journey.note(state, now, "welcome unknown", f"no outcome for {follow.userid} in time")
    return None


def coupon_due(state: CustomerState, follow: Follow, now: datetime) -> CouponStep | None:
    """The coupon that the greeting promised, if she was told of it or will be told by the fallback."""
    if follow.coupon is None or follow.welcome not in GREETING_LOST:
        told = follow.welcome in (WelcomeOutcome.SENT, WelcomeOutcome.UNKNOWN)
        return follow.coupon if told else None
    rules = rules_of(state)
    if rules and rules.fallback_text:
        return follow.coupon
    name, follow.coupon = follow.coupon.name, None
    journey.note(state, now, f"coupon {name} not credited", "nothing told her of it: the greeting was lost")
    return None


def needs_fallback(state: CustomerState, follow: Follow) -> bool:
    """The greeting was lost: group and benefit go out once, without a second greeting."""
    rules = rules_of(state)
    return (
        follow.welcome in GREETING_LOST
        and not follow.fell_back
        and rules is not None
        and rules.fallback_text is not None
        and may_message(state)
    )


def reminder_due(state: CustomerState, follow: Follow, now: datetime) -> datetime | None:
    """When to remind her of the group: past when it is due, None when there is nothing to remind of.

    One reminder, counted from the invitation; one more if she joined and left again.
    """
    rules = rules_of(state)
    if state.in_groups or follow.invited_to is None or follow.reminded or not may_message(state):
        return None
    if rules is None or rules.join_reminder is None or rules.link is LinkKind.FRIEND_ONLY:
        return None
    follow.remind_at = follow.remind_at or now + rules.join_reminder.after
    return follow.remind_at


def go_on(state: CustomerState, now: datetime) -> None:
    """The first days are over: every playbook that waited for that begins its steps."""
    for enrolment in state.active:
        if enrolment.phase is Phase.ONBOARDING:
            journey.begin(state, enrolment, Phase.NURTURE, now)


def may_message(state: CustomerState) -> bool:
    return state.opted_out_at is None and state.paused_by is None


def rules_of(state: CustomerState) -> Journey | None:
    """The journey whose texts the first days use: that of her oldest running enrolment."""
    return next((e.pinned.journey for e in state.active), None)
