"""Steps that depend on what is known of her: branch, split, wait until, life stages; and segments."""

import re
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from activities.attributes import TIER
from domain.addresses import customer_id
from domain.messages import SweepStart
from domain.policy import Policy
from storage.tables import Batch, Exposure
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

POLICY = Policy.model_validate(
    {
        "default_playbook": "small",
        "window": "10m",
        "frequency": {"most": 1, "per": "1h"},
        "tiers": {"price_sensitive": {"coupon_share": {"least": 0.7}}},
        "park_after": "365d",
        "staff_task": {"poll_every": "8h"},  # nobody confirms here: what matters is what is planned
    }
)
SHANGHAI = ZoneInfo("Asia/Shanghai")
LINKS = "{{ forms.due_date }}"


def send(text: str, **fields: Any) -> dict[str, Any]:
    return {"send": {"text": text} | fields}


async def greeted(corp: Corp, *, coupons: int | None = None) -> str:
    """A new friend; with `coupons` a member who has bought once with so many of them."""
    she = await corp.newcomer()
    member_id = await corp.member(she) if coupons is not None else None
    await corp.scan(she)
    await corp.until_logged(she, "welcome sent")
    if coupons is not None:
        paper = [f"paper-{number}" for number in range(coupons)]
        order = {"store_id": "S002", "member_id": member_id, "amount_minor": 2800}
        await corp.do("till/orders", other_coupon_ids=paper, **order)
        await corp.until_stage(she, "regular")
    return she


async def reasons(corp: Corp, she: str) -> dict[str, str]:
    return {line.what: line.reason for line in await corp.story(she)}


async def texts(corp: Corp, she: str) -> list[str]:
    """Of her messages in the order of their planning, which is all that these tests wait for."""
    touches = await corp.touches(she)
    async with corp.database.transaction() as session:
        batches = {row.id: row.content["text"] for row in (await session.exec(select(Batch))).all()}
    return [batches[touch.batch_id] for touch in touches if touch.batch_id]


BRANCHES = [
    {"wait": "1d"},
    {
        "branch": [
            {"when": {"tier": "price_sensitive"}, "steps": [send("有券")]},
            {"when": {"orders": {"least": 1}}, "steps": [send("熟客")]},
            {"steps": [send("新客")]},
        ]
    },
    {
        "split": {
            "experiment": "words",
            "arms": [
                {"arm": "a", "share": 50, "steps": [{"wait": "2h"}, send("甲")]},
                {"arm": "b", "share": 50, "steps": [{"wait": "2h"}, send("乙")]},
            ],
        }
    },
    {"wait": {"duration": "2h", "weekday": ["sat", "sun"], "until": "10:00"}},
    send("周末好"),
    {"wait": {"day": {"date": "birthday", "offset": "-3d"}}},
    send("生日快乐"),
]


async def test_branches_splits_and_weekdays_go_as_the_facts_say(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(join_reminder=None, nurture=BRANCHES)], policy=POLICY) as corp:
        thrifty, regular, new = (
            await greeted(corp, coupons=1),
            await greeted(corp, coupons=0),
            await greeted(corp),
        )
        await corp.sleep(days=9)
        for she, first in ((thrifty, "有券"), (regular, "熟客"), (new, "新客")):
            await corp.until_logged(she, "small ended")
            async with corp.database.transaction() as session:
                exposure = await session.get_one(Exposure, (she, "words"))
            assert await texts(corp, she) == [first, {"a": "甲", "b": "乙"}[exposure.arm], "周末好"]
            at = (await corp.touches(she))[-1].planned_at.astimezone(SHANGHAI)
            assert (at.weekday() in (5, 6), at.hour, at.minute) == (True, 10, 0)
        why = await reasons(corp, thrifty)
        assert why["nurture.1: 0"] == "tier price_sensitive"
        assert (await reasons(corp, regular))["nurture.1: 1"] == "orders ≥ 1"
        assert (await reasons(corp, new))["nurture.1: 2"] == "everybody else"
        assert "experiment words, 50 %" in why.values()
        assert why["nurture.5: left out with the steps behind it"] == "birthday is not known"
        shown = await corp.env.client.get_workflow_handle(customer_id(thrifty)).describe()
        assert shown.typed_search_attributes.get(TIER) == "price_sensitive"


