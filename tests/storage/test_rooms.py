"""Groups that can be joined, their pictures, and the join ways that lead to them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from domain.rooms import JoinRules, Room
from storage import directory, media, pictures, rooms
from storage.rooms import StoresWay
from storage.tables import AppliedObject, Group, GroupMember
from tests.storage.chain import NOON, Chain

pytestmark = pytest.mark.anyio

WEEK_AGO = NOON - timedelta(days=6)
WAY = StoresWay("j1", "S1")
PNG = b"a picture"


async def add(chain: Chain, *rows: Any) -> None:
    async with chain.database.transaction() as session:
        for row in rows:
            await directory.upsert(session, row)


def group(chat_id: str, members: int = 0, **more: Any) -> Group:
    usual: dict[str, Any] = {"store_id": "S1", "join_config_id": "j1", "created_at": NOON, "owner": "chen"}
    return Group(chat_id=chat_id, members=members, **usual | more)


async def picture(chain: Chain, chat_id: str, now: datetime, content: bytes = PNG) -> None:
    """It is fetched, kept and uploaded."""
    async with chain.database.transaction() as session:
        row = await session.get_one(Group, chat_id)
        await pictures.keep(session, chat_id, pictures.source_of(row), content)
        await media.remember(session, media.sha256(content), media.IMAGE, f"media-{content!r}", now)


async def usable(chain: Chain, chat_id: str, now: datetime, since: datetime = WEEK_AGO) -> bool:
    async with chain.database.transaction() as session:
        return await pictures.group_qr(session, chat_id, now, since) is not None


async def to_renew(chain: Chain, now: datetime, since: datetime = WEEK_AGO) -> list[str]:
    async with chain.database.transaction() as session:
        return sorted(g.chat_id for g in await pictures.groups_to_renew(session, now, since))


# ---- open groups


async def test_the_fullest_groups_below_the_cap_are_open(chain: Chain) -> None:
    await add(
        chain,
        group("full", 200),
        group("half", 120),
        group("new", 3),
        group("closed", 150, dismissed_at=NOON),
        group("no-qr", 199, join_config_id=None),
        group("elsewhere", 180, store_id="S2"),
    )

    async def found(cap: int, store: str | None = "S1") -> list[str]:
        async with chain.database.transaction() as session:
            return [g.chat_id for g in await rooms.open_groups(session, store, cap, WEEK_AGO)]

    assert await found(200) == ["half", "new"]
    assert await found(120) == ["new"]
    assert await found(3) == []
    assert await found(200, None) == []


async def test_a_picture_exported_by_hand_opens_a_group_while_it_is_young(chain: Chain) -> None:
    for days in (5, 6, 7):
        at = NOON - timedelta(days=days)
        await add(chain, group(f"g{days}", join_config_id=None, hand_qr=PNG, hand_qr_exported_at=at))
    async with chain.database.transaction() as session:
        found = await rooms.open_groups(session, "S1", 200, WEEK_AGO)
    assert [g.chat_id for g in found] == ["g5", "g6"]


# ---- pictures


async def test_a_groups_picture_is_good_for_three_days_and_renewed_before(chain: Chain) -> None:
    await add(chain, group("g1"))
    assert not await usable(chain, "g1", NOON)
    await picture(chain, "g1", NOON)
    hours = [NOON + timedelta(hours=h) for h in (0, 59, 61, 71, 72)]
    assert [await usable(chain, "g1", now) for now in hours] == [True, True, True, True, False]
    assert [len(await to_renew(chain, now)) for now in hours] == [0, 0, 1, 1, 1]


async def test_groups_without_a_picture_need_one(chain: Chain) -> None:
    old, young = WEEK_AGO - timedelta(seconds=1), WEEK_AGO
    await add(
        chain,
        group("way"),
        group("none", join_config_id=None),
        group("young", join_config_id=None, hand_qr=PNG, hand_qr_exported_at=young),
        group("old", join_config_id=None, hand_qr=PNG, hand_qr_exported_at=old),
        group("gone", dismissed_at=NOON),
    )
    assert await to_renew(chain, NOON) == ["way", "young"]


async def test_a_picture_that_has_grown_old_is_sent_to_nobody_though_wecom_holds_it(chain: Chain) -> None:
    await add(chain, group("g1", join_config_id=None, hand_qr=PNG, hand_qr_exported_at=WEEK_AGO))
    await picture(chain, "g1", NOON)
    assert await usable(chain, "g1", NOON)
    assert not await usable(chain, "g1", NOON, WEEK_AGO + timedelta(seconds=1))


@pytest.mark.parametrize(
    "change",
    [
        {"join_config_id": "j2"},
        {"join_config_id": None, "hand_qr": b"another", "hand_qr_exported_at": NOON},
    ],
)
async def test_another_way_or_another_export_needs_another_picture(
    chain: Chain, change: dict[str, Any]
) -> None:
    await add(chain, group("g1"))
    await picture(chain, "g1", NOON)
    await add(chain, group("g1", **change))
    assert not await usable(chain, "g1", NOON)
    assert await to_renew(chain, NOON) == ["g1"]


async def test_groups_of_one_way_share_an_upload_and_lose_it_together(chain: Chain) -> None:
    await add(chain, group("g1"), group("g2"))
    await picture(chain, "g1", NOON)
    await picture(chain, "g2", NOON)
    async with chain.database.transaction() as session:
        await media.forget(session, f"media-{PNG!r}")
    assert await to_renew(chain, NOON) == ["g1", "g2"]


async def test_a_content_is_known_by_kind_until_it_needs_renewal(chain: Chain) -> None:
    digest = media.sha256(PNG)
    async with chain.database.transaction() as session:
        await media.remember(session, digest, "image", "m1", NOON)
        assert await media.young(session, digest, "image", NOON + timedelta(hours=59)) == "m1"
        assert await media.young(session, digest, "image", NOON + timedelta(hours=61)) is None
        assert await media.young(session, digest, "file", NOON) is None
        await media.forget(session, "m0")
        assert await media.young(session, digest, "image", NOON) == "m1"


# ---- join ways


async def test_groups_of_other_kinds_are_no_room_for_the_plain_ones(chain: Chain) -> None:
    """A full store group is no reason to lead its code into the welfare group, nor the other way round."""
    welfare = {"kind": "welfare", "join_config_id": "j2"}
    await add(
        chain, group("full", 200), group("w", 5, **welfare), group("w2", 6, **welfare | {"owner": "li"})
    )
    assert await outgrown(chain) == []
    async with chain.database.transaction() as session:
        assert await rooms.open_groups(session, "S1", 200, WEEK_AGO) == []
        found = await rooms.open_groups(session, "S1", 200, WEEK_AGO, "welfare")
        assert [g.chat_id for g in found] == ["w2", "w"]
        [(way, newest, number)] = await rooms.full_ways(session, 200)
        assert (way, newest.chat_id, number) == (WAY, "full", 1)
        assert [room.chat_id for room in await rooms.of_way(session, WAY)] == ["full"]
        assert await rooms.ways_of(session, "li") == [StoresWay("j2", "S1", "welfare")]


async def outgrown(chain: Chain) -> Sequence[StoresWay]:
    async with chain.database.transaction() as session:
        return await rooms.outgrown(session, JoinRules())


@pytest.mark.parametrize(
    ("groups", "is_outgrown"),
    [
        ([group("a", 200)], False),  # nothing to lead to instead
        ([group("a", 179), group("b", join_config_id=None)], False),
        ([group("a", 180), group("b", join_config_id=None)], True),  # the next one is there in time
        ([group("a", 180), group("b", 179), group("c", join_config_id=None)], False),  # it is there already
        ([group("a", 180), group("b", 180, join_config_id=None)], False),  # no emptier than itself
        ([group("a", 200), group("b", join_config_id=None)], True),
        ([group("a", 200), group("b", 3)], True),
        ([group("a", 3, dismissed_at=NOON), group("b", 3)], True),
        ([group("a", 200), group("b", join_config_id="j2")], False),  # it has a way of its own
        ([group("a", 200), group("b", store_id="S2", join_config_id=None)], False),
        ([group("a", 200), group("b", join_config_id=None, dismissed_at=NOON)], False),
        ([group("a", 200, store_id=None), group("b", store_id=None, join_config_id=None)], False),
    ],
)
async def test_a_way_is_outgrown_when_it_could_lead_to_room(
    chain: Chain, groups: list[Group], is_outgrown: bool
) -> None:
    await add(chain, *groups)
    assert await outgrown(chain) == ([WAY] if is_outgrown else [])


async def test_a_way_leads_to_exactly_the_groups_it_was_bound_to(chain: Chain) -> None:
    await add(
        chain,
        group("a", 200),
        group("b", join_config_id=None),
        group("other", join_config_id="j2"),
        AppliedObject(
            kind="join_way",
            key="store/S1",
            wecom_id="j1",
            body={"chat_id_list": ["a"], "state": "S1-group"},
            applied_at=NOON,
        ),
    )
    async with chain.database.transaction() as session:
        found = await rooms.of_way(session, WAY)
        assert sorted(found, key=lambda r: r.chat_id) == [Room("a", 200), Room("b", 0)]
        await rooms.bind(session, WAY, ["new", "b"])
    async with chain.database.transaction() as session:
        behind = {g.chat_id: g.join_config_id for g in (await session.exec(select(Group))).all()}
        applied = await session.get_one(AppliedObject, ("join_way", "store/S1"))
    assert behind == {"a": None, "b": "j1", "other": "j2"}
    assert applied.body == {"chat_id_list": ["b", "new"], "state": "S1-group"}


async def test_ways_of_stores_without_an_open_group_are_full(chain: Chain) -> None:
    later = NOON + timedelta(days=1)
    await add(
        chain,
        group("a", 200),
        group("b", 250, created_at=later),
        group("gone", 3, dismissed_at=NOON),
        group("c", 200, store_id="S2", join_config_id="j2"),
        group("d", 199, store_id="S2", join_config_id=None),
    )
    async with chain.database.transaction() as session:
        [(way, newest, number)] = await rooms.full_ways(session, 200)
    assert (way, newest.chat_id, number) == (WAY, "b", 2)


# ---- strangers


async def test_young_groups_of_no_store_are_strangers(chain: Chain) -> None:
    alone: dict[str, Any] = {"store_id": None, "join_config_id": None}
    await add(
        chain,
        group("hers", **alone),
        group("old", **alone | {"created_at": NOON - timedelta(hours=2)}),
        group("gone", dismissed_at=NOON, **alone),
        group("ours"),
    )
    async with chain.database.transaction() as session:
        since = NOON - timedelta(hours=1)
        assert [g.chat_id for g in await rooms.strangers(session, since)] == ["hers"]
        assert await rooms.strangers(session, since, "ours") == []
        assert [g.chat_id for g in await rooms.strangers(session, since, "hers")] == ["hers"]


async def test_the_ways_of_an_owner_come_with_the_fullest_first(chain: Chain) -> None:
    await add(
        chain,
        group("a", 3, join_config_id="j3"),
        group("b", 200),
        group("c", 100, owner="li", join_config_id="j4"),
        group("d", 9, join_config_id=None),
    )
    async with chain.database.transaction() as session:
        assert await rooms.ways_of(session, "chen") == [WAY, StoresWay("j3", "S1")]
        assert await rooms.ways_of(session, None) == []


async def test_a_group_is_placed_once(chain: Chain) -> None:
    await add(chain, group("new", store_id=None, join_config_id=None))
    await add(chain, GroupMember(chat_id="new", member_id="wm1", state="S1-group", joined_at=NOON))
    async with chain.database.transaction() as session:
        assert await rooms.states_in(session, "new") == {"S1-group"}
        await rooms.place(session, "new", WAY.store_id, WAY.kind, WAY.config_id)
        await rooms.place(session, "new", "S2", "store", "j9")
    async with chain.database.transaction() as session:
        row = await session.get_one(Group, "new")
    assert (row.store_id, row.join_config_id) == ("S1", "j1")
