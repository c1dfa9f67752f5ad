"""A playbook that tags her and asks employees for something, in the whole corp."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from temporalio.service import RPCError, RPCStatusCode

from domain import addresses
from domain.policy import Policy
from domain.todos import DONE
from storage.tables import Todo
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

POLICY = Policy(default_playbook="small", window=timedelta(minutes=10))
GET = "externalcontact/get"
BOUGHT = {"when": {"orders": {"least": 1}}, "tag": "买过", "while_true": True}
STEPS = [
    {"tag": {"add": "新朋友"}},
    {"notify_staff": {"title": "跟{{ customer.nickname }}打个招呼", "text": "她刚加了您"}},
    {"wait": "10d"},
    {"tag": {"add": ["老朋友", "买过"], "remove": "新朋友"}},
    {"wait": "10d"},
]


async def _member(corp: Corp, nickname: str = "林晓晓") -> tuple[str, str]:
    she = await corp.newcomer(nickname)
    member_id = await corp.member(she)
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.join(she)
    await corp.until_stage(she, "joined")
    return she, member_id


async def _until_told(corp: Corp, she: str, reason: str) -> None:
    async def look() -> bool:
        return any(line.reason == reason for line in await corp.story(she))

    await corp.until(look)


async def _tags(corp: Corp, she: str) -> list[str]:
    return list((await corp.street.see(f"tags/{she}"))["li"])


def _tag_id(corp: Corp, name: str) -> str:
    tags = (tag for group in corp.world.tags.groups.values() for tag in group.tags)
    return next(tag.tag_id for tag in tags if tag.name == name)


async def _edit(corp: Corp, she: str, **edit: Any) -> None:
    await corp.do("edit_customer", userid="li", external_userid=she, **edit)


async def _buys(corp: Corp, member: str) -> None:
    await corp.do("till/orders", member_id=member, store_id="S002", amount_minor=500)


async def test_tags_by_steps_and_rules_leave_the_employees_hand_alone(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(nurture=STEPS, tags=[BOUGHT])], policy=POLICY) as corp:
        she, member = await _member(corp)
        await _until_told(corp, she, "set 新朋友")
        await _buys(corp, member)
        await _until_told(corp, she, "set 买过")
        await _edit(corp, she, remove_tag=[_tag_id(corp, "买过")])
        await _until_told(corp, she, "tags changed by hand: 1")
        await _buys(corp, member)
        await corp.sleep(days=10, minutes=1)
        await _until_told(
            corp, she, "set 老朋友; took off 新朋友; 买过 stays as it is: an employee took it off"
        )
        assert await _tags(corp, she) == ["望京店", "cashier", "老朋友"]


async def test_an_employee_hears_what_to_do_and_her_name_is_in_no_history(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(nurture=STEPS)], policy=POLICY) as corp:
        she, _ = await _member(corp)
        await corp.until_logged(she, "to-do planned")

        async def card() -> list[str]:
            inbox = await corp.street.see("employees/li/inbox")
            return [message["content"]["main_title"]["title"] for message in inbox]

        await corp.until(card, ["跟林晓晓打个招呼"])
        async with corp.database.transaction() as session:
            [todo] = (await session.exec(select(Todo))).all()
        for workflow_id in (addresses.customer_id(she), addresses.todo_workflow_id(todo.id)):
            assert "林晓晓" not in (await corp.history(workflow_id)).to_json()
        await corp.do("cards/tap", userid="li", task_id=addresses.card_task_id(todo.id, 1), key=DONE)

        async def settled() -> str:
            async with corp.database.transaction() as session:
                return (await session.get_one(Todo, todo.id)).status

        await corp.until(settled, "done")


async def test_a_burst_of_edits_reads_wecom_once_or_twice(corp_with: CorpWith) -> None:
    """The first edit is read at once; whatever comes while WeCom answers is read together."""
    async with corp_with(playbooks=[playbook(nurture=STEPS, tags=[BOUGHT])], policy=POLICY) as corp:
        she, _ = await _member(corp)
        await corp.until_logged(she, "to-do planned")
        await asyncio.sleep(0.3)
        asked = corp.world.traffic.counts[GET]
        await corp.street.do("faults", api=GET, kind="delay", seconds=1, times=1)
        for number in range(6):
            await _edit(corp, she, remark=f"晓晓{number}", add_tag=[_tag_id(corp, "cashier")])
        await _edit(corp, she, remove_tag=[_tag_id(corp, "cashier")])
        await _until_told(corp, she, "tags changed by hand: 1")
        assert 1 <= corp.world.traffic.counts[GET] - asked <= 2


async def test_edits_of_customers_whom_we_do_not_know_begin_no_life(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook()], policy=POLICY) as corp:
        stranger = await corp.newcomer()
        corp.world.config.callback_url, url = None, corp.world.config.callback_url
        await corp.do("add", userid="li", external_userid=stranger)
        corp.world.config.callback_url = url
        await _edit(corp, stranger, remark="老顾客")
        life = corp.env.client.get_workflow_handle(addresses.customer_id(stranger))
        with pytest.raises(RPCError) as nobody:
            await life.describe()
        assert nobody.value.status is RPCStatusCode.NOT_FOUND
