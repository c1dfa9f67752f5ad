"""Stores, employees, codes and published playbooks."""

import asyncio
from typing import Any

import pytest
from sqlmodel import col, select

from domain.playbook import Playbook
from playbooks.loader import load_playbook
from settings import ROOT
from storage import directory
from storage.tables import EntryCode, PlaybookVersion, Store
from tests.storage.chain import NOON, Chain

pytestmark = pytest.mark.anyio

SHIPPED = load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")
DOOR = EntryCode(state="S2-door", store_id="S2", placement="door", playbook="coffee", created_at=NOON)


async def entry(chain: Chain, state: str | None, userid: str = "chen") -> tuple[Any, str | None]:
    async with chain.database.transaction() as session:
        return await directory.entry_of(session, state, userid)


async def add(chain: Chain, *rows: Any) -> None:
    async with chain.database.transaction() as session:
        for row in rows:
            await directory.upsert(session, row)


async def publish(chain: Chain, playbook: Playbook) -> PlaybookVersion:
    async with chain.database.transaction() as session:
        return await directory.publish(session, playbook, author="anna", now=NOON)


# ---- where she came from


async def test_a_code_names_its_store_placement_and_playbook(chain: Chain) -> None:
    await add(chain, DOOR)
    found, playbook = await entry(chain, "S2-door")
    assert (found.store_id, found.store_name, found.region_id, found.placement) == ("S2", "S2", "bj", "door")
    assert (found.tags, playbook) == (["S2", "door"], "coffee")


@pytest.mark.parametrize("state", ["unheard-of", None])
async def test_without_a_known_code_the_employees_store_counts(chain: Chain, state: str | None) -> None:
    found, playbook = await entry(chain, state)
    assert (found.code, found.store_id, found.placement, found.tags) == (state, "S1", None, ["S1"])
    assert playbook is None


async def test_an_unknown_code_and_employee_still_make_an_entry(chain: Chain) -> None:
    found, playbook = await entry(chain, "unheard-of", "newcomer")
    assert (found.store_id, found.tags, playbook) == (None, [], None)


async def test_master_data_is_brought_up_to_date(chain: Chain) -> None:
    await add(chain, Store(id="S1", name="renamed", zone="Europe/Berlin"))
    async with chain.database.transaction() as session:
        assert await directory.zone_of(session, "S1") == "Europe/Berlin"
        assert await directory.zone_of(session, "unheard-of") == "Asia/Shanghai"
        assert await directory.zone_of(session, None) == "Asia/Shanghai"
    assert (await entry(chain, None))[0].store_name == "renamed"


@pytest.mark.parametrize("zone", ["Asia/Peking", "", "Asia", "../etc/passwd", "UTC+8"])
async def test_a_store_in_no_known_zone_is_refused(chain: Chain, zone: str) -> None:
    """Planning for its customers would fail for ever."""
    with pytest.raises(ValueError, match="give an IANA name"):
        await add(chain, Store(id="S1", name="S1", zone=zone))
    assert directory.known_zone("Asia/Shanghai") == "Asia/Shanghai"


# ---- playbooks


async def test_the_same_text_is_the_same_version(chain: Chain) -> None:
    first, again = await publish(chain, SHIPPED), await publish(chain, SHIPPED)
    assert (first.version, first.number) == (again.version, again.number) == (first.version, 1)


async def test_a_changed_text_is_the_next_version_and_the_current_one(chain: Chain) -> None:
    first = await publish(chain, SHIPPED)
    second = await publish(chain, SHIPPED.model_copy(update={"title": "changed"}))
    assert (first.number, second.number) == (1, 2)
    async with chain.database.transaction() as session:
        current = await directory.current_playbook(session, "coffee-welcome")
        old = await directory.pinned(session, first.version)
        assert await directory.current_playbook(session, "unheard-of") is None
        assert await directory.pinned(session, "unheard-of") is None
    assert current is not None
    assert (current[0].title, current[1].number) == ("changed", 2)
    assert old is not None
    assert (old.number, old.journey) == (1, SHIPPED.journey)


async def test_changes_published_at_once_are_numbered_without_a_gap(chain: Chain) -> None:
    changed = [SHIPPED.model_copy(update={"title": f"change {n % 4}"}) for n in range(8)]
    rows = await asyncio.gather(*(publish(chain, playbook) for playbook in changed))
    async with chain.database.transaction() as session:
        query = select(PlaybookVersion.number).order_by(col(PlaybookVersion.number))
        numbers = list((await session.exec(query)).all())
    assert numbers == list(range(1, len(numbers) + 1))
    assert {r.number for r in rows} == set(numbers)
    assert len({r.version for r in rows}) == len(numbers) >= 4


async def test_the_same_text_published_at_once_is_one_version(chain: Chain) -> None:
    rows = await asyncio.gather(*(publish(chain, SHIPPED) for _ in range(5)))
    assert {(r.version, r.number) for r in rows} == {(rows[0].version, 1)}


async def test_an_older_text_published_again_is_current_again(chain: Chain) -> None:
    changed = SHIPPED.model_copy(update={"title": "changed"})
    numbers = [(await publish(chain, playbook)).number for playbook in (SHIPPED, changed, SHIPPED)]
    assert numbers == [1, 2, 3]
    async with chain.database.transaction() as session:
        current = await directory.current_playbook(session, "coffee-welcome")
    assert current is not None
    assert current[0] == SHIPPED


async def test_each_playbook_has_numbers_of_its_own(chain: Chain) -> None:
    names = ("tea", "coffee")
    rows = [await publish(chain, SHIPPED.model_copy(update={"playbook": name})) for name in names]
    assert [r.number for r in rows] == [1, 1]
