"""A dry run counts what the campaign then does; what policy says is as of now."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from domain.campaign import Campaign, CampaignStatus
from domain.playbook import Condition
from domain.touches import Channel, TouchStatus
from starter.campaign.references import Planned
from starter.campaign.rehearsing import Tally, rehearse
from storage import campaign_drafts, campaign_planning
from storage.tables import CampaignRow, Group, GroupMember, Touch
from tests.storage.chain import LATER, NOON, POLICY, Chain

pytestmark = pytest.mark.anyio
WHO = Condition(any=[Condition(member=True), Condition(member=False)])
IN_WAVES = {
    "holdout": 20,
    "rollout": [
        {"name": "ours", "customers": ["wm00", "wm99"]},
        {"name": "pilot", "share": 30},
        {"name": "more", "share": 20},
        {"name": "all"},
    ],
}


@pytest.fixture
async def chain(database: Any) -> Chain:
    return await Chain(database).open()


def campaign(**fields: Any) -> Campaign:
    said = {"campaign": "week", "title": "会员周", "segment": "all", "channel": ["private"]}
    return Campaign.model_validate(said | {"words": {"private": {"text": "会员周"}}} | fields)


async def crowd(chain: Chain) -> None:
    for number in range(60):
        await chain.befriend(f"wm{number:02}", ("chen", "li", "wang")[number % 3])
    for number in range(50, 60):
        await chain.part(f"wm{number}", ("chen", "li", "wang")[number % 3])


async def rehearsed(chain: Chain, what: Campaign) -> Tally:
    return await rehearse(chain.database, Planned(what, WHO, {}), POLICY, LATER)


async def test_it_counts_what_is_then_planned(chain: Chain) -> None:
    await crowd(chain)
    what = campaign(**IN_WAVES)
    tally = await rehearsed(chain, what)
    async with chain.database.transaction() as session:
        assert (await session.exec(select(Touch))).all() == []
        row = await campaign_drafts.create(session, what, WHO, by="li", now=NOON)
    async with chain.database.transaction() as session:
        row = await session.get_one(CampaignRow, row.id)
        row.status, row.began_at = CampaignStatus.RUNNING, LATER
        session.add(row)
    for number in range(len(what.rollout)):
        async with chain.database.transaction() as session:
            await campaign_planning.plan_page(session, "week", number, {}, LATER)
    async with chain.database.transaction() as session:
        touches = (await session.exec(select(Touch).order_by(col(Touch.key)))).all()
    planned = [touch for touch in touches if touch.status == TouchStatus.PLANNED]
    names = [wave.name for wave in what.rollout]
    assert {name: wave.targeted for name, wave in tally.waves.items()} == Counter(
        names[touch.wave or 0] for touch in touches
    )
    assert {name: wave.told for name, wave in tally.waves.items()} == Counter(
        names[touch.wave or 0] for touch in planned
    )
    refused = Counter(touch.rule for touch in touches if touch.status == TouchStatus.REFUSED)
    assert Counter(rule for rule, _ in tally.why_not.elements()) == refused
    assert tally.employees == Counter(touch.userid for touch in planned)
    assert tally.calls.total() == len({(touch.userid, touch.wave) for touch in planned})


async def test_an_employee_of_more_than_ten_thousand_confirms_twice() -> None:
    tally = Tally()
    tally.tasks.update({(0, "chen", "private", "a"): 10_001, (1, "chen", "private", "a"): 1})
    tally.tasks[0, "li", "private", "a"] = 10_000
    assert tally.calls == {"chen": 3, "li": 1}


async def test_m52_it_says_what_a_backfill_may_cost(chain: Chain) -> None:
    tally, missed = Tally(), {"text": "会员周还有三天", "most": 500}
    tally.tasks.update({(0, "chen", "private", "a"): 800, (0, "li", "private", "a"): 300})
    assert tally.tags(campaign(backfill=missed)) == 2 * (500 + 300)
    assert tally.tags(campaign()) == 0


async def test_it_says_whom_policy_would_refuse_now(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await chain.befriend("wm2", "chen")
    first = await chain.plan("wm1")
    await chain.flush(first.batch_id)
    tally = await rehearsed(chain, campaign())
    assert tally.verdicts == {("refused", "frequency"): 1}


async def test_it_says_which_groups_policy_would_refuse_now(chain: Chain) -> None:
    since = NOON - timedelta(days=3)
    async with chain.database.transaction() as session:
        session.add(Group(chat_id="g1", store_id="S1", owner="chen", created_at=since))
    async with chain.database.transaction() as session:
        session.add(GroupMember(chat_id="g1", member_id="wm1", joined_at=since))
        told = Touch(
            key="g", external_userid="", channel=Channel.GROUP, status=TouchStatus.SENT, planned_at=NOON
        )
        told.chat_id, told.userid, told.settled_at = "g1", "chen", NOON
        session.add(told)
    await chain.befriend("wm1", "chen")
    by_group = campaign(channel=["group"], words={"group": {"text": "会员周"}})
    tally = await rehearsed(chain, by_group)
    assert tally.verdicts == {("refused", "group_frequency"): 1}
