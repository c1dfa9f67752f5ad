"""One greeting per friendship, whatever arrives twice."""

import asyncio
from datetime import datetime, timedelta

import pytest

from domain.touches import TouchStatus
from storage import greetings, lives
from storage.greetings import RETRYABLE, Claim
from tests.storage.chain import LATER, NOON, Chain, added, lost

pytestmark = pytest.mark.anyio

OUTCOMES = [
    TouchStatus(s) for s in ("sent", "beaten", "unknown", "no_code", "late", "failed", "awaiting_consent")
]


async def claim(
    chain: Chain, code: str = "a", *, days: float = 0, half: bool = False, now: datetime = NOON
) -> Claim:
    event = added("chen", NOON + timedelta(days=days), half=half)
    async with chain.database.transaction() as session:
        return await greetings.claim(session, "wm1", event, code, now)


async def settle(chain: Chain, status: TouchStatus) -> None:
    async with chain.database.transaction() as session:
        await greetings.settle(session, "welcome/chen/wm1/1", status, "so", "g1", LATER)


async def test_the_first_claim_is_mine(chain: Chain) -> None:
    found = await claim(chain)
    assert (found.key, found.mine, found.repeated, found.busy) == ("welcome/chen/wm1/1", True, False, False)
    touch = await chain.touch(found.key)
    assert (touch.status, touch.attempt, touch.kind) == ("claimed", "a", "service")


async def test_the_same_code_without_an_outcome_is_a_repetition(chain: Chain) -> None:
    await claim(chain)
    found = await claim(chain)
    assert (found.mine, found.repeated, found.busy) == (True, True, False)


async def test_another_code_waits_for_the_one_in_flight(chain: Chain) -> None:
    await claim(chain)
    found = await claim(chain, "b")
    assert (found.mine, found.repeated, found.busy) == (False, False, True)


@pytest.mark.parametrize("status", OUTCOMES)
async def test_the_same_code_takes_over_the_outcome_that_is_there(chain: Chain, status: TouchStatus) -> None:
    await claim(chain)
    await settle(chain, status)
    found = await claim(chain)
    assert (found.mine, found.status, found.reason, found.chat_id) == (False, status, "so", "g1")
    assert (await chain.touch(found.key)).status == status


@pytest.mark.parametrize("status", OUTCOMES)
async def test_another_code_may_try_only_where_nobody_was_greeted(chain: Chain, status: TouchStatus) -> None:
    await claim(chain)
    await settle(chain, status)
    found = await claim(chain, "b")
    assert (found.mine, found.repeated, found.busy) == (status in RETRYABLE, False, False)
    touch = await chain.touch(found.key)
    assert (touch.status, touch.attempt) == (("claimed", "b") if found.mine else (status, "a"))
    assert (touch.settled_at is None) == found.mine


async def test_a_released_claim_is_a_first_attempt_again(chain: Chain) -> None:
    found = await claim(chain)
    async with chain.database.transaction() as session:
        await greetings.release(session, found)
    assert (await chain.touch(found.key)).status == TouchStatus.PLANNED
    again = await claim(chain, "b")
    assert (again.mine, again.repeated) == (True, False)


async def test_a_claim_that_was_taken_over_cannot_be_released(chain: Chain) -> None:
    first = await claim(chain)
    second = await claim(chain, now=LATER)
    async with chain.database.transaction() as session:
        assert await greetings.overtaken(session, first)
        assert not await greetings.overtaken(session, second)
        await greetings.release(session, first)
    assert (await chain.touch(first.key)).status == TouchStatus.CLAIMED


async def test_an_outcome_is_settled_once(chain: Chain) -> None:
    await claim(chain)
    await settle(chain, TouchStatus.SENT)
    await settle(chain, TouchStatus.LATE)
    assert (await chain.touch("welcome/chen/wm1/1")).status == TouchStatus.SENT


async def test_of_two_claims_of_one_code_at_once_one_is_the_repetition(chain: Chain) -> None:
    """Both may call: WeCom takes a code once, and the repetition reads 41051 as sent."""
    both = await asyncio.gather(claim(chain), claim(chain))
    assert [c.mine for c in both] == [True, True]
    assert sorted(c.repeated for c in both) == [False, True]


async def test_of_two_codes_at_once_one_is_busy(chain: Chain) -> None:
    both = await asyncio.gather(claim(chain, "a"), claim(chain, "b"))
    assert sorted(c.mine for c in both) == [False, True]
    assert sorted(c.busy for c in both) == [False, True]


async def test_half_and_then_whole_is_one_greeting(chain: Chain) -> None:
    first, second = await claim(chain, half=True), await claim(chain, "b", days=1)
    assert (first.key, second.key, second.busy) == ("welcome/chen/wm1/1", "welcome/chen/wm1/1", True)


async def test_a_new_friendship_has_a_greeting_of_its_own(chain: Chain) -> None:
    await claim(chain)
    await settle(chain, TouchStatus.SENT)
    async with chain.database.transaction() as session:
        await lives.record_follow(session, "wm1", lost("chen", NOON + timedelta(days=1)))
    found = await claim(chain, "b", days=2)
    assert (found.key, found.mine) == ("welcome/chen/wm1/2", True)
