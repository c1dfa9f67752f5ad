"""Who is she at the till: the index first, then the till, and an operator where several match."""

from typing import Any

import pytest

from activities.identify import Identifier, Identity
from domain.messages import SweepStart
from domain.playbook import Condition, TagRule
from integrations import pos
from storage import member_conflicts, member_links, members
from storage.member_conflicts import Word
from storage.member_keys import MemberKeys
from tests.activities.shop import KEYS, Shop
from tests.activities.test_tag_changes import apply, tags_of

pytestmark = pytest.mark.anyio
LOOKUP = "GET pos/members"


def identifier(shop: Shop, keys: MemberKeys = KEYS) -> Identifier:
    return Identifier(shop.database, shop.client, shop.till, keys, shop.clock)


async def identify(shop: Shop, she: str) -> Identity:
    return await identifier(shop).identify(she)


async def disputes(shop: Shop) -> dict[str, tuple[str, list[str]]]:
    async with shop.database.transaction() as session:
        rows = await member_conflicts.still_open(session, "generic")
    return {row.external_userid: (row.by, row.candidates) for row in rows}


async def walked(shop: Shop, member_id: str, **facts: Any) -> None:
    """The nightly walk has read an account."""
    async with shop.database.transaction() as session:
        member = pos.Member(member_id=member_id, **facts)
        await members.keep(session, "generic", member, KEYS, shop.clock())


async def test_whom_the_index_knows_the_till_is_not_asked_for(shop: Shop) -> None:
    she = await shop.friend()
    await walked(shop, "M1", unionid=shop.world.people.customer(she).unionid)
    assert (await identify(shop, she)).member_id == "M1"
    assert shop.calls(LOOKUP) == 0


async def test_whom_the_till_knows_the_index_knows_from_then_on(shop: Shop) -> None:
    she = await shop.friend()
    member_id = await shop.member(she, phone="13800138000")
    assert (await identify(shop, she)).member_id == member_id
    async with shop.database.transaction() as session:
        unionid = shop.world.people.customer(she).unionid
        assert await members.find(session, "generic", "unionid", unionid or "", KEYS) == [member_id]


async def test_a_till_is_asked_only_by_what_it_can_be_asked_by(shop: Shop) -> None:
    she = await shop.friend()
    await shop.member(she)
    known = {"lookup": frozenset({"phone"})}
    shop.till.capabilities = shop.till.capabilities.model_copy(update=known)
    assert (await identify(shop, she)).member_id is None
    assert shop.calls(LOOKUP) == 0


async def test_a_phone_that_an_employee_noted_leads_to_her_account(shop: Shop) -> None:
    she = await shop.friend()
    await shop.client.remark_customer("li", she, mobiles=["138 0013 8000", "问她要"])
    await walked(shop, "M1", phone="+8613800138000")
    assert (await identify(shop, she)).member_id == "M1"


async def test_the_surest_key_decides(shop: Shop) -> None:
    she = await shop.friend()
    await shop.client.remark_customer("li", she, mobiles=["13800138000"])
    await walked(shop, "hers", unionid=shop.world.people.customer(she).unionid)
    await walked(shop, "her-husbands", phone="+8613800138000")
    assert (await identify(shop, she)).member_id == "hers"


async def test_two_accounts_are_a_conflict_until_an_operator_has_spoken(shop: Shop) -> None:
    she = await shop.friend()
    both = sorted([await shop.member(she), await shop.member(she)])
    assert (await identify(shop, she)).member_id is None
    assert await disputes(shop) == {she: ("unionid", both)}
    async with shop.database.transaction() as session:
        word = Word("Li", "by her card", shop.clock())
        await member_links.link(session, she, "generic", both[1], word)
    assert (await identify(shop, she)).member_id == both[1]
    assert await disputes(shop) == {}


async def test_an_account_that_was_closed_is_none_of_hers(shop: Shop) -> None:
    she = await shop.friend()
    unionid = shop.world.people.customer(she).unionid
    await walked(shop, "closed", unionid=unionid, active=False)
    await walked(shop, "open", unionid=unionid)
    assert (await identify(shop, she)).member_id == "open"


