"""Employees and groups from WeCom: added, kept up to date, never wiped."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from starter.chain.sync_employees import sync_employees
from starter.chain.sync_groups import sync_groups
from starter.runtime import CommandFailed
from storage.database import Database
from storage.tables import Employee, Group, GroupMember, Store
from tests.integrations.corp import running_corp
from tests.starter.opening import Opening

pytestmark = pytest.mark.anyio


@pytest.fixture
async def opening(database: Database) -> AsyncIterator[Opening]:
    async with running_corp() as corp:
        made = Opening(database, corp)
        await made.put(Store(id="S001", name="甲店"), Store(id="S002", name="乙店"))
        yield made


async def rows(opening: Opening, table: Any, key: str) -> dict[str, Any]:
    async with opening.database.transaction() as session:
        return {getattr(row, key): row for row in (await session.exec(select(table))).all()}


async def employees(opening: Opening, *, dry_run: bool = False) -> dict[str, str]:
    told = await sync_employees(opening.database, opening.corp.wecom, dry_run=dry_run)
    return {row["userid"]: row["what"] for row in told}


async def groups(opening: Opening, *, dry_run: bool = False) -> dict[str, tuple[str, str | None]]:
    told = await sync_groups(opening.database, opening.corp.wecom, opening.now, dry_run=dry_run)
    return {row["chat_id"]: (row["what"], row["store"]) for row in told}


async def test_who_may_have_customers_is_added_without_a_store(opening: Opening) -> None:
    await opening.corp.hire("Chen", "li")
    assert await employees(opening, dry_run=True) == {"chen": "new", "li": "new"}
    assert await rows(opening, Employee, "userid") == {}
    await employees(opening)
    found = await rows(opening, Employee, "userid")
    assert {userid: (row.store_id, row.active) for userid, row in found.items()} == {
        "chen": (None, True),
        "li": (None, True),
    }
    assert await employees(opening) == {"chen": "unchanged", "li": "unchanged"}


async def test_what_the_directory_does_not_know_is_kept(opening: Opening) -> None:
    await opening.corp.control("employees", userid="chen", name="陈静")
    await opening.put(
        Employee(userid="chen", name="陈", store_id="S001", shifts=["Mon-Fri 09:00-18:00"], daily_adds=9)
    )
    assert await employees(opening) == {"chen": "changed"}
    one = (await rows(opening, Employee, "userid"))["chen"]
    assert (one.name, one.store_id, one.shifts, one.daily_adds) == (
        "陈静",
        "S001",
        ["Mon-Fri 09:00-18:00"],
        9,
    )


async def test_who_has_left_becomes_inactive_and_nobody_comes_back_by_herself(opening: Opening) -> None:
    await opening.corp.hire("chen", "li")
    await employees(opening)
    await opening.corp.control("employees/chen/resign")
    assert (await employees(opening))["chen"] == "resigned"
    assert not (await rows(opening, Employee, "userid"))["chen"].active
    await opening.corp.hire("chen")
    assert (await employees(opening))["chen"] == "inactive here"
    assert not (await rows(opening, Employee, "userid"))["chen"].active


async def test_who_cannot_be_added_by_customers_is_told(opening: Opening) -> None:
    await opening.corp.hire("chen")
    await opening.corp.control("employees", userid="li", name="李薇", activated=False)
    await opening.corp.control("employees", userid="wang", name="王芳", in_contact_scope=False)
    await opening.put(Employee(userid="wang", name="王芳", store_id="S001"))
    told = await employees(opening)
    assert told == {"chen": "new", "li": "not activated", "wang": "no customer contact"}
    found = await rows(opening, Employee, "userid")
    assert "li" not in found
    assert found["wang"].active


async def test_an_empty_directory_dismisses_nobody(opening: Opening) -> None:
    await opening.put(Employee(userid="chen", name="陈静", store_id="S001"))
    with pytest.raises(CommandFailed, match="使用范围"):
        await employees(opening)
    assert (await rows(opening, Employee, "userid"))["chen"].active


async def test_a_group_belongs_to_its_owners_store(opening: Opening) -> None:
    await opening.hire("chen", "S001")
    await opening.hire("li", None)
    first = (await opening.corp.control("groups", name="甲店福利群", owner="chen"))["chat_id"]
    second = (await opening.corp.control("groups", name="散客群", owner="li"))["chat_id"]
    assert await groups(opening, dry_run=True) == {first: ("new", "S001"), second: ("new", None)}
    assert await rows(opening, Group, "chat_id") == {}
    await groups(opening)
    found = await rows(opening, Group, "chat_id")
    assert (found[first].name, found[first].owner, found[first].members) == ("甲店福利群", "chen", 1)
    assert found[first].created_at == opening.now()
    assert (await groups(opening))[first] == ("unchanged", "S001")


async def test_an_assignment_by_hand_and_join_ways_are_kept(opening: Opening) -> None:
    await opening.hire("chen", "S001")
    chat_id = (await opening.corp.control("groups", name="甲群", owner="chen"))["chat_id"]
    await opening.put(
        Group(chat_id=chat_id, store_id="S002", name="旧名", join_config_id="j1", created_at=opening.now())
    )
    assert await groups(opening) == {chat_id: ("changed", "S002")}
    group = (await rows(opening, Group, "chat_id"))[chat_id]
    assert (group.store_id, group.join_config_id, group.name, group.owner) == ("S002", "j1", "甲群", "chen")


async def test_a_group_that_was_dismissed_is_closed_here(opening: Opening) -> None:
    await opening.hire("chen", "S001")
    chat_id = (await opening.corp.control("groups", name="甲群", owner="chen"))["chat_id"]
    await groups(opening)
    joined = opening.now() - timedelta(days=1)
    await opening.put(GroupMember(chat_id=chat_id, member_id="wmA", joined_at=joined))
    await opening.corp.control("dismiss", chat_id=chat_id)
    assert await groups(opening) == {chat_id: ("dismissed", None)}
    assert (await rows(opening, Group, "chat_id"))[chat_id].dismissed_at == opening.now()
    assert (await rows(opening, GroupMember, "chat_id"))[chat_id].left_at == opening.now()
    assert await groups(opening) == {}
