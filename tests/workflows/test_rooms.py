"""Groups fill up and the next one takes over, in the whole corp (peer-failures §3, check 9)."""

from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from domain.messages import SweepStart
from storage.tables import Group
from tests.corp import Corp
from tests.workflows.conftest import CorpWith

pytestmark = pytest.mark.anyio

CAP = 4  # with the employee


async def sweep(corp: Corp) -> None:
    await corp.clock.look()
    await ActivityEnvironment().run(corp.activities.upkeep.sweep, SweepStart())


async def invited_to(corp: Corp, state: str = "S002-cashier") -> tuple[str, str | None]:
    """A new customer, and the group that her greeting invites her to."""
    she = await corp.newcomer()
    await corp.scan(she, state)
    await corp.until_stage(she, "welcomed")
    [touch] = await corp.touches(she, "welcome")
    [message] = await corp.received(she)
    assert len(message["attachments"]) == (1 if touch.chat_id else 0)
    return she, touch.chat_id


async def group_of(corp: Corp, customer: str) -> str:
    return next(g.chat_id for g in corp.world.groups.all.values() if customer in g.members)


async def row(corp: Corp, chat_id: str) -> Group:
    async with corp.database.transaction() as session:
        return await session.get_one(Group, chat_id)


async def test_a_full_group_leaves_the_code(corp_with: CorpWith) -> None:
    async with corp_with(changed_settings={"wecom_qr_join_cap": CAP}) as corp:
        await corp.do("settings", qr_join_cap=CAP)
        first = corp.groups["S002"]
        for _ in range(CAP - 1):
            she, chat_id = await invited_to(corp)
            assert chat_id == first
            await corp.join(she)
            assert await group_of(corp, she) == first
        assert (await row(corp, first)).members == CAP
        chat = await corp.do("groups", name="望京店二群", owner="li")
        second = str(chat["chat_id"])
        async with corp.database.transaction() as session:
            session.add(Group(chat_id=second, store_id="S002", name="二群", created_at=corp.clock()))
        assert (await invited_to(corp))[1] is None, "the second group has no code yet"
        await sweep(corp)
        she, chat_id = await invited_to(corp)
        assert chat_id == second
        await corp.join(she)
        assert await group_of(corp, she) == second, "by the code that had led to the first"
        await corp.until_stage(she, "joined")


async def test_a_group_that_wecom_makes_goes_on_where_the_full_one_ended(corp_with: CorpWith) -> None:
    async with corp_with(changed_settings={"wecom_qr_join_cap": CAP}) as corp:
        await corp.do("settings", qr_join_cap=CAP)
        for _ in range(CAP):
            she = await corp.newcomer()
            await corp.scan(she)
            await corp.join(she)
        made = await group_of(corp, she)
        assert made != corp.groups["S002"]
        assert (await row(corp, made)).store_id == "S002"
        await sweep(corp)
        assert (await invited_to(corp))[1] == made
        way = await corp.client.get_join_way(corp.join_ways["S002"])
        assert way.chat_id_list == (made,), "the full one is out"


async def test_a_picture_exported_by_hand_dies_and_a_join_ways_does_not(corp: Corp) -> None:
    picture = await corp.client.fetch_image((await corp.client.get_join_way(corp.join_ways["S001"])).qr_code)
    async with corp.database.transaction() as session:
        group = await session.get_one(Group, corp.groups["S001"])
        group.join_config_id, group.hand_qr = None, picture
        group.hand_qr_exported_at = corp.clock() - timedelta(days=1)
    for _ in range(2):
        await sweep(corp)
        assert (await invited_to(corp, "S001-cashier"))[1] == corp.groups["S001"]
        await corp.sleep(days=2, hours=10)
    await sweep(corp)  # day 6
    assert (await invited_to(corp, "S001-cashier"))[1] == corp.groups["S001"]
    await corp.sleep(days=1)
    await sweep(corp)  # day 7
    assert (await invited_to(corp, "S001-cashier"))[1] is None
    assert (await invited_to(corp, "S002-cashier"))[1] == corp.groups["S002"]
