"""Tags as playbooks want them, at WeCom: one call a pair, and an employee's hand is kept (M24)."""

import pytest
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from activities.tagging import TAG_GROUP
from domain.messages import Arrive, Tagged, TagPair
from domain.playbook import Condition, TagRule, TagStep
from domain.stages import Stage
from domain.step_messages import ApplyRules, ChangeTags, ReadTags
from storage.tables import Customer, CustomerTag, Employee, Follow
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

MARK, GET = "externalcontact/mark_tag", "externalcontact/get"
GROUP = "顾客旅程"


async def change(shop: Shop, she: str, **step: object) -> Tagged:
    what = ChangeTags(key="k", external_userid=she, tags=TagStep.model_validate(step))
    return await shop.run(shop.activities.tagging.change_tags, what)


async def apply(shop: Shop, she: str, *rules: TagRule) -> Tagged:
    what = ApplyRules(
        key="k", external_userid=she, playbook="p", enrolment=1, stage=Stage.JOINED, rules=list(rules)
    )
    return await shop.run(shop.activities.tagging.apply_rules, what)


async def read(shop: Shop, she: str) -> Tagged:
    return await shop.run(shop.activities.tagging.read_tags, ReadTags(external_userid=she))


async def tags_of(shop: Shop, she: str, userid: str = "li") -> list[str]:
    return list((await shop.street.see(f"tags/{she}"))[userid])


def tag_id(shop: Shop, name: str) -> str:
    tags = (tag for group in shop.world.tags.groups.values() for tag in group.tags)
    return next(tag.tag_id for tag in tags if tag.name == name and not tag.deleted)


async def by_hand(shop: Shop, she: str, *, add: str = "", remove: str = "", userid: str = "li") -> None:
    """An employee edits the customer in her own client."""
    edit = {"add_tag": [tag_id(shop, add)]} if add else {"remove_tag": [tag_id(shop, remove)]}
    await shop.street.do("edit_customer", userid=userid, external_userid=she, **edit)


async def rows(shop: Shop, she: str) -> dict[str, tuple[bool, str]]:
    async with shop.database.transaction() as session:
        query = select(CustomerTag).where(CustomerTag.external_userid == she).order_by(col(CustomerTag.tag))
        return {row.tag: (row.present, row.by) for row in (await session.exec(query)).all()}


async def test_a_step_adds_and_removes_in_one_call(shop: Shop) -> None:
    she = await shop.friend()
    assert (await change(shop, she, add=["新客", "会员"])).reason == "set 新客, 会员"
    done = await change(shop, she, add=["高频"], remove="新客")
    assert (done.tagged, done.reason) == (True, "set 高频; took off 新客")
    assert await tags_of(shop, she) == ["会员", "高频"]
    assert shop.calls(MARK) == 2
    assert await rows(shop, she) == {
        "会员": (True, "rule"),
        "新客": (False, "rule"),
        "高频": (True, "rule"),
    }


async def test_what_is_so_already_costs_no_call_and_no_words(shop: Shop) -> None:
    she = await shop.friend()
    await change(shop, she, add="高频")
    again = await change(shop, she, add="高频", remove="新客")
    assert (again.tagged, again.reason) == (True, "")
    assert shop.calls(MARK) == 1


async def test_what_an_employee_took_off_is_not_set_again(shop: Shop) -> None:
    she = await shop.friend()
    await change(shop, she, add="高频")
    await by_hand(shop, she, remove="高频")
    again = await change(shop, she, add="高频")
    assert (again.tagged, again.reason) == (False, "高频 stays as it is: an employee took it off")
    assert await tags_of(shop, she) == []
    assert shop.calls(MARK) == 1


async def test_what_an_employee_set_is_not_taken_off(shop: Shop) -> None:
    she, other = await shop.friend(), await shop.friend()
    await change(shop, other, add=["高频", "已婚"])
    await by_hand(shop, she, add="高频")
    done = await change(shop, she, add="已婚", remove="高频")
    assert done.reason == "set 已婚; 高频 stays as it is: an employee set it"
    assert await tags_of(shop, she) == ["高频", "已婚"]


async def test_every_employee_who_is_her_friend_is_a_pair_of_her_own(shop: Shop) -> None:
    she = await shop.friend(state="S002-cashier")
    second = await shop.added(she, "S001-cashier")
    await shop.run(shop.activities.lives.arrive, Arrive(external_userid=she, event=second.event))
    await change(shop, she, add="高频")
    await by_hand(shop, she, remove="高频", userid="chen")
    done = await change(shop, she, add=["高频", "会员"])
    assert done.reason == "chen: set 会员; 高频 stays as it is: an employee took it off; li: set 会员"
    assert (await tags_of(shop, she, "li"), await tags_of(shop, she, "chen")) == (["高频", "会员"], ["会员"])


async def test_only_whole_friends_of_employees_who_are_there_are_tagged(shop: Shop) -> None:
    nobody, half = await shop.newcomer(), await shop.friend(half=True)
    for she in (nobody, half):
        done = await change(shop, she, add="高频")
        assert (done.tagged, done.reason) == (False, "no employee of ours is her friend")
    she = await shop.friend()
    await shop.put(Employee(userid="li", name="李薇", store_id="S002", active=False))
    assert not (await change(shop, she, add="高频")).tagged
    assert shop.calls(GET) == 0


