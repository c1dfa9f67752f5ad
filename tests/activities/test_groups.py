"""A group is read, its members written, and the customers concerned are told: joined, left, dismissed."""

import pytest
from sqlmodel import select
from temporalio.exceptions import ApplicationError

from domain.events import Event, EventKind, GroupChange
from domain.messages import Arrive, RefreshedGroup, RefreshGroup
from gateway import translate
from integrations import wecom
from storage.tables import Group, GroupMember
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio


def last_change(shop: Shop) -> tuple[str, GroupChange]:
    """The last callback about a group, as the gateway reads it."""
    xml = shop.world.callbacks.outbox.log[-1].content.encode()
    subject, parcel = translate.wecom_fact(wecom.parse_event(xml), translate.digest(xml))
    assert subject is not None
    assert parcel.change is not None
    return subject.removeprefix("group/"), parcel.change


async def refresh(shop: Shop, *, attempt: int = 2) -> RefreshedGroup:
    """Read the group that changed last. The first attempt only waits for the burst to end."""
    chat_id, change = last_change(shop)
    what = RefreshGroup(
        chat_id=chat_id, member_version=change.member_version, dismissed=change.dismissed, at=change.at
    )
    return await shop.run(shop.activities.groups.refresh_group, what, attempt=attempt)


def counts(refreshed: RefreshedGroup) -> tuple[int, int, int]:
    return refreshed.joined, refreshed.left, refreshed.members


async def join(shop: Shop, customer: str, store: str = "S002") -> None:
    await shop.street.do("join", external_userid=customer, config_id=shop.join_ways[store])


async def leave(shop: Shop, customer: str, store: str = "S002", by: str = "customer") -> None:
    await shop.street.do("leave", external_userid=customer, chat_id=shop.groups[store], by=by)


async def members(shop: Shop, store: str = "S002") -> dict[str, bool]:
    """Who is on record, and whether she is still in."""
    async with shop.database.transaction() as session:
        query = select(GroupMember).where(GroupMember.chat_id == shop.groups[store])
        return {row.member_id: row.left_at is None for row in (await session.exec(query)).all()}


def told(shop: Shop) -> list[tuple[EventKind, str]]:
    kinds = (EventKind.GROUP_JOINED, EventKind.GROUP_LEFT)
    return [
        (parcel.event.kind, subject)
        for subject, parcel in shop.courier.sent
        if parcel.event and parcel.event.kind in kinds
    ]


async def test_a_customer_who_joins_is_told(shop: Shop) -> None:
    she = await shop.friend()
    await join(shop, she)
    assert counts(await refresh(shop)) == (1, 0, 2)
    assert told(shop) == [(EventKind.GROUP_JOINED, f"customer/{she}")]
    assert await members(shop) == {she: True}


async def test_reading_again_tells_nobody_again(shop: Shop) -> None:
    await join(shop, await shop.friend())
    await refresh(shop)
    assert (await refresh(shop)).joined == 0
    assert len(told(shop)) == 1


async def test_a_stranger_is_a_row_and_no_life(shop: Shop) -> None:
    stranger = await shop.newcomer()
    await join(shop, stranger)
    assert (await refresh(shop)).joined == 1
    assert await members(shop) == {stranger: True}
    assert shop.courier.sent == []


async def test_a_member_who_becomes_a_customer_brings_her_group_along(shop: Shop) -> None:
    she = await shop.newcomer()
    await join(shop, she)
    await refresh(shop)
    what = await shop.added(she)
    arrival = await shop.run(shop.activities.lives.arrive, Arrive(external_userid=she, event=what.event))
    assert list(arrival.groups) == [shop.groups["S002"]]


@pytest.mark.parametrize("by", ["customer", "employee"])
async def test_who_leaves_or_is_removed_is_told(shop: Shop, by: str) -> None:
    she = await shop.friend()
    await join(shop, she)
    await refresh(shop)
    shop.clock.forward(hours=1)
    await leave(shop, she, by=by)
    assert counts(await refresh(shop)) == (0, 1, 1)
    assert told(shop)[-1] == (EventKind.GROUP_LEFT, f"customer/{she}")
    assert await members(shop) == {she: False}


