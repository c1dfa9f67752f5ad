"""One cap for whatever reaches a customer, on the simulated WeCom: weights, quotas, two campaigns at once."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from domain.campaign import CampaignStatus
from domain.group_policy import Leave
from domain.playbook import ContentClass, Frequency, Way
from domain.policy import GroupKind
from domain.quotas import Quota, Quotas
from domain.task_messages import FlushBatch, TaskRef
from domain.touches import Content, TouchStatus
from storage import ledger, overrides
from storage.ledger import NewTouch
from storage.story import story
from storage.tables import Batch, CampaignRow, Touch
from tests.activities.sending import create, join, plan, poll, tagged
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

VIP = "VIP"
OFTEN = Frequency(most=99, per=timedelta(hours=1))


async def carry_out(shop: Shop) -> None:
    """Every window closes, every employee confirms everything."""
    shop.clock.forward(minutes=31)
    async with shop.database.transaction() as session:
        query = select(Batch.id).where(Batch.status == "open").order_by(col(Batch.window_ends_at))
        due = [batch_id or 0 for batch_id in (await session.exec(query)).all()]
    for batch_id in due:
        flushed = await shop.run(shop.activities.staff_tasks.flush_batch, FlushBatch(batch_id=batch_id))
        if flushed.claimed:
            await confirm(shop, TaskRef(batch_id=batch_id))


async def confirm(shop: Shop, task: TaskRef) -> None:
    await create(shop, task)
    shop.clock.forward(seconds=6)
    with pytest.raises(ApplicationError, match="wait for"):
        await poll(shop, task)
    await shop.street.confirm_all_tasks()
    await shop.street.publish_all_moments()
    await poll(shop, task)


async def say(shop: Shop, she: str, key: str, way: Way, **more: Any) -> Touch:
    """Planned, its window closed, and confirmed if policy let it through."""
    fields = {"key": f"{she}/{key}", "text": key, "tag": VIP if way is Way.MOMENTS else None} | more
    await plan(shop, she, way, **fields)
    await carry_out(shop)
    query = (
        select(Touch).where(col(Touch.external_userid).in_([she, ""])).order_by(col(Touch.planned_at).desc())
    )
    async with shop.database.transaction() as session:
        return (await session.exec(query.limit(1))).one()


async def texts(shop: Shop, she: str) -> list[str]:
    """What reached her phone, by whatever way."""
    return [message["text"] for message in await shop.received(she)]


async def test_m50_two_moments_and_a_groups_message_go_where_one_private_message_would(shop: Shop) -> None:
    """打扰性: 朋友圈 < 群聊 < 单聊, and the cap is one in 36 hours (M21)."""
    shop.policy.per_day = None
    she = await tagged(shop, VIP)
    await join(shop, she)
    for key, way in (("moment", Way.MOMENTS), ("group", Way.GROUP), ("again", Way.MOMENTS)):
        assert (await say(shop, she, key, way)).status == "sent"
    over = await say(shop, she, "third", Way.MOMENTS)
    assert (over.rule, over.reason) == ("frequency", "1 in the last 36h, 1 allowed")
    private = await say(shop, she, "private", Way.PRIVATE)
    assert private.rule == "frequency"
    assert await texts(shop, she) == ["moment", "group", "again"]
    shop.clock.forward(hours=37)
    assert (await say(shop, she, "at last", Way.PRIVATE)).status == "sent"
    after = await say(shop, she, "too soon", Way.MOMENTS)
    assert (after.rule, after.reason) == ("frequency", "1 in the last 36h, 1 allowed")


@pytest.mark.parametrize("cap", ["day", "week"])
async def test_wecom_drops_nothing_because_its_quota_is_counted_before(shop: Shop, cap: str) -> None:
    """Service messages, too, which no cap of the corp holds back."""
    shop.world.config.mass_cap = cap  # type: ignore[assignment]
    shop.policy.quotas = Quotas.model_validate({"customers": cap})
    she = await shop.friend()
    for number in range(9):
        await say(shop, she, f"n{number}", Way.PRIVATE, kind=ContentClass.SERVICE)
    touches = await shop.touches(she)
    sent = 1 if cap == "day" else 7
    assert [t.status for t in touches] == ["sent"] * sent + ["refused"] * (9 - sent)
    assert {(t.rule, t.reason) for t in touches[sent:]} == {
        ("wecom_quota", f"{sent} since 2026-03-02, WeCom allows {sent} a {cap}")
    }
    shop.clock.forward(days=7)
    assert (await say(shop, she, "next week", Way.PRIVATE, kind=ContentClass.SERVICE)).status == "sent"


async def test_moments_that_she_would_not_be_shown_are_not_published(shop: Shop) -> None:
    shop.policy.frequency, shop.policy.per_day = OFTEN, None
    she = await tagged(shop, VIP)
    found = [(await say(shop, she, f"m{n}", Way.MOMENTS)) for n in range(4)]
    assert [t.status for t in found] == ["sent", "sent", "sent", "refused"]
    assert found[3].reason == "3 since 2026-03-02, WeCom allows 3 a day"


async def test_a_groups_quota_is_its_own(shop: Shop) -> None:
    shop.world.config.mass_cap = "day"
    shop.policy.quotas = Quotas(groups=Quota(most=1, per="day"))
    shop.policy.groups = {"store": GroupKind(frequency=OFTEN)}
    she = await shop.newcomer()
    await join(shop, she)
    first = await say(shop, she, "one", Way.GROUP, userid=None)
    second = await say(shop, she, "two", Way.GROUP, userid=None)
    assert (first.status, second.status, second.rule) == ("sent", "refused", "wecom_quota")


async def test_m20_a_discount_goes_into_a_plain_group_only_under_a_name_and_for_a_reason(shop: Shop) -> None:
    she = await shop.newcomer()
    await join(shop, she)
    sale = {"kind": ContentClass.DISCOUNT, "userid": None}
    refused = await say(shop, she, "sale", Way.GROUP, **sale)
    assert (refused.status, refused.rule) == ("refused", "group_content")
    leave = Leave(
        content=ContentClass.DISCOUNT,
        by="王敏",
        reason="临期清仓",
        until=shop.clock() + timedelta(days=1),
    )
    async with shop.database.transaction() as session:
        await overrides.allow(session, shop.groups["S002"], leave, shop.clock())
    allowed = await say(shop, she, "clearance", Way.GROUP, **sale)
    assert (allowed.status, allowed.reason) == ("sent", "discount allowed here by 王敏: 临期清仓")
    assert await texts(shop, she) == ["clearance"]
    shop.clock.forward(days=2)
    assert (await say(shop, she, "over", Way.GROUP, **sale)).rule == "group_content"
    async with shop.database.transaction() as session:
        reasons = [line.reason for line in await story(session, she)]
    assert "discount allowed here by 王敏: 临期清仓" in reasons


async def test_m37_the_task_of_an_urgent_message_ends_with_its_use(shop: Shop) -> None:
    she = await shop.friend()
    since = shop.clock()
    planned = await plan(shop, she, Way.PRIVATE, within=timedelta(hours=3), since=since)
    shop.clock.forward(minutes=31)
    what = FlushBatch(batch_id=planned.batch_id or 0)
    flushed = await shop.run(shop.activities.staff_tasks.flush_batch, what)
    assert flushed.expire_at == since + timedelta(hours=3)
    late = await plan(
        shop, she, Way.PRIVATE, key=f"{she}/late", within=timedelta(hours=3), since=since - timedelta(hours=3)
    )
    assert (late.status, late.rule) == ("refused", "too_late")


# ---- M46


async def campaign(shop: Shop, name: str, she: str, day: int, priority: int) -> None:
    """What a campaign plans for her, when its wave is released."""
    new = NewTouch(
        key=f"campaign/{name}-{day}/{she}",
        external_userid=she,
        userid="li",
        content=Content(text=f"{name} {day}", campaign=name),
        priority=priority,
    )
    async with shop.database.transaction() as session:
        await ledger.plan(session, new, shop.policy, shop.clock())


async def test_m46_a_long_and_a_short_campaign_and_a_playbook_share_one_cap(shop: Shop) -> None:
    """Whoever loses is told to whom, or to what; nobody gets more than one in 36 hours."""
    everybody = [await shop.friend(name) for name in ("小满", "小秋")]
    running: dict[str, Any] = {"body": {}, "who": {}, "status": CampaignStatus.RUNNING, "author": "王敏"}
    async with shop.database.transaction() as session:
        session.add_all(CampaignRow(id=n, created_at=shop.clock(), **running) for n in ("会员日", "闪购"))
    for day in range(6):
        for she in everybody:
            await plan(shop, she, Way.PRIVATE, key=f"{she}/{day}", text=f"journey {day}", priority=40)
            await campaign(shop, "会员日", she, day, priority=50)
            if day in (2, 3):
                await campaign(shop, "闪购", she, day, priority=70)
        await carry_out(shop)
        shop.clock.forward(hours=23)
    for she in everybody:
        assert await texts(shop, she) == ["会员日 0", "闪购 2", "会员日 4"]
        touches = await shop.touches(she)
        sent = sorted(t.sent_at or datetime.max.replace(tzinfo=UTC) for t in touches if t.status == "sent")
        assert all(b - a >= timedelta(hours=36) for a, b in pairwise(sent))
        lost = [t for t in touches if t.status != TouchStatus.SENT]
        assert {t.rule for t in lost} == {"priority", "frequency"}
        assert all(t.status == "refused" and t.reason and t.settled_at for t in lost)
        winner = f"campaign/闪购-2/{she} went first in the same window"
        assert {t.reason for t in lost if t.key.endswith(("/2", f"-2/{she}"))} == {winner}