LIFE = [
    {"stage": "备孕", "steps": [send("备孕知识"), {"wait": "300d"}, send("还在备孕吗")]},
    {
        "stage": "孕期",
        "begins": {"date": "due_date", "offset": "-280d"},
        "steps": [
            {"wait": {"day": {"date": "due_date", "offset": "-7d"}, "until": "10:00"}},
            send("还有一周"),
            {"wait": "100d"},
            send("早该生了"),
        ],
    },
    {"stage": "宝宝", "begins": {"date": "child_born"}, "steps": [send("恭喜")]},
]


async def tell_due_date(corp: Corp, she: str, due: date) -> None:
    [greeting] = [m["text"] for m in await corp.received(she)]
    found = re.search(r"^(http\S+)$", greeting, re.MULTILINE)
    assert found, greeting
    answer = await corp.http.post(found[1], data={"due_date": due.isoformat(), "agreed": "yes"})
    assert answer.status_code == 200


async def test_a_life_stage_begins_by_itself_and_breaks_off_the_one_before(corp_with: CorpWith) -> None:
    book = playbook(welcome={"text": f"您好\n{LINKS}"}, join_reminder=None, life_stages=LIFE)
    async with corp_with(playbooks=[book], policy=POLICY) as corp:
        told, silent = await greeted(corp), await greeted(corp)
        for she in (told, silent):
            await corp.until_logged(she, "life stage 备孕")
        due = (corp.clock() + timedelta(days=20)).astimezone(SHANGHAI).date()
        await tell_due_date(corp, told, due)
        await corp.until_logged(told, "life stage 孕期")
        await corp.sleep(days=14)
        assert await texts(corp, told) == ["备孕知识", "还有一周"]
        at = (await corp.touches(told))[-1].planned_at.astimezone(SHANGHAI)
        assert (at.date(), at.hour) == (due - timedelta(days=7), 10)
        await corp.sleep(days=7)
        await corp.until_logged(told, "small ended")
        assert await texts(corp, told) == ["备孕知识", "还有一周", "恭喜"]
        assert await texts(corp, silent) == ["备孕知识"]
        why = await reasons(corp, told)
        assert why["life stage 备孕"] == "due date, child born not known"
        assert why["life stage 孕期"] == "begins at due date -280d"
        assert why["life stage 宝宝"] == "begins at child born"
        assert str(due.year) not in "".join(why.values())


async def test_whom_a_segment_means_enters_by_itself(corp_with: CorpWith) -> None:
    revive = playbook(
        playbook="revive",
        welcome=None,
        join_reminder=None,
        enter={"segment": {"orders": {"least": 1}, "last_order": {"longer_than": "2d"}}},
        nurture=[send("好久不见")],
    )
    small = playbook(join_reminder=None, nurture=[{"wait": "100d"}])
    async with corp_with(playbooks=[small, revive], policy=POLICY) as corp:
        dormant, new = await greeted(corp, coupons=0), await greeted(corp)
        await corp.sleep(days=1)
        assert (await corp.activities.upkeep.sweep(SweepStart())).entered == 0
        await corp.sleep(days=2)
        assert (await corp.activities.upkeep.sweep(SweepStart())).entered == 1
        await corp.until_logged(dormant, "revive ended")
        assert await texts(corp, dormant) == ["好久不见"]
        await corp.sleep(days=1)
        assert (await corp.activities.upkeep.sweep(SweepStart())).entered == 0, "re-entry: new_episode"
        assert "enrolled in revive" not in await reasons(corp, new)
