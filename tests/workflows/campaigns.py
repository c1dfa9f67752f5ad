"""Campaigns of a test: written, approved by somebody else, started, ordered about."""

from datetime import timedelta
from typing import Any

from domain.campaign import Campaign, CampaignStatus, RegionWords
from domain.campaign_messages import Order, OrderKind
from domain.playbook import Condition, Frequency
from domain.policy import Policy, StaffTaskRhythm
from starter.campaign.orders import give
from storage import campaign_drafts as drafts
from storage import campaigns
from storage.campaigns import Progress
from tests.corp import Corp
from tests.workflows.conftest import playbook

POLICY = Policy(
    default_playbook="small",
    window=timedelta(minutes=10),
    frequency=Frequency(most=1, per=timedelta(hours=36)),
    staff_task=StaffTaskRhythm(poll_every=timedelta(minutes=5), expire_after=timedelta(hours=24)),
)
QUIET = playbook(join_reminder=None)
EVERYBODY = Condition(any=[Condition(member=True), Condition(member=False)])


def campaign(name: str = "week", **fields: Any) -> Campaign:
    said = {"campaign": name, "title": "会员周", "segment": "everybody", "channel": ["private"]}
    return Campaign.model_validate(said | {"words": {"private": {"text": f"{name}，欢迎"}}} | fields)


async def friends_by(corp: Corp, *states: str) -> list[str]:
    """One for each code that is scanned."""
    friends = []
    for state in states:
        she = await corp.newcomer()
        await corp.scan(she, state)
        friends.append(she)
    for she in friends:
        await corp.until_logged(she, "tagged")
    return friends


async def confirmed(corp: Corp) -> None:
    """The windows close, everybody confirms, the results are read."""
    await corp.sleep(minutes=12)
    await corp.street.confirm_all_tasks()
    await corp.sleep(minutes=12)


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
