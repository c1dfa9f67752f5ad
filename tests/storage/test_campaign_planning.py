"""Writing a campaign down: by which way each is reached, why not, and nobody twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from domain.campaign import Campaign, CampaignStatus, RegionWords
from storage import campaign_planning, campaigns
from storage.tables import (
    Batch,
    CampaignRegion,
    CampaignRow,
    CampaignWave,
    CustomerTag,
    Exposure,
    Group,
    GroupMember,
    GroupPlan,
    Touch,
)
from tests.storage.chain import NOON, Chain

pytestmark = pytest.mark.anyio
EVERYBODY = {"any": [{"member": True}, {"member": False}]}
WORDS = {way: {"text": f"{way}：会员周"} for way in ("private", "group", "moments")}


async def running(chain: Chain, regions: dict[str, RegionWords] | None = None, **fields: Any) -> Campaign:
    said = {"campaign": "week", "title": "会员周", "segment": "all", "channel": ["private"], "words": WORDS}
    body = Campaign.model_validate(said | fields)
    row = CampaignRow(
        id=body.campaign,
        body=body.model_dump(mode="json"),
        who=EVERYBODY,
        status=CampaignStatus.RUNNING,
        author="li",
        created_at=NOON,
        began_at=NOON,
    )
    async with chain.database.transaction() as session:
        session.add(row)
        await session.flush()
        for region, made in (regions or {}).items():
            body_of = made.model_dump(mode="json")
            session.add(CampaignRegion(campaign_id=row.id, region_id=region, body=body_of, by="sun", at=NOON))
    return body


async def write(chain: Chain, number: int = 0, size: int = 100) -> CampaignWave:
    """Page by page until it is written down."""
    while True:
        async with chain.database.transaction() as session:
            wave = await campaign_planning.plan_page(session, "week", number, {}, NOON, size=size)
        assert wave
        if wave.planned_at:
            return wave


async def touches(chain: Chain) -> dict[str, Touch]:
    async with chain.database.transaction() as session:
        return {t.key.removeprefix("campaign/week/"): t for t in (await session.exec(select(Touch))).all()}


async def group(chain: Chain, chat_id: str, *members: str, kind: str = "store", owner: str = "chen") -> None:
    async with chain.database.transaction() as session:
        session.add(Group(chat_id=chat_id, kind=kind, name=chat_id, owner=owner, created_at=NOON))
        await session.flush()
        for she in members:
            session.add(GroupMember(chat_id=chat_id, member_id=she, joined_at=NOON))


@contextmanager
def counted(chain: Chain) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    engine = chain.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_the_employee_who_chatted_last_sends_it_else_the_newest_friend(chain: Chain) -> None:
    await running(chain)
    await chain.befriend("a", "chen", "li")
    await chain.befriend("b", "chen", "li")
    async with chain.database.transaction() as session:
        b = await chain.customer("b")
        b.talks_to = "chen"
        session.add(b)
    await write(chain)
    assert {key: t.userid for key, t in (await touches(chain)).items()} == {"a": "li", "b": "chen"}


async def test_m49_the_first_channel_that_reaches_her_in_its_own_words(chain: Chain) -> None:
    await running(chain, channel=["group", "moments", "private"], tag="果粉")
    for she in ("a", "b", "c"):
        await chain.befriend(she, "chen")
    await group(chain, "G", "a")
    async with chain.database.transaction() as session:
        session.add(
            CustomerTag(
                external_userid="b",
                userid="chen",
                tag_group="",
                tag="果粉",
                present=True,
                by="staff",
                at=NOON,
            )
        )
    wave = await write(chain)
    found = await touches(chain)
    assert {key: t.channel for key, t in found.items()} == {
        "group/G": "group",
        "b": "moments",
        "c": "private",
    }
    assert found["c"].passed_over.startswith("not group: she is in no group of the kind store")
    assert (wave.targeted, wave.planned) == (3, 3)
    async with chain.database.transaction() as session:
        batches = (await session.exec(select(Batch))).all()
        [plan] = (await session.exec(select(GroupPlan))).all()
    assert {b.channel: b.content["text"] for b in batches} == {w: f"{w}：会员周" for w in WORDS}
    assert (plan.key, plan.touch_key) == ("campaign/week/a", "campaign/week/group/G")


async def test_m4_whom_nothing_reaches_has_a_row_that_says_why(chain: Chain) -> None:
    await running(chain)
    for she in ("grouped", "lost"):
        await chain.befriend(she, "chen")
        await chain.part(she, "chen")
    await group(chain, "G", "grouped")
    wave = await write(chain)
    found = await touches(chain)
    assert {key: (t.status, t.rule) for key, t in found.items()} == {
        "grouped": ("refused", "group_only"),
        "lost": ("refused", "lost"),
    }
    assert "whole group" in found["grouped"].reason
    assert (wave.targeted, wave.planned, await chain.batches()) == (2, 0, [])


async def test_a_group_hears_it_once_whichever_wave_its_members_are_in(chain: Chain) -> None:
    rollout = [{"name": "own", "customers": ["a"]}, {"name": "all"}]
    await running(chain, channel=["group"], rollout=rollout)
    for she in ("a", "b"):
        await chain.befriend(she, "chen")
    await group(chain, "G", "a", "b")
    await write(chain)
    second = await write(chain, 1)
    assert list(await touches(chain)) == ["group/G"]
    assert (second.targeted, second.planned, len(await chain.batches())) == (1, 1, 1)
    async with chain.database.transaction() as session:
        told = await campaigns.progress(session, "week")
    assert [wave.planned for wave in told.waves] == [1, 1]


async def test_m66_nobody_is_in_two_waves_and_everybody_is_in_one(chain: Chain) -> None:
    rollout = [
        {"name": "own", "customers": ["c000"]},
        {"name": "pilot", "share": 20},
        {"name": "more", "share": 30},
        {"name": "all"},
    ]
    await running(chain, rollout=rollout)
    crowd = [f"c{n:03}" for n in range(120)]
    for she in crowd:
        await chain.befriend(she, "chen")
    waves = [await write(chain, n, size=50) for n in range(4)]
    found = await touches(chain)
    assert sorted(found) == crowd
    assert sum(wave.targeted for wave in waves) == 120
    assert waves[0].targeted == 1
    assert 10 <= waves[1].targeted <= 40
    assert 20 <= waves[2].targeted <= 55
    assert {b.wave for b in await chain.batches()} == {0, 1, 2, 3}


async def test_m53_a_region_says_it_its_own_way_at_its_own_time_or_not_at_all(chain: Chain) -> None:
    regions = {
        "bj": RegionWords.model_validate(
            {"words": {"private": {"text": "北京的会员周"}}, "shift_minutes": 90}
        )
    }
    await running(chain, regions)
    await chain.befriend("a", "chen")
    await write(chain)
    [batch] = await chain.batches()
    assert batch.content["text"] == "北京的会员周"
    assert batch.window_ends_at == NOON + timedelta(minutes=90)


async def test_m53_what_a_region_skips_is_refused_by_that_name(chain: Chain) -> None:
    await running(chain, {"bj": RegionWords(skip=True)})
    await chain.befriend("a", "chen")
    await write(chain)
    touch = (await touches(chain))["a"]
    assert (touch.status, touch.rule, touch.reason) == ("refused", "skipped", "the region bj leaves it out")


async def test_the_control_group_is_on_record_before_anything_is_sent(chain: Chain) -> None:
    await running(chain, holdout=50)
    crowd = [f"c{n:02}" for n in range(40)]
    for she in crowd:
        await chain.befriend(she, "chen")
    await chain.befriend("lost", "chen")
    await chain.part("lost", "chen")
    await write(chain)
    found = await touches(chain)
    out = {key for key, t in found.items() if t.rule == "holdout"}
    async with chain.database.transaction() as session:
        rows = (await session.exec(select(Exposure))).all()
    assert {r.external_userid for r in rows if r.arm == "holdout"} == out
    assert {r.external_userid for r in rows} == set(crowd)  # nobody whom nothing reaches
    assert {r.experiment for r in rows} == {"campaign-week"}
    assert 8 <= len(out) <= 32


async def test_a_page_costs_as_many_statements_however_many_are_on_it(chain: Chain) -> None:
    await running(chain, channel=["group", "moments", "private"], tag="果粉", holdout=10)
    for number in range(60):
        await chain.befriend(f"c{number:02}", ("chen", "li", "wang")[number % 3])
    costs = []
    for size in (5, 50):
        with counted(chain) as statements:
            async with chain.database.transaction() as session:
                await campaign_planning.plan_page(session, "week", 0, {}, NOON, size=size)
        costs.append(len(statements))
    print(f"\na page costs {costs[1]} statements")
    assert costs[0] >= costs[1]
    assert costs[1] <= 20


async def test_a_page_and_its_cursor_are_one_transaction(chain: Chain) -> None:
    """What a killed worker did not commit is written by the next one, and nothing twice."""
    await running(chain)
    for she in ("a", "b", "c"):
        await chain.befriend(she, "chen")

    async def killed_before_it_commits() -> None:
        async with chain.database.transaction() as session:
            await campaign_planning.plan_page(session, "week", 0, {}, NOON, size=2)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        await killed_before_it_commits()
    assert await touches(chain) == {}
    wave = await write(chain, size=2)
    again = await write(chain, size=2)
    assert sorted(await touches(chain)) == ["a", "b", "c"]
    assert (wave.targeted, again.targeted, len(await chain.batches())) == (3, 3, 1)


async def test_nothing_is_written_down_while_it_is_paused(chain: Chain) -> None:
    await running(chain)
    await chain.befriend("a", "chen")
    async with chain.database.transaction() as session:
        row = await campaigns.find(session, "week")
        assert row
        row.status = CampaignStatus.PAUSED
        session.add(row)
    async with chain.database.transaction() as session:
        assert await campaign_planning.plan_page(session, "week", 0, {}, NOON) is None
    assert await touches(chain) == {}


async def test_who_is_meant_may_change_between_waves(chain: Chain) -> None:
    rollout = [{"name": "pilot", "stores": ["S1"]}, {"name": "all"}]
    await running(chain, rollout=rollout)
    await chain.befriend("a", "chen")
    async with chain.database.transaction() as session:
        a = await chain.customer("a")
        a.store_id = "S1"
        session.add(a)
    first = await write(chain)
    await chain.befriend("b", "chen")
    second = await write(chain, 1)
    assert (first.planned, second.planned) == (1, 1)
    async with chain.database.transaction() as session:
        keys = (await session.exec(select(Touch.key).order_by(col(Touch.key)))).all()
    assert keys == ["campaign/week/a", "campaign/week/b"]
