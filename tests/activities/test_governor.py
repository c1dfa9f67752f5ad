"""WeCom's limits in PostgreSQL: places, pairs, closed APIs, and what happens when the database is away."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import event, text

from activities.governor import PostgresGovernor
from integrations import wecom
from storage.database import Database
from storage.leases import Leases
from storage.tables import ApiLimit, Lease
from tests.activities.shop import START, Shop, ToldClock

pytestmark = pytest.mark.anyio

API = "externalcontact/mark_tag"
READING = "externalcontact/get"
NOWHERE = "postgresql+psycopg://127.0.0.1:1/none"


def wanted(api: str = API, *, seconds: float = 20, **more: Any) -> wecom.Admission:
    return wecom.Admission(api, asyncio.get_running_loop().time() + seconds, **more)


class Processes:
    """Governors with pools of their own."""

    def __init__(self, url: str, clock: ToldClock) -> None:
        self.url, self.clock = url, clock
        self.databases: list[Database] = []

    def new(self, *, writes: int = 2, reads: int = 8, **more: Any) -> PostgresGovernor:
        self.databases.append(Database(self.url))
        return PostgresGovernor(self.databases[-1], self.clock, writes=writes, reads=reads, **more)


@pytest.fixture
async def processes(database_url: str) -> AsyncIterator[Processes]:
    made = Processes(database_url, ToldClock())
    yield made
    for database in made.databases:
        await database.close()


class Inside:
    """How many are inside at once, and how many have been."""

    def __init__(self) -> None:
        self.now = self.most = self.all = 0

    async def stay(self, governor: PostgresGovernor, what: wecom.Admission) -> None:
        async with governor.admit(what):
            self.now, self.all = self.now + 1, self.all + 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.02)
            self.now -= 1


async def places(governor: PostgresGovernor, api: str = API, **more: Any) -> int:
    """How many calls of an API are let in at once."""
    async with contextlib.AsyncExitStack() as stack:
        for number in range(100):
            try:
                await stack.enter_async_context(governor.admit(wanted(api, seconds=1, **more)))
            except wecom.TooConcurrent:
                return number
    raise AssertionError("there is no limit")


async def until(look: Callable[[], Any]) -> None:
    for _ in range(500):
        if await look():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


# ---- places and pairs


async def test_no_more_at_once_than_there_are_places(processes: Processes) -> None:
    three, inside = [processes.new() for _ in range(3)], Inside()
    await asyncio.gather(*(inside.stay(governor, wanted()) for governor in three for _ in range(5)))
    assert inside.most <= 2
    assert inside.all == 15
    assert await places(three[0]) == 2


async def test_one_at_a_time_for_a_pair_and_others_meanwhile(processes: Processes) -> None:
    two, hers, others = [processes.new(writes=4) for _ in range(2)], Inside(), Inside()
    await asyncio.gather(
        *(hers.stay(governor, wanted(pair="li/wm1")) for governor in two for _ in range(3)),
        *(others.stay(governor, wanted(pair=f"li/wm{n}")) for governor in two for n in range(2, 8)),
    )
    assert (hers.most, hers.all) == (1, 6)
    assert others.all == 12
    async with processes.databases[0].transaction() as session:
        left = (await session.exec(text("SELECT count(*) FROM leases WHERE name LIKE 'pair/%'"))).scalar_one()  # type: ignore[call-overload]
    assert left == 0, "a pair's row goes with its call"


async def test_apis_do_not_wait_for_each_other(processes: Processes) -> None:
    governor = processes.new(writes=1)
    async with governor.admit(wanted("one/api")), governor.admit(wanted("other/api")):
        pass


async def test_without_a_place_in_time_nothing_is_sent(processes: Processes) -> None:
    first, second = processes.new(writes=1), processes.new(writes=1)
    async with first.admit(wanted()):
        with pytest.raises(wecom.TooConcurrent) as caught:
            async with second.admit(wanted(seconds=0.2)):
                raise AssertionError("there was no place")
    assert caught.value.errcode is None
    assert caught.value.retry_after
    async with second.admit(wanted()):
        pass


async def test_who_gives_up_waiting_leaves_nothing_behind(processes: Processes) -> None:
    governor = processes.new(writes=1)
    async with governor.admit(wanted()):
        waiting = [asyncio.create_task(Inside().stay(governor, wanted())) for _ in range(5)]
        await asyncio.sleep(0.05)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    async with governor.admit(wanted()):
        pass


async def test_a_failed_call_gives_its_place_back(processes: Processes) -> None:
    governor = processes.new(writes=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with governor.admit(wanted(pair="li/wm1")):
                raise ZeroDivisionError


async def test_a_sync_leaves_reading_places_to_greetings(processes: Processes) -> None:
    sync, greeting = processes.new(), processes.new(greets=True)
    assert await places(sync, READING, reads=True) == 6, "a quarter of eight is kept"
    async with contextlib.AsyncExitStack() as storm:
        for _ in range(6):
            await storm.enter_async_context(sync.admit(wanted(READING, reads=True)))
        async with greeting.admit(wanted(READING, reads=True)), greeting.admit(wanted(READING, reads=True)):
            pass


# ---- what it costs


async def test_a_call_costs_two_statements_and_holds_no_connection(processes: Processes) -> None:
    governor = processes.new()
    async with governor.admit(wanted()):
        pass  # the first one puts the places on record
    said: list[str] = []
    engine = processes.databases[0].engine

    def note(*what: Any) -> None:
        said.append(what[2])

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    async with governor.admit(wanted(pair="li/wm1")):
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        assert len(said) == 1
    assert len(said) == 2


async def test_a_known_token_costs_no_statement(shop: Shop) -> None:
    """The call itself costs two, gettoken none."""
    await shop.client.get_corp_tags()
    said: list[str] = []
    event.listen(
        shop.database.engine.sync_engine, "before_cursor_execute", lambda *what: said.append(what[2])
    )
    await shop.client.get_corp_tags()
    assert len(said) == 2


# ---- closed APIs


async def refuse(governor: PostgresGovernor, errcode: int, api: str = API) -> None:
    error = wecom.error_for(errcode, "no", api)
    with pytest.raises(type(error)):
        async with governor.admit(wanted(api)):
            raise error


async def closed_for(governor: PostgresGovernor, api: str = API) -> float:
    """Seconds until calls are let in again; 0 when they are."""
    try:
        async with governor.admit(wanted(api)):
            return 0
    except wecom.QuotaExceeded as refusal:
        return round(refusal.retry_after or -1)


async def test_an_api_that_is_closed_for_one_process_is_closed_for_all(processes: Processes) -> None:
    first, second = processes.new(), processes.new(greets=True)
    await refuse(first, 45009)
    assert await closed_for(second) == 60
    assert await closed_for(second, "externalcontact/remark") == 0, "another API goes on"
    processes.clock.forward(seconds=61)
    assert await closed_for(second) == 0


async def test_refused_right_after_the_window_it_is_closed_for_longer(processes: Processes) -> None:
    first, second = processes.new(), processes.new()
    await refuse(first, 45009)
    processes.clock.forward(seconds=61)
    await refuse(second, 45009)
    assert await closed_for(first) == 3600
    processes.clock.forward(hours=1, seconds=1)
    await refuse(first, 45009)
    assert await closed_for(second) == 12 * 3600 - 61 - 3601, "until midnight in China; it began at noon"


async def test_a_success_forgets_how_long_it_was_closed(processes: Processes) -> None:
    governor = processes.new()
    for _ in range(2):
        await refuse(governor, 45009)
        assert await closed_for(governor) == 60
        processes.clock.forward(seconds=61)
        assert await closed_for(governor) == 0


async def test_answers_of_one_burst_close_it_once(processes: Processes) -> None:
    governor = processes.new(writes=4)
    await asyncio.gather(*(refuse(governor, 45009) for _ in range(4)), return_exceptions=True)
    assert await closed_for(governor) == 60


async def test_a_refusal_that_is_no_window_closes_nothing(processes: Processes) -> None:
    governor = processes.new()
    await refuse(governor, 41094)  # three reminders of one task
    assert await closed_for(governor) == 0


async def test_when_others_use_the_api_too_we_take_half_for_a_minute(processes: Processes) -> None:
    governor = processes.new(writes=4)
    await refuse(governor, 45033)
    await refuse(governor, 45033)  # of the same moment
    assert await places(governor) == 2
    processes.clock.forward(seconds=2)
    await refuse(governor, 45033)
    assert await places(governor) == 1
    processes.clock.forward(seconds=61)
    assert await places(governor) == 4


# ---- without the database


async def test_a_greeting_goes_on_without_a_place_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    database = Database(NOWHERE)
    governor = PostgresGovernor(database, ToldClock(), writes=4, reads=8)
    with caplog.at_level(logging.WARNING, logger="activities.governor"):
        for _ in range(3):
            async with governor.admit(wanted("externalcontact/send_welcome_msg", urgent=True)):
                pass
    assert sum("without a place" in line for line in caplog.messages) == 1
    await database.close()


async def test_other_calls_are_not_made_and_are_known_not_to_be(caplog: pytest.LogCaptureFixture) -> None:
    database = Database(NOWHERE)
    governor = PostgresGovernor(database, ToldClock(), writes=4, reads=8)
    with pytest.raises(wecom.Unreachable) as caught:
        async with governor.admit(wanted()):
            raise AssertionError("it was let in")
    assert not caught.value.maybe_done
    await database.close()


async def test_a_slow_database_holds_up_no_greeting_and_gets_its_places_back(processes: Processes) -> None:
    governor = processes.new(writes=1)
    async with governor.admit(wanted()):
        pass
    slow = Database(processes.url)
    processes.databases.append(slow)
    async with slow.transaction() as session:
        await session.exec(text("LOCK TABLE leases IN ACCESS EXCLUSIVE MODE"))  # type: ignore[call-overload]
        async with governor.admit(wanted(urgent=True)):
            pass
        with pytest.raises(wecom.TooConcurrent):
            async with governor.admit(wanted(seconds=0.2)):
                raise AssertionError("nobody could let it in")

    async def all_free() -> bool:
        async with slow.transaction() as session:
            query = text("SELECT count(*) FROM leases WHERE expires_at > now()")
            return bool((await session.exec(query)).scalar_one() == 0)  # type: ignore[call-overload]

    await until(all_free)


async def test_the_pairs_of_crashed_processes_are_forgotten(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Lease(name="pair/li/wm1", slot=0, holder="dead", expires_at=START))
        session.add(Lease(name="api/some/api", slot=0, holder="dead", expires_at=START))
    assert await Leases(database).tidy() == 1


async def test_what_wecom_said_of_an_api_is_there_to_be_read(processes: Processes) -> None:
    await refuse(processes.new(), 45009)
    async with processes.databases[0].transaction() as session:
        row = await session.get_one(ApiLimit, API)
    assert row.span == "minute"
