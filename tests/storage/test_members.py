"""The identity index: found by any key, readable by nobody, and never guessed between."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from storage import inbound, member_conflicts, member_links
from storage.member_conflicts import Word
from storage.member_keys import MemberKeyError, MemberKeys
from storage.member_links import LinkRefused
from storage.tables import Customer, Member, MemberConflict, MemberKey
from tests.storage.accounts import (
    KEYS,
    LI,
    TILL,
    WANG,
    disputes,
    find,
    keep,
    link,
    merge,
    place,
    unlink,
)
from tests.storage.chain import LATER, NOON, Chain

pytestmark = pytest.mark.anyio
PHONE = "+8613800138000"


async def member_of(chain: Chain, customer: str) -> str | None:
    async with chain.database.transaction() as session:
        return (await session.get_one(Customer, customer)).member_id


async def waits(chain: Chain, subject: str) -> int:
    async with chain.database.transaction() as session:
        return len(await inbound.undelivered(session, subject))


async def push_for(chain: Chain, member_id: str) -> None:
    async with chain.database.transaction() as session:
        subject = f"member/{member_id}"
        await inbound.store(session, digest=subject, source="pos", subject=subject, body={}, now=NOON)


# ---- keys


async def test_a_member_is_found_by_each_of_her_keys(chain: Chain) -> None:
    await keep(chain, "m1", unionid="u1", external_userid="wm1", phone=PHONE, card_no="6001")
    await keep(chain, "m2", unionid="u2", phone=PHONE)
    assert await find(chain, "unionid", "u1") == await find(chain, "external_userid", "wm1") == ["m1"]
    assert await find(chain, "card_no", "6001") == ["m1"]
    assert await find(chain, "phone", PHONE) == ["m1", "m2"]
    assert await find(chain, "card_no", PHONE) == [], "a key of another kind is another key"


async def test_a_key_that_she_has_no_longer_leads_nowhere(chain: Chain) -> None:
    await keep(chain, "m1", unionid="u1", phone=PHONE)
    await keep(chain, "m1", unionid="u1", phone="+8613900139000")
    assert await find(chain, "phone", PHONE) == []
    assert await find(chain, "phone", "+8613900139000") == await find(chain, "unionid", "u1") == ["m1"]
    await keep(chain, "m1")
    assert await find(chain, "unionid", "u1") == []


async def test_a_closed_account_is_found_no_more(chain: Chain) -> None:
    await keep(chain, "m1", phone=PHONE, active=False)
    assert await find(chain, "phone", PHONE) == []


async def test_a_phone_can_be_read_in_no_row(chain: Chain) -> None:
    await keep(chain, "m1", phone=PHONE, card_no="6001")
    async with chain.database.transaction() as session:
        row = await session.get_one(Member, (TILL, "m1"))
        keys = (await session.exec(select(MemberKey))).all()
    assert PHONE[-8:] not in f"{row!r}{keys!r}"
    assert row.phone is not None
    assert KEYS.open("phone", row.phone).decode() == PHONE
    other = MemberKeys(bytes(32))
    assert other.digest("phone", PHONE) not in {key.digest for key in keys}
    with pytest.raises(MemberKeyError, match="another MEMBER_KEY"):
        other.open("phone", row.phone)
    with pytest.raises(MemberKeyError):
        KEYS.open("push", row.phone)  # each purpose has a key of its own


async def test_without_a_key_only_a_phone_or_card_is_refused_and_it_says_how_to_make_one(
    chain: Chain,
) -> None:
    none = MemberKeys.of("")
    await keep(chain, "m1", unionid="u1", keys=none)
    assert await find(chain, "unionid", "u1") == ["m1"], "and that is found with every key"
    for secret in ({"phone": PHONE}, {"card_no": "6001"}):
        with pytest.raises(MemberKeyError, match="openssl rand -hex 32"):
            await keep(chain, "m2", keys=none, **secret)


@pytest.mark.parametrize("text", ["ab", "zz" * 32, "ab" * 31])
def test_a_key_is_64_hex_digits(text: str) -> None:
    with pytest.raises(MemberKeyError, match="64 hex digits"):
        MemberKeys.of(text)


# ---- links and conflicts


async def test_one_match_is_linked_and_what_waited_is_hers(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await keep(chain, "m1")
    await push_for(chain, "m1")
    assert await place(chain, "wm1", "m1") == await place(chain, "wm1", "m1") == "m1"
    assert (await member_of(chain, "wm1"), await waits(chain, "customer/wm1")) == ("m1", 1)
    async with chain.database.transaction() as session:
        [row] = await member_links.links_of(session, TILL, ["wm1"])
    assert (row.member_id, row.by, row.until) == ("m1", "phone", None)


async def test_what_was_nobodys_is_hers_when_she_is_linked_within_the_week(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    for member_id in ("m1", "m2"):
        await push_for(chain, member_id)
        async with chain.database.transaction() as session:
            await inbound.readdress(session, f"member/{member_id}", None, NOON)
    await link(chain, "wm1", "m1")
    await unlink(chain, "wm1", "m1")
    await link(chain, "wm1", "m2", Word("Li", "late", NOON + timedelta(days=14)))
    assert await waits(chain, "customer/wm1") == 1, "what is so old is no news"


async def test_two_matches_are_a_conflict_and_she_stays_unlinked(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await push_for(chain, "m1")
    assert await place(chain, "wm1", "m2", "m1") is None
    assert await place(chain, "wm1", "m2", "m1", "m3", now=LATER) is None
    assert await disputes(chain) == {"wm1": ["m1", "m2", "m3"]}, "one row, as it is now"
    assert await member_of(chain, "wm1") is None
    async with chain.database.transaction() as session:
        assert await inbound.waiting_members(session, LATER) == [], "nobody asks the till in vain"


async def test_an_account_that_is_somebody_elses_is_a_conflict(chain: Chain) -> None:
    for name in ("wm1", "wm2"):
        await chain.befriend(name, "chen")
    await place(chain, "wm1", "m1")
    assert await place(chain, "wm2", "m1") is None
    assert await disputes(chain) == {"wm2": ["m1"]}
    with pytest.raises(LinkRefused, match="m1 is customer wm1: unlink there first"):
        await link(chain, "wm2", "m1")


async def test_an_operator_says_who_she_is(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await push_for(chain, "m2")
    await place(chain, "wm1", "m1", "m2")
    await link(chain, "wm1", "m2")
    assert (await member_of(chain, "wm1"), await disputes(chain)) == ("m2", {})
    assert await waits(chain, "customer/wm1") == 1
    async with chain.database.transaction() as session:
        [row] = await member_conflicts.of_any(session, TILL, ["wm1"], "")
    assert (row.chosen, row.resolved_by, row.reason) == ("m2", "Li", "she said so")


async def test_of_two_operators_at_once_one_wins_and_the_other_is_told(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await place(chain, "wm1", "m1", "m2")
    answers = await asyncio.gather(
        link(chain, "wm1", "m1", LI), link(chain, "wm1", "m2", WANG), return_exceptions=True
    )
    [told] = [one for one in answers if one is not None]
    assert isinstance(told, LinkRefused)
    won = await member_of(chain, "wm1")
    assert f"wm1 is member {won} since" in str(told)
    assert str(told).count("by Li" if won == "m1" else "by Wang") == 1


async def test_whom_an_operator_unlinks_stays_unlinked(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await place(chain, "wm1", "m1")
    await unlink(chain, "wm1", "m1", WANG)
    assert await place(chain, "wm1", "m1") is None
    assert (await member_of(chain, "wm1"), await disputes(chain)) == (None, {})
    assert await place(chain, "wm1", "m1", "m2") == "m2", "the other one is left"
    await unlink(chain, "wm1", "m2")
    await link(chain, "wm1", "m1")
    async with chain.database.transaction() as session:
        rows = await member_links.links_of(session, TILL, ["wm1"])
    assert [(row.member_id, row.by, row.ended_by) for row in rows] == [
        ("m1", "phone", "Wang"),
        ("m2", "phone", "Li"),
        ("m1", "Li", None),
    ]


async def test_an_operator_can_say_that_she_is_none_of_them(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await place(chain, "wm1", "m1", "m2")
    await unlink(chain, "wm1", "m1")
    assert await disputes(chain) == {"wm1": ["m2"]}
    await unlink(chain, "wm1", "m2", WANG)
    assert await disputes(chain) == {}
    assert await place(chain, "wm1", "m1", "m2") is None
    assert (await member_of(chain, "wm1"), await disputes(chain)) == (None, {})


async def test_unlinking_what_she_is_not_is_refused(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await place(chain, "wm1", "m1")
    with pytest.raises(LinkRefused, match="wm1 is not member m2: she is member m1"):
        await unlink(chain, "wm1", "m2")


async def test_a_link_from_before_there_was_a_history_ends_in_it(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    async with chain.database.transaction() as session:
        (await session.get_one(Customer, "wm1")).member_id = "m1"
    await unlink(chain, "wm1", "m1")
    assert await place(chain, "wm1", "m1") is None


async def test_two_customers_of_one_account_are_nobodys_news(chain: Chain) -> None:
    for name in ("wm1", "wm2"):
        await chain.befriend(name, "chen")
        async with chain.database.transaction() as session:
            (await session.get_one(Customer, name)).member_id = "m1"
    async with chain.database.transaction() as session:
        assert await member_links.customer_of(session, "m1") is None
        assert await member_links.customer_of(session, "unheard-of") is None


# ---- merges


async def test_the_keys_of_both_lead_to_the_one_that_goes_on(chain: Chain) -> None:
    await keep(chain, "old", phone=PHONE)
    await keep(chain, "mid", card_no="6001")
    await keep(chain, "new", unionid="u1")
    await merge(chain, "old", "mid")
    await merge(chain, "mid", "new")
    await keep(chain, "old", phone=PHONE, active=False)  # the till closes it; the key is hers still
    assert await find(chain, "phone", PHONE) == await find(chain, "card_no", "6001") == ["new"]


async def test_her_link_and_what_waits_move_along(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    for member_id in ("old", "new"):
        await keep(chain, member_id)
    await place(chain, "wm1", "old")
    await push_for(chain, "new")
    await merge(chain, "old", "new")
    assert (await member_of(chain, "wm1"), await waits(chain, "customer/wm1")) == ("new", 1)
    async with chain.database.transaction() as session:
        assert await member_links.customer_of(session, "old") == "wm1", "news of either is hers"


async def test_a_merge_ends_the_conflict_between_the_two(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    for member_id in ("old", "new"):
        await keep(chain, member_id)
    await place(chain, "wm1", "old", "new")
    await merge(chain, "old", "new")
    assert (await member_of(chain, "wm1"), await disputes(chain)) == ("new", {})


async def test_what_cannot_be_merged_says_why(chain: Chain) -> None:
    for member_id in ("a", "b", "c"):
        await keep(chain, member_id)
    for name, member_id in (("wm1", "a"), ("wm2", "b")):
        await chain.befriend(name, "chen")
        await place(chain, name, member_id)
    with pytest.raises(LinkRefused, match="itself"):
        await merge(chain, "a", "a")
    with pytest.raises(LinkRefused, match="no member 'x'"):
        await merge(chain, "a", "x")
    with pytest.raises(LinkRefused, match="a is customer wm1, b is wm2"):
        await merge(chain, "a", "b")


async def test_of_two_operators_who_merge_at_once_one_is_told(chain: Chain) -> None:
    for member_id in ("a", "b", "c"):
        await keep(chain, member_id)
    answers = await asyncio.gather(
        merge(chain, "a", "b", LI), merge(chain, "a", "c", WANG), return_exceptions=True
    )
    [told] = [one for one in answers if one is not None]
    assert isinstance(told, LinkRefused)
    assert "merged a into" in str(told)


async def test_a_conflict_of_another_customer_is_left_alone(chain: Chain) -> None:
    for name in ("wm1", "wm2"):
        await chain.befriend(name, "chen")
        await place(chain, name, "m1", "m2")
    await link(chain, "wm1", "m1")
    async with chain.database.transaction() as session:
        rows = (await session.exec(select(MemberConflict))).all()
    assert {row.external_userid: row.chosen for row in rows} == {"wm1": "m1", "wm2": None}
