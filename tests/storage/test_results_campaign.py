"""A campaign looked back on: its steps, refusals, sales of the last touch, and its control group."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from domain.campaign import Campaign, CampaignStatus, Words
from domain.campaigning import experiment, key
from domain.outcomes import Retrospective
from domain.playbook import Way
from domain.touches import Channel, TouchStatus
from storage.exposures import HELD_OUT, TREATED
from storage.results.campaign import Parts, retrospective
from storage.tables import (
    Batch,
    CampaignRow,
    CampaignWave,
    Customer,
    Exposure,
    Group,
    GroupPlan,
    Order,
    Touch,
)
from tests.storage.chain import NOON, Chain

pytestmark = pytest.mark.anyio

NAME = "spring"
HOUR = timedelta(hours=1)
BODY = Campaign(
    campaign=NAME,
    title="春季上新",
    segment="regulars",
    channel=[Way.PRIVATE],
    words={Way.PRIVATE: Words(text="新品到店")},
    holdout=50,
    attribution=timedelta(days=3),
)


class Past:
    """A campaign that has run, one customer after the other."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    async def put(self, *rows: Any) -> None:
        async with self.chain.database.transaction() as session:
            for row in rows:
                await session.merge(row)

    async def began(self) -> "Past":
        times: dict[str, Any] = {"began_at": NOON, "released_at": NOON + HOUR, "planned_at": NOON}
        body = BODY.model_dump(mode="json")
        await self.put(
            CampaignRow(
                id=NAME, body=body, who={}, status=CampaignStatus.FINISHED, author="ann", created_at=NOON
            )
        )
        await self.put(CampaignWave(campaign_id=NAME, number=0, name="all", targeted=9, planned=7, **times))
        task: dict[str, Any] = {
            "content_key": "k",
            "content": {},
            "window_ends_at": NOON,
            "campaign_id": NAME,
        }
        await self.put(Batch(id=1, userid="chen", msgid="m1", status="settled", **task))
        await self.put(Batch(id=2, userid="wang", status="open", **task))
        return self

    async def customer(self, name: str, arm: str | None = TREATED, store: str = "S1") -> None:
        await self.put(
            Customer(
                external_userid=name,
                member_id=f"till-{name}",
                stage_since=NOON,
                created_at=NOON,
                store_id=store,
            )
        )
        if arm:
            await self.put(
                Exposure(external_userid=name, experiment=experiment(NAME), arm=arm, playbook="", at=NOON)
            )

    async def touch(self, name: str, status: TouchStatus, rule: str | None = None, **more: Any) -> None:
        fields: dict[str, Any] = {
            "key": key(NAME, name),
            "external_userid": name,
            "userid": "chen",
            "channel": Channel.PRIVATE,
            "batch_id": None if status is TouchStatus.REFUSED else 1,
            "status": status,
            "rule": rule,
            "campaign_id": NAME,
            "wave": 0,
            "planned_at": NOON,
            "sent_at": NOON + HOUR if status is TouchStatus.SENT else None,
        }
        await self.put(Touch(**fields | more))

    async def buys(self, name: str, hours: float, paid: int = 3000, refunded: int = 0, **more: Any) -> None:
        at = NOON + timedelta(hours=hours)
        await self.put(
            Order(
                provider="till",
                order_id=f"{name}/{hours}",
                member_id=f"till-{name}",
                store_id="S1",
                status=more.get("status", "paid"),
                paid_at=at,
                paid_minor=paid,
                refunded_minor=refunded,
                updated_at=at,
            )
        )

    async def look_back(self, by: Parts = Parts.CHANNEL) -> Retrospective:
        async with self.chain.database.transaction() as session:
            row = await session.get_one(CampaignRow, NAME)
            return await retrospective(session, row, by, NOON + timedelta(days=30))


@pytest.fixture
async def past(chain: Chain) -> Past:
    return await Past(chain).began()


