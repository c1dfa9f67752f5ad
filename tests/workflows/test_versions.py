"""Versions of playbooks and the people inside: nobody is changed but by a move that somebody ordered."""

import asyncio
import json
import sys
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from dotenv import dotenv_values
from sqlmodel import col, select

from domain import journey
from domain.customer import CustomerState
from domain.events import Event, EventKind
from domain.life import happened
from domain.playbook import Frequency, Playbook
from domain.policy import Policy
from settings import ROOT, environment
from storage import directory, lives, moves
from storage.tables import LogEntry, MovedCustomer, Standing
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

POLICY = Policy(
    default_playbook="small",
    window=timedelta(minutes=10),
    frequency=Frequency(most=1, per=timedelta(hours=1)),
)
SIGNED = ("--by", "anna", "--note", "the new texts")


def version(*texts: str, first: str = "1d") -> Playbook:
    """A message after a day, and one after a month, in which she is parked."""
    steps = [
        part
        for wait, text in zip((first, "30d", "5d"), texts, strict=False)
        for part in ({"wait": wait}, {"send": {"text": text}})
    ]
    return playbook(nurture=[*steps, {"wait": "90d"}])


async def command(corp: Corp, *arguments: str) -> asyncio.subprocess.Process:
    """`journeys playbook …` as a process of its own, beside the corp's worker."""
    example = {k: v for k, v in dotenv_values(ROOT / ".env.example").items() if v is not None}
    ours = {
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": corp.settings.database_url.get_secret_value(),
        "TEMPORAL_ADDRESS": corp.env.client.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": corp.env.client.namespace,
        "DATA_DIR": "/nonexistent",
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "starter", "playbook", *arguments),
        cwd=ROOT,
        env=environment() | example | ours,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def journeys(corp: Corp, *arguments: str) -> Any:
    process = await command(corp, *arguments, "--json")
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return json.loads(out)


async def friend(corp: Corp) -> str:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.join(she)
    await corp.until_stage(she, "joined")
    return she


async def planned(corp: Corp, she: str, number: int) -> None:
    async def look() -> int:
        return len(await corp.touches(she))

    await corp.until(look, number)


async def texts(corp: Corp, she: str) -> list[str]:
    return [m["text"] for m in await corp.received(she) if m["channel"] == "single"]


async def a_day(corp: Corp, she: str, number: int, days: int = 1) -> None:
    """Time passes until her next message, which the employee confirms."""
    await corp.sleep(days=days, minutes=1)
    await corp.activities.upkeep.wake_due_lives()
    await planned(corp, she, number)
    await corp.sleep(minutes=15)
    await corp.until(lambda: last_status(corp, she), "tasked")
    await corp.street.confirm_all_tasks()
    await corp.sleep(minutes=10)
    await corp.until(lambda: last_status(corp, she), "sent")


async def last_status(corp: Corp, she: str) -> str:
    return str((await corp.touches(she))[-1].status)


async def test_a_version_change_does_not_alter_people_already_inside(corp_with: CorpWith) -> None:
    """peer-failures §3, check 15: neither who is awake nor who is parked, and not by any later change."""
    async with corp_with(playbooks=[version("旧一", "旧二")], policy=POLICY) as corp:
        parked = await friend(corp)
        await a_day(corp, parked, 1)
        await corp.until_logged(parked, "parked")
        awake = await friend(corp)
        await corp.publish(version("新一", "新二", first="2d"))
        await corp.publish(playbook(nurture=[{"exit": "nothing any more"}]))
        await a_day(corp, awake, 1)
        await a_day(corp, parked, 2, days=29)
        await a_day(corp, awake, 2)
        assert await texts(corp, parked) == ["旧一", "旧二"]
        assert await texts(corp, awake) == ["旧一", "旧二"]
        newcomer = await corp.newcomer()
        await corp.scan(newcomer)
        await corp.join(newcomer)
        await corp.until_logged(newcomer, "small ended")


