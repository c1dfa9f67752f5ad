"""Full groups leave a store's code, open ones come in, and groups of WeCom's own making find their store."""

import pytest
from sqlmodel import select

from activities.composition import Activities
from activities.rooms import STRANGE_FOR
from domain.customer import WelcomeOutcome
from domain.messages import RefreshedGroup, RefreshGroup, SweepReport, SweepStart
from domain.rooms import JoinRules
from gateway import translate
from integrations import wecom
from storage.tables import Group, Todo
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

CAP = 4  # of the world and of the shop alike; the employee counts
UPDATE = "externalcontact/groupchat/update_join_way"
READ = "externalcontact/groupchat/get_join_way"


def small(shop: Shop) -> Activities:
    return shop.activities_on(rules=JoinRules(cap=CAP))


async def sweep(shop: Shop) -> SweepReport:
    return await shop.run(small(shop).upkeep.sweep, SweepStart())


async def another_group(shop: Shop, store: str = "S002", owner: str = "li", **more: object) -> str:
    """The employee has made a group; it is known to be the store's, and no code leads to it."""
    chat = await shop.street.do("groups", name="二群", owner=owner)
    chat_id = str(chat["chat_id"])
    await shop.put(Group(chat_id=chat_id, store_id=store, owner=owner, created_at=shop.clock(), **more))  # type: ignore[arg-type]
    return chat_id


async def join(shop: Shop, store: str = "S002") -> str:
    """A stranger scans the store's group code; the group's chat_id."""
    she = await shop.newcomer()
    joined = await shop.street.do("join", external_userid=she, config_id=shop.join_ways[store])
    return str(joined["chat_id"])


async def read(shop: Shop, chat_id: str) -> RefreshedGroup:
    what = RefreshGroup(chat_id=chat_id, at=shop.clock())
    return await shop.run(small(shop).groups.refresh_group, what, attempt=2)


async def fill(shop: Shop) -> None:
    """The store's first group is full, and we have read it."""
    await shop.street.do("settings", qr_join_cap=CAP)
    for _ in range(CAP - 1):
        assert await join(shop) == shop.groups["S002"]
    await read(shop, shop.groups["S002"])


async def row(shop: Shop, chat_id: str) -> Group:
    async with shop.database.transaction() as session:
        return await session.get_one(Group, chat_id)


async def leads_to(shop: Shop, store: str = "S002") -> list[str]:
    return list((await shop.client.get_join_way(shop.join_ways[store])).chat_id_list)


async def test_a_full_group_leaves_the_code_and_the_next_one_comes_in(shop: Shop) -> None:
    await fill(shop)
    second = await another_group(shop)
    assert (await sweep(shop)).rooms == 1
    assert await leads_to(shop) == [second]
    assert (await row(shop, second)).join_config_id == shop.join_ways["S002"]
    assert (await row(shop, shop.groups["S002"])).join_config_id is None
    assert await join(shop) == second


async def test_the_rest_of_the_way_stays_as_it_was(shop: Shop) -> None:
    config_id = shop.join_ways["S002"]
    way = wecom.NewJoinWay(
        chat_id_list=(shop.groups["S002"],),
        state="S002-group",
        remark="望京店",
        auto_create_room=False,
        room_base_name="望京店福利群",
        room_base_id=7,
    )
    await shop.client.update_join_way(config_id, way)
    before = (await shop.client.get_join_way(config_id)).model_dump(exclude={"chat_id_list"})
    await fill(shop)
    await another_group(shop)
    await sweep(shop)
    assert (await shop.client.get_join_way(config_id)).model_dump(exclude={"chat_id_list"}) == before


async def test_sweeping_again_tells_wecom_nothing(shop: Shop) -> None:
    await fill(shop)
    await another_group(shop)
    await sweep(shop)
    updates, reads = shop.calls(UPDATE), shop.calls(READ)
    assert (await sweep(shop)).rooms == 0
    assert shop.calls(UPDATE) == updates == 1
    assert shop.calls(READ) == reads


async def test_a_crash_between_wecom_and_our_row_is_mended(shop: Shop) -> None:
    """WeCom has been told, and the process died before it wrote that down."""
    await fill(shop)
    second = await another_group(shop)
    way = wecom.NewJoinWay(chat_id_list=(second,), state="S002")
    await shop.client.update_join_way(shop.join_ways["S002"], way)
    assert (await sweep(shop)).rooms == 0
    assert (await row(shop, second)).join_config_id == shop.join_ways["S002"]
    assert shop.calls(UPDATE) == 1


async def test_a_way_is_never_emptied(shop: Shop) -> None:
    await fill(shop)
    assert (await sweep(shop)).rooms == 0
    assert await leads_to(shop) == [shop.groups["S002"]]
    assert shop.calls(UPDATE) == 0


async def todos(shop: Shop) -> list[tuple[str, str]]:
    async with shop.database.transaction() as session:
        return [(row.userid, row.kind) for row in (await session.exec(select(Todo))).all()]


async def test_where_wecom_makes_no_group_the_owner_is_asked_for_one(shop: Shop) -> None:
    way = wecom.NewJoinWay(chat_id_list=(shop.groups["S002"],), state="S002", auto_create_room=False)
    await shop.client.update_join_way(shop.join_ways["S002"], way)
    await fill(shop)
    await sweep(shop)
    await sweep(shop)
    assert await todos(shop) == [("li", "group_full")], "once"
    assert await leads_to(shop) == [shop.groups["S002"]]


async def test_where_wecom_makes_the_next_group_nobody_is_asked(shop: Shop) -> None:
    await fill(shop)
    await sweep(shop)
    assert await todos(shop) == []


