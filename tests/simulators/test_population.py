"""Scripted people: one seed tells one story; certainties happen to everybody, impossibilities to nobody."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from simulators.app import create_app
from simulators.clock import CHINA
from simulators.config import SimulatorConfig
from simulators.population import chance, life
from simulators.population.plan import Plan
from tests.simulators.conftest import START
from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

OCCASIONS = ("adds", "chats_at_once", "joins_group", "becomes_member", "buys_at_once", "redeems")
TAPS = ("confirms_half_adds", "confirms_tasks", "publishes_moments")
LATER = ("purchases", "chats", "drifts", "returns", "complaints", "leaves")
NEVER = dict.fromkeys((*OCCASIONS, *TAPS, *(f"{what}_per_month" for what in LATER)), 0)
MONTH_HOURS = 30 * 24


async def street(sim: Sim, **way: Any) -> None:
    """One store with two employees, a code, a group and a till."""
    users = [await sim.employee("zhangsan"), await sim.employee("lisi")]
    await sim.contact_way(*users, state="S1", **way)
    chats = [await sim.group()]
    await sim.api(
        "externalcontact/groupchat/add_join_way", {"scene": 2, "chat_id_list": chats, "state": "S1"}
    )
    await sim.control("till/stores", store_id="S1", name="一店")


async def live(sim: Sim, hours: float, **plan: Any) -> Any:
    await sim.control("population", **plan)
    return await sim.control("population/advance", hours=hours)


async def story(sim: Sim) -> list[tuple[str, str, str, str]]:
    log = await sim.look("population/log")
    return [(one["at"], one["who"], one["what"], one["detail"]) for one in log]


async def test_one_seed_tells_one_story(sim: Sim, config: SimulatorConfig) -> None:
    stories = []
    for seed in (7, 7, 8):
        await sim.control("reset")
        sim.token = ""
        await street(sim)
        seen = await live(sim, 3 * MONTH_HOURS, people=40, seed=seed)
        assert seen["people"] == 40
        stories.append(await story(sim))
    assert stories[0] == stories[1]
    assert stories[0] != stories[2]
    assert {what for _, _, what, _ in stories[0]} >= {"scan", "look", "join", "enrol", "buy", "chat", "drift"}


async def test_the_story_is_what_the_world_saw(sim: Sim) -> None:
    await street(sim)
    await live(sim, 6 * MONTH_HOURS, people=30, complaints_per_month=0.3, leaves_per_month=0.3)
    told = Counter(what for _, _, what, detail in await story(sim) if not detail.startswith("refused"))
    events = Counter(event["ChangeType"] + event.get("UpdateDetail", "") for event in sim.events())
    counts = (await sim.look("world"))["counts"]
    assert told["scan"] == events["add_external_contact"]
    assert told["complain"] == events["del_follow_user"] > 0
    assert told["join"] == events["updateadd_member"]
    assert told["leave"] == events["updatedel_member"] > 0
    assert told["buy"] == counts["till_orders"]
    assert told["enrol"] == counts["till_members"]


async def test_what_is_certain_happens_to_everybody(sim: Sim) -> None:
    await street(sim)
    sure = {**NEVER, "adds": 1, "joins_group": 1, "becomes_member": 1, "buys_at_once": 1, "chats_at_once": 1}
    await live(sim, MONTH_HOURS, people=10, **sure)
    deeds = (await sim.look("population"))["deeds"]
    assert deeds == dict.fromkeys(("scan", "join", "enrol", "chat", "buy"), 10)
    assert (await sim.look("population"))["next_at"] is None


async def test_what_is_impossible_happens_to_nobody(sim: Sim) -> None:
    await street(sim)
    await live(sim, MONTH_HOURS, people=10, **NEVER)
    assert (await sim.look("population"))["deeds"] == {"look": 10}
    assert (await sim.look("world"))["counts"]["relations"] == 0


@pytest.mark.parametrize(
    ("probability", "deeds"), [(1, {"scan": 5, "confirm_half_add": 5}), (0, {"scan": 5})]
)
async def test_half_adds_wait_for_the_employee(sim: Sim, probability: float, deeds: dict[str, int]) -> None:
    await street(sim, skip_verify=False)
    plan = {**NEVER, "adds": 1, "confirms_half_adds": probability, "takes_minutes": [90, 90]}
    seen = await live(sim, MONTH_HOURS, people=5, **plan)
    assert seen["deeds"] == deeds
    assert seen["moods"] == {"friend" if probability else "waiting": 5}


@pytest.mark.parametrize(("probability", "status"), [(1, 2), (0, 0)])
async def test_employees_confirm_tasks_or_do_not(sim: Sim, probability: float, status: int) -> None:
    person = await sim.friend()
    body = {"chat_type": "single", "external_userid": [person], "text": {"content": "您好"}}
    plan = {**NEVER, "confirms_tasks": probability, "takes_minutes": [30, 30]}
    await sim.control("population", people=1, **plan)
    await sim.api("externalcontact/add_msg_template", body)
    for _ in range(2):
        await sim.control("population/advance", hours=0.4)
        (task,) = await sim.look("tasks")
        if sim.world.clock() < datetime.fromisoformat(task["created_at"]):
            assert task["parts"][0]["status"] == 0
    assert task["parts"][0]["status"] == status


@pytest.mark.parametrize(("probability", "published"), [(1, True), (0, False)])
async def test_employees_publish_moments_or_do_not(sim: Sim, probability: float, published: bool) -> None:
    await sim.friend()
    body = {"text": {"content": "新品"}, "visible_range": {"sender_list": {"user_list": ["zhangsan"]}}}
    await sim.control("population", people=1, **{**NEVER, "publishes_moments": probability})
    assert (await sim.api("externalcontact/add_moment_task", body))["errcode"] == 0
    await sim.control("population/advance", hours=24)
    (moment,) = await sim.look("moments")
    assert (moment["parts"]["zhangsan"]["published_at"] is not None) == published


async def test_open_coupons_are_used(sim: Sim) -> None:
    await street(sim)
    plan = {**NEVER, "adds": 1, "becomes_member": 1, "redeems": 1, "purchases_per_month": 30, "people": 1}
    await live(sim, 24, **plan)
    (member,) = (await sim.look("till"))["members"]
    issue = {"template_id": "T", "member_id": member["member_id"], "idempotency_key": "k"}
    headers = {"Authorization": f"Bearer {sim.world.config.pos_api_key}"}
    assert (await sim.http.post("/pos/coupons", json=issue, headers=headers)).status_code == 201
    await sim.control("population/advance", hours=MONTH_HOURS)
    assert (await sim.look("till"))["coupons"][0]["status"] == "redeemed"
    assert sum("with a coupon" in detail for *_, detail in await story(sim)) == 1


async def test_a_refusal_of_the_world_is_part_of_the_story(sim: Sim) -> None:
    await sim.control("till/stores", store_id="S1", name="一店")
    await live(sim, MONTH_HOURS, people=3, **{**NEVER, "adds": 1})
    assert [detail for *_, detail in await story(sim)] == ["refused: there is no contact way"] * 3


async def test_chosen_codes_groups_and_stores(sim: Sim) -> None:
    await street(sim)
    await sim.contact_way("zhangsan", state="other")
    await sim.control("till/stores", store_id="S2", name="二店")
    sure = {**NEVER, "adds": 1, "buys_at_once": 1, "people": 20}
    await live(sim, MONTH_HOURS, states=["S1"], stores=["S2"], **sure)
    assert {relation["state"] for relation in (await sim.look("world"))["relations"]} == {"S1"}
    assert {order["store_id"] for order in (await sim.look("till"))["orders"]} == {"S2"}


async def test_one_population_at_a_time(sim: Sim) -> None:
    await street(sim)
    assert await sim.refused("population/advance", hours=1) == 409
    await live(sim, MONTH_HOURS, people=2, seed=1)
    assert await sim.refused("population", people=2) == 409
    assert (await sim.http.delete("/_control/population")).is_success
    assert (await sim.look("population"))["plan"] is None
    await live(sim, MONTH_HOURS, people=2, seed=1)  # the same seed again: other people
    assert len((await sim.look("world"))["customers"]) == 4


async def test_in_real_time_it_lives_along_with_the_clock(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "LOOK_SECONDS", 0.01)
    await street(sim)
    await sim.control("population", people=3, real_time=True, **{**NEVER, "adds": 1})
    await sim.advance(MONTH_HOURS * 3600)
    while (await sim.look("population"))["people"] < 3:  # noqa: ASYNC110 - from outside there is no event
        await asyncio.sleep(0.01)
    await sim.http.delete("/_control/population")
    assert sim.world.population.task is None


async def test_who_was_in_the_middle_of_something_thinks_anew(sim: Sim, config: SimulatorConfig) -> None:
    await street(sim, skip_verify=False)
    await sim.control("population", people=5, **{**NEVER, "adds": 1, "confirms_half_adds": 1})
    await sim.control("population/advance", hours=12)
    told = sim.world.population.story
    assert told is not None
    told.due.clear()  # as if the process had ended between taking the next thing up and doing it
    app = create_app(config, lambda: START)
    app.state.world = sim.world
    life.resume(app)
    await sim.control("population/advance", hours=MONTH_HOURS)
    assert (await sim.look("population"))["moods"] == {"friend": 5}


# ---- the rules


@given(st.integers(0, 366 * 86400), st.integers(0, 23), st.data())
def test_people_act_in_opening_hours(seconds: int, opens: int, data: st.DataObject) -> None:
    closes = data.draw(st.integers(opens + 1, 24))
    moment = START + timedelta(seconds=seconds)
    dice = data.draw(st.randoms(use_true_random=False))
    then = chance.open_at(Plan(opens_at=opens, closes_at=closes), dice, moment)
    assert then >= moment
    assert then - moment < timedelta(days=2)
    assert opens <= then.astimezone(CHINA).hour < closes


def test_a_plan_that_cannot_be() -> None:
    for wrong in ({"opens_at": 9, "closes_at": 9}, {"spends_minor": (2, 1)}, {"adds": 1.1}, {"typo": 1}):
        with pytest.raises(ValidationError):
            Plan.model_validate(wrong)