async def test_a_migration_moves_running_and_parked_lives_and_can_be_undone(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[version("一", "旧二", "旧三")], policy=POLICY) as corp:
        parked = await friend(corp)
        await a_day(corp, parked, 1)
        await corp.until_logged(parked, "parked")
        awake = await friend(corp)
        await corp.publish(version("一", "新二", "新三"))

        seen = await journeys(corp, "migrate", "small", "--to", "2", "--policy", "next_step", "--dry-run")
        assert [(g["version"], g["at"], g["customers"]) for g in seen["groups"]] == [
            ("1", "nurture.0", 1),
            ("1", "nurture.2", 1),
        ]
        assert seen["groups"][1]["next"] == "send “新二” by private"

        moved = await journeys(corp, "migrate", "small", "--to", "2", "--policy", "next_step", *SIGNED)
        assert moved["move"] == "small-m1"
        assert {a["answer"] for a in moved["answers"]} == {
            "moves from version 1 to version 2 after nurture.0",
            "moves from version 1 to version 2 after nurture.2",
        }
        await corp.until_logged(parked, "parked")
        await a_day(corp, awake, 1)
        await a_day(corp, parked, 2, days=29)
        await a_day(corp, awake, 2)
        assert await texts(corp, parked) == ["一", "新二"]
        assert await texts(corp, awake) == ["一", "新二"]

        [listed] = await journeys(corp, "moves")
        assert (listed["ordered"], listed["moved"], listed["pending"], listed["note"]) == (
            2,
            2,
            0,
            "the new texts",
        )
        shown = await journeys(corp, "migrate", "--undo", "small-m1", "--dry-run", *SIGNED)
        assert (shown["move"], shown["moved"]) == ("small-m1", 2)
        [listed] = await journeys(corp, "moves", "small")
        assert listed["undone_at"] is None, "a dry run changes nothing"
        await journeys(corp, "migrate", "--undo", "small-m1", *SIGNED)
        await a_day(corp, parked, 3, days=4)
        assert await texts(corp, parked) == ["一", "新二", "旧三"]
        [listed] = await journeys(corp, "moves", "small")
        assert (listed["undone_at"] is not None, listed["ordered"]) == (True, 0)


async def test_a_killed_migration_goes_on_where_it_stopped(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[version("一", "旧二")], policy=POLICY) as corp:
        customers = [f"wm{number:03}" for number in range(60)]
        await seed(corp, customers)
        await corp.publish(version("一", "新二"))
        order = ("migrate", "small", "--to", "2", "--policy", "next_step", *SIGNED)
        killed = await command(corp, *order)
        while not (done := await ordered(corp)):  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.005)
        killed.kill()
        await killed.communicate()
        assert done < len(customers), "it was killed on the way"

        again = await journeys(corp, *order)
        assert again["move"] == "small-m1", "the same move, not a second one"
        assert await ordered(corp) == len(customers)
        await corp.until(lambda: moving(corp), len(customers))
        assert await orders_in_stories(corp) == Counter(dict.fromkeys(customers, 1))


async def test_two_migrations_of_a_playbook_do_not_run_at_once(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[version("一", "旧二")], policy=POLICY) as corp:
        await seed(corp, ["wm1"])
        await corp.publish(version("一", "新二"))
        async with moves.alone(corp.database, "small") as alone:
            assert alone
            process = await command(corp, "migrate", "small", "--to", "2", "--policy", "drain", *SIGNED)
            _, err = await process.communicate()
        assert process.returncode == 1
        assert "are being moved by another command now" in err.decode()
        answers = (await journeys(corp, "migrate", "small", "--to", "2", "--policy", "drain", *SIGNED))[
            "answers"
        ]
        assert answers == [{"answer": "moves from version 1 to version 2 after these steps", "customers": 1}]


async def test_to_stay_is_a_decision_on_record(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[version("一", "旧二")], policy=POLICY) as corp:
        await seed(corp, ["wm1"])
        await corp.publish(version("一", "新二"))
        await journeys(corp, "migrate", "small", "--to", "2", "--policy", "stay", *SIGNED)
        [listed] = await journeys(corp, "moves")
        assert (listed["policy"], listed["by"], listed["planned"], listed["ordered"]) == (
            "stay",
            "anna",
            0,
            0,
        )
        assert await ordered(corp) == 0


async def seed(corp: Corp, customers: list[str]) -> None:
    """Parked lives in the first wait of the playbook, without the minutes that greeting them would take."""
    async with corp.database.transaction() as session:
        found = await directory.current_playbook(session, "small")
        assert found is not None
        now = corp.clock()
        for number, she in enumerate(customers):
            added = Event(id=f"added/{number}", kind=EventKind.FRIEND_ADDED, at=now, userid="li")
            settled = Event(
                id=f"ok/{number}", kind=EventKind.WELCOME_SETTLED, at=now, userid="li", outcome="sent"
            )
            state = CustomerState(external_userid=she)
            await lives.ensure_customer(session, she, now)
            await lives.record_follow(session, she, added)
            for event in (added, settled):
                happened(state, event, now)
            journey.enrol(state, found[1], now, onboarded=True)
            state.follows["li"].tagged = state.follows["li"].reminded = True
            state.snapshots = 1
            await lives.save(session, state, None, "parked")
            await lives.park(session, state, now + timedelta(days=30), now)


async def ordered(corp: Corp) -> int:
    async with corp.database.transaction() as session:
        query = select(MovedCustomer).where(MovedCustomer.status == "ordered")
        return len((await session.exec(query)).all())


async def moving(corp: Corp) -> int:
    async with corp.database.transaction() as session:
        return len((await session.exec(select(Standing).where(Standing.moving == "small-m1"))).all())


async def orders_in_stories(corp: Corp) -> Counter[str]:
    async with corp.database.transaction() as session:
        query = select(LogEntry).where(col(LogEntry.what) == "move by anna")
        return Counter(line.external_userid for line in (await session.exec(query)).all())
