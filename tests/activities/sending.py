"""What tests of tasks have in common: plan a message by some way, close its window, let it be created."""

from typing import Any

from domain.messages import RefreshGroup
from domain.playbook import TagStep, Way
from domain.step_messages import ChangeTags, PlannedTouch, PlanTouch
from domain.task_messages import FinishTask, FlushBatch, TaskRef, TaskState
from domain.touches import TouchStatus
from storage.tables import Group
from tests.activities.shop import Shop

TEXT = "本周新品上架，欢迎来坐坐。"


class Killed(BaseException):
    """The process dies: nothing of ours catches this."""


async def killed(*_: object, **__: object) -> None:
    raise Killed


async def plan(shop: Shop, customer: str, *ways: Way, userid: str | None = "li", **more: Any) -> PlannedTouch:
    fields = {"key": f"{customer}/news", "text": TEXT, "ways": list(ways)} | more
    what = PlanTouch(external_userid=customer, userid=userid, **fields)
    return await shop.run(shop.activities.touches.plan_touch, what)


async def close_window(shop: Shop, batch_id: int | None) -> TaskRef:
    """Policy decides; `claimed` of the answer is not looked at."""
    assert batch_id is not None
    shop.clock.forward(minutes=31)
    await shop.run(shop.activities.staff_tasks.flush_batch, FlushBatch(batch_id=batch_id))
    return TaskRef(batch_id=batch_id)


async def create(shop: Shop, task: TaskRef) -> TaskState:
    return await shop.run(shop.activities.staff_tasks.create_task, task)


async def poll(shop: Shop, task: TaskRef) -> TaskState:
    return await shop.run(shop.activities.staff_tasks.poll_task, task)


async def cancel(shop: Shop, task: TaskRef) -> TaskState:
    return await shop.run(shop.activities.staff_tasks.cancel_task, task)


async def expire(shop: Shop, task: TaskRef) -> TaskState:
    """What the workflow does when nobody confirmed in time."""
    await cancel(shop, task)
    what = FinishTask(
        batch_id=task.batch_id,
        status=TouchStatus.EXPIRED,
        rule="unconfirmed",
        reason="the employee did not confirm in time",
    )
    return await shop.run(shop.activities.staff_tasks.finish_task, what)


async def join(shop: Shop, customer: str, store: str = "S002") -> None:
    """She joins the store's group, and we have read it."""
    await shop.street.do("join", external_userid=customer, config_id=shop.join_ways[store])
    await read_group(shop, store)


async def read_group(shop: Shop, store: str = "S002") -> None:
    what = RefreshGroup(chat_id=shop.groups[store], at=shop.clock())
    await shop.run(shop.activities.groups.refresh_group, what, attempt=2)


async def group(shop: Shop, store: str = "S002", **changed: Any) -> Group:
    """The group's row, with some fields changed."""
    async with shop.database.transaction() as session:
        row = await session.get_one(Group, shop.groups[store])
        for name, value in changed.items():
            setattr(row, name, value)
        session.add(row)
    return row


async def tagged(shop: Shop, *tags: str, nickname: str = "小满") -> str:
    """A friend of li with some tags."""
    she = await shop.friend(nickname)
    what = ChangeTags(key=f"{she}/tags", external_userid=she, tags=TagStep(add=list(tags)))
    await shop.run(shop.activities.tagging.change_tags, what)
    return she
