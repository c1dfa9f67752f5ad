"""WeCom gives a customer's message to whoever chatted with her last, and people come and go meanwhile."""

from datetime import time
from typing import Any

import pytest
from sqlmodel import select
from temporalio.exceptions import ApplicationError

from domain.hours import QuietHours
from domain.messages import Arrive, TodoRef
from domain.playbook import ContentClass, TagStep, Way
from domain.step_messages import ChangeTags
from domain.task_messages import TaskRef
from storage import sla
from storage.sla import By, Sla
from storage.tables import Batch, Employee, Follow, Group, Store, Todo
from tests.activities.sending import cancel, close_window, create, expire, join, plan, poll
from tests.activities.shop import START, Shop

pytestmark = pytest.mark.anyio

BY_SENDER = pytest.mark.parametrize("sender_decides", [True, False])


async def friend_of_both(shop: Shop) -> str:
    """She added chen, then li; she chats with chen."""
    she = await shop.friend(state="S001-cashier")
    what = await shop.added(she, "S002-cashier")
    await arrived(shop, she, what)
    await shop.street.do("chat", userid="chen", external_userid=she)
    return she


async def arrived(shop: Shop, she: str, what: Any) -> None:
    await shop.run(shop.activities.lives.arrive, Arrive(external_userid=she, event=what.event))


async def tasked(shop: Shop, *customers: str, userid: str = "li", **more: Any) -> TaskRef:
    """WeCom holds the task, and we have asked once how it stands."""
    planned = [await plan(shop, she, Way.PRIVATE, userid=userid, **more) for she in customers]
    [batch_id] = {one.batch_id for one in planned}
    task = await close_window(shop, batch_id)
    await create(shop, task)
    shop.clock.forward(seconds=3)
    with pytest.raises(ApplicationError, match="wait for the employee"):
        await poll(shop, task)
    return task


async def confirm(shop: Shop, userid: str) -> None:
    for task in await shop.street.see("tasks"):
        if any(part["userid"] == userid and part["status"] == 0 for part in task["parts"]):
            await shop.street.do("tasks/confirm", msgid=task["msgid"], userid=userid)


async def todos(shop: Shop) -> dict[str, Todo]:
    """The cards by who gets them."""
    async with shop.database.transaction() as session:
        return {todo.userid: todo for todo in (await session.exec(select(Todo))).all()}


async def batch(shop: Shop, task: TaskRef) -> Batch:
    async with shop.database.transaction() as session:
        return await session.get_one(Batch, task.batch_id)


async def figures(shop: Shop, by: By) -> dict[str | None, Sla]:
    async with shop.database.transaction() as session:
        return {one.id: one for one in await sla.sla(session, by, START, shop.clock())}


@BY_SENDER
async def test_a_task_is_settled_by_whoever_holds_it(shop: Shop, sender_decides: bool) -> None:
    shop.world.config.mass_sender_decides = sender_decides
    both, only = await friend_of_both(shop), await shop.friend()
    task = await tasked(shop, both, only)
    holder = "li" if sender_decides else "chen"
    touches = [await shop.touch(f"{she}/news") for she in (both, only)]
    assert [touch.holder for touch in touches] == [holder, "li"], "known before anybody has confirmed"
    assert (await shop.customer(both)).talks_to == (None if sender_decides else "chen")
    shop.clock.forward(minutes=20)
    await confirm(shop, "li")
    if not sender_decides:
        with pytest.raises(ApplicationError, match="1 recipients wait"):
            await poll(shop, task)
        await confirm(shop, "chen")
    at = shop.clock.now.replace(microsecond=0)
    shop.clock.forward(minutes=40)
    assert (await poll(shop, task)).open == 0
    touches = [await shop.touch(f"{she}/news") for she in (both, only)]
    assert [(str(touch.status), touch.sent_at) for touch in touches] == [("sent", at)] * 2, "by WeCom's clock"


async def test_the_next_message_goes_by_the_employee_whom_she_talks_to(shop: Shop) -> None:
    shop.world.config.mass_sender_decides = False
    she = await friend_of_both(shop)
    await tasked(shop, she)
    await confirm(shop, "chen")
    planned = await plan(shop, she, Way.PRIVATE, key=f"{she}/next")
    assert (await shop.touch(f"{she}/next")).userid == "chen"
    async with shop.database.transaction() as session:
        lost = await session.get_one(Follow, ("chen", she))
        lost.lost_at = shop.clock()
    assert planned.batch_id
    await plan(shop, she, Way.PRIVATE, key=f"{she}/third")
    assert (await shop.touch(f"{she}/third")).userid == "li"