async def test_who_comes_back_is_told_once_more(shop: Shop) -> None:
    she = await shop.friend()
    for act in (join, leave, join):
        await act(shop, she)
        await refresh(shop)
        shop.clock.forward(hours=1)
    assert [kind for kind, _ in told(shop)] == [
        EventKind.GROUP_JOINED,
        EventKind.GROUP_LEFT,
        EventKind.GROUP_JOINED,
    ]
    ids = [p.event.id for _, p in shop.courier.sent if p.event]
    assert len(set(ids)) == 3


async def test_the_first_attempt_lets_the_burst_collect(shop: Shop) -> None:
    await join(shop, await shop.friend())
    with pytest.raises(ApplicationError, match="collecting") as waits:
        await refresh(shop, attempt=1)
    assert waits.value.type == "NotYet"
    assert shop.calls("externalcontact/groupchat/get") == 0


async def test_a_burst_is_read_once(shop: Shop) -> None:
    friends = [await shop.friend() for _ in range(3)]
    for she in friends:
        await join(shop, she)
    before = shop.calls("externalcontact/groupchat/get")
    assert (await refresh(shop)).joined == 3
    assert shop.calls("externalcontact/groupchat/get") == before + 1


async def test_a_dismissed_group_has_nobody_in_it(shop: Shop) -> None:
    she, stranger = await shop.friend(), await shop.newcomer()
    for who in (she, stranger):
        await join(shop, who)
    await refresh(shop)
    await shop.street.do("dismiss", chat_id=shop.groups["S002"])
    gone = await refresh(shop)
    assert (counts(gone), gone.dismissed) == ((0, 2, 0), True)
    assert told(shop)[-1] == (EventKind.GROUP_LEFT, f"customer/{she}")
    [event] = shop.courier.events(EventKind.GROUP_LEFT)
    assert event.reason == "the group was dismissed"
    async with shop.database.transaction() as session:
        assert (await session.get_one(Group, shop.groups["S002"])).dismissed_at is not None


async def test_a_group_that_is_gone_when_it_is_read_was_dismissed(shop: Shop) -> None:
    """The event of its end was lost; an older event has us read it."""
    await join(shop, await shop.friend())
    chat_id, change = last_change(shop)
    await shop.street.do("dismiss", chat_id=chat_id)
    what = RefreshGroup(chat_id=chat_id, member_version=change.member_version, at=change.at)
    assert (await shop.run(shop.activities.groups.refresh_group, what, attempt=2)).dismissed


@pytest.mark.parametrize("form", ["items", "csv", "absent"])
async def test_the_event_need_not_name_the_members(shop: Shop, form: str) -> None:
    await shop.street.do("settings", mem_change_list=form)
    she = await shop.friend()
    await join(shop, she)
    assert (await refresh(shop)).joined == 1
    assert told(shop) == [(EventKind.GROUP_JOINED, f"customer/{she}")]


async def test_it_is_read_again_until_wecom_shows_the_announced_version(shop: Shop) -> None:
    await shop.street.do("settings", group_lag_seconds=2)
    await join(shop, await shop.friend())
    with pytest.raises(ApplicationError, match="not updated") as waits:
        await refresh(shop)
    assert waits.value.type == "NotYet"
    shop.clock.forward(seconds=2)
    assert (await refresh(shop, attempt=3)).joined == 1


async def test_a_version_that_never_comes_is_not_waited_for_for_ever(shop: Shop) -> None:
    await shop.street.do("settings", group_lag_seconds=3600)
    await join(shop, await shop.friend())
    assert (await refresh(shop, attempt=5)).joined == 0


async def test_a_busy_wecom_is_asked_again(shop: Shop) -> None:
    await join(shop, await shop.friend())
    await shop.fault("externalcontact/groupchat/get", "errcode", errcode=-1)
    with pytest.raises(ApplicationError) as again:
        await refresh(shop)
    assert (again.value.type, again.value.non_retryable) == ("Transient", False)


async def test_a_join_is_told_when_it_happened(shop: Shop) -> None:
    she = await shop.friend()
    await join(shop, she)
    joined_at = shop.world.groups.all[shop.groups["S002"]].members[she].joined_at
    shop.clock.forward(hours=5)
    await refresh(shop)
    [event] = shop.courier.events(EventKind.GROUP_JOINED)
    assert isinstance(event, Event)
    assert event.at == joined_at.replace(microsecond=0)
