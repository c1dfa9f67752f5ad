"""A group is read once per burst of events."""

import asyncio

import pytest

from tests.corp import Corp

pytestmark = pytest.mark.anyio


async def test_a_burst_of_joins_costs_few_reads(corp: Corp) -> None:
    people = [await corp.newcomer(f"客{n}") for n in range(12)]
    await corp.clock.look()
    await asyncio.gather(
        *(corp.street.do("join", external_userid=she, config_id=corp.join_ways["S002"]) for she in people)
    )
    await corp.world.drain()
    await corp.sleep(minutes=1)
    calls = (await corp.street.see("calls"))["counts"]
    assert calls["externalcontact/groupchat/get"] <= 2
    assert await _members(corp) == len(people)


async def _members(corp: Corp) -> int:
    from sqlmodel import select

    from storage.tables import GroupMember

    async with corp.database.transaction() as session:
        query = select(GroupMember).where(GroupMember.chat_id == corp.groups["S002"])
        return len((await session.exec(query)).all())
