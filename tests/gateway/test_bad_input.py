"""Bad and unlucky input through the whole chain: each has a defined result (issue 2, Bad input).

The stories share one corp; every customer is her own.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlmodel import select
from temporalio.testing import WorkflowEnvironment

import starter.preview.corp
from domain import addresses
from starter.preview.engines import skipping_server
from storage.tables import Customer, Employee, Follow, InboundEvent
from tests import engines
from tests.corp import Corp, running_corp

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def town(postgres: str) -> AsyncIterator[Corp]:
    """The whole chain with workers, for all stories of this file."""
    with engines.fresh_database(postgres) as url:
        async with skipping_server() as env, running_corp(env, url) as running:
            yield running


async def welcomes(corp: Corp, customer: str) -> list[dict[str, Any]]:
    """The greetings on her phone."""
    return [message for message in await corp.received(customer) if message["channel"] == "welcome"]


async def outcome(corp: Corp, customer: str) -> str:
    """What the ledger says of her one greeting; waits until it is settled."""

    async def settled() -> bool:
        touches = await corp.touches(customer, "welcome")
        return bool(touches) and touches[0].settled_at is not None

    await corp.until(settled)
    [touch] = await corp.touches(customer, "welcome")
    return str(touch.status)


async def facts(corp: Corp, customer: str, source: str = "wecom") -> list[InboundEvent]:
    async with corp.database.transaction() as session:
        query = select(InboundEvent).where(
            InboundEvent.subject == f"customer/{customer}", InboundEvent.source == source
        )
        return list((await session.exec(query)).all())


async def tags(corp: Corp, customer: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = await corp.street.see(f"tags/{customer}")
    return found


async def test_two_customers_added_in_the_same_second_by_the_same_employee(town: Corp) -> None:
    """peer-failures §3, check 1: two lives, two welcomes."""
    one, other = await town.newcomer("甲"), await town.newcomer("乙")
    await asyncio.gather(town.scan(one, "S002-cashier"), town.scan(other, "S002-cashier"))
    for customer, nickname in ((one, "甲"), (other, "乙")):
        await town.until_logged(customer, "tagged")
        [greeting] = await welcomes(town, customer)
        assert greeting["text"].startswith(f"{nickname}，您好")
        assert await town.stage(customer) == "welcomed"


async def test_the_same_callback_four_times(town: Corp) -> None:
    """peer-failures §3, check 2: one row, one effect, one welcome."""
    she = await town.newcomer()
    await town.street.do("callbacks", duplicate=4)
    await town.scan(she)
    await town.street.do("callbacks", duplicate=1)
    await town.until_logged(she, "tagged")
    assert len(await facts(town, she)) == 1
    assert len(await welcomes(town, she)) == 1
    story = [line.what for line in await town.story(she)]
    assert story.count("friend of li") == story.count("enrolled in coffee-welcome") == 1


async def test_a_half_add_and_then_the_add(town: Corp) -> None:
    """One greeting; tagged when the employee has confirmed, and not before."""
    she = await town.newcomer()
    userid = await town.scan(she, half=True)
    assert await outcome(town, she) == "sent"
    await town.until_stage(she, "welcomed")
    assert await tags(town, she) == {}
    await town.do("confirm_half_add", userid=userid, external_userid=she)
    await town.until_logged(she, "tagged")
    assert await tags(town, she) == {"li": ["望京店", "cashier"]}
    assert len(await welcomes(town, she)) == 1


async def test_no_welcome_code(town: Corp) -> None:
    """peer-failures §3, check 5: recorded as no_code; the fallback goes out by the employee's hand."""
    she = await town.newcomer()
    await town.scan(she, welcome_code=False)
    await town.until_logged(she, "welcome no_code")
    await town.until_logged(she, "tagged")
    assert await outcome(town, she) == "no_code"
    assert await town.stage(she) == "welcomed"
    assert await welcomes(town, she) == []


async def test_a_code_that_another_app_took(town: Corp) -> None:
    """peer-failures §3, check 4: beaten, not sent; the tags are applied all the same."""
    she = await town.newcomer()
    await town.scan(she, other_app_first=True)
    await town.until_logged(she, "welcome beaten")
    await town.until_logged(she, "tagged")
    assert await outcome(town, she) == "beaten"
    assert await tags(town, she) == {"li": ["望京店", "cashier"]}
    assert await welcomes(town, she) == []


