"""A playbook's own limits, from the ledger's rows to the verdicts and the windows that follow."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlmodel import col, update

from domain.calendar import is_holiday
from domain.hours import QuietHours
from domain.playbook import ContentClass, Frequency, Limits
from domain.touches import Channel, Content, TouchStatus
from storage import verdicts
from storage.holidays import days_off
from storage.tables import Touch
from tests.storage.chain import HALF_AN_HOUR, HELLO, LATER, NOON, Chain
from tests.storage.history import had, in_a_group, judged

pytestmark = pytest.mark.anyio

WEEKLY = Limits(frequency=Frequency(most=1, per=timedelta(days=7)))
AFTERNOON = Limits(quiet_hours=QuietHours(start=time(12, 10), end=time(18)))
WORKDAYS = Limits(holidays="skip")
EVE = datetime(2026, 9, 30, 15, 50, tzinfo=UTC)  # ten minutes before the first of October in Shanghai


async def test_what_a_touch_belongs_to_is_on_its_row(chain: Chain) -> None:
    touch = await chain.plan("wm1", playbook="tea", enrolment=3, step="coupon", limits=WEEKLY)
    assert (touch.enrolment, touch.step, touch.limits) == (3, "coupon", {"frequency": {"per": "P7D"}})
    assert verdicts.limits_of(await chain.touch(touch.key)) == WEEKLY
    assert verdicts.limits_of(await chain.plan("wm2")) is None


# ---- frequency


@pytest.mark.parametrize(("days", "playbook", "rule"), [(3, "tea", True), (8, "tea", False), (3, "x", False)])
async def test_a_playbooks_frequency_counts_its_own_messages_however_long_ago(
    chain: Chain, days: float, playbook: str, rule: bool
) -> None:
    await chain.befriend("wm1", "chen")
    await had(chain, 1, days=days, playbook=playbook)
    touch = await judged(chain, limits=WEEKLY)
    assert (touch.status, touch.rule) == (
        (TouchStatus.REFUSED, "playbook_frequency") if rule else (TouchStatus.CLAIMED, None)
    )
    assert not rule or touch.reason == "of tea: 1 in the last 7d, 1 allowed"


async def test_a_longer_memory_for_one_playbook_does_not_widen_the_corps_cap(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await had(chain, 1, days=3, playbook="coffee")
    assert (await judged(chain, limits=WEEKLY)).status == TouchStatus.CLAIMED


@pytest.mark.parametrize("channel", [Channel.PRIVATE, Channel.MOMENTS, Channel.STAFF])
async def test_the_cap_counts_whatever_reached_her_by_any_channel(chain: Chain, channel: Channel) -> None:
    await chain.befriend("wm1", "chen")
    await had(chain, 1, channel=channel)
    assert (await judged(chain)).rule == "frequency"


@pytest.mark.parametrize(("left", "rule"), [(False, "frequency"), (True, None)])
async def test_the_cap_counts_what_she_heard_in_a_group(chain: Chain, left: bool, rule: str | None) -> None:
    await chain.befriend("wm1", "chen")
    await in_a_group(chain, left=left)
    await had(chain, 1, channel=Channel.GROUP, customer="", chat_id="g1", days=0.5)
    assert (await judged(chain)).rule == rule


# ---- quiet hours


async def test_a_window_opens_after_the_playbooks_quiet_hours(chain: Chain) -> None:
    touch = await chain.plan("wm1", limits=AFTERNOON, now=NOON)
    ends = (await chain.batch(touch.batch_id)).window_ends_at
    if ends > NOON + timedelta(minutes=10):  # else her employee's window closes before them
        assert NOON + timedelta(hours=6) <= ends < NOON + timedelta(hours=6) + HALF_AN_HOUR
    later = await chain.plan("wm1", limits=AFTERNOON, now=LATER)
    assert (await chain.batch(later.batch_id)).window_ends_at >= NOON + timedelta(hours=6)
    other = await chain.plan("wm1", now=LATER)
    assert (await chain.batch(other.batch_id)).window_ends_at <= LATER + HALF_AN_HOUR


async def test_what_its_quiet_hours_hold_moves_once_to_their_end(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    held = await chain.plan("wm1", key="held", limits=AFTERNOON, now=NOON - HALF_AN_HOUR)
    free = await chain.plan("wm1", key="free", now=NOON - HALF_AN_HOUR)
    assert held.batch_id == free.batch_id
    flushed = await chain.flush(held.batch_id, NOON + timedelta(minutes=20))
    moved = await chain.touch("held")
    assert (moved.status, moved.rule, flushed.moved_to) == ("planned", "quiet_hours", (moved.batch_id,))
    assert (await chain.batch(moved.batch_id)).window_ends_at >= NOON + timedelta(hours=6)
    assert (await chain.touch("free")).status == TouchStatus.CLAIMED


async def test_what_can_never_go_out_is_refused_when_it_is_planned(chain: Chain) -> None:
    chain.policy = chain.policy.model_copy(
        update={"quiet_hours": QuietHours(start=time(18), end=time(12, 10))}
    )
    await chain.befriend("wm1", "chen")
    touch = await chain.plan("wm1", limits=AFTERNOON)
    assert (touch.status, touch.rule, touch.batch_id) == (TouchStatus.REFUSED, "never_open", None)
    assert touch.settled_at == NOON


async def test_what_can_no_longer_go_out_is_refused_when_its_window_closes(chain: Chain) -> None:
    await chain.befriend("wm1", "chen", "li")
    touch = await chain.plan("wm1", limits=AFTERNOON, now=NOON - HALF_AN_HOUR)
    chain.policy = chain.policy.model_copy(
        update={"quiet_hours": QuietHours(start=time(18), end=time(12, 10))}
    )
    assert (await chain.flush(touch.batch_id, NOON)).moved_to == ()
    assert (await chain.touch(touch.key)).rule == "never_open"


# ---- holidays


async def test_over_the_golden_week_a_message_waits_in_one_batch(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    touch = await chain.plan("wm1", limits=WORKDAYS, now=EVE)
    reopens = datetime(2026, 10, 7, 16, 0, tzinfo=UTC)
    ends = (await chain.batch(touch.batch_id)).window_ends_at
    assert ends <= EVE + timedelta(minutes=10) or reopens <= ends < reopens + HALF_AN_HOUR
    await chain.befriend("wm2", "chen")
    held = await chain.plan("wm2", limits=WORKDAYS, now=EVE + timedelta(days=2))
    ends = (await chain.batch(held.batch_id)).window_ends_at
    assert reopens <= ends < reopens + HALF_AN_HOUR
    assert (held.rule, held.reason) == ("holiday", "after the holidays")
    assert (await chain.flush(held.batch_id, ends)).moved_to == ()
    claimed = await chain.touch(held.key)
    assert (claimed.status, claimed.rule) == (TouchStatus.CLAIMED, None)


async def test_a_window_that_closes_late_holds_what_skips_holidays(chain: Chain) -> None:
    """The worker was down; in the meantime the holidays have begun."""
    await chain.befriend("wm1", "chen")
    early, late = EVE - timedelta(hours=3), EVE + timedelta(hours=12)
    held = await chain.plan("wm1", key="held", limits=WORKDAYS, now=early)
    service = Content(text="your table", kind=ContentClass.SERVICE)
    table = await chain.plan("wm1", content=service, limits=WORKDAYS, now=early)
    flushed = await chain.flush(held.batch_id, late)
    await chain.flush(table.batch_id, late)
    moved = await chain.touch("held")
    assert (moved.status, moved.rule, moved.reason) == ("planned", "holiday", "after the holidays")
    assert flushed.moved_to == (moved.batch_id,)
    ends = (await chain.batch(moved.batch_id)).window_ends_at
    assert not is_holiday(ends, "Asia/Shanghai", days_off("cn"))
    assert (await chain.touch(table.key)).status == TouchStatus.CLAIMED


async def test_a_corp_without_holidays_skips_none(chain: Chain) -> None:
    chain.policy = chain.policy.model_copy(update={"holidays": "none"})
    held = await chain.plan("wm1", limits=WORKDAYS, now=EVE + timedelta(days=2))
    ends = (await chain.batch(held.batch_id)).window_ends_at
    assert ends <= EVE + timedelta(days=2) + HALF_AN_HOUR
    assert date(2026, 10, 2) in days_off("cn")


async def test_a_task_must_be_confirmed_before_what_it_carries_is_shut(chain: Chain) -> None:
    for name in ("wm1", "wm2"):
        await chain.befriend(name, "chen")
    plain = await chain.plan("wm1", now=EVE - timedelta(hours=2))
    held = await chain.plan("wm2", limits=WORKDAYS, now=EVE - timedelta(hours=2))
    assert plain.batch_id == held.batch_id
    now, midnight = EVE - timedelta(hours=1), EVE + timedelta(minutes=10)
    assert (await chain.flush(held.batch_id, now)).claimed == 2
    batch = await chain.batch(held.batch_id)
    async with chain.database.transaction() as session:
        assert await verdicts.task_ends(session, batch, "Asia/Shanghai", chain.policy, now) == midnight
        await session.exec(update(Touch).where(col(Touch.key) == held.key).values(status="cancelled"))
    async with chain.database.transaction() as session:
        latest = now + chain.policy.staff_task.expire_after
        assert await verdicts.task_ends(session, batch, "Asia/Shanghai", chain.policy, now) == latest


async def test_without_limits_nothing_of_it_is_asked(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    touch = await chain.plan("wm1", content=HELLO)
    assert (await chain.flush(touch.batch_id)).claimed == 1
