"""`journeys apply` against the simulated WeCom: preview, carry out, drift, interruption, two at once."""

from collections import Counter

import pytest
from sqlmodel import select

from activities.composition import join_rules, todo_planner
from activities.tagging import TAG_GROUP
from integrations import wecom
from playbooks.loader import load_playbook
from settings import ROOT
from starter.apply import kinds
from starter.apply.desired import Wanted, wanted
from starter.apply.effects import Effects
from starter.apply.plan import Action, Change
from starter.apply.work import Apply, Failure
from starter.runtime import CommandFailed
from storage import tags
from storage.tables import AppliedObject, Group, Todo
from tests.corp import Corp

pytestmark = pytest.mark.anyio
BOOKS = [load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")]
WELCOME = "playbook/coffee-welcome"


class Operator:
    """Runs `apply` as the command does."""

    def __init__(self, corp: Corp) -> None:
        self.corp = corp

    async def wants(self) -> Wanted:
        return await wanted(self.corp.database, BOOKS, join_rules(self.corp.settings))

    async def work(self) -> Apply:
        ways = (await self.wants()).ways_in_use
        return Apply(self.corp.database, kinds.of(self.corp.client, ways), self.corp.clock)

    async def preview(self) -> list[Change]:
        return await (await self.work()).preview((await self.wants()).objects)

    async def apply(self, shown: list[Change] | None = None) -> tuple[list[Failure], int]:
        corp = self.corp
        planner = todo_planner(corp.settings, corp.database, corp.env.client, corp.policy, corp.clock)
        effects = Effects(corp.database, planner)
        changes = await self.preview() if shown is None else shown
        failures = await (await self.work()).carry_out((await self.wants()).objects, changes, effects.settled)
        return failures, effects.todos

    async def actions(self) -> Counter[Action]:
        return Counter(change.action for change in await self.preview())


@pytest.fixture
async def operator(corp: Corp) -> Operator:
    """Of a corp whose groups have an owner each; its join ways were made by hand."""
    async with corp.database.transaction() as session:
        for store, owner in (("S001", "chen"), ("S002", "li")):
            (await session.get_one(Group, corp.groups[store])).owner = owner
    return Operator(corp)


async def test_a_preview_changes_nothing(operator: Operator) -> None:
    assert await operator.preview() == await operator.preview()
    assert await operator.corp.client.get_corp_tags() == []


async def test_what_is_applied_is_kept_the_next_time(operator: Operator) -> None:
    failures, todos = await operator.apply()
    assert (failures, todos) == ([], 2)  # a to-do for the owner of each group
    assert set(await operator.actions()) == {Action.KEEP}
    made = (await operator.corp.client.get_corp_tags())[0].tag
    assert {tag.name for tag in made} == {"中关村店", "望京店", "cashier", "table"}
    assert await operator.apply() == ([], 0)


async def test_ways_that_the_groups_have_already_are_adopted(operator: Operator) -> None:
    """They were made without a name for new rooms, so they are brought up to date, not made again."""
    ways = [change for change in await operator.preview() if change.kind == "join_way"]
    assert [change.action for change in ways] == [Action.UPDATE, Action.UPDATE]
    await operator.apply()
    way = await operator.corp.client.get_join_way(operator.corp.join_ways["S002"])
    assert (way.room_base_name, way.chat_id_list) == ("望京店福利群", (operator.corp.groups["S002"],))


async def test_the_owner_gets_one_todo_per_text(operator: Operator) -> None:
    await operator.apply()
    async with operator.corp.database.transaction() as session:
        todos = await kinds_of_todos(session)
        cards = [row.card for row in (await session.exec(select(Todo))).all()]
    assert todos == {("group_welcome", "chen"), ("group_welcome", "li")}
    # WeCom lists welcomes by their texts.
    assert {card["lines"][1][1] for card in cards} == {"欢迎（客户昵称）进群！群里每周三是会员日，新品、首…"}


async def test_owners_of_groups_that_came_later_are_asked_by_the_next_apply(operator: Operator) -> None:
    corp, groups = operator.corp, operator.corp.groups
    async with corp.database.transaction() as session:
        (await session.get_one(Group, groups["S002"])).store_id = None
    assert await operator.apply() == ([], 1)
    async with corp.database.transaction() as session:
        (await session.get_one(Group, groups["S002"])).store_id = "S002"
    [_, welcome] = [change for change in await operator.preview() if change.needed]
    assert (welcome.action, welcome.key, welcome.note) == (
        Action.FOLLOW,
        WELCOME,
        "1 owner of groups to be asked for it",
    )
    assert await operator.apply() == ([], 1)
    assert set(await operator.actions()) == {Action.KEEP}


async def kinds_of_todos(session: object) -> set[tuple[str, str]]:
    rows = (await session.exec(select(Todo))).all()  # type: ignore[attr-defined]
    return {(row.kind, row.userid) for row in rows}


async def test_a_tag_renamed_in_the_console_is_drift_and_put_back(operator: Operator) -> None:
    await operator.apply()
    [tag] = [t for g in await operator.corp.client.get_corp_tags() for t in g.tag if t.name == "望京店"]
    await operator.corp.client.edit_corp_tag(tag.id, name="望京老店")
    [drift] = [change for change in await operator.preview() if change.needed]
    assert (drift.action, drift.key, drift.differences) == (
        Action.RESTORE,
        "望京店",
        ("name: 望京老店 → 望京店",),
    )
    await operator.apply()
    assert set(await operator.actions()) == {Action.KEEP}


async def test_a_template_deleted_in_wecom_is_made_again(operator: Operator) -> None:
    await operator.apply()
    template_id = await _applied_id(operator, "group_welcome", WELCOME)
    await operator.corp.client.delete_group_welcome(template_id)
    [change] = [change for change in await operator.preview() if change.needed]
    assert (change.action, change.note) == (Action.CREATE, "it is gone in WeCom")
    failures, todos = await operator.apply()
    assert (failures, todos) == ([], 2)  # a new template has to be chosen again


async def test_a_lost_answer_is_told_and_a_tag_is_found_again(operator: Operator) -> None:
    await operator.corp.street.do(
        "faults", api="externalcontact/add_corp_tag", kind="timeout_after", seconds=0, times=1
    )
    failures, _ = await operator.apply()
    assert len(failures) == 1
    [again] = [change for change in await operator.preview() if change.needed]
    assert again.action is Action.ADOPT
    await operator.apply()
    names = [tag.name for group in await operator.corp.client.get_corp_tags() for tag in group.tag]
    assert len(names) == len(set(names)) == 4


async def test_nobody_agreed_to_what_was_not_shown(operator: Operator) -> None:
    shown = await operator.preview()
    await operator.corp.client.add_corp_tags("来源门店", ["望京店"])
    with pytest.raises(CommandFailed, match="has changed since the preview"):
        await operator.apply(shown)
    assert await operator.corp.client.get_corp_tags() != []
    async with operator.corp.database.transaction() as session:
        assert await session.get(AppliedObject, ("tag", "望京店")) is None


async def test_two_at_once_make_everything_once(operator: Operator) -> None:
    import asyncio

    shown = await operator.preview()
    results = await asyncio.gather(operator.apply(shown), operator.apply(shown), return_exceptions=True)
    assert sum(isinstance(result, CommandFailed) for result in results) == 1
    names = [tag.name for group in await operator.corp.client.get_corp_tags() for tag in group.tag]
    assert sorted(names) == sorted({"中关村店", "望京店", "cashier", "table"})


async def test_a_refusal_stops_nothing_else(operator: Operator) -> None:
    await operator.corp.street.do(
        "faults", api="externalcontact/group_welcome_template/add", kind="errcode", errcode=41055, times=1
    )
    [failure], todos = await operator.apply()
    assert (failure.change.kind, todos) == ("group_welcome", 0)
    assert "41055" in failure.reason
    assert [change.kind for change in await operator.preview() if change.needed] == ["group_welcome"]


async def test_a_crash_before_our_own_rows_have_followed_is_made_up_for(operator: Operator) -> None:
    """Killed after each change in turn, as soon as WeCom has it."""
    corp, killed, first = operator.corp, set[str](), await operator.preview()
    planner = todo_planner(corp.settings, corp.database, corp.env.client, corp.policy, corp.clock)
    effects = Effects(corp.database, planner)

    async def settled(change: Change, wecom_id: str) -> None:
        if change.key not in killed:
            killed.add(change.key)
            raise RuntimeError("killed")
        await effects.settled(change, wecom_id)

    for _ in first:
        changes, objects = await operator.preview(), (await operator.wants()).objects
        with pytest.raises(RuntimeError, match="killed"):
            await (await operator.work()).carry_out(objects, changes, settled)
        [torn] = [change for change in await operator.preview() if change.action is Action.FOLLOW]
        assert torn.key in killed
    assert effects.todos == 0
    assert await operator.apply() == ([], 2)
    assert set(await operator.actions()) == {Action.KEEP}
    async with corp.database.transaction() as session:
        known = await tags.known(session, TAG_GROUP, sorted(killed))
    assert set(known) == {"中关村店", "望京店", "cashier", "table"}


async def _applied_id(operator: Operator, kind: str, key: str) -> str:
    async with operator.corp.database.transaction() as session:
        row = await session.get_one(AppliedObject, (kind, key))
    assert row.wecom_id
    return row.wecom_id


def test_the_client_gone_codes_are_errors_of_wecom() -> None:
    assert all(code in wecom.ERRCODES for code in kinds.GONE)
