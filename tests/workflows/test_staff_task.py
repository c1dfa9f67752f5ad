"""One confirmable task: created, reminded, expired, settled."""

from datetime import timedelta

import pytest
from sqlmodel import select

from domain import addresses
from domain.customer import CommandKind
from domain.hours import QuietHours
from domain.policy import Policy, StaffTaskRhythm
from storage.tables import Batch
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

POLICY = Policy(
    default_playbook="small",
    window=timedelta(minutes=10),
    staff_task=StaffTaskRhythm(
        poll_every=timedelta(minutes=10),
        remind_after=timedelta(hours=2),
        expire_after=timedelta(hours=24),
    ),
)
ONE_MESSAGE = playbook(nurture=[{"send": {"text": "一"}}])


async def _two_friends(corp: Corp) -> list[str]:
    friends = []
    for _ in range(2):
        she = await corp.newcomer()
        await corp.scan(she)
        await corp.until_logged(she, "tagged")
        friends.append(she)
    for she in friends:
        await corp.join(she)
        await corp.until_logged(she, "message of small planned")
    return friends


async def _statuses(corp: Corp, friends: list[str]) -> list[str]:
    return [str((await corp.touches(she))[0].status) for she in friends]


async def test_one_task_for_all_of_a_window(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        friends = await _two_friends(corp)
        await corp.sleep(minutes=11)
        [task] = await corp.street.see("tasks")
        assert sorted(task["parts"][0]["recipients"]) == sorted(friends)
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=15)
        await corp.until(lambda: _statuses(corp, friends), ["sent", "sent"])