async def test_a_friendship_that_wecom_does_not_know_is_told(shop: Shop) -> None:
    she = await shop.newcomer()
    await shop.put(Follow(userid="li", external_userid=she, since=shop.clock()))
    done = await change(shop, she, add="高频")
    assert (done.tagged, done.reason) == (False, "not a friend, or not confirmed yet")


async def test_a_lost_answer_does_not_make_our_tag_an_employees(shop: Shop) -> None:
    she = await shop.friend()
    await shop.fault(MARK, "timeout_after", seconds=0)
    with pytest.raises(ApplicationError):
        await change(shop, she, add="高频")
    await change(shop, she, add="高频")
    assert (await change(shop, she, remove="高频")).reason == "took off 高频"
    assert await tags_of(shop, she) == []


async def test_tags_of_two_groups_may_have_one_name(shop: Shop) -> None:
    she = await shop.friend()
    await change(shop, she, add="会员", group="等级")
    await change(shop, she, add="会员")
    await change(shop, she, remove="会员", group="等级")
    groups = [g.name for g in shop.world.tags.groups.values() if g.named("会员")]
    assert (sorted(groups), await tags_of(shop, she)) == (sorted(["等级", GROUP]), ["会员"])


async def test_a_renamed_tag_is_still_ours(shop: Shop) -> None:
    she = await shop.friend()
    await change(shop, she, add="高频")
    await shop.street.do("console/tags/edit", id=tag_id(shop, "高频"), name="常客")
    assert (await change(shop, she, add="高频")).reason == ""
    assert (await change(shop, she, remove="高频")).reason == "took off 高频"
    assert await tags_of(shop, she) == []


async def test_a_tag_that_the_corp_deleted_was_taken_off_by_nobody(shop: Shop) -> None:
    she = await shop.friend()
    await change(shop, she, add="高频")
    await shop.street.do("console/tags/delete", ids=[tag_id(shop, "高频")])
    with pytest.raises(ApplicationError) as again:
        await change(shop, she, add="高频")
    assert again.value.type == "NotYet"
    assert (await change(shop, she, add="高频")).reason == "set 高频"
    assert await tags_of(shop, she) == ["高频"]


async def test_a_name_that_wecom_does_not_take_is_refused_for_good(shop: Shop) -> None:
    she = await shop.friend()
    with pytest.raises(ApplicationError) as refused:
        await change(shop, she, add="长" * 31)
    assert refused.value.non_retryable


async def test_entry_tags_respect_what_an_employee_took_off(shop: Shop) -> None:
    """She comes by the same code once more; WeCom is not asked what is there."""
    she = await shop.friend()
    pair = TagPair(userid="li", external_userid=she, tags=["望京店", "cashier"])
    await shop.run(shop.activities.tagging.mark_tags, pair)
    assert (shop.calls(GET), shop.calls(MARK)) == (0, 1)
    await by_hand(shop, she, remove="cashier")
    await read(shop, she)
    tagged = await shop.run(shop.activities.tagging.mark_tags, pair)
    assert tagged.reason == "cashier stays as it is: an employee took it off"
    assert await tags_of(shop, she) == ["望京店"]
    again = await change(shop, she, add="cashier", group=TAG_GROUP)
    assert again.reason == "cashier stays as it is: an employee took it off"


async def test_reading_tells_how_much_was_done_by_hand_and_no_names(shop: Shop) -> None:
    she, other = await shop.friend(), await shop.friend()
    await change(shop, other, add="已婚")
    await change(shop, she, add="高频")
    assert (await read(shop, she)).reason == ""
    await by_hand(shop, she, add="已婚")
    await by_hand(shop, she, remove="高频")
    seen = await read(shop, she)
    assert (seen.tagged, seen.reason) == (True, "tags changed by hand: 2")
    assert await rows(shop, she) == {"已婚": (True, "staff"), "高频": (False, "staff")}
    assert not (await read(shop, she)).tagged


async def test_reading_about_a_stranger_costs_no_call(shop: Shop) -> None:
    assert not (await read(shop, await shop.newcomer())).tagged
    assert shop.calls(GET) == 0


MEMBER = TagRule(when=Condition(member=True), tag="会员", while_true=True)
NEWCOMER = TagRule(when=Condition(member=False), tag="新客", while_true=True)


async def _signs_up(shop: Shop, she: str) -> None:
    async with shop.database.transaction() as session:
        (await session.get_one(Customer, she)).member_id = "m1"


async def test_rules_set_and_take_off(shop: Shop) -> None:
    she = await shop.friend()
    assert (await apply(shop, she, MEMBER, NEWCOMER)).reason == "set 新客"
    await _signs_up(shop, she)
    assert (await apply(shop, she, MEMBER, NEWCOMER)).reason == "set 会员; took off 新客"
    assert await tags_of(shop, she) == ["会员"]


async def test_rules_that_change_nothing_do_not_ask_wecom(shop: Shop) -> None:
    she = await shop.friend()
    await apply(shop, she, NEWCOMER)
    asked = shop.calls(GET)
    again = await apply(shop, she, MEMBER, NEWCOMER)
    assert (again.reason, shop.calls(GET), shop.calls(MARK)) == ("", asked, 1)


async def test_rules_keep_what_employees_did(shop: Shop) -> None:
    she, other = await shop.friend(), await shop.friend()
    await change(shop, other, add="会员")
    await apply(shop, she, NEWCOMER)
    await by_hand(shop, she, remove="新客")
    await by_hand(shop, she, add="会员")
    await read(shop, she)
    assert (await apply(shop, she, MEMBER, NEWCOMER)).reason == ""
    assert await tags_of(shop, she) == ["会员"]