async def test_a_missing_key_costs_the_account_and_not_the_greeting(shop: Shop) -> None:
    she = await shop.friend("小满")
    await shop.member(she, phone="13800138000")
    found = await identifier(shop, MemberKeys(None)).identify(she)
    assert (found.nickname, found.member_id) == ("小满", None)


async def test_her_store_is_known_from_her_orders_without_the_till(shop: Shop) -> None:
    she = await shop.friend()
    member_id = await shop.member(she)
    for days, store in ((1, "S001"), (2, "S002"), (3, "S002")):
        order_id = await shop.buys(member_id, store, days_ago=days)
        await shop.pushed(pos.EventKind.ORDER_PAID, order_id=order_id)
    assert (await identify(shop, she)).favourite_store == "S002"
    assert shop.calls("GET pos/orders") == 0


async def test_of_whom_no_order_is_known_the_till_is_asked_once(shop: Shop) -> None:
    she = await shop.friend()
    await shop.buys(await shop.member(she), "S001", days_ago=9)
    assert (await identify(shop, she)).favourite_store == "S001"
    assert (await identify(shop, she)).favourite_store == "S001"
    assert shop.calls("GET pos/orders") == 1


# ---- what the till told before we knew whose it is


async def test_what_waits_for_a_stranger_is_hers_when_the_till_says_who_she_is(shop: Shop) -> None:
    she = await shop.friend()
    member_id = await shop.member(she, external_userid=she)
    order_id = await shop.buys(member_id)
    assert "nobody knows" in await shop.pushed(pos.EventKind.ORDER_PAID, order_id=order_id)
    shop.clock.forward(minutes=1)
    await shop.run(shop.activities.upkeep.sweep, SweepStart())
    assert [subject for subject, parcel in shop.courier.sent if parcel.event] == [f"customer/{she}"]
    assert (await shop.customer(she)).member_id == member_id


async def test_in_a_conflict_it_waits_for_the_operator(shop: Shop) -> None:
    she = await shop.friend()
    one, _ = await shop.member(she), await shop.member(she)
    await identify(shop, she)
    await shop.pushed(pos.EventKind.ORDER_PAID, order_id=await shop.buys(one))
    shop.clock.forward(minutes=1)
    await shop.run(shop.activities.upkeep.sweep, SweepStart())
    assert shop.courier.sent == []
    async with shop.database.transaction() as session:
        await member_links.link(session, she, "generic", one, Word("Li", "", shop.clock()))
    await shop.courier.deliver(f"customer/{she}")
    assert [parcel.event.order_id for _, parcel in shop.courier.sent if parcel.event] != []


# ---- preference tags


async def test_what_she_buys_most_becomes_her_tag_and_changes_with_it(shop: Shop) -> None:
    she = await shop.friend()
    member_id = await shop.member(she)
    await identify(shop, she)
    rules = [
        TagRule(tag=f"爱{category}", when=Condition(prefers=[category]), while_true=True)
        for category in ("拿铁", "茶饮")
    ]

    async def buys(category: str, fen: int) -> str:
        line = {"product_id": "p", "name": "一杯", "category": category, "paid": {"amount_minor": fen}}
        order_id = await shop.buys(member_id, lines=[line])
        await shop.pushed(pos.EventKind.ORDER_PAID, order_id=order_id)
        return order_id

    await buys("拿铁", 1800)
    await apply(shop, she, *rules)
    assert await tags_of(shop, she) == ["爱拿铁"]
    tea = await buys("茶饮", 2500)
    await apply(shop, she, *rules)
    assert await tags_of(shop, she) == ["爱茶饮"]
    await shop.street.do("till/refund", order_id=tea)
    await shop.pushed(pos.EventKind.ORDER_REFUNDED, order_id=tea)
    await apply(shop, she, *rules)
    assert await tags_of(shop, she) == ["爱拿铁"], "what was given back says nothing of her"