async def test_an_add_for_an_employee_who_is_not_known_yet(town: Corp) -> None:
    """peer-failures §3, check 8: welcomed and recorded before the staff is synchronised."""
    she = await town.newcomer()
    await town.do("add", userid="newhand", external_userid=she)
    await town.until_logged(she, "tagged")
    assert len(await welcomes(town, she)) == 1
    async with town.database.transaction() as session:
        employee = await session.get_one(Employee, "newhand")
        follow = await session.get_one(Follow, ("newhand", she))
    assert (employee.name, employee.store_id) == ("newhand", None)
    assert follow.since is not None


async def test_an_entry_code_that_nobody_knows(town: Corp) -> None:
    """Her employee's own store, and the default playbook."""
    she = await town.newcomer()
    await town.do("add", userid="chen", external_userid=she, state="NOT-OURS")
    await town.until_logged(she, "tagged")
    customer = await town.customer(she)
    assert (customer.store_id, customer.playbooks) == ("S001", ["coffee-welcome"])
    assert await tags(town, she) == {"chen": ["中关村店"]}
    assert len(await welcomes(town, she)) == 1


async def test_an_employee_in_another_case_is_the_same_employee(town: Corp) -> None:
    she = await town.newcomer()
    await town.do("add", userid="LI", external_userid=she)
    await town.until_logged(she, "friend of li")
    async with town.database.transaction() as session:
        assert await session.get(Employee, "LI") is None


async def test_a_deletion_that_overtakes_its_add(town: Corp) -> None:
    """Delivered late and in the wrong order: she ends lost, enrolled in nothing, and untagged."""
    she = await town.newcomer()
    await town.street.do("callbacks", reorder=True)
    await town.scan(she)  # held back
    await town.sleep(seconds=2)  # WeCom's times are whole seconds
    await town.do("delete", userid="li", external_userid=she, by="employee")
    await outcome(town, she)
    await town.until_logged(she, "no longer a friend of li")

    async def heard() -> int:
        return len([fact for fact in await facts(town, she) if fact.delivered_at])

    await town.until(heard, 2)
    async with town.database.transaction() as session:
        follow = await session.get_one(Follow, ("li", she))
        customer = await session.get_one(Customer, she)
    assert follow.lost_at is not None
    assert customer.playbooks == []
    assert await tags(town, she) == {}


async def test_a_join_before_the_add(town: Corp) -> None:
    """Known from the group first; when she becomes a friend, her group is known."""
    she = await town.newcomer()
    await town.do("join", external_userid=she, config_id=town.join_ways["S002"])
    await town.sleep(seconds=10)
    await town.scan(she)
    await town.until_stage(she, "joined")
    await town.until_logged(she, "tagged")
    assert len(await welcomes(town, she)) == 1


async def test_no_process_is_down_after_all_of_it(town: Corp) -> None:
    ready = await town.http.get(f"{town.gateway_url}/readyz")
    assert ready.json() == {"ready": True, "problems": []}
    async with town.database.transaction() as session:
        undelivered = select(InboundEvent).where(InboundEvent.delivered_at == None)  # noqa: E711
        assert (await session.exec(undelivered)).all() == []


# ---- the worker is off


@pytest.fixture
async def resting(
    skipping: WorkflowEnvironment, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Corp]:
    """The chain without its workers; `resting.workers` makes them."""
    async with contextlib.AsyncExitStack() as stack:
        with monkeypatch.context() as patch:
            patch.setattr(starter.preview.corp, "build_workers", lambda *_, **__: [])
            running = await stack.enter_async_context(running_corp(skipping, database_url))
        yield running


async def test_with_the_worker_off_the_callback_is_answered_and_she_is_greeted_when_it_starts(
    resting: Corp,
) -> None:
    she = await resting.newcomer()
    await resting.scan(she)
    [fact] = await facts(resting, she)
    assert fact.delivered_at is not None
    [callback] = [
        delivery
        for delivery in await resting.street.see("callbacks")
        if delivery["name"] == "add_external_contact"
    ]
    assert [attempt["status"] for attempt in callback["attempts"]] == [200]
    assert await welcomes(resting, she) == []
    queues = (addresses.JOURNEYS, addresses.WELCOME, addresses.WECOM, addresses.POS)
    async with contextlib.AsyncExitStack() as stack:
        for worker in resting.workers(queues):
            await stack.enter_async_context(worker)
        await resting.until_logged(she, "tagged")
        assert await outcome(resting, she) == "sent"
        assert len(await welcomes(resting, she)) == 1
