"""The sweep: what was left lying is mended, and one broken thing does not keep the others waiting."""

from datetime import timedelta

import pytest
from temporalio.service import RPCError

from activities.courier import Parcel
from activities.upkeep import GRACE
from domain.customer import CustomerState
from domain.events import Event, EventKind
from domain.messages import ParkLife, SweepReport, SweepStart
from domain.step_messages import PlanTouch
from storage import inbound
from storage.lives import LONGEST_HISTORY
from storage.tables import Customer, Group, InboundEvent
from tests.activities.shop import START, Shop

pytestmark = pytest.mark.anyio


async def sweep(shop: Shop) -> SweepReport:
    return await shop.run(shop.activities.upkeep.sweep, SweepStart())


async def left(shop: Shop, subject: str, name: str = "event-1") -> None:
    """A fact was stored and the process died before it was delivered."""
    parcel = Parcel(event=Event(id=name, kind=EventKind.ORDER_PAID, at=START, order_id="O1"))
    async with shop.database.transaction() as session:
        await inbound.store(
            session,
            digest=name,
            source="pos",
            subject=subject,
            body=parcel.model_dump(mode="json"),
            now=shop.clock(),
        )


async def row(shop: Shop, event_id: int = 1) -> InboundEvent:
    async with shop.database.transaction() as session:
        return await session.get_one(InboundEvent, event_id)


def delivered(shop: Shop) -> list[tuple[str, str]]:
    return [(subject, parcel.event.id) for subject, parcel in shop.courier.sent if parcel.event]


# ---- facts


async def test_undelivered_facts_are_delivered_oldest_first_and_once(shop: Shop) -> None:
    await left(shop, "customer/wm1", "event-1")
    await left(shop, "customer/wm1", "event-2")
    shop.clock.forward(seconds=11)
    assert (await sweep(shop)).delivered == 2
    assert (await sweep(shop)).delivered == 0
    assert delivered(shop) == [("customer/wm1", "event-1"), ("customer/wm1", "event-2")]


async def test_what_is_younger_is_somebodys_work_in_progress(shop: Shop) -> None:
    await left(shop, "customer/wm1")
    shop.clock.forward(seconds=GRACE.total_seconds() - 1)
    assert (await sweep(shop)).delivered == 0


async def test_one_that_cannot_be_delivered_does_not_keep_the_others_waiting(shop: Shop) -> None:
    for number in (1, 2, 3):
        await left(shop, f"customer/wm{number}", f"event-{number}")
    shop.courier.broken_for.add("customer/wm2")
    shop.clock.forward(seconds=11)
    assert (await sweep(shop)).delivered == 2
    shop.courier.broken_for.clear()
    assert (await sweep(shop)).delivered == 1


async def test_a_fact_that_could_not_be_posted_is_not_lost(shop: Shop) -> None:
    shop.courier.broken_for.add("customer/wm1")
    parcel = Parcel(event=Event(id="event-1", kind=EventKind.WAKE, at=START))
    with pytest.raises(RPCError):
        await shop.courier.post("group", "customer/wm1", parcel)
    shop.courier.broken_for.clear()
    shop.clock.forward(seconds=11)
    assert (await sweep(shop)).delivered == 1


# ---- pushes for members whom nobody knew


async def known_to_wecom(shop: Shop) -> tuple[str, str]:
    """A customer whose unionid we know, and her member account, which is not linked to her yet."""
    she = await shop.friend()
    async with shop.database.transaction() as session:
        customer = await session.get_one(Customer, she)
        customer.unionid = shop.world.people.customer(she).unionid
    return she, await shop.member(she)


async def test_a_push_for_an_unknown_member_finds_her_customer(shop: Shop) -> None:
    she, member_id = await known_to_wecom(shop)
    await left(shop, f"member/{member_id}")
    shop.clock.forward(seconds=11)
    await sweep(shop)
    assert delivered(shop) == [(f"customer/{she}", "event-1")]
    assert (await shop.customer(she)).member_id == member_id


async def test_a_member_who_was_linked_meanwhile_costs_no_question(shop: Shop) -> None:
    she, member_id = await known_to_wecom(shop)
    async with shop.database.transaction() as session:
        (await session.get_one(Customer, she)).member_id = member_id
    await left(shop, f"member/{member_id}")
    shop.clock.forward(seconds=11)
    await sweep(shop)
    assert delivered(shop) == [(f"customer/{she}", "event-1")]
    assert shop.calls("GET pos/members") == 0


