"""To-dos of employees through the whole stack: planned, sent as a card, tapped, put off, lapsed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from activities.composition import todo_planner
from domain import addresses
from domain.messages import SweepStart
from domain.todos import DONE, LATER, PER_MINUTE, Card, TodoKind
from storage.tables import Group, Todo
from tests.corp import Corp

pytestmark = pytest.mark.anyio


async def want(corp: Corp, occasion: str = "once", userid: str = "li") -> str:
    planner = todo_planner(corp.settings, corp.database, corp.env.client, corp.policy, corp.clock)
    card = Card(title="请给群设置入群欢迎语", lines=[("群名", "望京店群")])
    new = await planner.want(TodoKind.MESSAGE, f"employee/{userid}", occasion, userid, card)
    assert new
    return new


async def row(corp: Corp, todo_id: str) -> Todo:
    async with corp.database.transaction() as session:
        return await session.get_one(Todo, todo_id)


async def until_status(corp: Corp, todo_id: str, status: str) -> None:
    async def look() -> str:
        return (await row(corp, todo_id)).status

    await corp.until(look, status)


async def inbox(corp: Corp, userid: str = "li") -> list[dict[str, Any]]:
    return list(await corp.street.see(f"employees/{userid}/inbox"))


async def tap(corp: Corp, todo_id: str, key: str, attempt: int = 1) -> None:
    await corp.do("cards/tap", userid="li", task_id=addresses.card_task_id(todo_id, attempt), key=key)


async def test_a_card_with_buttons_reaches_the_employee_and_her_tap_settles_it(corp: Corp) -> None:
    todo_id = await want(corp)
    await until_status(corp, todo_id, "sent")
    [card] = await inbox(corp)
    assert card["content"]["main_title"]["title"] == "请给群设置入群欢迎语"
    assert [button["text"] for button in card["content"]["button_list"]] == ["已处理", "明天提醒我"]
    await tap(corp, todo_id, DONE)
    await until_status(corp, todo_id, "done")

    async def shown() -> bool:
        return "已处理" in str((await inbox(corp))[0]["updated"])

    await corp.until(shown)
    assert (await row(corp, todo_id)).reason == DONE


async def test_tomorrow_brings_one_more_card(corp: Corp) -> None:
    todo_id = await want(corp)
    await until_status(corp, todo_id, "sent")
    await tap(corp, todo_id, LATER)
    await until_status(corp, todo_id, "planned")
    await corp.sleep(days=1, minutes=1)
    await until_status(corp, todo_id, "sent")
    assert len(await inbox(corp)) == 2
    await tap(corp, todo_id, DONE, attempt=2)
    await until_status(corp, todo_id, "done")


async def test_an_untouched_card_lapses(corp: Corp) -> None:
    todo_id = await want(corp)
    await until_status(corp, todo_id, "sent")
    await corp.sleep(days=2, minutes=1)
    await until_status(corp, todo_id, "lapsed")


async def test_a_lost_answer_sends_no_second_card(corp: Corp) -> None:
    await corp.street.do("faults", api="message/send", kind="timeout_after", seconds=0, times=1)
    todo_id = await want(corp)
    await until_status(corp, todo_id, "sent")
    assert len(await inbox(corp)) == 1


async def test_thirty_at_once_are_paced_and_none_is_dropped(corp: Corp) -> None:
    ids = [await want(corp, f"occasion {n}") for n in range(PER_MINUTE + 5)]

    async def sent() -> int:
        return sum([(await row(corp, todo_id)).status == "sent" for todo_id in ids])

    await corp.until(sent, PER_MINUTE)
    await corp.sleep(minutes=1, seconds=5)
    await corp.until(sent, PER_MINUTE + 5)
    messages = await corp.street.see("messages")
    assert [message["dropped"] for message in messages] == [False] * (PER_MINUTE + 5)


async def test_an_employee_out_of_range_is_a_refusal_with_its_reason(corp: Corp) -> None:
    app = f"apps/{corp.settings.wecom_agent_id}"
    await corp.do(app, visible={"users": ["chen"], "departments": []})
    todo_id = await want(corp)
    await until_status(corp, todo_id, "refused")
    assert "81013" in (await row(corp, todo_id)).reason


async def test_a_misconfigured_app_keeps_the_card_until_an_admin_has_acted(corp: Corp) -> None:
    await corp.street.do("faults", api="message/send", kind="errcode", errcode=60020, times=2)
    todo_id = await want(corp)

    async def attempts() -> int:
        return int((await corp.street.see("calls"))["counts"].get("message/send", 0))

    await corp.until(attempts, 1)
    await corp.sleep(minutes=30)
    await until_status(corp, todo_id, "sent")
    assert await attempts() == 3


async def test_a_card_outlives_an_outage_of_many_hours_and_comes_once(corp: Corp) -> None:
    """Nothing has reached WeCom, so that nobody has to wonder whether it was sent."""
    await corp.street.do("faults", api="message/send", kind="errcode", errcode=-1, times=10_000)
    todo_id = await want(corp)
    await corp.sleep(hours=6)
    assert (await row(corp, todo_id)).status in ("planned", "claimed")
    await corp.street.delete("faults")
    await corp.sleep(minutes=30)
    await until_status(corp, todo_id, "sent")
    assert len(await inbox(corp)) == 1


async def test_a_refusal_after_a_lost_answer_is_no_proof(corp: Corp) -> None:
    await corp.street.do("faults", api="message/send", kind="timeout_after", seconds=0, times=1)
    await corp.street.do("faults", api="message/send", kind="errcode", errcode=-1, times=10_000)
    todo_id = await want(corp)
    await corp.sleep(hours=6)
    await corp.street.delete("faults")
    await until_status(corp, todo_id, "unknown")
    await corp.sleep(minutes=30)
    assert len(await inbox(corp)) == 1  # WeCom would not drop a repetition any more


async def test_a_pictures_last_day_is_that_of_its_store(corp: Corp) -> None:
    await corp.sleep(seconds=10)  # the new groups have been read
    exported = corp.clock().replace(hour=16, minute=0, second=0, microsecond=0) - timedelta(days=7)
    async with corp.database.transaction() as session:
        group = await session.get_one(Group, corp.groups["S002"])
        group.owner, group.join_config_id = "li", None
        group.hand_qr, group.hand_qr_exported_at = b"a picture", exported  # midnight in 北京
    await corp.activities.upkeep.sweep(SweepStart())
    async with corp.database.transaction() as session:
        [todo] = (await session.exec(select(Todo).where(Todo.kind == TodoKind.QR_EXPIRES))).all()
    last = (exported + timedelta(days=7)).date()  # that midnight begins the day after
    assert todo.card["lines"][1] == ["有效至", f"{last.month}月{last.day}日"]


async def test_the_owner_of_a_full_group_is_asked_once(corp: Corp) -> None:
    await corp.sleep(seconds=10)  # the new groups have been read
    async with corp.database.transaction() as session:
        group = await session.get_one(Group, corp.groups["S002"])
        group.members, group.owner, group.join_config_id = 200, "li", None

    async def titles() -> list[str]:
        return [card["content"]["main_title"]["title"] for card in await inbox(corp)]

    for _ in range(2):
        await corp.activities.upkeep.sweep(SweepStart())
    await corp.until(titles, ["门店群已满，请新建一个群"])