async def test_a_group_with_room_again_comes_back(shop: Shop) -> None:
    await fill(shop)
    second = await another_group(shop)
    await sweep(shop)
    first = shop.groups["S002"]
    for member in list(shop.world.groups.all[first].members.values())[1:3]:
        await shop.street.do("leave", external_userid=member.member_id, chat_id=first)
    await read(shop, first)
    for _ in range(CAP - 1):
        await join(shop)
    await read(shop, second)
    await sweep(shop)
    assert await leads_to(shop) == [first]


async def test_a_dismissed_group_leaves_the_code(shop: Shop) -> None:
    second = await another_group(shop)
    first = shop.groups["S002"]
    await shop.street.do("dismiss", chat_id=first)
    what = RefreshGroup(chat_id=first, dismissed=True, at=shop.clock())
    await shop.run(small(shop).groups.refresh_group, what)
    await sweep(shop)
    assert await leads_to(shop) == [second]


async def test_a_way_that_cannot_be_changed_stops_no_other(shop: Shop) -> None:
    await fill(shop)
    second = await another_group(shop)
    await shop.fault(UPDATE, "errcode", errcode=-1)
    await sweep(shop)
    assert await leads_to(shop) == [shop.groups["S002"]]
    assert (await row(shop, second)).join_config_id is None
    await sweep(shop)
    assert await leads_to(shop) == [second]


async def test_the_next_customer_is_invited_to_the_next_group(shop: Shop) -> None:
    """peer-failures §3, check 9."""
    await fill(shop)
    second = await another_group(shop)
    await sweep(shop)
    she = await shop.newcomer()
    settled = await shop.run(small(shop).welcomes.greet, await shop.added(she))
    assert (settled.outcome, settled.chat_id) == (WelcomeOutcome.SENT, second)
    assert len((await shop.received(she))[0]["attachments"]) == 1


# ---- groups that WeCom makes itself


async def made_by_wecom(shop: Shop) -> str:
    await fill(shop)
    made = await join(shop)
    assert made != shop.groups["S002"]
    return made


async def test_a_group_that_wecom_made_behind_a_code_is_the_stores(shop: Shop) -> None:
    made = await made_by_wecom(shop)
    await read(shop, made)
    found = await row(shop, made)
    assert (found.store_id, found.join_config_id) == ("S002", shop.join_ways["S002"])
    await sweep(shop)
    she = await shop.newcomer()
    settled = await shop.run(small(shop).welcomes.greet, await shop.added(she))
    assert settled.chat_id == made


async def test_its_create_event_has_it_read(shop: Shop) -> None:
    made = await made_by_wecom(shop)
    events = [wecom.parse_event(d.content.encode()) for d in shop.world.callbacks.outbox.log]
    created = next(e for e in events if isinstance(e, wecom.ChatEvent) and e.chat_id == made)
    subject, parcel = translate.wecom_fact(created, "digest")
    assert subject == f"group/{made}"
    assert parcel.change is not None


async def test_where_the_list_does_not_show_it_the_state_of_its_members_does(shop: Shop) -> None:
    """Whether the list shows it is not documented (contract §7.2)."""
    await shop.street.do("settings", auto_room_listed=False)
    made = await made_by_wecom(shop)
    assert made not in await leads_to(shop)
    await read(shop, made)
    assert (await row(shop, made)).store_id == "S002"


async def test_an_employees_own_group_stays_her_own(shop: Shop) -> None:
    chat_id = str((await shop.street.do("groups", name="我的群", owner="li"))["chat_id"])
    await read(shop, chat_id)
    assert (await row(shop, chat_id)).store_id is None
    asked = shop.calls(READ)
    shop.clock.forward(seconds=STRANGE_FOR.total_seconds())
    await read(shop, chat_id)
    await sweep(shop)
    assert shop.calls(READ) == asked, "after an hour nobody asks any more"


async def test_what_could_not_be_asked_at_once_the_sweep_finds_out(shop: Shop) -> None:
    made = await made_by_wecom(shop)
    await shop.fault(READ, "errcode", errcode=-1)
    await read(shop, made)
    assert (await row(shop, made)).store_id is None
    assert (await sweep(shop)).rooms >= 1
    assert (await row(shop, made)).store_id == "S002"


async def test_at_two_hundred_and_not_at_five_hundred(shop: Shop) -> None:
    """peer-failures §3, check 9: with the settings as they ship."""
    first, second = shop.groups["S002"], await another_group(shop)

    async def sweep_at(members: int) -> int:
        async with shop.database.transaction() as session:
            (await session.get_one(Group, first)).members = members
        return (await shop.run(shop.activities.upkeep.sweep, SweepStart())).rooms

    assert await sweep_at(179) == 0
    assert await leads_to(shop) == [first]
    assert await sweep_at(180) == 1, "the next group is behind the code before it is needed"
    assert await leads_to(shop) == [first, second]
    assert await sweep_at(199) == 0
    assert await sweep_at(200) == 1
    assert await leads_to(shop) == [second]


async def test_the_next_group_is_asked_for_before_the_first_is_full(shop: Shop) -> None:
    """Where nobody makes it by itself: a store whose group is joined by a picture exported by hand."""
    async with shop.database.transaction() as session:
        group = await session.get_one(Group, shop.groups["S002"])
        group.join_config_id, group.owner, group.members = None, "li", 180
    await shop.run(shop.activities.upkeep.sweep, SweepStart())
    async with shop.database.transaction() as session:
        [todo] = (await session.exec(select(Todo))).all()
    assert (todo.userid, todo.kind, todo.card["title"]) == ("li", "group_full", "门店群快满了，请新建一个群")
    assert "到 200 人后" in todo.card["text"]
