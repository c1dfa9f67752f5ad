"""Acquisition links (获客链接): rules, quota, events (contract §2.3, §3.7)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.simulators.conftest import START
from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

PATH = "externalcontact/customer_acquisition"
QUOTA = "externalcontact/customer_acquisition_quota"
DAY = 24 * 3600


async def create(sim: Sim, *users: str, **more: Any) -> dict[str, Any]:
    for userid in users:
        await sim.employee(userid)
    body = {"link_name": "抖音", "range": {"user_list": list(users)}, **more}
    link: dict[str, Any] = (await sim.api(f"{PATH}/create_link", body))["link"]
    return link


async def opened(sim: Sim, link: dict[str, Any], **more: Any) -> str:
    person = await sim.person()
    await sim.control("open_link", external_userid=person, link_id=link["link_id"], **more)
    return person


def told(sim: Sim) -> list[str]:
    """ChangeTypes of the links' own event, in order."""
    return [one["ChangeType"] for one in sim.events() if one["Event"] == "customer_acquisition"]


async def test_a_link_is_made_read_changed_and_deleted(sim: Sim) -> None:
    link = await create(sim, "a", "b")
    assert link["url"] == f"https://work.weixin.qq.com/ca/{link['link_id']}"
    change = {
        "link_id": link["link_id"],
        "range": {"user_list": ["b"]},
        "skip_verify": False,
        "priority_option": {"priority_type": 2, "priority_userid_list": ["a"]},
    }
    assert await sim.errcode(f"{PATH}/update_link", change) == 0
    found = await sim.api(f"{PATH}/get", {"link_id": link["link_id"]})
    assert found["link"] == {**link, "skip_verify": False}
    assert found["range"] == {"user_list": ["b"], "department_list": []}
    assert found["priority_option"] == change["priority_option"]
    assert await sim.errcode(f"{PATH}/delete_link", {"link_id": link["link_id"]}) == 0
    assert await sim.errcode(f"{PATH}/get", {"link_id": link["link_id"]}) == 40058
    assert told(sim) == [], "the API's own deletion raises no event"


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"link_name": ""}, 40058),
        ({"range": {}}, 40063),
        ({"range": {"user_list": ["nobody"]}}, 40003),
        ({"range": {"department_list": [9]}}, 40066),
        ({"range": {"department_list": [1]}}, 41041),
        ({"priority_option": {"priority_type": 3}}, 40058),
        ({"priority_option": {"priority_type": 2}}, 40058),
        ({"priority_option": {"priority_type": 1}}, 0),
    ],
)
async def test_what_a_link_may_be(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    await sim.control("settings", acquisition_range=1)
    await sim.employee("a")
    await sim.employee("b")
    body = {"link_name": "抖音", "range": {"user_list": ["a"]}, **changes}
    assert await sim.errcode(f"{PATH}/create_link", body) == errcode


async def test_links_are_counted_and_paged(sim: Sim) -> None:
    await sim.control("settings", acquisition_links=3)
    links = [(await create(sim, "a"))["link_id"] for _ in range(3)]
    full = {"link_name": "x", "range": {"user_list": ["a"]}}
    assert await sim.errcode(f"{PATH}/create_link", full) == 41095
    first = await sim.api(f"{PATH}/list_link", {"limit": 2})
    second = await sim.api(f"{PATH}/list_link", {"limit": 2, "cursor": first["next_cursor"]})
    assert first["link_id_list"] + second["link_id_list"] == links
    assert second["next_cursor"] == ""


async def test_a_customer_comes_by_the_link_with_its_channel(sim: Sim) -> None:
    link = await create(sim, "a")
    person = await sim.person()
    url = f"{link['url']}?customer_channel=%E9%97%A8%E5%BA%97-7"
    await sim.control("open_link", external_userid=person, url=url)
    assert told(sim) == ["friend_request"]
    event = sim.last_event()
    assert (event["ChangeType"], event["State"]) == ("add_external_contact", "门店-7")
    follower = (await sim.api("externalcontact/get", external_userid=person))["follow_user"][0]
    assert (follower["add_way"], follower["state"]) == (16, "门店-7")
    customers = await sim.api(f"{PATH}/customer", {"link_id": link["link_id"]})
    assert customers["customer_list"] == [
        {"external_userid": person, "userid": "a", "chat_status": 0, "state": "门店-7"}
    ]


async def test_a_channel_is_cut_at_64_bytes(sim: Sim) -> None:
    link = await create(sim, "a")
    await opened(sim, link, customer_channel="长" * 22)
    assert sim.last_event()["State"] == "长" * 21


async def test_without_a_channel_no_request_is_told_of(sim: Sim) -> None:
    await opened(sim, await create(sim, "a"))
    assert told(sim) == []
    assert "State" not in sim.last_event()


async def test_the_profile_is_told_of_in_some_industries(sim: Sim) -> None:
    await sim.control("settings", acquisition_open_profile=True)
    await opened(sim, await create(sim, "a"), customer_channel="x")
    assert told(sim) == ["open_profile", "friend_request"]


async def test_with_verification_the_member_has_to_agree(sim: Sim) -> None:
    link = await create(sim, "a", skip_verify=False)
    person = await opened(sim, link, customer_channel="x")
    assert [event["ChangeType"] for event in sim.events()] == ["friend_request"]
    assert (await sim.api(QUOTA))["balance"] == 1000
    await sim.control("confirm_half_add", userid="a", external_userid=person)
    assert sim.last_event()["ChangeType"] == "add_external_contact"
    assert (await sim.api(QUOTA))["balance"] == 999


async def test_friends_are_preferred(sim: Sim) -> None:
    person = await sim.friend("old")
    anywhere = await create(sim, "new", priority_option={"priority_type": 1})
    named = {"priority_type": 2, "priority_userid_list": ["new"]}
    among = await create(sim, "new", priority_option=named)
    answer = await sim.control("open_link", external_userid=person, link_id=anywhere["link_id"])
    assert (answer["userid"], answer["added"]) == ("old", False)
    answer = await sim.control("open_link", external_userid=person, link_id=among["link_id"])
    assert (answer["userid"], answer["added"]) == ("new", True)


async def test_members_at_their_limit_make_the_link_unavailable(sim: Sim) -> None:
    link = await create(sim, "a")
    await sim.employee("a", contact_cap=1)
    await opened(sim, link)
    second = {"external_userid": await sim.person(), "link_id": link["link_id"]}
    assert await sim.refused("open_link", **second) == 409
    event = sim.last_event()
    assert (event["ChangeType"], event["LinkId"]) == ("link_unavailable", link["link_id"])


async def test_the_quota_runs_low_then_out_and_is_bought_again(sim: Sim) -> None:
    link = await create(sim, "a")
    sim.world.links.lots[0].balance = 2
    await sim.control("settings", acquisition_low=2)
    for _ in range(2):
        await opened(sim, link)
    assert told(sim) == ["balance_low", "balance_exhausted"]
    third = {"external_userid": await sim.person(), "link_id": link["link_id"]}
    assert await sim.refused("open_link", **third) == 409
    await sim.control("links/quota", amount=5)
    assert told(sim)[2:] == ["balance_increased"]
    await sim.control("links/quota", amount=5)
    assert told(sim)[3:] == [], "there was some left"
    assert (await sim.api(QUOTA))["balance"] == 10


async def test_charged_with_the_first_message_instead(sim: Sim) -> None:
    await sim.control("settings", acquisition_charged="first_message")
    person = await opened(sim, await create(sim, "a"))
    assert (await sim.api(QUOTA))["balance"] == 1000
    await sim.control("chat", userid="a", external_userid=person, messages=2)
    assert (await sim.api(QUOTA))["balance"] == 999


async def test_quota_expires_after_five_warnings(sim: Sim) -> None:
    sim.world.links.lots.clear()
    end = START + timedelta(days=20)
    await sim.control("links/quota", amount=7, expires_at=end.isoformat())
    quota = await sim.api(QUOTA)
    assert quota["quota_list"] == [
        {"expire_date": int((end - timedelta(hours=12)).timestamp()), "balance": 7}
    ]
    for _ in range(20):
        await sim.advance(DAY)
    expected = ["balance_increased", *["quota_expire_soon"] * 5, "balance_exhausted"]
    assert told(sim) == expected
    warning = next(event for event in sim.events() if event["ChangeType"] == "quota_expire_soon")
    assert warning["ExpireQuotaNum"] == "7"
    assert warning["ExpireTime"] == str(quota["quota_list"][0]["expire_date"])


async def test_messages_bring_chat_keys_for_half_an_hour(sim: Sim) -> None:
    person = await opened(sim, await create(sim, "a"), customer_channel="x")
    pair = {"userid": "a", "external_userid": person}
    await sim.control("chat", **pair, by="employee", messages=9)
    await sim.control("chat", **pair, messages=11)
    assert told(sim)[1:] == ["customer_start_chat", *["message_from_customer"] * 3]
    keys = [event["ChatKey"] for event in sim.events() if "ChatKey" in event]
    info = await sim.api(f"{PATH}/get_chat_info", {"chat_key": keys[-1]})
    assert (info["userid"], info["external_userid"]) == ("a", person)
    assert (info["chat_info"]["recv_msg_cnt"], info["chat_info"]["state"]) == (11, "x")
    await sim.advance(1800)
    assert await sim.errcode(f"{PATH}/get_chat_info", {"chat_key": keys[-1]}) == 40058


async def test_who_leaves_is_told_of_twice(sim: Sim) -> None:
    link = await create(sim, "a")
    person = await opened(sim, link)
    await sim.control("delete", userid="a", external_userid=person, by="customer")
    assert [event["Event"] for event in sim.events()[-2:]] == [
        "change_external_contact",
        "customer_acquisition",
    ]
    assert {event["ChangeType"] for event in sim.events()[-2:]} == {"del_follow_user"}


async def test_the_console_deletes_with_an_event(sim: Sim) -> None:
    link = await create(sim, "a")
    await sim.http.delete(f"/_control/links/{link['link_id']}")
    assert told(sim) == ["delete_link"]
    assert await sim.errcode(f"{PATH}/get", {"link_id": link["link_id"]}) == 40058
    books = await sim.look("links")
    assert (books["links"], books["quota"][0]["balance"]) == ([], 1000)


async def test_clicks_and_adds_by_day(sim: Sim) -> None:
    link = await create(sim, "a", skip_verify=False)
    person = await opened(sim, link)
    await sim.control("open_link", external_userid=person, link_id=link["link_id"])
    await sim.control("confirm_half_add", userid="a", external_userid=person)
    await opened(sim, link)
    today = sim.world.clock.unix()
    span = {"link_id": link["link_id"], "start_time": today - DAY, "end_time": today}
    numbers = await sim.api(f"{PATH}/statistic", span)
    assert (numbers["click_link_customer_cnt"], numbers["new_customer_cnt"]) == (2, 1)
    yesterday = await sim.api(f"{PATH}/statistic", {**span, "end_time": today - DAY})
    assert yesterday["click_link_customer_cnt"] == 0
    for wrong in ({"start_time": today - 30 * DAY}, {"end_time": today + DAY}, {"start_time": today + 1e6}):
        assert await sim.errcode(f"{PATH}/statistic", {**span, **wrong}) == 40058
    old = {"start_time": today - 181 * DAY, "end_time": today - 181 * DAY}
    assert await sim.errcode(f"{PATH}/statistic", {**span, **old}) == 40058


async def test_nonsense_at_the_door(sim: Sim) -> None:
    person = await sim.person()
    assert await sim.refused("open_link", external_userid=person) == 422
    assert await sim.refused("open_link", external_userid=person, link_id="a", url="b") == 422
    assert await sim.refused("open_link", external_userid=person, link_id="nowhere") == 404
