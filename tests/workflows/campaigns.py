"""Campaigns of a test: written, approved by somebody else, started, ordered about."""

from typing import Any

from domain.campaign import Campaign, CampaignStatus, RegionWords
from domain.campaign_messages import Order, OrderKind
from domain.playbook import Condition
from starter.campaign.orders import give
from storage import campaign_drafts as drafts
from storage import campaigns
from storage.campaigns import Progress
from tests.corp import Corp

EVERYBODY = Condition(any=[Condition(member=True), Condition(member=False)])


def campaign(name: str = "week", **fields: Any) -> Campaign:
    said = {"campaign": name, "title": "会员周", "segment": "everybody", "channel": ["private"]}
    return Campaign.model_validate(said | {"words": {"private": {"text": f"{name}，欢迎"}}} | fields)


async def started(
    corp: Corp,
    what: Campaign,
    who: Condition = EVERYBODY,
    regions: dict[str, RegionWords] | None = None,
) -> str:
    """Drafted, adapted by regions, approved, and its workflow runs; its name."""
    async with corp.database.transaction() as session:
        await drafts.create(session, what, who, by="author", now=corp.clock())
    for region, made in (regions or {}).items():
        async with corp.database.transaction() as session:
            await drafts.adapt(session, what.campaign, region, made, by="manager", now=corp.clock())
    async with corp.database.transaction() as session:
        await drafts.approve(session, what.campaign, by="approver", now=corp.clock())
    await corp.courier.start_campaign(what.campaign)
    return what.campaign


async def order(corp: Corp, name: str, kind: OrderKind, *, reason: str = "test", recall: bool = False) -> str:
    told = Order(id=f"{kind}-{corp.clock().timestamp()}", kind=kind, by="sun", reason=reason, recall=recall)
    return await give(corp.env.client, corp.database, name, told)


async def progress(corp: Corp, name: str) -> Progress:
    async with corp.database.transaction() as session:
        return await campaigns.progress(session, name)


async def until_status(corp: Corp, name: str, status: CampaignStatus) -> None:
    async def look() -> CampaignStatus:
        return (await progress(corp, name)).status

    await corp.until(look, status)
