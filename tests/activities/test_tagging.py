"""Tags on a pair: made once, found again, never taken away from an employee."""

import pytest
from temporalio.exceptions import ApplicationError

from activities.tagging import TAG_GROUP
from domain.messages import Tagged, TagPair
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

ADD = "externalcontact/add_corp_tag"
NAMES = ["望京店", "cashier"]


async def mark(shop: Shop, customer: str, tags: list[str] = NAMES, userid: str = "li") -> Tagged:
    what = TagPair(userid=userid, external_userid=customer, tags=tags)
    return await shop.run(shop.activities.tagging.mark_tags, what)


async def tags_of(shop: Shop, customer: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = await shop.street.see(f"tags/{customer}")
    return found


async def delete_tag(shop: Shop, name: str) -> None:
    """An admin deletes a tag in the console."""
    tag = next(tag for group in shop.world.tags.groups.values() for tag in group.tags if tag.name == name)
    shop.world.tags.delete(tag)
    for relation in shop.world.people.relations():
        relation.tag_ids = [tag_id for tag_id in relation.tag_ids if tag_id != tag.tag_id]


async def test_missing_tags_are_made_once_and_then_known(shop: Shop) -> None:
    one, other = await shop.friend(), await shop.friend()
    assert (await mark(shop, one)).tagged
    assert (await mark(shop, other)).tagged
    assert await tags_of(shop, one) == await tags_of(shop, other) == {"li": NAMES}
    assert shop.calls(ADD) == 1


async def test_marking_twice_is_harmless(shop: Shop) -> None:
    she = await shop.friend()
    await mark(shop, she)
    assert (await mark(shop, she)).tagged
    assert await tags_of(shop, she) == {"li": NAMES}


async def test_tags_that_somebody_made_before_us_are_used(shop: Shop) -> None:
    await shop.client.add_corp_tags(TAG_GROUP, NAMES)
    she = await shop.friend()
    assert (await mark(shop, she)).tagged
    [group] = [g for g in await shop.client.get_corp_tags() if g.group_name == TAG_GROUP]
    assert sorted(tag.name for tag in group.tag) == sorted(NAMES)


async def test_where_only_some_of_the_tags_exist_the_others_are_made(shop: Shop) -> None:
    await shop.client.add_corp_tags(TAG_GROUP, ["望京店"])
    she = await shop.friend()
    assert (await mark(shop, she)).tagged
    assert await tags_of(shop, she) == {"li": NAMES}


async def test_a_tag_that_was_deleted_in_the_console_is_made_again(shop: Shop) -> None:
    one, other = await shop.friend(), await shop.friend()
    await mark(shop, one)
    await delete_tag(shop, "cashier")
    with pytest.raises(ApplicationError) as again:
        await mark(shop, other)
    assert again.value.type == "NotYet"
    assert (await mark(shop, other)).tagged
    assert await tags_of(shop, other) == {"li": NAMES}


async def test_a_half_added_friend_is_not_tagged_and_that_is_no_failure(shop: Shop) -> None:
    she = await shop.friend(half=True)
    tagged = await mark(shop, she)
    assert (tagged.tagged, tagged.reason) == (False, "not a friend, or not confirmed yet")


async def test_an_employee_whom_wecom_does_not_know_is_no_failure_for_ever(shop: Shop) -> None:
    """60111: she has left the corp, or the app may not see her."""
    she = await shop.friend()
    assert not (await mark(shop, she, userid="nobody")).tagged


async def test_what_an_employee_marked_by_hand_stays(shop: Shop) -> None:
    she = await shop.friend()
    made = await shop.client.add_corp_tags("偏好", ["爱喝拿铁"])
    await shop.client.mark_tag("li", she, add=[made.tag[0].id])
    await mark(shop, she)
    assert await tags_of(shop, she) == {"li": ["爱喝拿铁", *NAMES]}


async def test_tags_belong_to_the_pair(shop: Shop) -> None:
    she = await shop.friend(state="S002-cashier")
    await shop.added(she, "S001-cashier")
    await mark(shop, she, ["望京店"], userid="li")
    await mark(shop, she, ["中关村店"], userid="chen")
    assert await tags_of(shop, she) == {"li": ["望京店"], "chen": ["中关村店"]}


async def test_no_tags_cost_no_call(shop: Shop) -> None:
    she = await shop.friend()
    assert (await mark(shop, she, [])).tagged
    assert shop.calls("externalcontact/mark_tag") == 0


async def test_too_many_at_once_is_tried_again(shop: Shop) -> None:
    she = await shop.friend()
    await shop.fault("externalcontact/mark_tag", "errcode", errcode=45033)
    with pytest.raises(ApplicationError) as again:
        await mark(shop, she)
    assert (again.value.type, again.value.non_retryable) == ("TooConcurrent", False)
    assert (await mark(shop, she)).tagged