async def test_m71_every_step_is_a_part_of_the_one_before(past: Past) -> None:
    outcomes: list[tuple[TouchStatus, str | None]] = [
        (TouchStatus.SENT, None),
        (TouchStatus.SENT, None),
        (TouchStatus.CAPPED, None),
        (TouchStatus.NOT_FRIEND, None),
        (TouchStatus.EXPIRED, "not_confirmed"),
        (TouchStatus.REFUSED, "frequency"),
        (TouchStatus.REFUSED, "frequency"),
        (TouchStatus.REFUSED, "opted_out"),
        (TouchStatus.REFUSED, "lost"),
        (TouchStatus.REFUSED, "holdout"),
    ]
    for number, (status, rule) in enumerate(outcomes):
        await past.customer(f"wm{number}", HELD_OUT if rule == "holdout" else TREATED)
        await past.touch(f"wm{number}", status, rule)
    await past.customer("waiting")
    await past.touch("waiting", TouchStatus.PLANNED, userid="wang", batch_id=2)
    found = await past.look_back()
    assert asdict(found.whole.steps) == {
        "targeted": 11,
        "held_out": 1,
        "reachable": 9,
        "allowed": 6,
        "tasked": 5,
        "confirmed": 4,
        "delivered": 2,
    }
    assert found.refused == {"frequency": 2, "holdout": 1, "lost": 1, "opted_out": 1}
    by_employee = (await past.look_back(Parts.EMPLOYEE)).parts
    assert by_employee["wang"].steps.targeted == 1
    assert (await past.look_back(Parts.REGION)).parts["bj"].steps == found.whole.steps


async def test_m52_what_moments_reached_beyond_it_is_counted_apart(past: Past) -> None:
    await past.customer("late")
    await past.touch("late", TouchStatus.EXPIRED)
    await past.touch("late", TouchStatus.SENT, key=f"{key(NAME, 'late')}/missed", channel=Channel.MOMENTS)
    await past.buys("late", 2)
    found = await past.look_back()
    assert (found.backfill.planned, found.backfill.shown) == (1, 1)
    assert (found.whole.steps.targeted, found.whole.steps.delivered) == (1, 0)
    assert found.parts["moments"].sales.buyers == 1


async def test_m36_an_order_in_the_store_counts_for_the_last_message_before_it(past: Past) -> None:
    for name in ("wm1", "wm2", "wm3"):
        await past.customer(name)
        await past.touch(name, TouchStatus.SENT)
    await past.buys("wm1", 0.5)  # before the message
    await past.buys("wm1", 2, paid=5000, refunded=1000)
    await past.buys("wm1", 3, status="cancelled")
    await past.buys("wm1", 74)  # too late
    other: dict[str, Any] = {"campaign_id": None, "playbook": "tea", "wave": None}
    await past.touch("wm2", TouchStatus.SENT, key="wm2/1/nurture.0", sent_at=NOON + 5 * HOUR, **other)
    await past.buys("wm2", 4, paid=100)
    await past.buys("wm2", 6)  # the playbook's
    await past.touch("wm3", TouchStatus.SENT, key="welcome/wm3", channel=Channel.WELCOME, **other)
    await past.buys("wm3", 6, paid=200)
    sales = (await past.look_back()).whole.sales
    assert (sales.buyers, sales.orders, sales.revenue_minor) == (3, 3, 4000 + 100 + 200)
    assert (await past.look_back(Parts.STORE)).parts["S1"].sales == sales


async def test_a_message_to_a_group_counts_for_each_member_whom_it_was_planned_for(past: Past) -> None:
    await past.put(Group(chat_id="wrA", store_id="S1", kind="store", created_at=NOON))
    group = f"campaign/{NAME}/group/wrA"
    await past.touch("", TouchStatus.SENT, key=group, channel=Channel.GROUP, chat_id="wrA")
    for name in ("wm1", "wm2"):
        await past.customer(name)
        await past.put(
            GroupPlan(
                key=key(NAME, name),
                touch_key=group,
                external_userid=name,
                campaign_id=NAME,
                wave=0,
                planned_at=NOON,
            )
        )
    await past.buys("wm2", 2)
    found = await past.look_back()
    assert (found.whole.steps.targeted, found.whole.steps.delivered) == (2, 2)
    assert found.parts["group"].sales.buyers == 1


async def test_both_sides_are_everybody_drawn_and_counted_from_the_same_moment(past: Past) -> None:
    """Intention to treat: who was never reached belongs to the treated all the same."""
    for name, status in (("wm1", TouchStatus.SENT), ("wm2", TouchStatus.EXPIRED)):
        await past.customer(name)
        await past.touch(name, status)
    await past.customer("held", HELD_OUT)
    await past.touch("held", TouchStatus.REFUSED, "holdout")
    await past.buys("wm1", -24)
    await past.buys("wm1", 0.5)
    await past.buys("wm2", 10, paid=1000)
    await past.buys("wm2", 11, paid=1000, refunded=400)
    await past.buys("held", 5)
    await past.buys("held", 74)  # after the time of all: 3 days from the release on
    found = await past.look_back()
    treated, held_out = found.treated, found.held_out
    assert (treated.people, treated.buyers, treated.repeaters, treated.spent) == (2, 2, 2, 4600)
    assert treated.spent_squared == 3000**2 + 1600**2
    assert (held_out.people, held_out.buyers, held_out.repeaters, held_out.spent) == (1, 1, 0, 3000)
