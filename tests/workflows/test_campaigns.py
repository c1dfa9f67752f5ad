"""Campaigns as employees and customers meet them: waves, orders, brakes, and rivals."""

from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import select

from domain.campaign import CampaignStatus, RegionWords
from domain.campaign_messages import OrderKind
from domain.playbook import Condition
from starter.runtime import CommandFailed
from storage import directory
from storage.tables import CustomerTag, Region, Store
from tests.corp import Corp
from tests.workflows.campaigns import (
    POLICY,
    QUIET,
    campaign,
    confirmed,
    friends_by,
    order,
    progress,
    started,
    until_status,
)
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

CASHIERS = ("S002-cashier", "S001-cashier")


async def _got(corp: Corp, she: str) -> list[str]:
    return [m["text"] for m in await corp.received(she) if m["channel"] != "welcome"]


async def _tasks(corp: Corp) -> list[set[str]]:
    """The recipients of each task at WeCom."""
    return [
        {who for part in task["parts"] for who in part["recipients"]}
        for task in await corp.street.see("tasks")
    ]


async def _is_fan(corp: Corp, she: str) -> bool:
    async with corp.database.transaction() as session:
        query = select(CustomerTag).where(CustomerTag.external_userid == she, CustomerTag.tag == "果粉")
        return (await session.exec(query)).first() is not None


