"""Lists of customers, remarks, ids and tags against the simulator."""

from __future__ import annotations

import pytest

from integrations.wecom import (
    BusinessState,
    ContactEvent,
    InvalidMessage,
    Misconfigured,
    Refused,
    TooConcurrent,
    WeComError,
)
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio


async def test_the_customers_of_many_employees(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi", "wangwu")
    assert sorted(await corp.wecom.get_follow_users()) == ["lisi", "wangwu", "zhangsan"]
    both = await corp.friends("zhangsan", "lisi")
    one = await corp.friends("zhangsan")
    found = [contact async for contact in corp.wecom.list_contacts_of(["ZhangSan", "lisi", "wangwu"])]
    pairs = {(contact.follow_info.userid, contact.external_contact.external_userid) for contact in found}
    assert pairs == {("zhangsan", both), ("lisi", both), ("zhangsan", one)}
    assert found[0].external_contact.name == "小明"
    assert "小明" not in repr(found)


@pytest.mark.parametrize("fails", [True, False])
async def test_employees_without_any_customer_have_none(corp: Corp, fails: bool) -> None:
    """Whether WeCom calls that an error is not published."""
    await corp.control("settings", batch_of_none_fails=fails)
    await corp.hire("zhangsan", "lisi")
    assert [one async for one in corp.wecom.list_contacts_of(["zhangsan", "lisi"])] == []
    assert [one async for one in corp.wecom.list_contacts_of([])] == []


async def test_more_customers_than_a_page(corp: Corp) -> None:
    await corp.hire("zhangsan")
    expected = {await corp.friends("zhangsan") for _ in range(101)}
    found = [one async for one in corp.wecom.list_contacts_of(["zhangsan"])]
    assert {one.external_contact.external_userid for one in found} == expected
    assert len(found) == 101


async def test_a_remark_is_written_and_its_phones_cleared(corp: Corp) -> None:
    await corp.hire("zhangsan")
    customer = await corp.friends("zhangsan")

    async def follower() -> tuple[str, str, tuple[str, ...]]:
        (one,) = (await corp.wecom.get_external_contact(customer)).follow_user
        return one.remark, one.description, one.remark_mobiles

    await corp.wecom.remark_customer(
        "zhangsan",
        customer,
        remark="小明·A店",
        description="爱喝拿铁",
        company="个人",
        mobiles=["13800000001"],
    )
    assert await follower() == ("小明·A店", "爱喝拿铁", ("13800000001",))
    await corp.wecom.remark_customer("zhangsan", customer, mobiles=["13800000002"])
    assert await follower() == ("小明·A店", "爱喝拿铁", ("13800000002",))
    await corp.wecom.remark_customer("zhangsan", customer, mobiles=[])
    assert await follower() == ("小明·A店", "爱喝拿铁", ())


async def test_an_employee_without_customers_has_an_empty_list(corp: Corp) -> None:
    """WeCom says 84061 (peer-failures, check 16)."""
    await corp.hire("zhangsan", "lisi")
    customer = await corp.friends("lisi")
    assert await corp.wecom.list_external_contacts("zhangsan") == []
    assert await corp.wecom.list_external_contacts("lisi") == [customer]


async def test_a_remark_on_a_stranger(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi")
    customer = await corp.friends("zhangsan")
    with pytest.raises(BusinessState) as caught:
        await corp.wecom.remark_customer("lisi", customer, remark="小明")
    assert caught.value.errcode == 84061
    with pytest.raises(InvalidMessage):
        await corp.wecom.remark_customer("zhangsan", customer)


async def test_a_remark_while_the_api_is_crowded(corp: Corp) -> None:
    await corp.hire("zhangsan")
    customer = await corp.friends("zhangsan")
    await corp.control("settings", concurrent_calls={"externalcontact/remark": 0})
    with pytest.raises(TooConcurrent):
        await corp.wecom.remark_customer("zhangsan", customer, remark="小明")


async def test_ids_of_one_person(corp: Corp) -> None:
    await corp.hire("zhangsan")
    person = await corp.control("people", nickname="小明", unionid="union-1", openid="open-1")
    stranger = await corp.control("people", nickname="小红", unionid="union-2", openid="open-2")
    customer = str(person["external_userid"])
    await corp.control("add", userid="zhangsan", external_userid=customer)
    assert await corp.wecom.convert_to_openid(customer) == "open-1"
    assert await corp.wecom.unionid_to_external_userid("union-1", "open-1") == customer
    assert (await corp.wecom.idconvert_unionid("union-1", "open-1")).external_userid == customer
    waiting = await corp.wecom.idconvert_unionid("union-2", "open-2")
    assert (waiting.external_userid, bool(waiting.pending_id)) == (None, True)
    assert stranger["external_userid"] != customer
    with pytest.raises(Refused) as caught:
        await corp.wecom.unionid_to_external_userid("union-1", "open-2")
    assert caught.value.errcode == 610014


async def test_ids_need_a_bound_developer_account(corp: Corp) -> None:
    await corp.control("settings", developer_bound=False)
    with pytest.raises(Misconfigured) as caught:
        await corp.wecom.unionid_to_external_userid("union-1", "open-1")
    assert caught.value.errcode == 41057


async def test_tags_are_renamed_ordered_and_deleted(corp: Corp) -> None:
    group = await corp.wecom.add_corp_tags("来源", ["scan", "card"], order=5)
    scan, card = group.tag
    assert group.order == 5
    assert scan.create_time == corp.world.clock()
    await corp.wecom.edit_corp_tag(scan.id, name="qr", order=7)
    await corp.wecom.edit_corp_tag(group.group_id, name="渠道")
    (found,) = await corp.wecom.get_corp_tags()
    assert found.group_name == "渠道"
    assert {tag.id: (tag.name, tag.order) for tag in found.tag} == {scan.id: ("qr", 7), card.id: ("card", 0)}
    more = await corp.wecom.add_corp_tags("", ["link"], group_id=group.group_id)
    assert [tag.name for tag in more.tag] == ["link"]
    (only,) = await corp.wecom.get_corp_tags(tag_ids=[card.id])
    assert [tag.id for tag in only.tag] == [card.id]
    await corp.wecom.delete_corp_tags(tag_ids=[card.id])
    (gone,) = await corp.wecom.get_corp_tags(tag_ids=[card.id])
    assert [tag.deleted for tag in gone.tag] == [True]
    await corp.wecom.delete_corp_tags(group_ids=[group.group_id])
    assert await corp.wecom.get_corp_tags() == []


async def test_a_taken_name_and_an_unknown_tag(corp: Corp) -> None:
    group = await corp.wecom.add_corp_tags("来源", ["scan", "card"])
    with pytest.raises(BusinessState) as taken:
        await corp.wecom.edit_corp_tag(group.tag[0].id, name="card")
    assert taken.value.errcode == 40071
    with pytest.raises(WeComError) as unknown:
        await corp.wecom.delete_corp_tags(tag_ids=["et-unknown"])
    assert unknown.value.errcode == 40068


async def test_a_deleted_tag_leaves_its_customers(corp: Corp) -> None:
    await corp.hire("zhangsan")
    customer = await corp.friends("zhangsan")
    group = await corp.wecom.add_corp_tags("来源", ["scan", "card"])
    await corp.wecom.mark_tag("zhangsan", customer, add=[tag.id for tag in group.tag])
    await corp.wecom.delete_corp_tags([group.tag[0].id])
    (contact,) = [one async for one in corp.wecom.list_contacts_of(["zhangsan"])]
    assert contact.follow_info.tag_id == (group.tag[1].id,)
    assert not [event for event in await corp.events() if not isinstance(event, ContactEvent)]


async def test_tags_of_a_rule_group(corp: Corp) -> None:
    strategy_id = int((await corp.control("console/strategies", name="华东"))["strategy_id"])
    group = await corp.wecom.add_strategy_tags(strategy_id, "等级", ["金", "银"])
    gold, silver = group.tag
    await corp.wecom.edit_strategy_tag(gold.id, name="白金")
    (found,) = await corp.wecom.get_strategy_tags(strategy_id)
    assert (found.strategy_id, [tag.name for tag in found.tag]) == (strategy_id, ["白金", "银"])
    await corp.wecom.delete_strategy_tags(tag_ids=[silver.id])
    (left,) = await corp.wecom.get_strategy_tags()
    assert [tag.id for tag in left.tag] == [gold.id]
    assert await corp.wecom.get_corp_tags() == []
