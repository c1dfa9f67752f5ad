"""An unconfirmed task from the first reminder to the Moments of whom it missed, in skipped time."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from domain import addresses
from domain.backfilling import TAG_GROUP
from domain.customer import CommandKind
from domain.hours import QuietHours
from domain.policy import Policy, StaffTaskRhythm
from storage.tables import Batch, Employee, Store, TemporaryTag, Touch
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook
from tests.workflows.test_costs import cost

pytestmark = pytest.mark.anyio

ALL_STAGES_EVENTS = 90
AGAIN = "没来得及告诉您：新品上架"
POLICY = Policy(
    default_playbook="small",
    window=timedelta(minutes=10),
    staff_task=StaffTaskRhythm(
        poll_every=timedelta(minutes=10),
        remind_after=[timedelta(hours=2), timedelta(hours=6)],
        todo_after=timedelta(hours=4),
        escalate_after=timedelta(hours=8),
        expire_after=timedelta(hours=12),
    ),
)
ONE_MESSAGE = playbook(nurture=[{"send": {"text": "新品上架", "missed": {"text": AGAIN}}}])


async def friend_with_a_task(corp: Corp) -> Touch:
    """WeCom holds a message to her, which li has not confirmed."""
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.join(she)
    await corp.until_logged(she, "message of small planned")
    await corp.sleep(minutes=11)
    [touch] = await corp.touches(she)
    return touch


async def manager(corp: Corp) -> None:
    await corp.street.do("employees", userid="boss", name="店长")
    async with corp.database.transaction() as session:
        session.add(Employee(userid="boss", name="店长", store_id="S002"))
        (await session.get_one(Store, "S002")).manager = "boss"


async def cards(corp: Corp, userid: str) -> list[str]:
    return [
        card["content"]["main_title"]["title"] for card in await corp.street.see(f"employees/{userid}/inbox")
    ]


async def status(corp: Corp, touch: Touch) -> str:
    async with corp.database.transaction() as session:
        return str((await session.get_one(Touch, touch.key)).status)


async def backfills(corp: Corp) -> list[Batch]:
    async with corp.database.transaction() as session:
        query = select(Batch).where(col(Batch.backfill_of).is_not(None))
        return list((await session.exec(query)).all())


async def tags(corp: Corp) -> list[str]:
    async with corp.database.transaction() as session:
        return [row.status for row in (await session.exec(select(TemporaryTag))).all()]


async def wearers(corp: Corp) -> int:
    """How many pairs have a temporary tag at WeCom."""
    groups = [group for group in await corp.client.get_corp_tags() if group.group_name == TAG_GROUP]
    ours = {tag.id for group in groups for tag in group.tag}
    return sum(bool(ours & set(one.tag_ids)) for one in corp.world.people.relations())


async def test_m52_every_stage_of_a_task_that_nobody_confirms(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        await manager(corp)
        touch = await friend_with_a_task(corp)
        await corp.sleep(hours=5)
        assert (await cards(corp, "li"), await cards(corp, "boss")) == (["有消息等您确认发送"], [])
        await corp.sleep(hours=4)
        assert await cards(corp, "boss") == ["门店有消息没有发出"]
        [task] = await corp.street.see("tasks")
        assert (task["reminded"], task["cancelled"]) == (2, False)
        await corp.sleep(hours=4)
        [task] = await corp.street.see("tasks")
        assert task["cancelled"]
        await corp.until(lambda: status(corp, touch), "expired")
        events, size, _ = await cost(corp, addresses.staff_task_id(touch.batch_id or 0))
        print(f"\na task with every stage: {events} events, {size} bytes")
        assert events <= ALL_STAGES_EVENTS

        [batch] = await backfills(corp)
        await corp.sleep(minutes=30)
        assert (await tags(corp), await wearers(corp)) == (["marked"], 1)
        assert await corp.street.publish_all_moments() == 1
        await corp.sleep(minutes=30)
        await corp.until(lambda: tags(corp), ["removed"])
        assert await wearers(corp) == 0
        assert [m["text"] for m in await corp.received(touch.external_userid)][-1] == AGAIN
        [shown] = await corp.touches(touch.external_userid, "moments")
        assert (shown.key, str(shown.status), shown.batch_id) == (f"{touch.key}/missed", "sent", batch.id)


async def test_m52_the_tag_comes_off_when_nobody_publishes_either(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        touch = await friend_with_a_task(corp)
        await corp.sleep(hours=13)
        assert await tags(corp) == ["marked"]
        await corp.sleep(hours=13)
        await corp.until(lambda: tags(corp), ["removed"])
        [shown] = await corp.touches(touch.external_userid, "moments")
        assert str(shown.status) == "expired"
        assert len(await backfills(corp)) == 1, "a backfill has none of its own"


async def test_m52_who_opts_out_is_shown_no_moment(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        touch = await friend_with_a_task(corp)
        await corp.sleep(hours=13)
        assert await wearers(corp) == 1
        await corp.order(touch.external_userid, CommandKind.OPT_OUT, reason="she asked")
        await corp.sleep(minutes=5)
        await corp.until(lambda: tags(corp), ["removed"])
        assert (await wearers(corp), await corp.street.publish_all_moments()) == (0, 0)
        [shown] = await corp.touches(touch.external_userid, "moments")
        assert (str(shown.status), shown.rule) == ("cancelled", "withdrawn")


async def test_a_stopped_task_is_cancelled_at_wecom_and_misses_nobody(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        touch = await friend_with_a_task(corp)
        await corp.activities.staff_tasks._courier.stop_task(touch.batch_id or 0, "campaign", "called off")
        await corp.until(lambda: status(corp, touch), "cancelled")
        [task] = await corp.street.see("tasks")
        assert task["cancelled"]
        [settled] = await corp.touches(touch.external_userid)
        assert (settled.rule, settled.reason) == ("campaign", "called off")
        assert await backfills(corp) == []


async def test_what_waits_for_its_window_is_stopped_without_wecom(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        she = await corp.newcomer()
        await corp.scan(she)
        await corp.until_logged(she, "tagged")
        await corp.join(she)
        await corp.until_logged(she, "message of small planned")
        [touch] = await corp.touches(she)
        await corp.activities.staff_tasks._courier.stop_task(touch.batch_id or 0, "campaign", "called off")
        assert await status(corp, touch) == "cancelled"
        await corp.sleep(hours=1)
        assert await corp.street.see("tasks") == []
        assert await status(corp, touch) == "cancelled"


async def test_an_employee_who_leaves_hands_her_task_to_another_friend(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        touch = await friend_with_a_task(corp)
        await corp.scan(touch.external_userid, "S001-cashier")
        async with corp.database.transaction() as session:
            (await session.get_one(Employee, "li")).active = False
        await corp.sleep(minutes=30)

        async def shares() -> list[tuple[Any, ...]]:
            tasks = await corp.street.see("tasks")
            return [(part["userid"], task["cancelled"]) for task in tasks for part in task["parts"]]

        await corp.until(shares, [("li", True), ("chen", False)])
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=15)
        await corp.until(lambda: status(corp, touch), "sent")


async def test_only_lives_that_wait_for_the_delivery_are_told(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        touch = await friend_with_a_task(corp)
        life = addresses.customer_id(touch.external_userid)
        before = len((await corp.history(life)).events)
        await corp.sleep(hours=13)
        await corp.until(lambda: status(corp, touch), "expired")
        assert len((await corp.history(life)).events) == before


async def test_nobody_is_told_in_quiet_hours(corp_with: CorpWith) -> None:
    """The task ends when they begin: the to-do of the fourth hour and all that comes later are not sent."""
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        local = [(corp.clock() + timedelta(hours=8 + ahead)).time().replace(second=0) for ahead in (3, 13)]
        start, end = (at.replace(microsecond=0) for at in local)
        corp.set_policy(quiet_hours=QuietHours(start=start, end=end))
        touch = await friend_with_a_task(corp)
        await corp.sleep(hours=6)
        await corp.until(lambda: status(corp, touch), "expired")
        [task] = await corp.street.see("tasks")
        assert (task["reminded"], task["cancelled"], await cards(corp, "li")) == (1, True, [])