async def test_the_results_of_the_unsent_are_read_only_until_their_holders_are_known(shop: Shop) -> None:
    task = await tasked(shop, await shop.friend())
    before = shop.calls("externalcontact/get_groupmsg_send_result")
    with pytest.raises(ApplicationError, match="wait for the employee"):
        await poll(shop, task)
    assert shop.calls("externalcontact/get_groupmsg_send_result") == before


async def test_the_card_goes_to_the_holder_with_a_link_and_once_a_day(shop: Shop) -> None:
    shop.world.config.mass_sender_decides = False
    task = await tasked(shop, await friend_of_both(shop))
    assert (await shop.run(shop.activities.follow_ups.tell_employee, task)).userids == ["chen"]
    cards = await todos(shop)
    assert list(cards) == ["chen"]
    card = cards["chen"].card
    assert card["title"] == "有消息等您确认发送"
    assert card["text"].startswith("1 条消息（1 位顾客）还没有发出。")
    assert card["url"].startswith("https://j.example.com/t/")
    assert (await batch(shop, task)).told_at is not None
    other = await tasked(shop, await shop.friend(state="S001-cashier"), userid="chen", text="第二条")
    await shop.run(shop.activities.follow_ups.tell_employee, other)
    assert len(await todos(shop)) == 1, "the card that she has shows both"


async def test_groups_and_moments_are_told_of_as_well(shop: Shop) -> None:
    """Moments have no reminder at WeCom: for them the card is all there is."""
    she = await shop.friend()
    await join(shop, she)
    for way, more in ((Way.GROUP, {}), (Way.MOMENTS, {"tag": "KOC"})):
        if way is Way.MOMENTS:
            tags = ChangeTags(key="tags", external_userid=she, tags=TagStep(add=["KOC"]))
            await shop.run(shop.activities.tagging.change_tags, tags)
        planned = await plan(shop, she, way, key=f"{she}/{way}", kind=ContentClass.SERVICE, **more)
        task = await close_window(shop, planned.batch_id)
        await create(shop, task)
    reminded = await shop.run(shop.activities.staff_tasks.remind_task, task)
    assert reminded.reason == "WeCom has no reminder for Moments"
    await shop.run(shop.activities.follow_ups.tell_employee, task)
    assert (await todos(shop))["li"].card["text"].startswith("2 条消息（1 个群、1 位朋友圈顾客）还没有发出。")


async def test_a_card_waits_for_the_end_of_quiet_hours(shop: Shop) -> None:
    task = await tasked(shop, await shop.friend())
    shop.policy.quiet_hours = QuietHours(start=time(11), end=time(18))
    await shop.run(shop.activities.follow_ups.tell_employee, task)
    card = (await todos(shop))["li"]
    assert card.due_at == START.replace(hour=10), "18:00 in Shanghai"


async def test_one_card_a_day_for_the_manager_of_a_store(shop: Shop) -> None:
    await shop.put(Employee(userid="boss", name="店长", store_id="S002"))
    await shop.put(Employee(userid="wu", name="吴敏", store_id="S002"))
    async with shop.database.transaction() as session:
        (await session.get_one(Store, "S002")).manager = "boss"
    one = await tasked(shop, await shop.friend())
    two = await tasked(shop, await shop.friend(), text="第二条")
    for task in (one, two):
        assert (await shop.run(shop.activities.follow_ups.tell_manager, task)).userids == ["boss"]
    cards = await todos(shop)
    assert list(cards) == ["boss"]
    assert cards["boss"].card["lines"] == [["员工", "李薇"]]
    told = await batch(shop, two)
    assert (told.escalated_to, told.escalated_at is not None) == ("boss", True)
    assert (await figures(shop, By.STORE))["S002"].escalated == 2


async def test_a_store_without_a_manager_is_on_record(shop: Shop) -> None:
    task = await tasked(shop, await shop.friend())
    assert (await shop.run(shop.activities.follow_ups.tell_manager, task)).userids == []
    assert await todos(shop) == {}
    figure = (await figures(shop, By.STORE))["S002"]
    assert (figure.escalated, figure.no_manager) == (0, 1)


