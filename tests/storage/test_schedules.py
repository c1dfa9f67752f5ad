"""Campaigns and a playbook compete for the same people in PostgreSQL: the caps hold, in any order of arrival.

Everything is planned twice, for two people who are alike, in two orders: they must be told the same.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from domain.campaign import CampaignStatus
from domain.hours import QuietHours
from domain.playbook import ContentClass, Frequency, Limits
from domain.quotas import Quota, Quotas
from domain.touches import Channel, Content, TouchStatus
from storage import group_windows, ledger
from storage.ledger import NewTouch
from storage.tables import Batch, CampaignRow, CustomerTag, Group, GroupMember, Touch
from tests.storage.chain import HALF_AN_HOUR, NOON, POLICY, Chain

pytestmark = pytest.mark.anyio

SHANGHAI = ZoneInfo("Asia/Shanghai")
EMPLOYEES = ("chen", "li", "wang")
DAYS, STEP = 5, timedelta(hours=1)
LIMITS = Limits(frequency=Frequency(most=1, per=timedelta(hours=30)))
STRICT = POLICY.model_copy(
    update={
        "frequency": Frequency(most=2, per=timedelta(hours=36)),
        "per_day": 2,
        "quotas": Quotas(customers=Quota(most=3, per="week"), moments=Quota(most=1, per="day")),
        "quiet_hours": QuietHours.model_validate({"start": "21:30", "end": "08:30"}),
    }
)


@dataclass(frozen=True)
class Intent:
    """What somebody wants said, and so long after the verdict the employee confirms; None: never."""

    at: datetime
    name: str
    channel: Channel
    userid: str
    kind: ContentClass
    source: str
    priority: int
    within: timedelta | None
    confirmed_after: timedelta | None


def schedule(dice: Random) -> list[Intent]:
    """Two campaigns and a playbook, within some days."""
    intents = []
    for number in range(30):
        source = dice.choice(["spring", "opening", "tea"])
        channel = dice.choices([Channel.PRIVATE, Channel.MOMENTS, Channel.GROUP], weights=[5, 3, 1])[0]
        patience = dice.choice([timedelta(0), timedelta(hours=1), timedelta(hours=9), None])
        within = timedelta(hours=3) if dice.random() < 0.2 else None
        kind = dice.choices(list(ContentClass), weights=[5, 2, 0 if channel is Channel.GROUP else 2, 1])[0]
        intents.append(
            Intent(
                at=NOON + STEP * dice.randrange(24 * DAYS),
                name=f"{source}/{number}",
                channel=channel,
                userid="chen" if channel is Channel.GROUP else dice.choice(EMPLOYEES),
                kind=kind,
                source=source,
                priority=dice.choice([40, 50]),
                within=within,
                confirmed_after=patience,
            )
        )
    return intents


async def people(chain: Chain, *names: str) -> None:
    """Each is a friend of all three, sees their Moments, and is in a group of her own."""
    for name in names:
        await chain.befriend(name, *EMPLOYEES)
    async with chain.database.transaction() as session:
        running: dict[str, Any] = {
            "body": {},
            "who": {},
            "status": CampaignStatus.RUNNING,
            "author": "a",
            "created_at": NOON,
        }
        session.add_all(CampaignRow(id=name, **running) for name in ("spring", "opening"))
        for name in names:
            session.add(Group(chat_id=f"wr-{name}", name=name, owner="chen", store_id="S1", created_at=NOON))
            tag: dict[str, Any] = {"tag_group": "g", "tag": "vip", "present": True, "by": "rule", "at": NOON}
            session.add_all(CustomerTag(external_userid=name, userid=u, **tag) for u in EMPLOYEES)
        await session.flush()
        seats = [GroupMember(chat_id=f"wr-{n}", member_id=n, joined_at=NOON - HALF_AN_HOUR) for n in names]
        session.add_all(seats)


async def plan(chain: Chain, who: str, intent: Intent) -> None:
    in_group = intent.channel is Channel.GROUP
    content = Content(
        text=intent.name,
        kind=intent.kind,
        tag="vip" if intent.channel is Channel.MOMENTS else None,
        campaign=None if intent.source == "tea" else intent.source,
        within=intent.within,
    )
    new = NewTouch(
        key=f"{who}/{intent.name}",
        external_userid=who,
        userid=intent.userid,
        content=content,
        channel=intent.channel,
        chat_id=f"wr-{who}" if in_group else None,
        playbook="tea" if intent.source == "tea" else None,
        limits=LIMITS if intent.source == "tea" else None,
        priority=intent.priority,
        send_by=intent.at + intent.within if intent.within else None,
    )
    async with chain.database.transaction() as session:
        await (group_windows if in_group else ledger).plan(session, new, STRICT, intent.at)


async def close_windows(chain: Chain, now: datetime, dice: Random) -> None:
    """Whatever is over is closed, in any order of those that close together."""
    async with chain.database.transaction() as session:
        query = select(Batch).where(Batch.status == "open", col(Batch.window_ends_at) <= now)
        due = list((await session.exec(query)).all())
    dice.shuffle(due)
    for batch in sorted(due, key=lambda one: one.window_ends_at):
        async with chain.database.transaction() as session:
            windows = group_windows if batch.channel == Channel.GROUP else ledger
            await windows.flush(session, batch.id or 0, STRICT, batch.window_ends_at)


async def confirm(chain: Chain, intents: dict[str, Intent], now: datetime) -> None:
    """Employees confirm some; what nobody confirms expires after a day."""
    async with chain.database.transaction() as session:
        query = select(Touch).where(Touch.status == TouchStatus.CLAIMED)
        for touch in (await session.exec(query)).all():
            said = await session.get_one(Batch, touch.batch_id)
            patience = intents[said.content["text"]].confirmed_after
            done = (touch.claimed_at or now) + (timedelta(days=1) if patience is None else patience)
            if done <= now:
                touch.status = TouchStatus.EXPIRED if patience is None else TouchStatus.SENT
                touch.settled_at = done
                session.add(touch)


async def touches(chain: Chain, who: str) -> list[Touch]:
    async with chain.database.transaction() as session:
        query = select(Touch).where(col(Touch.external_userid).in_([who, ""]))
        found = (await session.exec(query.order_by(col(Touch.key)))).all()
    return [t for t in found if t.external_userid or t.chat_id == f"wr-{who}"]


def seen(touch: Touch, who: str) -> tuple[object, ...]:
    """What became of it, without her name."""
    name = touch.key.replace(who, "her").split("/wr-her/")[-1]
    reason = touch.reason.replace(who, "her")
    return name, touch.channel, touch.status, touch.rule, reason, touch.claimed_at, touch.settled_at


def check_caps(got: Sequence[Touch]) -> None:
    """A group's message uses up her cap, and is not held back by it."""
    heard = [t for t in got if t.kind != ContentClass.SERVICE]
    for last in (t for t in heard if t.channel != Channel.GROUP):
        assert last.settled_at
        until = [
            t
            for t in heard
            if last.settled_at - timedelta(hours=36) < (t.settled_at or NOON) <= last.settled_at
        ]
        in_groups = sum(STRICT.weights.of(Channel(t.channel)) for t in until if t.channel == Channel.GROUP)
        assert sum(STRICT.weights.of(Channel(t.channel)) for t in until) <= 2 + in_groups
    days: dict[object, int] = defaultdict(int)
    weeks: dict[object, int] = defaultdict(int)
    moments: dict[object, int] = defaultdict(int)
    for touch in got:
        day = (touch.settled_at or NOON).astimezone(SHANGHAI).date()
        days[day] += touch.channel != Channel.GROUP and touch.kind != ContentClass.SERVICE
        weeks[day.isocalendar()[:2]] += touch.channel == Channel.PRIVATE
        moments[day] += touch.channel == Channel.MOMENTS
    assert max(days.values(), default=0) <= 2
    assert max(weeks.values(), default=0) <= 3
    assert max(moments.values(), default=0) <= 1


@pytest.mark.parametrize("seed", range(3))
async def test_no_cap_is_exceeded_and_the_order_of_arrival_changes_nothing(chain: Chain, seed: int) -> None:
    dice = Random(seed)
    intents = schedule(dice)
    await people(chain, "wm1", "wm2")
    by_name, now = {i.name: i for i in intents}, NOON
    while now < NOON + timedelta(days=DAYS + 2):
        coming = [(who, i) for i in intents if i.at == now for who in ("wm1", "wm2")]
        for who, intent in dice.sample(coming, len(coming)):
            await plan(chain, who, intent)
        now += STEP
        await close_windows(chain, now, dice)
        await confirm(chain, by_name, now)
    one, other = await touches(chain, "wm1"), await touches(chain, "wm2")
    assert sorted(seen(t, "wm1") for t in one) == sorted(seen(t, "wm2") for t in other)
    check_caps([t for t in one if t.status == TouchStatus.SENT])
    assert {t.status for t in one} <= {TouchStatus.SENT, TouchStatus.EXPIRED, TouchStatus.REFUSED}
    assert all(t.rule and t.reason and t.settled_at for t in one if t.status == TouchStatus.REFUSED)
    assert {t.status for t in one} > {TouchStatus.REFUSED}
