"""dry-run and what-if: over the real customers of a database, reading only."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from activities.courier import Parcel
from domain.addresses import customer_id
from domain.events import Event, EventKind
from domain.playbook import Playbook
from settings import utc_now
from storage import directory, inbound, lives, rehearsals
from storage.database import Database
from storage.tables import Customer, Employee, Order, Standing, Store
from tests.starter.shell import Shell, open_shell
from tests.storage.chain import added, lost

pytestmark = pytest.mark.anyio

STEPS = """
  - send: {text: 您好}
  - wait_for:
      event: order_paid
      timeout: 5d
      then:
        - send: {text: 谢谢}
      otherwise:
        - send: {text: 想您}
  - wait: 90d
"""
BOOK = "playbook: ours\ntitle: 我们的\nwelcome: {text: 欢迎}\nnurture:" + STEPS
HOURS = timedelta(hours=1)


@pytest.fixture
async def shell(database_url: str, tmp_path: Path) -> AsyncIterator[Shell]:
    folder = tmp_path / "playbooks"
    folder.mkdir()
    (folder / "ours.yaml").write_text(BOOK, encoding="utf-8")
    (folder / "policy.yaml").write_text(
        "default_playbook: ours\nwindow: 10m\nfrequency: {most: 1, per: 36h}\n", encoding="utf-8"
    )
    async with open_shell(database_url, tmp_path) as opened:
        yield opened


async def run(shell: Shell, *arguments: str) -> Any:
    done = await shell.run("playbook", *arguments, "--json", PLAYBOOKS_DIR=str(shell.folder / "playbooks"))
    assert done.code == 0, done.err
    return json.loads(done.out)


async def people(database: Database, number: int, *, friends: bool = True, **fields: Any) -> list[str]:
    """Customers of one store, friends of chen for a month."""
    names = [f"wm{fields.get('store_id', 'S1')}{friends}{n:04}" for n in range(number)]
    async with database.transaction() as session:
        await directory.upsert(session, Store(id="S1", name="一号店"))
        await directory.upsert(session, Employee(userid="chen", name="陈", store_id="S1"))
        for name in names:
            row = await lives.ensure_customer(session, name, utc_now())
            row.sqlmodel_update({"store_id": "S1"} | fields)
            if friends:
                await lives.record_follow(session, name, added("chen", utc_now() - 30 * 24 * HOURS))
    return names


async def inside(database: Database, who: str, version: str, since: datetime, **fields: Any) -> None:
    async with database.transaction() as session:
        session.add(
            Standing(
                external_userid=who,
                number=1,
                playbook="ours",
                version=version,
                path="nurture.1",
                since=since,
                **fields,
            )
        )


async def happened(database: Database, who: str, *events: Event) -> None:
    async with database.transaction() as session:
        for event in events:
            body = Parcel(event=event).model_dump(mode="json")
            await inbound.store(
                session, digest=event.id, source="test", subject=customer_id(who), body=body, now=event.at
            )


async def publish(database: Database, steps: list[dict[str, Any]]) -> str:
    book = Playbook.model_validate({"playbook": "ours", "title": "我们的", "nurture": steps})
    async with database.transaction() as session:
        row = await directory.publish(session, book, author="anna", note="", now=utc_now())
    return row.version


async def contents(database: Database) -> dict[str, str]:
    """A digest of every table."""
    async with database.transaction() as session:
        connection = await session.connection()
        names = await connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        )
        digest = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"
        return {
            name: (await connection.execute(text(digest.format(name)))).scalar_one()
            for name in names.scalars().all()
        }


async def test_a_dry_run_counts_who_would_get_what_and_why_not(shell: Shell, database: Database) -> None:
    await people(database, 3)
    [gone] = await people(database, 1, friends=False)
    [out] = await people(database, 1, store_id=None, opted_out_at=utc_now())
    [member] = (await people(database, 4))[3:]
    version = await publish(database, [{"wait": "1d"}])
    await inside(database, member, version, utc_now())
    before = await contents(database)
    found = await run(shell, "dry-run", str(shell.folder / "playbooks" / "ours.yaml"))
    assert await contents(database) == before, "it wrote something"
    assert (found["customers"], found["entering"]) == (6, 4)
    assert found["not_entering"] == {"she opted out": 1, "she is in it already": 1}
    assert found["steps"] == {
        "nurture.0": {"sent": 3, "refused: not_friend": 1},
        "nurture.1.otherwise.0": {"sent": 3, "refused: not_friend": 1},
    }
    assert gone != out
    limited = await run(shell, "dry-run", "ours", "--limit", "2", "--days", "1")
    assert (limited["customers"], limited["playbook"]) == (2, "ours@1")


async def test_a_dry_run_tells_people_in_a_table(shell: Shell, database: Database) -> None:
    await people(database, 2)
    file = str(shell.folder / "playbooks" / "ours.yaml")
    done = await shell.run("playbook", "dry-run", file, PLAYBOOKS_DIR=str(shell.folder / "playbooks"))
    assert "2 of 2 customers would enter" in done.out
    assert "send “您好” by private" in done.out
    wrong = await shell.run(
        "playbook", "dry-run", file, "--segment", PLAYBOOKS_DIR=str(shell.folder / "playbooks")
    )
    assert (wrong.code, "has no `enter.segment`" in wrong.err) == (1, True)


async def test_more_customers_than_a_page_are_all_looked_at_once(
    database: Database,
) -> None:
    await people(database, 7)
    seen: list[str] = []
    async with rehearsals.reading(database) as session:
        after = ""
        while page := await rehearsals.candidates(session, "ours", after, 3, utc_now()):
            seen += [one.customer.external_userid for one in page]
            after = seen[-1]
    assert len(seen) == len(set(seen)) == 7


async def test_a_rehearsals_transaction_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"):
        async with rehearsals.reading(database) as session:
            session.add(Customer(external_userid="wm1", stage_since=utc_now(), created_at=utc_now()))


async def test_what_if_says_who_would_have_got_more_or_fewer_and_why(
    shell: Shell, database: Database
) -> None:
    buyer, other, leaver = await people(database, 3)
    begin = utc_now() - 20 * 24 * HOURS
    old: list[dict[str, Any]] = [
        {"send": {"text": "您好"}},
        {
            "wait_for": {
                "event": "order_paid",
                "timeout": "5d",
                "then": [],
                "otherwise": [{"send": {"text": "想您"}}],
            }
        },
        {"wait": "90d"},
    ]
    version = await publish(database, old)
    more = [*old[:2], {"wait": "2d"}, {"send": {"text": "再见"}}, old[2]]
    await publish(database, more)
    for who in (buyer, other, leaver):
        await inside(database, who, version, begin)
    at = begin + 48 * HOURS
    await happened(database, buyer, Event(id="o1", kind=EventKind.ORDER_PAID, at=at, order_id="o1"))
    await happened(database, leaver, lost("chen", begin + 24 * HOURS))
    async with database.transaction() as session:
        await lives.record_follow(session, leaver, lost("chen", begin + 24 * HOURS))
        order = Order(
            provider="sim",
            order_id="o1",
            store_id="S1",
            status="paid",
            paid_at=at,
            paid_minor=5,
            updated_at=at,
        )
        await directory.upsert(session, order)
    before = await contents(database)
    found = await run(shell, "what-if", "ours@1", "ours@2", "--since", "30d")
    assert await contents(database) == before, "it wrote something"
    assert (found["enrolments"], found["more"], found["fewer"]) == (3, 2, 0)
    counts = {one["customer"]: (one["old"], one["new"]) for one in found["customers"]}
    assert counts[buyer] == (1, 2)
    assert counts[other] == (2, 3)
    first = next(one["first"] for one in found["customers"] if one["customer"] == buyer)
    assert first.startswith("old: nothing more | new: ")
    assert "“再见” sent" in first
    same = await run(shell, "what-if", "ours@1", "ours@1")
    assert (same["more"], same["fewer"], same["other"], same["customers"]) == (0, 0, 0, [])


async def test_what_if_compares_versions_of_one_playbook(shell: Shell, database: Database) -> None:
    await publish(database, [{"wait": "1d"}])
    other = shell.folder / "other.yaml"
    other.write_text(
        "playbook: other\ntitle: 别的\nwelcome: {text: 欢迎}\nnurture:" + STEPS, encoding="utf-8"
    )
    folder = str(shell.folder / "playbooks")
    done = await shell.run("playbook", "what-if", "ours", str(other), PLAYBOOKS_DIR=folder)
    assert "are different playbooks" in done.err
    wrong = await shell.run("playbook", "what-if", "ours", "ours", "--since", "soon", PLAYBOOKS_DIR=folder)
    assert "--since 'soon'" in wrong.err