async def test_a_campaign_is_one_task_of_each_employee(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        friends = await friends_by(corp, *CASHIERS, "S002-cashier")
        name = await started(corp, campaign())
        await confirmed(corp)
        await until_status(corp, name, CampaignStatus.FINISHED)
        assert sorted(len(task) for task in await _tasks(corp)) == [1, 2]
        [wave] = (await progress(corp, name)).waves
        assert (wave.targeted, wave.planned, wave.released, wave.sent) == (3, 3, 3, 3)
        for she in friends:
            assert await _got(corp, she) == ["week，欢迎"]
        told = [line.what for line in await corp.story(friends[0])]
        assert "private of campaign week: sent" in told
        with pytest.raises(CommandFailed, match="finished: there is nothing to pause"):
            await order(corp, name, OrderKind.PAUSE)


async def test_m66_own_contacts_then_pilot_stores_then_all(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        own, pilot, other = await friends_by(corp, "S002-cashier", "S001-cashier", "S002-cashier")
        rollout = [
            {"name": "own", "customers": [own], "then_wait": "1h"},
            {"name": "pilot", "stores": ["S001"], "confirm": True},
            {"name": "all"},
        ]
        name = await started(corp, campaign(rollout=rollout))
        await confirmed(corp)
        assert await _tasks(corp) == [{own}]
        await corp.sleep(hours=1)
        await confirmed(corp)
        assert await _tasks(corp) == [{own}, {pilot}]

        async def asks() -> bool:
            return [wave.asks for wave in (await progress(corp, name)).waves] == [False, True]

        await corp.until(asks)
        await corp.sleep(hours=30)
        assert len(await _tasks(corp)) == 2, "it waits for `go`, however long"
        assert await order(corp, name, OrderKind.GO) == "the next wave begins"
        await confirmed(corp)
        await until_status(corp, name, CampaignStatus.FINISHED)
        assert await _tasks(corp) == [{own}, {pilot}, {other}]


async def test_a_pause_hands_nothing_over_and_a_cancel_loses_nobody(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        friends = await friends_by(corp, *CASHIERS)
        name = await started(corp, campaign(pace={"customers": 1, "per": "1h"}))
        await corp.sleep(minutes=30)
        assert "stays with them" in await order(corp, name, OrderKind.PAUSE)
        await corp.sleep(hours=5)
        assert len(await _tasks(corp)) == 1
        with pytest.raises(CommandFailed, match="paused already"):
            await order(corp, name, OrderKind.PAUSE)
        assert await order(corp, name, OrderKind.RESUME) == "it goes on"
        assert "being taken back" in await order(corp, name, OrderKind.CANCEL, reason="a typo", recall=True)
        await until_status(corp, name, CampaignStatus.CANCELLED)

        async def ends() -> list[tuple[str, str | None]]:
            touches = [touch for she in friends for touch in await corp.touches(she)]
            return [(t.status, t.rule) for t in touches if t.campaign_id == name]

        await corp.until(ends, [("cancelled", "campaign_cancelled")] * 2)
        assert all(task["cancelled"] for task in await corp.street.see("tasks"))


async def test_what_is_paused_goes_on_where_it_was(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        friends = await friends_by(corp, *CASHIERS)
        name = await started(corp, campaign(send_at=corp.clock() + timedelta(hours=2)))
        await order(corp, name, OrderKind.PAUSE)
        await corp.sleep(hours=4)
        assert await _tasks(corp) == []
        await order(corp, name, OrderKind.RESUME)
        await confirmed(corp)
        await until_status(corp, name, CampaignStatus.FINISHED)
        assert sorted(await _tasks(corp), key=sorted) == sorted([{she} for she in friends], key=sorted)


async def test_nobody_is_shown_a_moment_after_the_campaign_was_cancelled(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        [she] = await friends_by(corp, "S002-cashier")
        name = await started(corp, campaign(backfill={"text": "朋友圈补上"}))
        await corp.sleep(minutes=12)
        assert await _tasks(corp) == [{she}]
        assert "stays with them" in await order(corp, name, OrderKind.CANCEL, reason="a typo")
        await corp.sleep(hours=25)

        async def ends() -> list[tuple[str, str | None]]:
            touches = [*await corp.touches(she), *await corp.touches(she, "moments")]
            return [(str(touch.status), touch.rule) for touch in touches]

        await corp.until(ends, [("expired", "unconfirmed"), ("cancelled", "campaign_cancelled")])
        assert await corp.street.see("moments") == []


async def test_it_pauses_by_itself_when_too_much_fails(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        [she, other] = await friends_by(corp, *CASHIERS)
        rollout = [{"name": "pilot", "stores": ["S002"]}, {"name": "all"}]
        name = await started(corp, campaign(rollout=rollout, pause_at={"share": 20, "at_least": 1}))
        await corp.sleep(minutes=12)
        # Her one message of the day is the employee's own: WeCom drops ours (status 3).
        await corp.street.do("settings", mass_cap="day", personal_mass_counts=True)
        await corp.street.do("tasks/personal", userid="li", recipients=[she], text="在吗")
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=12)
        await until_status(corp, name, CampaignStatus.PAUSED)
        told = await progress(corp, name)
        assert told.reason == "by the campaign itself: 1 of 1 messages failed, more than 20 %"
        await order(corp, name, OrderKind.RESUME)
        await confirmed(corp)
        await until_status(corp, name, CampaignStatus.FINISHED)
        assert await _got(corp, other) == ["week，欢迎"]


async def test_after_until_nothing_is_sent_and_the_unconfirmed_is_taken_back(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        [she] = await friends_by(corp, "S002-cashier")
        name = await started(corp, campaign(until=corp.clock() + timedelta(hours=3)))
        await corp.sleep(hours=1)
        assert await _tasks(corp) == [{she}]
        await corp.sleep(hours=2, minutes=10)
        await until_status(corp, name, CampaignStatus.FINISHED)
        assert (await progress(corp, name)).reason.startswith("nothing is sent after")
        await corp.street.confirm_all_tasks()
        assert await _got(corp, she) == []
        [touch] = await corp.touches(she)
        assert touch.status in ("cancelled", "expired")
        assert touch.rule
        assert touch.reason


async def test_m53_headquarters_plans_the_region_adapts_the_store_sends(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        async with corp.database.transaction() as session:
            await directory.upsert(session, Region(id="sh", name="上海"))
            await directory.upsert(session, Store(id="S001", name="中关村店", region_id="sh"))
        north, south = await friends_by(corp, *CASHIERS)
        adapt = {"words": True, "shift": "3h", "skip": True}
        at = corp.clock() + timedelta(hours=1)
        own = RegionWords.model_validate({"words": {"private": {"text": "上海专享"}}, "shift_minutes": 120})
        name = await started(corp, campaign(send_at=at, adapt=adapt), regions={"sh": own})
        await corp.sleep(hours=1)
        await confirmed(corp)
        assert (await _got(corp, north), await _got(corp, south)) == (["week，欢迎"], [])
        await corp.sleep(hours=2)
        await confirmed(corp)
        assert await _got(corp, south) == ["上海专享"]
        await until_status(corp, name, CampaignStatus.FINISHED)


async def test_m42_check_10_only_the_filtered_slice_and_a_rerun_sends_nothing_twice(
    corp_with: CorpWith,
) -> None:
    """Tag→group (peer-failures §3, check 10): who has the tag and is in no group yet, and nobody else."""
    fans = {"when": {"placement": "cashier"}, "tag": "果粉"}
    rests = playbook(join_reminder=None, tags=[fans], nurture=[{"wait": "30d"}])
    async with corp_with(playbooks=[rests], policy=POLICY) as corp:
        fan, member, stranger = await friends_by(corp, "S002-cashier", "S002-cashier", "S001-table")
        await corp.join(member)
        await corp.until_logged(member, f"joined group {corp.groups['S002']}")
        for she in (fan, member):
            await corp.until(partial(_is_fan, corp, she))
        slice_of = Condition.model_validate({"all": [{"tag": "果粉"}, {"none": [{"in_group": ["store"]}]}]})
        name = await started(corp, campaign(), slice_of)
        await confirmed(corp)
        await until_status(corp, name, CampaignStatus.FINISHED)
        assert await _tasks(corp) == [{fan}]
        await corp.courier.start_campaign(name)
        await corp.activities.upkeep._carry_campaigns_on()
        await confirmed(corp)
        assert await _tasks(corp) == [{fan}]
        got = [len(await _got(corp, she)) for she in (fan, member, stranger)]
        assert got == [1, 0, 0]


async def test_m49_the_group_first_and_1to1_for_whom_it_misses(corp_with: CorpWith) -> None:
    words = {"group": {"text": "群里的会员周"}, "private": {"text": "给您的会员周"}}
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        member, other, alone = await friends_by(corp, *["S002-cashier"] * 3)
        for she in (member, other):
            await corp.join(she)
            await corp.until_logged(she, f"joined group {corp.groups['S002']}")
        name = await started(corp, campaign(channel=["group", "private"], words=words))
        await confirmed(corp)
        await until_status(corp, name, CampaignStatus.FINISHED)
        assert await _got(corp, member) == ["群里的会员周"]
        assert await _got(corp, other) == ["群里的会员周"]
        assert await _got(corp, alone) == ["给您的会员周"]
        assert len(await _tasks(corp)) == 2
        [wave] = (await progress(corp, name)).waves
        assert (wave.planned, wave.sent) == (3, 3)


async def test_two_campaigns_and_a_playbook_never_exceed_a_cap(corp_with: CorpWith) -> None:
    wants = playbook(join_reminder=None, nurture=[{"wait": "1h"}, {"send": {"text": "剧本的话"}}])
    async with corp_with(playbooks=[wants], policy=POLICY) as corp:
        friends = await friends_by(corp, *CASHIERS, "S002-cashier")
        at = corp.clock() + timedelta(hours=1)
        first = await started(corp, campaign("first", send_at=at, priority=60))
        second = await started(corp, campaign("second", send_at=at, priority=70))
        await corp.sleep(hours=1)
        for _ in range(3):
            await confirmed(corp)
        for name in (first, second):
            await until_status(corp, name, CampaignStatus.FINISHED)
        for she in friends:
            touches = await corp.touches(she)
            assert len(await _got(corp, she)) == 1, "one message in 36 hours"
            assert len(touches) >= 2
            assert sorted({t.status for t in touches}) == ["refused", "sent"]
            assert all(t.rule and t.reason for t in touches if t.status == "refused")


async def test_a_campaign_costs_events_by_its_waves_and_not_by_its_people(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        friends = await friends_by(corp, *CASHIERS)
        rollout = [{"name": f"w{n}", "customers": [friends[n % 2]]} for n in range(9)]
        name = await started(corp, campaign(rollout=[*rollout, {"name": "all"}]))
        for _ in range(3):
            await confirmed(corp)
        await until_status(corp, name, CampaignStatus.FINISHED)
        history = await corp.history(f"campaign/{name}")
        print(f"\na campaign of ten waves costs {len(history.events)} events")
        assert len(history.events) <= 300
