"""To-dos about a customer: who gets them, and her name on the card and nowhere else."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from activities.notices import by_hand
from activities.todo_planner import TodoPlanner
from domain import todos
from domain.events import EventKind
from domain.hours import QuietHours
from domain.messages import CloseTodo, TodoRef, TodoState
from domain.playbook import NotifyStaff, Way
from domain.rooms import JoinRules
from domain.step_messages import Notified, Notify, PlanTouch
from domain.touches import Channel, TouchStatus
from storage.tables import Employee, Store, Todo, Touch
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

FIRST_CARD = "{{ customer.nickname }} 生日快到了"


async def notify(
    shop: Shop, she: str, *, userid: str | None = "li", key: str = "k", **notice: Any
) -> Notified:
    what = Notify(
        key=key,
        external_userid=she,
        userid=userid,
        notice=NotifyStaff.model_validate({"title": FIRST_CARD} | notice),
        benefit="立减 5 元",
    )
    return await shop.run(shop.activities.notices.notify_staff, what)


async def rows(shop: Shop) -> list[Todo]:
    async with shop.database.transaction() as session:
        return list((await session.exec(select(Todo).order_by(Todo.id))).all())


async def send(shop: Shop) -> TodoState:
    [todo] = await rows(shop)
    return await shop.run(shop.activities.todos.send_todo, TodoRef(todo_id=todo.id))


async def close(shop: Shop, answer: str | None) -> TodoState:
    [todo] = await rows(shop)
    return await shop.run(shop.activities.todos.close_todo, CloseTodo(todo_id=todo.id, answer=answer))


async def card(shop: Shop, userid: str = "li") -> dict[str, Any]:
    [message] = await shop.street.see(f"employees/{userid}/inbox")
    return dict(message["content"])


async def test_her_name_is_on_the_card_and_nowhere_else(shop: Shop) -> None:
    she = await shop.friend("林晓晓")
    text = (
        "{{ employee.name }}，请为 {{ customer.nickname }} 准备{{ benefit }}（{{ store.name }}，{{ date }}）"
    )
    assert await notify(shop, she, text=text) == Notified(told=True, reason="for li")
    [todo] = await rows(shop)
    assert (todo.userid, todo.kind, todo.external_userid) == ("li", "customer", she)
    assert (await send(shop)).status == "sent"
    shown = await card(shop)
    assert shown["main_title"] == {
        "title": "林晓晓 生日快到了",
        "desc": "李薇，请为 林晓晓 准备立减 5 元（望京店，2026年3月2日）",
    }
    assert [(one["keyname"], one["value"]) for one in shown["horizontal_content_list"]] == [
        ("顾客", "林晓晓"),
        ("门店", "望京店"),
    ]
    [todo] = await rows(shop)
    assert "林晓晓" not in todo.model_dump_json()


async def test_the_same_need_is_one_todo(shop: Shop) -> None:
    she = await shop.friend()
    assert (await notify(shop, she)).told
    assert (await notify(shop, she)).told
    assert (await notify(shop, she, key="another visit")).told
    assert len(await rows(shop)) == len(shop.courier.todos) == 2


async def test_the_name_that_the_employee_gave_her_helps_to_find_her(shop: Shop) -> None:
    she = await shop.friend("满")
    await shop.street.do("edit_customer", userid="li", external_userid=she, remark="满姐（周五来）")
    await notify(shop, she)
    await send(shop)
    shown = await card(shop)
    assert shown["main_title"]["title"] == "满 生日快到了"
    assert shown["horizontal_content_list"][0]["value"] == "满姐（周五来）"


async def test_the_manager_of_her_store_is_told(shop: Shop) -> None:
    she = await shop.friend("小满")
    await shop.put(Store(id="S002", name="望京店", region_id="bj", manager="chen"))
    assert await notify(shop, she, to="manager") == Notified(told=True, reason="for chen")
    await send(shop)
    assert (await card(shop, "chen"))["main_title"]["title"] == "小满 生日快到了"


async def test_why_nobody_is_told_is_said(shop: Shop) -> None:
    she = await shop.friend()
    no_manager = await notify(shop, she, to="manager")
    assert no_manager.reason == "the store has no manager: stores import has the column manager"
    assert (await notify(shop, she, userid=None)).reason == "no employee of ours is her friend"
    stranger = await shop.newcomer()
    assert (await notify(shop, stranger, to="manager")).reason == "she has no store, so no manager"
    await shop.put(Employee(userid="li", name="李薇", store_id="S002", active=False))
    assert (await notify(shop, she)).reason == "li has left"
    assert await rows(shop) == []


async def test_a_name_that_wecom_does_not_tell_is_put_in_other_words(shop: Shop) -> None:
    she = await shop.friend("小满")
    await notify(shop, she)
    await shop.street.do("delete", external_userid=she, userid="li", by="employee")
    await send(shop)
    shown = await card(shop)
    assert shown["main_title"]["title"] == "顾客 生日快到了"


async def test_long_names_are_cut_so_that_the_card_fits(shop: Shop) -> None:
    she = await shop.friend("一个非常非常非常非常长的微信昵称")
    await notify(shop, she, text="{{ customer.nickname }}")
    await send(shop)
    assert (await card(shop))["main_title"]["title"] == "一个非常非常非常非常长… 生日快到了"


async def test_a_card_waits_for_the_end_of_the_quiet_hours(shop: Shop) -> None:
    she = await shop.friend()
    shop.policy.quiet_hours = QuietHours.model_validate({"start": "11:00", "end": "13:00"})
    await notify(shop, she)
    [(_, delay)] = shop.courier.todos
    assert timedelta(minutes=59) < delay <= timedelta(hours=1)


async def test_a_text_that_cannot_be_filled_in_is_refused_and_not_tried_for_ever(shop: Shop) -> None:
    she = await shop.friend()
    await notify(shop, she, title="{{ customer.phone }}")
    assert (await send(shop)).status == "refused"


# ---- the way `staff`: the employee writes the message herself


async def plan_by_hand(shop: Shop, she: str, *, notify: bool = True) -> None:
    touch = Touch(
        key="t1",
        external_userid=she,
        userid="li",
        channel=Channel.STAFF,
        status=TouchStatus.CLAIMED,
        notify=notify,
        planned_at=shop.clock(),
    )
    await shop.put(touch)
    what = PlanTouch(
        key="t1", external_userid=she, userid="li", text="{{ store.name }}上新", ways=[Way.STAFF]
    )
    planner = TodoPlanner(shop.database, shop.policy, shop.courier, shop.clock, JoinRules())
    await by_hand(planner, what, "li")


async def outcome(shop: Shop) -> tuple[str, list[str | None]]:
    """How the message stands, and what her life was told."""
    touch = await shop.touch("t1")
    return touch.status, [e.outcome for e in shop.courier.events(EventKind.TOUCH_SETTLED)]


async def test_a_message_by_hand_is_sent_when_the_employee_says_so(shop: Shop) -> None:
    she = await shop.friend("小满")
    await plan_by_hand(shop, she)
    await send(shop)
    assert await outcome(shop) == ("tasked", [])
    assert (await card(shop))["main_title"] == {"title": "请发消息给小满", "desc": "望京店上新"}
    await close(shop, todos.DONE)
    assert await outcome(shop) == ("sent", ["sent"])
    assert (await shop.touch("t1")).settled_at is not None
    await close(shop, todos.DONE)
    assert await outcome(shop) == ("sent", ["sent"]), "told once"


async def test_put_off_until_tomorrow_it_is_still_on_its_way(shop: Shop) -> None:
    await plan_by_hand(shop, await shop.friend())
    await send(shop)
    await close(shop, todos.LATER)
    assert await outcome(shop) == ("tasked", [])


async def test_a_message_by_hand_that_nobody_wrote_has_expired(shop: Shop) -> None:
    await plan_by_hand(shop, await shop.friend())
    await send(shop)
    await close(shop, None)
    assert await outcome(shop) == ("expired", ["expired"])


async def test_a_card_that_wecom_refuses_ends_the_message(shop: Shop) -> None:
    await plan_by_hand(shop, await shop.friend())
    await shop.fault("message/send", "errcode", errcode=81013)
    assert (await send(shop)).status == "refused"
    assert await outcome(shop) == ("cancelled", ["cancelled"])


async def test_nobody_is_told_who_does_not_wait(shop: Shop) -> None:
    await plan_by_hand(shop, await shop.friend(), notify=False)
    await send(shop)
    await close(shop, todos.DONE)
    assert await outcome(shop) == ("sent", [])


async def test_a_message_that_was_stopped_needs_no_card(shop: Shop) -> None:
    await plan_by_hand(shop, await shop.friend())
    async with shop.database.transaction() as session:
        (await session.get_one(Touch, "t1")).status = TouchStatus.CANCELLED
    state = await send(shop)
    assert (state.status, state.reason) == ("lapsed", "the message was stopped")
    assert await shop.street.see("employees/li/inbox") == []


async def test_a_message_stopped_after_its_card_keeps_its_outcome(shop: Shop) -> None:
    await plan_by_hand(shop, await shop.friend())
    await send(shop)
    async with shop.database.transaction() as session:
        (await session.get_one(Touch, "t1")).status = TouchStatus.CANCELLED
    await close(shop, todos.DONE)
    assert (await shop.touch("t1")).status == TouchStatus.CANCELLED
