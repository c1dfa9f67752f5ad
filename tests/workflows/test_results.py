"""A campaign looked back on after it has really run: employees confirmed, customers went to the store."""

from datetime import timedelta

import pytest

from domain.campaign import CampaignStatus
from domain.outcomes import Retrospective
from domain.playbook import Frequency
from domain.policy import Policy, StaffTaskRhythm
from starter.results import worth
from storage import campaigns, directory
from storage.results.campaign import Parts, retrospective
from storage.results.playbook import worth as worth_of
from tests.corp import Corp
from tests.workflows.campaigns import campaign, started, until_status
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

POLICY = Policy(
    default_playbook="small",
    window=timedelta(minutes=10),
    frequency=Frequency(most=1, per=timedelta(hours=36)),
    staff_task=StaffTaskRhythm(poll_every=timedelta(minutes=5), expire_after=timedelta(hours=24)),
)
QUIET = playbook(join_reminder=None)
FRIENDS = 8


async def member_and_friend(corp: Corp) -> tuple[str, str]:
    """She, and her number at the till."""
    she = await corp.newcomer()
    member_id = await corp.member(she)
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    return she, member_id


async def look_back(corp: Corp, name: str, by: Parts) -> Retrospective:
    async with corp.database.transaction() as session:
        row = await campaigns.find(session, name)
        assert row is not None
        return await retrospective(session, row, by, corp.clock())


async def test_m71_planned_and_real_are_held_against_who_was_held_out(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        people = dict([await member_and_friend(corp) for _ in range(FRIENDS)])
        name = await started(corp, campaign(holdout=50))
        await corp.sleep(minutes=12)
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=12)
        await until_status(corp, name, CampaignStatus.FINISHED)
        got = {she for she in people if any(m["channel"] != "welcome" for m in await corp.received(she))}
        for member_id in people.values():
            await corp.do("till/orders", member_id=member_id, store_id="S002", amount_minor=2800)
        await corp.sleep(minutes=1)
        found = await look_back(corp, name, Parts.EMPLOYEE)
        steps, sales = found.whole.steps, found.whole.sales
        assert (steps.targeted, steps.held_out) == (FRIENDS, FRIENDS - len(got))
        assert steps.reachable == steps.tasked == steps.confirmed == steps.delivered == len(got)
        assert (sales.buyers, sales.revenue_minor) == (len(got), 2800 * len(got))
        assert found.refused == ({"holdout": FRIENDS - len(got)} if len(got) < FRIENDS else {})
        assert (found.treated.people, found.held_out.people) == (len(got), FRIENDS - len(got))
        assert (found.treated.buyers, found.held_out.buyers) == (len(got), FRIENDS - len(got))
        says = worth.lines(found.treated, found.held_out)[0]["says"]
        assert says.startswith(("too few people to say anything", "nobody was held out"))


async def test_m36_the_loop_closes_when_she_comes_to_the_store(corp_with: CorpWith) -> None:
    book = playbook(
        join_reminder=None,
        goals=[{"name": "到店", "event": "order_paid", "ends": False}],
        holdout={"experiment": "small-2026", "share": 50},
        nurture=[{"id": "novelty", "send": {"text": "新品"}}, {"wait": "5d"}],
    )
    async with corp_with(playbooks=[book], policy=POLICY) as corp:
        people = dict([await member_and_friend(corp) for _ in range(FRIENDS)])
        await corp.sleep(minutes=12)
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=12)
        buyer = next(iter(people))
        await corp.do("till/orders", store_id="S002", member_id=people[buyer], amount_minor=2800)
        await corp.until_logged(buyer, "goal 到店 reached")
        sorry = next(one for one in people if one != buyer)
        bought = {"store_id": "S002", "member_id": people[sorry], "amount_minor": 2800}
        order = await corp.do("till/orders", **bought)
        await corp.until_logged(sorry, "goal 到店 reached")
        await corp.do("till/refund", order_id=order["order_id"])
        await corp.until_logged(sorry, "goal 到店 undone")
        await corp.sleep(days=2)
        async with corp.database.transaction() as session:
            row = await directory.newest_version(session, "small")
            assert row is not None
            found = await worth_of(session, row, row.number, timedelta(days=1), corp.clock())
        steps = found.steps["novelty"]
        assert (found.entered, found.inside) == (FRIENDS, FRIENDS)
        assert (found.goals, found.undone) == ({"到店": 1}, {"到店": 1})
        assert (steps.targeted, steps.held_out + steps.delivered) == (FRIENDS, FRIENDS)
        assert (found.treated.people, found.held_out.people) == (steps.delivered, steps.held_out)
        assert found.treated.buyers + found.held_out.buyers == 1
