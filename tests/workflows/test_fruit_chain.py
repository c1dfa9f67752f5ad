"""The fruit chain (M49–M52), played once through a whole corp: two stores, three employees, four customers.

Amy and Bea like melons and visit S002, Cat buys bananas there, Dan likes melons and visits S001. All are in
their store's group. Bea's employee Zhao confirms no message, but posts what she is given for her Moments.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import SQLModel, select, update

from domain.campaign import CampaignStatus
from domain.days import next_moment
from domain.hours import Weekday
from domain.messages import SweepReport, SweepStart
from domain.policy import Policy
from domain.touches import Channel, TouchStatus
from playbooks.loader import load_playbook, load_policy
from playbooks.overstock_files import Rule, load_rules
from settings import ROOT
from starter.codes import Codes, WantedCode
from starter.overstock.listing import rows_of
from starter.preview.engines import skipping_server
from storage import directory
from storage.tables import CampaignRow, Employee, Group, GroupPlan, TemporaryTag, Touch
from tests import engines
from tests.corp import Corp, running_corp

PLAYBOOKS = ROOT / "playbooks"
ZONE = "Asia/Shanghai"
MELON = {"product_id": "6001", "name": "西瓜", "category": "西瓜"}
BANANA = {"product_id": "6100", "name": "香蕉", "category": "香蕉"}
ALL = ("amy", "bea", "cat", "dan")


@dataclass
class Played:
    """What everybody has on her phone at the end, by her name, and the rows that are left."""

    received: dict[str, list[dict[str, Any]]]
    ids: dict[str, str]
    touches: list[Touch]
    group_plans: list[GroupPlan]
    temporary: list[TemporaryTag]
    campaigns: list[CampaignRow]
    lots: list[dict[str, Any]]
    tags_meanwhile: dict[str, set[str]]
    tags_at_the_end: dict[str, set[str]]
    tasks: list[dict[str, Any]]
    policy: Policy

    def got(self, who: str, words: str) -> list[str]:
        """By which channels she received something with these words."""
        return [one["channel"] for one in self.received[who] if words in one["text"]]

    def heard(self, who: str) -> list[Touch]:
        """What reached her and counts, also by her group."""
        groups = {plan.touch_key for plan in self.group_plans if plan.external_userid == self.ids[who]}
        ways = [Channel.PRIVATE, Channel.GROUP, Channel.MOMENTS]
        hers = [t for t in self.touches if t.external_userid == self.ids[who] or t.key in groups]
        return [t for t in hers if t.channel in ways and t.status == TouchStatus.SENT]

    def of(self, who: str, **fields: str) -> list[Touch]:
        """Her touches that are so."""
        hers = [touch for touch in self.touches if touch.external_userid == self.ids[who]]
        return [touch for touch in hers if all(getattr(touch, k) == v for k, v in fields.items())]


class Story:
    """The same weeks for everybody."""

    def __init__(self, corp: Corp) -> None:
        self.corp = corp
        self.ids: dict[str, str] = {}

    async def until(self, at: str, weekday: Weekday) -> None:
        now = self.corp.clock()
        later = next_moment(now, ZONE, time.fromisoformat(at), [weekday])
        await self.corp.sleep(seconds=(later - now).total_seconds())

    async def open(self) -> None:
        """Zhao works at S002 as well; the groups are of the kind `fruit`."""
        corp = self.corp
        await corp.street.do("employees", userid="zhao", name="赵敏")
        async with corp.database.transaction() as session:
            await directory.upsert(session, Employee(userid="zhao", name="赵敏", store_id="S002"))
            await session.exec(update(Group).values(kind="fruit"))
        codes = Codes(corp.database, corp.client, corp.clock)
        await codes.create(WantedCode("S002", "scale", "fruit-chain", ("zhao",)))

    async def comes(self, name: str, state: str, line: dict[str, Any]) -> None:
        """A member with two orders scans a code and joins the group of the store."""
        corp, store = self.corp, state.partition("-")[0]
        she = self.ids[name] = await corp.newcomer(name)
        member = await corp.member(she)
        for days in (20, 8):
            paid_at = (corp.clock() - timedelta(days=days)).isoformat()
            lines = [line | {"paid": {"amount_minor": 3600}}]
            order = {"store_id": store, "member_id": member, "amount_minor": 3600, "lines": lines}
            await corp.do("till/orders", **order, paid_at=paid_at, push=False)
        await corp.scan(she, state)
        await corp.until_logged(she, "tagged")
        await corp.join(she, store)
        await corp.until_stage(she, "joined")

    async def taps(self, *userids: str) -> None:
        """These employees confirm what waits for them; the results are read."""
        for task in await self.corp.street.see("tasks"):
            for part in task["parts"]:
                if part["userid"] in userids and part["status"] == 0 and not task["cancelled"]:
                    await self.corp.do("tasks/confirm", msgid=task["msgid"], userid=part["userid"])
        await self.corp.sleep(minutes=10)

    async def sweep(self) -> SweepReport:
        return await self.corp.activities.upkeep.sweep(SweepStart())

    async def tags(self) -> dict[str, set[str]]:
        found = {}
        for name, she in self.ids.items():
            told = await self.corp.street.see(f"tags/{she}")
            found[name] = {tag for tags in told.values() for tag in tags}
        return found


def melons() -> Rule:
    """The shipped rule, set going."""
    [shipped] = load_rules(PLAYBOOKS)
    return replace(shipped, rule=shipped.rule.model_copy(update={"active": True}))


async def play(url: str) -> Played:
    shipped = load_policy(PLAYBOOKS)
    rhythm = shipped.staff_task.model_copy(update={"expire_after": timedelta(hours=6)})
    policy = shipped.model_copy(update={"quiet_hours": None, "staff_task": rhythm})
    book = load_playbook(PLAYBOOKS / "fruit-chain.yaml")
    async with (
        skipping_server() as env,
        running_corp(env, url, policy=policy, playbooks=[book], overstock=[melons()]) as corp,
    ):
        return await weeks(Story(corp))


async def weeks(story: Story) -> Played:
    """One Monday to the Thursday of the week after."""
    corp = story.corp
    await story.until("10:00", "mon")
    await story.open()
    await story.comes("amy", "S002-cashier", MELON)
    await story.comes("bea", "S002-scale", MELON)
    await story.comes("cat", "S002-cashier", BANANA)
    await story.comes("dan", "S001-cashier", MELON)
    await story.until("17:10", "fri")  # the groups hear of what has come in
    await story.taps("li", "chen")
    await story.until("17:10", "tue")  # who likes melons is told of melons
    await story.taps("li", "chen")
    await story.until("00:30", "wed")  # Zhao's task has expired
    meanwhile = await story.tags()
    await corp.street.publish_all_moments()
    await story.until("14:00", "thu")  # more than 36 hours after
    await overstock(story)
    return await told(story, meanwhile)


async def overstock(story: Story) -> None:
    """Forty melons that keep until tomorrow; soon two are left."""
    corp, tomorrow = story.corp, corp_day(story.corp) + timedelta(days=1)
    lot = {"store_id": "S002", "product_id": "6001", "name": "西瓜", "expires_on": f"{tomorrow}"}
    await corp.street.do("till/stock", **lot, quantity="40")
    assert (await story.sweep()).overstock == 1
    assert (await story.sweep()).overstock == 0
    await corp.sleep(minutes=20)
    await story.taps("li", "chen")
    sold = MELON | {"quantity": "38", "paid": {"amount_minor": 90_000}}
    await corp.do("till/orders", store_id="S002", amount_minor=90_000, lines=[sold], push=False)
    await story.sweep()
    await corp.sleep(minutes=20)


def corp_day(corp: Corp) -> date:
    return corp.clock().astimezone(ZoneInfo(ZONE)).date()


async def told(story: Story, meanwhile: dict[str, set[str]]) -> Played:
    corp = story.corp
    async with corp.database.transaction() as session:

        async def rows(table: type[SQLModel]) -> list[Any]:
            return list((await session.exec(select(table))).all())

        return Played(
            received={name: await corp.received(she) for name, she in story.ids.items()},
            ids=story.ids,
            touches=await rows(Touch),
            group_plans=await rows(GroupPlan),
            temporary=await rows(TemporaryTag),
            campaigns=await rows(CampaignRow),
            lots=await rows_of(session, melons(), "S002", corp.policy, corp.clock()),
            tags_meanwhile=meanwhile,
            tags_at_the_end=await story.tags(),
            tasks=await corp.street.see("tasks"),
            policy=corp.policy,
        )


@pytest.fixture(scope="module")
def played(postgres: str) -> Played:
    with engines.fresh_database(postgres) as url:
        return asyncio.run(play(url))


def test_m49_the_group_is_told_first_and_who_is_in_it_hears_of_it_once(played: Played) -> None:
    for who in ALL:
        assert played.got(who, "周末的水果") == ["group"]


def test_m50_only_who_likes_it_is_told_alone_and_nobody_is_over_the_cap(played: Played) -> None:
    assert [who for who in ALL if "single" in played.got(who, "您爱吃的西瓜")] == ["amy", "dan"]
    assert played.of("bea", channel="private", step="favourite")[0].status == TouchStatus.EXPIRED
    assert not played.of("cat", channel="private")
    cap, weights = played.policy.frequency, played.policy.weights
    for who in ALL:
        heard = played.heard(who)
        sent = [(at, weights.of(Channel(touch.channel))) for touch in heard if (at := touch.sent_at)]
        assert len(sent) == len(heard) > 0
        for at, _ in sent:
            assert sum(weight for other, weight in sent if at - cap.per < other <= at) <= cap.most, who


def test_m51_too_many_melons_are_told_to_their_lovers_in_that_store_until_they_are_sold(
    played: Played,
) -> None:
    assert {who: played.got(who, "这两天西瓜到得多") for who in ALL} == {
        "amy": ["single"],
        "bea": [],
        "cat": [],
        "dan": [],
    }
    [campaign] = played.campaigns
    assert (campaign.status, campaign.author, campaign.approved_by) == (
        CampaignStatus.FINISHED,
        "商品部-王芳",
        "运营部-李强",
    )
    assert campaign.reason == "2 left at S002, wanted at most 5"
    [hers] = played.of("bea", campaign_id=campaign.id)
    assert (hers.status, hers.rule, hers.reason) == (TouchStatus.CANCELLED, "campaign_stock", campaign.reason)
    assert [task["cancelled"] for task in played.tasks[-2:]].count(True) == 1, "Zhao's is taken back"
    [lot] = played.lots
    assert (lot["at_start"], lot["left"], lot["sold"]) == (40, 2, 0.95)


def test_m52_whom_1_to_1_missed_sees_it_in_moments_by_a_tag_for_a_while(played: Played) -> None:
    assert played.got("bea", "换了新产地") == ["moment"]
    for who in ("amy", "cat", "dan"):
        assert "moment" not in played.got(who, "换了新产地")
    [row] = played.temporary
    assert (row.external_userid, row.userid, row.status) == (played.ids["bea"], "zhao", "removed")
    assert [who for who in ALL if row.tag in played.tags_meanwhile[who]] == ["bea"]
    assert [who for who in ALL if row.tag in played.tags_at_the_end[who]] == []