async def test_a_card_that_waits_for_the_morning_is_dropped_when_all_is_confirmed(shop: Shop) -> None:
    task = await tasked(shop, await shop.friend())
    await shop.run(shop.activities.follow_ups.tell_employee, task)
    await confirm(shop, "li")
    await poll(shop, task)
    card = (await todos(shop))["li"]
    state = await shop.run(shop.activities.todos.send_todo, TodoRef(todo_id=card.id))
    assert (state.status, state.reason) == ("lapsed", "all is confirmed")


async def test_sla_counts_shares_of_tasks_and_the_time_to_the_tap(shop: Shop) -> None:
    confirmed = await tasked(shop, await shop.friend(), await shop.friend())
    shop.clock.forward(minutes=10)
    await confirm(shop, "li")
    await poll(shop, confirmed)
    late = await tasked(shop, await shop.friend(), text="第二条")
    await shop.run(shop.activities.staff_tasks.remind_task, late)
    await expire(shop, late)
    await tasked(shop, await shop.friend(state="S001-cashier"), userid="chen")
    by_employee = await figures(shop, By.EMPLOYEE)
    li, chen = by_employee["li"], by_employee["chen"]
    assert (li.tasks, li.customers, li.open, li.confirmed, li.confirmed_percent) == (2, 3, 0, 1, 50.0)
    assert (li.reminded, li.expired, li.backfilled) == (1, 1, 0)
    assert li.median == pytest.approx(603, abs=3)
    assert (chen.tasks, chen.open, chen.confirmed_percent, chen.median) == (1, 1, None, None)
    assert {one.tasks for one in (await figures(shop, By.REGION)).values()} == {3}


@BY_SENDER
async def test_what_an_employee_who_has_left_holds_goes_by_another_friend(
    shop: Shop, sender_decides: bool
) -> None:
    shop.world.config.mass_sender_decides = sender_decides
    both, only = await friend_of_both(shop), await shop.friend()
    task = await tasked(shop, both, only)
    async with shop.database.transaction() as session:
        (await session.get_one(Employee, "li")).active = False
    state = await poll(shop, task)
    assert (state.open, state.stranded) == (2, 2 if sender_decides else 1)
    await cancel(shop, task)
    left = await shop.run(shop.activities.staff_tasks.reassign_task, task)
    moved = await shop.touch(f"{both}/news")
    if sender_decides:
        assert (str(moved.status), moved.userid, moved.holder) == ("planned", "chen", None)
        assert moved.batch_id in shop.courier.staff_tasks
    lost = await shop.touch(f"{only}/news")
    assert (str(lost.status), lost.rule) == ("not_friend", "employee_gone")
    assert left.open == (0 if sender_decides else 1)


async def test_who_parted_with_her_employee_gets_it_from_another_friend(shop: Shop) -> None:
    both, only = await friend_of_both(shop), await shop.friend()
    task = await tasked(shop, both, only)
    async with shop.database.transaction() as session:
        (await session.get_one(Follow, ("li", both))).lost_at = shop.clock()
        (await session.get_one(Follow, ("li", only))).lost_at = shop.clock()
    state = await poll(shop, task)
    assert (state.open, state.stranded) == (2, 1), "WeCom itself will say that the other is no friend"
    await cancel(shop, task)
    assert (await shop.run(shop.activities.staff_tasks.reassign_task, task)).open == 1
    again = await shop.touch(f"{both}/news")
    assert (str(again.status), again.userid) == ("planned", "chen")
    next_task = await close_window(shop, again.batch_id)
    await create(shop, next_task)
    await confirm(shop, "chen")
    shop.clock.forward(seconds=3)
    await poll(shop, next_task)
    assert str((await shop.touch(f"{both}/news")).status) == "sent"


async def test_a_groups_message_goes_by_its_new_owner(shop: Shop) -> None:
    she = await shop.friend()
    await join(shop, she)
    planned = await plan(shop, she, Way.GROUP)
    task = await close_window(shop, planned.batch_id)
    await create(shop, task)
    shop.clock.forward(seconds=3)
    async with shop.database.transaction() as session:
        (await session.get_one(Employee, "li")).active = False
        (await session.get_one(Group, shop.groups["S002"])).owner = "chen"
    assert (await poll(shop, task)).stranded == 1
    await cancel(shop, task)
    assert (await shop.run(shop.activities.staff_tasks.reassign_task, task)).open == 0
    [moved] = await shop.touches("")
    assert (str(moved.status), moved.userid) == ("planned", "chen")
