"""Fifty journeys while the worker is killed again and again: none lost, none doubled."""

import asyncio
import random
import signal
from collections import Counter
from pathlib import Path

import pytest
from sqlmodel import select

from activities.composition import compose, connections, wecom_client
from domain.customer import WelcomeOutcome
from playbooks.loader import load_policy
from settings import ROOT, utc_now
from starter import stack
from starter.demo.street import Street
from starter.demo.town import Town, build
from storage.database import Database
from storage.tables import Customer, LogEntry, Touch
from tests.stack.ports import free_ports
from workflows.connection import connect

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(400)]

JOURNEYS, KILLS = 50, 5
SEED = 20261122


async def test_a_worker_killed_at_random_moments_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """peer-failures §3, check 3."""
    overrides = free_ports() | {
        "DATA_DIR": str(tmp_path),
        "PLAYBOOKS_DIR": str(ROOT / "playbooks" / "demo"),
    }
    async with stack.running(print, **overrides) as up, connections() as http:
        database = Database(up.settings.sqlalchemy_url)
        street = Street(http, up.simulators)
        activities = compose(
            up.settings,
            http=http,
            database=database,
            temporal=await connect(up.settings),
            policy=load_policy(up.settings.playbooks_dir),
            clock=utc_now,
        )
        client = wecom_client(up.settings, http, database, utc_now)
        town = await build(street, database, client, activities, up.settings, http)
        killer = asyncio.create_task(_kill(up))
        employees = asyncio.create_task(_tap(street))
        people = await _people(street, town)
        await killer
        await _at_rest(database, people)
        employees.cancel()
        await _judge(database, street, people)
        await database.close()


async def _people(street: Street, town: Town) -> list[str]:
    """They scan over about twelve seconds, and join the group when the greeting is on their phones."""
    chance = random.Random(SEED)
    people = []
    joins = []
    for number in range(JOURNEYS):
        she, _ = await street.newcomer(f"客{number}")
        await street.do("scan", external_userid=she, state=chance.choice(sorted(town.codes)))
        people.append(she)
        joins.append(asyncio.create_task(_join(street, town, she)))
        await asyncio.sleep(chance.uniform(0.1, 0.4))
    await asyncio.gather(*joins)
    return people


async def _join(street: Street, town: Town, she: str) -> None:
    await asyncio.sleep(3)
    await street.do("join", external_userid=she, config_id=town.join_ways["S002"])


async def _kill(up: stack.Stack) -> None:
    chance = random.Random(SEED)
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(1.0, 4.0))
        for name in stack.WORKERS:
            await up.children.stop_one(name, signal.SIGKILL)
        await up.start_workers()


async def _tap(street: Street) -> None:
    while True:
        await street.confirm_all_tasks()
        await asyncio.sleep(1)


async def _at_rest(database: Database, people: list[str]) -> None:
    """Everyone has joined and been through her nurture: the second message is settled, one way or another."""
    for _ in range(600):
        async with database.transaction() as session:
            touches = (await session.exec(select(Touch))).all()
            log = (await session.exec(select(LogEntry))).all()
        settled = Counter(
            t.external_userid for t in touches if "/nurture." in t.key and t.settled_at is not None
        )
        joined = {e.external_userid for e in log if e.what.startswith("joined group")}
        if all(settled[she] == 2 for she in people) and joined >= set(people):
            return
        await asyncio.sleep(0.3)
    missing = [she for she in people if settled[she] < 2 or she not in joined]
    raise AssertionError(f"{len(missing)} of {len(people)} journeys stand still, e.g. {missing[:3]}")


async def _sent(database: Database) -> Counter[str]:
    async with database.transaction() as session:
        touches = (await session.exec(select(Touch))).all()
    return Counter(t.external_userid for t in touches if t.batch_id and t.status == "sent")


async def _judge(database: Database, street: Street, people: list[str]) -> None:
    sent_before = await _sent(database)  # the ledger, the phones, the ledger: life goes on meanwhile
    phones = {she: await street.received(she) for she in people}
    async with database.transaction() as session:
        customers = {c.external_userid: c for c in (await session.exec(select(Customer))).all()}
        touches = (await session.exec(select(Touch))).all()
        log = (await session.exec(select(LogEntry))).all()
    welcomes = {t.external_userid: t for t in touches if t.channel == "welcome"}
    outcomes = Counter(str(welcomes[she].status) for she in people)
    in_time = outcomes["sent"] / len(people)
    print(f"welcome outcomes {dict(outcomes)}; inside the 20 s: {in_time:.0%}")
    assert set(people) <= set(customers), "a journey was lost"
    for she in people:
        texts = [m["text"] for m in phones[she]]
        assert len(texts) == len(set(texts)), f"{she} got a message twice"
        greetings = sum(m["channel"] == "welcome" for m in phones[she])
        outcome = WelcomeOutcome(str(welcomes[she].status))
        assert greetings == (outcome is WelcomeOutcome.SENT) or outcome is WelcomeOutcome.UNKNOWN
        mine = [t for t in touches if t.external_userid == she and t.batch_id]
        sent, tasked = (sum(t.status == status for t in mine) for status in ("sent", "tasked"))
        on_her_phone = sum(m["channel"] == "single" for m in phones[she])
        assert sent_before[she] <= on_her_phone <= sent + tasked, "the ledger and her phone agree"
        told = Counter(e.what for e in log if e.external_userid == she)
        assert told["tagged"] == 1
        assert sum(number for what, number in told.items() if what.startswith("joined group")) == 1
        assert told["enrolled in demo-opening"] == 1
        assert str(customers[she].stage_reason), "every stage has its reason"
