"""Handing a campaign over to WeCom: no task too many, and nothing once there is a reason to stop."""

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from domain.campaign_messages import GivenOrder, Order, OrderKind, StopRest, WaveEnd, WaveRef
from domain.days import local_day
from domain.messages import SweepStart
from domain.overstock import Lot
from storage import ledger, stocks
from tests.activities.campaigning import carried, carried_on, progress, tasks_of_window, written_down
from tests.activities.sending import Killed, close_window, killed, poll
from tests.activities.shop import Shop
from tests.workflows.campaigns import campaign

pytestmark = pytest.mark.anyio

CREATE = "externalcontact/add_msg_template"


async def ordered(shop: Shop, wave: WaveRef, kind: OrderKind) -> None:
    order = Order(id=kind, kind=kind, by="sun", reason="test")
    what = GivenOrder(campaign_id=wave.campaign_id, order=order)
    await shop.run(shop.activities.campaigns.obey_order, what)


async def test_so_many_of_one_employee_cost_as_few_tasks_as_wecom_allows(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """⌈n/limit⌉ for each employee, and each customer in exactly one of them."""
    monkeypatch.setattr(ledger, "RECIPIENTS_PER_TASK", 3)
    friends = [await shop.friend() for _ in range(7)] + [await shop.friend(state="S001-cashier")]
    wave = await written_down(shop, campaign())
    await carried_on(shop, wave)
    made = []
    while shop.courier.staff_tasks:
        made += await tasks_of_window(shop)
    assert shop.calls(CREATE) == 3 + 1
    assert (await progress(shop, wave)).tasked == 8
    await shop.street.confirm_all_tasks()
    for task in made:
        await poll(shop, task)
    assert (await carried(shop, wave)).end is WaveEnd.SETTLED
    for she in friends:
        assert [m["text"] for m in await shop.received(she)] == ["week，欢迎"]


async def test_what_is_sold_out_already_is_handed_to_nobody(shop: Shop) -> None:
    await shop.friend()
    target = {"store": "S002", "product": ["6001"], "down_to": 5}
    wave = await written_down(shop, campaign(stock=target))
    today = local_day(shop.clock(), "Asia/Shanghai")
    async with shop.database.transaction() as session:
        lot = Lot("6001", "西瓜", today, 2)
        await stocks.save(session, "S002", ["6001"], [lot], today=today, now=shop.clock())
    watched = await carried(shop, wave)
    assert (watched.end, watched.reason) == (WaveEnd.STOCK, "2 left at S002, wanted at most 5")
    assert shop.courier.staff_tasks == []
    assert (await progress(shop, wave)).released == 0


async def test_no_more_is_handed_over_once_too_much_has_failed(shop: Shop) -> None:
    for state in ("S001-cashier", "S002-cashier"):
        await shop.friend(state=state)
    pace = {"customers": 1, "per": "1h"}
    wave = await written_down(shop, campaign(pace=pace, pause_at={"share": 20, "at_least": 1}))
    await carried_on(shop, wave)
    [task] = await tasks_of_window(shop)
    [of_first] = await shop.street.see("tasks")
    [part] = of_first["parts"]
    [she] = part["recipients"]
    await shop.street.do("delete", userid=part["userid"], external_userid=she, by="customer")
    await shop.street.confirm_all_tasks()
    await poll(shop, task)
    shop.clock.now += timedelta(hours=1)  # the pace would allow the next one
    assert (await carried(shop, wave)).end is WaveEnd.FAILURES
    assert shop.courier.staff_tasks == []


async def test_a_window_that_ends_while_it_is_paused_closes_when_it_goes_on(shop: Shop) -> None:
    """What waited for the morning is not sent then, if the campaign was paused in the evening."""
    she = await shop.friend()
    wave = await written_down(shop, campaign())
    await carried_on(shop, wave)
    [batch_id] = shop.courier.staff_tasks
    await ordered(shop, wave, OrderKind.PAUSE)
    for _ in range(2):
        with pytest.raises(ApplicationError, match="its campaign is paused"):
            await close_window(shop, batch_id)
    assert (await carried(shop, wave)).end is WaveEnd.STOPPED
    await ordered(shop, wave, OrderKind.RESUME)
    await tasks_of_window(shop)
    await shop.street.confirm_all_tasks()
    assert [m["text"] for m in await shop.received(she)] == ["week，欢迎"]


async def test_killed_between_the_hand_over_and_its_task_the_sweep_starts_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.friend()
    wave = await written_down(shop, campaign())
    with monkeypatch.context() as dying:
        dying.setattr(shop.courier, "start_staff_task", killed)
        with pytest.raises(Killed):
            await carried(shop, wave)
    await carried_on(shop, wave)
    assert shop.courier.staff_tasks == []
    shop.clock.forward(minutes=35)
    await shop.run(shop.activities.upkeep.sweep, SweepStart())
    assert len(await tasks_of_window(shop)) == 1
    assert shop.calls(CREATE) == 1


async def test_cancelled_while_it_is_paused_nobody_is_sent_what_was_waiting(shop: Shop) -> None:
    she = await shop.friend()
    wave = await written_down(shop, campaign())
    await carried_on(shop, wave)
    await ordered(shop, wave, OrderKind.PAUSE)
    await ordered(shop, wave, OrderKind.CANCEL)
    rest = StopRest(campaign_id=wave.campaign_id, rule="campaign_cancelled", reason="by sun: test")
    assert (await shop.run(shop.activities.campaigns.stop_rest, rest)).batches == 1
    await tasks_of_window(shop)
    assert shop.calls(CREATE) == 0
    [touch] = await shop.touches(she)
    assert (touch.status, touch.rule, touch.reason) == ("cancelled", "campaign_cancelled", "by sun: test")