async def test_an_unconfirmed_task_is_reminded_and_expires(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        friends = await _two_friends(corp)
        await corp.sleep(hours=3)
        [task] = await corp.street.see("tasks")
        assert (task["reminded"], task["cancelled"]) == (1, False)
        await corp.sleep(hours=22)
        [task] = await corp.street.see("tasks")
        assert task["cancelled"]
        await corp.until(lambda: _statuses(corp, friends), ["expired", "expired"])


async def test_a_task_is_not_left_open_into_quiet_hours(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        local = (corp.clock() + timedelta(hours=8 + 4)).time().replace(second=0, microsecond=0)
        end = (corp.clock() + timedelta(hours=8 + 10)).time().replace(second=0, microsecond=0)
        corp.set_policy(quiet_hours=QuietHours(start=local, end=end))
        friends = await _two_friends(corp)
        await corp.sleep(hours=5)
        [task] = await corp.street.see("tasks")
        assert task["cancelled"], "four hours after the start quiet hours begin"
        await corp.until(lambda: _statuses(corp, friends), ["expired", "expired"])


async def test_what_wecom_caps_and_who_is_gone_are_told_apart(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        friends = await _two_friends(corp)
        await corp.sleep(minutes=11)
        await corp.street.do("delete", userid="li", external_userid=friends[0], by="customer")
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=15)
        await corp.until(lambda: _statuses(corp, friends), ["not_friend", "sent"])


async def test_a_refused_reminder_is_only_a_reminder(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        friends = await _two_friends(corp)
        await corp.street.do(
            "faults", api="externalcontact/remind_groupmsg_send", kind="errcode", errcode=48002, times=9
        )
        await corp.sleep(hours=3)
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=15)
        await corp.until(lambda: _statuses(corp, friends), ["sent", "sent"])


async def test_a_refused_poll_does_not_expire_the_task(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        friends = await _two_friends(corp)
        await corp.street.do(
            "faults", api="externalcontact/get_groupmsg_task", kind="errcode", errcode=48002, times=1
        )
        await corp.sleep(hours=1)
        [task] = await corp.street.see("tasks")
        assert not task["cancelled"]
        await corp.street.confirm_all_tasks()
        await corp.sleep(hours=2)
        await corp.until(lambda: _statuses(corp, friends), ["sent", "sent"])


async def test_a_task_that_wecom_will_not_cancel_is_asked_again_until_it_does(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        friends = await _two_friends(corp)
        await corp.sleep(hours=23)
        await corp.street.do(
            "faults", api="externalcontact/cancel_groupmsg_send", kind="errcode", errcode=48002, times=2
        )
        await corp.sleep(hours=6)
        [task] = await corp.street.see("tasks")
        assert task["cancelled"]
        await corp.until(lambda: _statuses(corp, friends), ["expired", "expired"])


async def test_who_opts_out_while_wecom_is_away_is_in_no_task(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        await corp.street.do(  # before there is a window that could end in between
            "faults", api="externalcontact/add_msg_template", kind="errcode", errcode=-1, times=99
        )
        friends = await _two_friends(corp)
        await corp.sleep(minutes=12)
        assert await _statuses(corp, friends) == ["claimed", "claimed"]
        await corp.order(friends[0], CommandKind.OPT_OUT, reason="she asked")
        await corp.street.delete("faults")
        await corp.sleep(minutes=20)
        recipients = {
            who
            for task in await corp.street.see("tasks")
            for part in task["parts"]
            for who in part["recipients"]
        }
        assert recipients == {friends[1]}


async def _lost_run(corp: Corp) -> int:
    """Its StaffTask is ended by somebody while the employee holds the task; the batch."""
    async with corp.database.transaction() as session:
        [batch] = (await session.exec(select(Batch))).all()
    handle = corp.env.client.get_workflow_handle(addresses.staff_task_id(batch.id or 0))
    await handle.terminate("test")
    return batch.id or 0


async def test_a_stop_takes_back_what_a_lost_run_had_created(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        friends = await _two_friends(corp)
        await corp.sleep(minutes=12)
        await corp.courier.stop_task(await _lost_run(corp), "test", "somebody wants it stopped")
        await corp.until(lambda: _statuses(corp, friends), ["cancelled", "cancelled"])
        [task] = await corp.street.see("tasks")
        assert task["cancelled"]


async def test_a_run_that_goes_on_with_a_lost_ones_task_makes_it_anew(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        friends = await _two_friends(corp)
        await corp.sleep(minutes=12)
        await corp.order(friends[0], CommandKind.OPT_OUT, reason="she asked")
        await corp.sleep(minutes=2)
        batch_id = await _lost_run(corp)
        await corp.courier.start_staff_task(batch_id, timedelta(0))
        await corp.sleep(minutes=1)
        await corp.courier.withdraw(batch_id, "somebody else", "test")
        await corp.sleep(minutes=1)
        tasks = await corp.street.see("tasks")
        assert [task["cancelled"] for task in tasks] == [True, True, False]
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=15)
        await corp.until(lambda: _statuses(corp, friends), ["cancelled", "sent"])


async def test_a_task_whose_creation_never_had_an_answer_is_not_left_at_wecom(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        for api, kind in (("add_msg_template", "timeout_after"), ("get_groupmsg_list_v2", "errcode")):
            more = {"errcode": 48002} if kind == "errcode" else {}
            await corp.street.do("faults", api=f"externalcontact/{api}", kind=kind, times=1, **more)
        friends = await _two_friends(corp)
        await corp.sleep(hours=1)
        [task] = await corp.street.see("tasks")
        assert task["cancelled"], "nobody knew whether WeCom held it"
        assert set(await _statuses(corp, friends)) == {"failed"}


async def test_no_task_is_created_in_quiet_hours(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[ONE_MESSAGE], policy=POLICY) as corp:
        start = (corp.clock() + timedelta(hours=8 + 1)).time().replace(microsecond=0)
        end = (corp.clock() + timedelta(hours=8 + 9)).time().replace(microsecond=0)
        corp.set_policy(quiet_hours=QuietHours(start=start, end=end))
        await corp.street.do(
            "faults", api="externalcontact/add_msg_template", kind="errcode", errcode=-1, times=40
        )
        friends = await _two_friends(corp)
        await corp.sleep(hours=6)
        await corp.street.delete("faults")
        await corp.sleep(hours=1)
        assert await corp.street.see("tasks") == []
        assert set(await _statuses(corp, friends)) <= {"expired", "unknown", "failed"}