async def test_a_member_who_is_nobodys_customer_is_kept_and_not_asked_for_again(shop: Shop) -> None:
    member_id = await shop.member(await shop.newcomer())
    await left(shop, f"member/{member_id}")
    shop.clock.forward(seconds=11)
    await sweep(shop)
    await sweep(shop)
    assert shop.courier.sent == []
    assert shop.calls("GET pos/members") == 1
    assert (await row(shop)).subject == f"member/{member_id}"


async def test_a_till_that_is_down_stops_nothing_else_and_loses_nothing(shop: Shop) -> None:
    she, member_id = await known_to_wecom(shop)
    await left(shop, f"member/{member_id}", "event-1")
    for number in range(5):
        await left(shop, f"member/another-{number}", f"event-2-{number}")
    await left(shop, "customer/wm1", "event-3")
    batch_id = await planned(shop, she)
    shop.clock.forward(minutes=31)
    await shop.fault("pos/members", "http_500", times=3)
    report = await sweep(shop)
    assert (report.delivered, report.orphans) == (1, 1)
    assert delivered(shop) == [("customer/wm1", "event-3")]
    assert shop.courier.staff_tasks[-1] == batch_id
    assert shop.calls("GET pos/members") == 3, "a till that is down is not asked for all the others"
    await sweep(shop)
    assert (f"customer/{she}", "event-1") in delivered(shop)


async def test_one_member_whom_the_till_cannot_tell_holds_up_no_other(shop: Shop) -> None:
    she, member_id = await known_to_wecom(shop)
    await left(shop, "member/unreadable", "event-1")
    await left(shop, f"member/{member_id}", "event-2")
    shop.clock.forward(minutes=31)
    await shop.fault("pos/members", "http_500", times=1)
    await sweep(shop)
    assert delivered(shop) == [(f"customer/{she}", "event-2")]


# ---- batches and parked lives


async def planned(shop: Shop, customer: str) -> int:
    what = PlanTouch(key=f"{customer}/news", external_userid=customer, userid="li", text="上新")
    planned = await shop.run(shop.activities.touches.plan_touch, what)
    return planned.batch_id or 0


async def test_a_batch_that_nobody_flushed_gets_its_task(shop: Shop) -> None:
    batch_id = await planned(shop, await shop.friend())
    shop.courier.staff_tasks.clear()
    assert (await sweep(shop)).orphans == 0, "its window is still open"
    shop.clock.forward(minutes=31)
    assert (await sweep(shop)).orphans == 1
    assert shop.courier.staff_tasks == [batch_id]


async def test_a_parked_life_is_woken_when_it_is_due_and_once(shop: Shop) -> None:
    she = await shop.friend()
    state = CustomerState(external_userid=she, snapshots=1)
    due = shop.clock() + timedelta(days=30)
    await shop.run(shop.activities.lives.park_life, ParkLife(state=state, wake_at=due))
    assert (await sweep(shop)).woken == 0
    shop.clock.forward(days=30)
    assert (await sweep(shop)).woken == 1
    await sweep(shop)
    [wake] = shop.courier.events(EventKind.WAKE)
    assert wake.id == f"wake/{she}/{1 * LONGEST_HISTORY}"


# ---- pictures


async def test_pictures_are_renewed_after_two_and_a_half_days(shop: Shop) -> None:
    shop.clock.forward(days=2, hours=11)
    assert (await sweep(shop)).media == 0
    shop.clock.forward(hours=2)
    assert (await sweep(shop)).media == 2
    assert (await sweep(shop)).media == 0


async def test_a_dismissed_group_needs_no_picture(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        (await session.get_one(Group, shop.groups["S001"])).dismissed_at = shop.clock()
    shop.clock.forward(days=3)
    assert (await sweep(shop)).media == 1


@pytest.mark.parametrize("store", ["S001", "S002"])
async def test_a_group_whose_join_way_is_gone_does_not_keep_the_others_waiting(
    shop: Shop, store: str
) -> None:
    del shop.world.ways.join_ways[shop.join_ways[store]]
    shop.clock.forward(days=3)
    assert (await sweep(shop)).media == 1
