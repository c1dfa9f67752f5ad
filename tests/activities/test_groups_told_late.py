"""A join or leave that was written down and not told is told by the next read."""

from typing import Any

import pytest
from temporalio.service import RPCError

from activities.courier import Parcel
from domain.events import EventKind
from tests.activities.shop import Shop
from tests.activities.test_groups import join, leave, refresh, told

pytestmark = pytest.mark.anyio


class Died(BaseException):
    """The worker is no more."""


async def test_a_join_whose_worker_died_before_telling_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    she = await shop.friend()
    await join(shop, she)

    async def die(*args: Any) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(shop.courier, "post", die)
        with pytest.raises(Died):
            await refresh(shop)
    assert told(shop) == []
    await refresh(shop, attempt=3)
    assert told(shop) == [(EventKind.GROUP_JOINED, f"customer/{she}")]


async def test_one_that_cannot_be_told_is_told_later_and_the_others_too(shop: Shop) -> None:
    friends = [await shop.friend() for _ in range(3)]
    for she in friends:
        await join(shop, she)
    shop.courier.broken_for.add(f"customer/{friends[1]}")
    with pytest.raises(RPCError):
        await refresh(shop)
    shop.courier.broken_for.clear()
    await refresh(shop, attempt=3)
    await refresh(shop, attempt=4)
    assert sorted(told(shop)) == sorted((EventKind.GROUP_JOINED, f"customer/{she}") for she in friends)


async def test_a_dismissal_that_was_not_told_is_told(shop: Shop) -> None:
    she = await shop.friend()
    await join(shop, she)
    await refresh(shop)
    await shop.street.do("dismiss", chat_id=shop.groups["S002"])
    shop.courier.broken_for.add(f"customer/{she}")
    with pytest.raises(RPCError):
        await refresh(shop)
    shop.courier.broken_for.clear()
    await refresh(shop)
    [event] = shop.courier.events(EventKind.GROUP_LEFT)
    assert event.reason == "the group was dismissed"


async def test_a_worker_that_died_between_telling_and_remembering_tells_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    she = await shop.friend()
    await join(shop, she)
    post = shop.courier.post

    async def tell_and_die(source: str, subject: str, parcel: Parcel) -> None:
        await post(source, subject, parcel)
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(shop.courier, "post", tell_and_die)
        with pytest.raises(Died):
            await refresh(shop)
    await refresh(shop)
    assert told(shop) == [(EventKind.GROUP_JOINED, f"customer/{she}")]
    shop.clock.forward(hours=1)
    await leave(shop, she)
    await refresh(shop)
    assert told(shop)[-1] == (EventKind.GROUP_LEFT, f"customer/{she}")
