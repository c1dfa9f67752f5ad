"""Contact ways, customers and tags: what is sent, and how the contract's samples are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.wecom import (
    BusinessState,
    ContactWayType,
    NewContactWay,
)
from tests.integrations.fakes import START, FakeWeCom, client_on, error

pytestmark = pytest.mark.anyio

AT = datetime.fromtimestamp(1525779812, UTC)


async def test_a_contact_way_for_several_employees() -> None:
    fake = FakeWeCom().prepare(
        "externalcontact/add_contact_way", {"config_id": "c1", "qr_code": "https://p/1"}
    )
    made = await client_on(fake).add_contact_way(NewContactWay(user=("a", "b"), state="s1", party=(7,)))
    assert (made.config_id, made.qr_code) == ("c1", "https://p/1")
    (body,) = fake.bodies("externalcontact/add_contact_way")
    assert body == {
        "type": 2,
        "scene": 2,
        "skip_verify": True,
        "state": "s1",
        "remark": "",
        "user": ["a", "b"],
        "party": [7],
    }


@pytest.mark.parametrize("as_list", [False, True])
async def test_a_contact_way_is_read_as_an_object_or_a_list_of_one(as_list: bool) -> None:
    way = {"config_id": "c1", "type": 1, "scene": 2, "user": ["a"], "mark_source": True}
    fake = FakeWeCom().prepare("externalcontact/get_contact_way", {"contact_way": [way] if as_list else way})
    assert (await client_on(fake).get_contact_way("c1")).type is ContactWayType.SINGLE


async def test_contact_ways_are_listed_over_pages() -> None:
    fake = FakeWeCom().prepare(
        "externalcontact/list_contact_way",
        {"contact_way": [{"config_id": "c1"}, {"config_id": "c2"}], "next_cursor": "n"},
        {"contact_way": [{"config_id": "c3"}], "next_cursor": ""},
    )
    ways = client_on(fake).list_contact_ways(start=START, end=START + timedelta(days=1))
    assert [way async for way in ways] == ["c1", "c2", "c3"]
    first, second = fake.bodies("externalcontact/list_contact_way")
    assert first == {"start_time": 1772355600, "end_time": 1772442000, "limit": 1000, "cursor": ""}
    assert second["cursor"] == "n"


DETAIL = {
    "external_contact": {"external_userid": "wm1", "name": "李四", "type": 1, "gender": 0, "unionid": "o1"},
    "follow_user": [
        {
            "userid": "ZhangSan",
            "createtime": 1525779812,
            "tags": [
                {"group_name": "g", "tag_name": "t", "tag_id": "et1", "type": 1},
                {"group_name": "g", "tag_name": "mine", "type": 2},
            ],
            "add_way": 1,
            "state": "s1",
            "wechat_channels": {"nickname": "n", "source": 1},
        }
    ],
}


async def test_customer_detail_with_followers_over_two_pages() -> None:
    other = {"userid": "lisi", "createtime": "1525779812"}
    fake = FakeWeCom().prepare(
        "externalcontact/get",
        {**DETAIL, "next_cursor": "n"},
        {"external_contact": DETAIL["external_contact"], "follow_user": [other]},
    )
    detail = await client_on(fake).get_external_contact("wm1")
    first, second = detail.follow_user
    assert (detail.external_contact.unionid, detail.external_contact.name) == ("o1", "李四")
    assert (first.userid, first.createtime, first.state, first.add_way) == ("zhangsan", AT, "s1", 1)
    assert [tag.tag_id for tag in first.tags] == ["et1", None]
    assert (second.userid, second.createtime, second.state) == ("lisi", AT, None)
    assert "李四" not in repr(detail)
    assert "o1" not in repr(detail)


async def test_an_employee_without_customers_has_an_empty_list() -> None:
    fake = FakeWeCom().prepare("externalcontact/list", error(84061))
    assert await client_on(fake).list_external_contacts("zhangsan") == []


async def test_other_states_of_a_list_are_errors() -> None:
    fake = FakeWeCom().prepare("externalcontact/list", error(84084))
    with pytest.raises(BusinessState):
        await client_on(fake).list_external_contacts("zhangsan")


async def test_tags_are_marked_in_calls_of_fifty() -> None:
    fake = FakeWeCom().prepare("externalcontact/mark_tag", {})
    add, remove = [f"et{n}" for n in range(70)], ["old1", "old2"]
    await client_on(fake).mark_tag("zhangsan", "wm1", add=add, remove=remove)
    first, second = fake.bodies("externalcontact/mark_tag")
    assert first == {"userid": "zhangsan", "external_userid": "wm1", "add_tag": add[:50]}
    assert second["add_tag"] == add[50:]
    assert second["remove_tag"] == remove


async def test_no_change_of_tags_makes_no_call() -> None:
    fake = FakeWeCom()
    await client_on(fake).mark_tag("zhangsan", "wm1")
    assert fake.requests == []
