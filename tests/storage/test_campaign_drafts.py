"""Campaigns before they begin: who did what is on record, and of two at once one is first."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.campaign import Campaign, CampaignStatus, RegionWords
from domain.playbook import Condition
from storage import campaign_drafts as drafts
from storage import campaigns
from storage.campaign_drafts import Approval, NotAllowed
from storage.tables import CampaignRow
from tests.storage.chain import LATER, NOON, Chain

pytestmark = pytest.mark.anyio
WHO = Condition(member=True)
MAY_SHIFT: dict[str, Any] = {"send_at": NOON + timedelta(days=1), "adapt": {"shift": "2h"}}
SOONER = RegionWords(shift_minutes=-60)


def campaign(**fields: Any) -> Campaign:
    said = {"campaign": "week", "title": "会员周", "segment": "members", "channel": ["private"]}
    return Campaign.model_validate(said | {"words": {"private": {"text": "会员周"}}} | fields)


async def create(chain: Chain, by: str = "li", **fields: Any) -> CampaignRow:
    async with chain.database.transaction() as session:
        return await drafts.create(session, campaign(**fields), WHO, by=by, now=NOON)


async def revise(chain: Chain, by: str = "li", **fields: Any) -> CampaignRow:
    async with chain.database.transaction() as session:
        return await drafts.revise(session, campaign(**fields), WHO, by=by, now=LATER)


async def approve(chain: Chain, by: str = "chen", **more: Any) -> Approval:
    async with chain.database.transaction() as session:
        return await drafts.approve(session, "week", by=by, now=LATER, **more)


async def adapt(chain: Chain, made: RegionWords, region: str = "bj") -> None:
    async with chain.database.transaction() as session:
        await drafts.adapt(session, "week", region, made, by="sun", now=LATER)


async def record(chain: Chain) -> list[tuple[str, str, str]]:
    async with chain.database.transaction() as session:
        return [(o.what, o.by, o.reason) for o in await campaigns.record(session, "week")]


async def test_who_adapted_it_does_not_approve_her_own_words(chain: Chain) -> None:
    await create(chain, **MAY_SHIFT)
    await adapt(chain, SOONER)
    with pytest.raises(NotAllowed, match="Sun wrote it: somebody else has to approve it"):
        await approve(chain, "Sun")
    assert (await approve(chain)).new


async def test_everybody_who_had_a_hand_in_it_is_on_record(chain: Chain) -> None:
    await create(chain)
    await revise(chain, "wang", title="会员日", **MAY_SHIFT)
    await adapt(chain, SOONER)
    done = await approve(chain, note="as agreed")
    assert (done.new, done.row.status, done.row.approved_by) == (True, CampaignStatus.APPROVED, "chen")
    assert campaigns.body_of(done.row).title == "会员日"
    assert await record(chain) == [
        ("created", "li", ""),
        ("revised", "wang", ""),
        ("adapted", "sun", "bj"),
        ("approved", "chen", "as agreed"),
    ]


@pytest.mark.parametrize("by", ["li", "wang"])
async def test_no_author_approves(chain: Chain, by: str) -> None:
    await create(chain)
    await revise(chain, "wang")
    with pytest.raises(NotAllowed, match=f"{by} wrote it"):
        await approve(chain, by)


async def test_of_two_who_approve_at_once_one_is_first(chain: Chain) -> None:
    await create(chain)
    done = await asyncio.gather(approve(chain, "chen"), approve(chain, "zhao"))
    [first] = [one.row.approved_by for one in done if one.new]
    assert {one.row.approved_by for one in done} == {first}
    assert await record(chain) == [("created", "li", ""), ("approved", first, "")]


async def test_of_two_who_create_it_at_once_one_is_first(chain: Chain) -> None:
    done = await asyncio.gather(create(chain, "li"), create(chain, "wang"), return_exceptions=True)
    [refused] = [one for one in done if isinstance(one, NotAllowed)]
    assert "its name is for ever" in str(refused)
    assert len(await record(chain)) == 1


async def test_what_is_approved_is_what_was_read(chain: Chain) -> None:
    row = await create(chain)
    async with chain.database.transaction() as session:
        read = await drafts.version_of(session, row)
    await revise(chain, title="会员日")
    with pytest.raises(NotAllowed, match="it was changed meanwhile"):
        await approve(chain, version=read)


async def test_nothing_changes_once_it_is_approved(chain: Chain) -> None:
    await create(chain, **MAY_SHIFT)
    await approve(chain)
    with pytest.raises(NotAllowed, match="only a draft is revised"):
        await revise(chain)
    with pytest.raises(NotAllowed, match="shift it later"):
        await adapt(chain, SOONER)
    await adapt(chain, RegionWords(shift_minutes=60))


async def test_a_revision_keeps_what_regions_may_not_change(chain: Chain) -> None:
    await create(chain, **MAY_SHIFT)
    await adapt(chain, SOONER)
    with pytest.raises(NotAllowed, match="region bj adapted it, and now could not"):
        await revise(chain)


async def test_a_draft_is_discarded_without_a_workflow(chain: Chain) -> None:
    await create(chain)
    async with chain.database.transaction() as session:
        assert await drafts.discard(session, "week", by="li", reason="no stock", now=LATER)
    with pytest.raises(NotAllowed, match="it is cancelled"):
        await approve(chain)


async def _create(chain: Chain) -> object:
    return await create(chain, rollout=[{"name": "pilot", "stores": "S9"}, {"name": "all"}])


UNKNOWN: dict[str, tuple[Callable[[Chain], Awaitable[object]], str]] = {
    "a campaign": (approve, "there is no campaign 'week'"),
    "a store": (_create, "there is no store 'S9'"),
}


@pytest.mark.parametrize(("do", "said"), UNKNOWN.values(), ids=list(UNKNOWN))
async def test_who_is_unknown_is_named(
    chain: Chain, do: Callable[[Chain], Awaitable[object]], said: str
) -> None:
    with pytest.raises(NotAllowed, match=said):
        await do(chain)


async def test_an_unknown_region_is_named(chain: Chain) -> None:
    await create(chain, **MAY_SHIFT)
    with pytest.raises(NotAllowed, match="there is no region 'north'"):
        await adapt(chain, SOONER, "north")
