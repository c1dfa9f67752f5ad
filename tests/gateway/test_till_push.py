"""Pushes of the till: signed, kept once and acknowledged; what they are of is read afterwards."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel import col, select
from temporalio.client import Client

from settings import Settings
from storage.database import Database
from storage.member_keys import MemberKeys
from storage.tables import TillHint
from tests.gateway.conftest import opened
from tests.gateway.door import NOW, PUSH, Door, signals
from tests.gateway.line import Line

pytestmark = pytest.mark.anyio


def paid(**fields: Any) -> dict[str, Any]:
    return {"event_id": "e1", "type": "order.paid", "order_id": "O1", "member_id": "M1", **fields}


async def hints(door: Door) -> list[TillHint]:
    async with door.database.transaction() as session:
        return list((await session.exec(select(TillHint).order_by(col(TillHint.received_at)))).all())


async def test_a_push_is_kept_sealed_acknowledged_and_told_to_who_reads_it(door: Door) -> None:
    answer = await door.push(paid(member_id="M7"))
    assert (answer.status_code, answer.text) == (200, "success")
    [hint] = await hints(door)
    assert (hint.kind, hint.due_at, hint.settled_at) == ("order.paid", NOW, None)
    assert hint.facts == {"order_id": "O1", "member_id": "M7", "refetch_after_s": 0, "provider_type": ""}
    assert hint.body is not None
    assert b"M7" not in hint.body
    keys = MemberKeys.of(door.settings.member_key.get_secret_value())
    assert json.loads(keys.open("push", hint.body)) == paid(member_id="M7")
    assert [told["provider"] for told in await signals(door.temporal, "till/generic")][-1:] == ["generic"]
    assert await door.rows() == [], "who bought is looked up when the order is read"


async def test_the_same_push_again_is_one_hint_and_acknowledged(door: Door) -> None:
    await door.push(paid())
    again = await door.push(paid(), at=NOW + timedelta(seconds=30))
    assert (again.status_code, again.text) == (200, "success")
    assert len(await hints(door)) == 1


async def test_a_type_that_we_do_not_know_is_kept_and_ignored(door: Door) -> None:
    assert (await door.push(paid(type="shift.closed"))).status_code == 200
    [hint] = await hints(door)
    assert (hint.settled_at, hint.outcome) == (NOW, "ignored: a type that we do not know")


async def test_without_a_key_nothing_of_the_body_is_kept(
    settings: Settings, database: Database, temporal: Client
) -> None:
    keyless = settings.model_copy(update={"member_key": SecretStr("")})
    async with opened(keyless, database, temporal) as door:
        assert (await door.push(paid())).status_code == 200
        [hint] = await hints(door)
    assert hint.body is None


async def test_with_temporal_down_it_is_kept_and_acknowledged(
    settings: Settings, database: Database, line: Line, on_line: Client
) -> None:
    """Rows are safe: the sweep wakes who reads them."""
    async with opened(settings, database, on_line) as door:
        await line.cut()
        assert (await door.push(paid())).status_code == 200
        assert len(await hints(door)) == 1


async def test_a_bad_signature_is_refused(door: Door) -> None:
    assert (await door.push(paid(), secret="guessed")).status_code == 403
    assert await hints(door) == []


async def test_an_unsigned_push_is_refused(door: Door) -> None:
    assert (await door.http.post(PUSH, content=json.dumps(paid()))).status_code == 403


@pytest.mark.parametrize("age", [301, -301])
async def test_an_old_push_is_refused_as_a_replay(door: Door, age: int) -> None:
    assert (await door.push(paid(), at=NOW - timedelta(seconds=age))).status_code == 403
    assert await hints(door) == []


async def test_a_push_without_its_order_is_refused(door: Door) -> None:
    body = paid()
    del body["order_id"]
    assert (await door.push(body)).status_code == 403


async def test_another_till_has_no_door_here(door: Door) -> None:
    answer = await door.http.post("/pos/elsewhere/events", content=b"{}")
    assert (answer.status_code, answer.text) == (404, "no such till here: elsewhere")


async def test_with_postgresql_down_the_till_repeats(
    settings: Settings, dead_database: Database, temporal: Client
) -> None:
    async with opened(settings, dead_database, temporal) as door:
        assert (await door.push(paid())).status_code == 503
        assert (await door.push(paid(member_id=None))).status_code == 503
