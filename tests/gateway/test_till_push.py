"""Pushes of the till: signed, stored once, and matched to a customer now or later."""

import json
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client

from settings import Settings
from storage.database import Database
from storage.tables import Customer
from tests.gateway.conftest import opened
from tests.gateway.door import NOW, PUSH, Door

pytestmark = pytest.mark.anyio


def paid(**fields: Any) -> dict[str, Any]:
    return {"event_id": "e1", "type": "order.paid", "order_id": "O1", "member_id": "M1", **fields}


async def known(door: Door, customer: str, member_id: str = "M1") -> None:
    async with door.database.transaction() as session:
        session.add(Customer(external_userid=customer, member_id=member_id, stage_since=NOW, created_at=NOW))


async def test_a_known_members_order_reaches_her_life(door: Door) -> None:
    await known(door, "wm-buyer")
    assert (await door.push(paid())).status_code == 200
    row = await door.row()
    assert (row.subject, row.source) == ("customer/wm-buyer", "pos")
    [heard] = await door.heard("wm-buyer")
    assert (heard["kind"], heard["order_id"]) == ("order_paid", "O1")


async def test_the_same_push_again_is_one_fact(door: Door) -> None:
    await known(door, "wm-twice")
    await door.push(paid())
    again = await door.push(paid(), at=NOW + timedelta(seconds=30))
    assert again.status_code == 200
    assert len(await door.rows()) == 1
    assert len(await door.heard("wm-twice")) == 1


async def test_an_unknown_members_order_waits_for_the_sweep(door: Door) -> None:
    assert (await door.push(paid())).status_code == 200
    row = await door.row()
    assert (row.subject, row.delivered_at) == ("member/M1", None)
    assert await door.heard("member/M1") == []


async def test_a_member_of_two_customers_is_not_guessed(door: Door) -> None:
    await known(door, "wm-first")
    await known(door, "wm-second")
    await door.push(paid())
    assert (await door.row()).subject == "member/M1"


async def test_an_anonymous_order_is_kept_and_concerns_nobody(door: Door) -> None:
    assert (await door.push(paid(member_id=None))).status_code == 200
    row = await door.row()
    assert row.subject is None
    assert row.delivered_at is not None


async def test_a_type_that_we_do_not_know_is_kept_raw(door: Door) -> None:
    await known(door, "wm-unmoved")
    assert (await door.push(paid(type="shift.closed"))).status_code == 200
    row = await door.row()
    assert row.subject is None
    assert row.body["raw"]["dedupe_key"] == "e1"
    assert await door.heard("wm-unmoved") == []


async def test_a_bad_signature_is_refused(door: Door) -> None:
    assert (await door.push(paid(), secret="guessed")).status_code == 403
    assert await door.rows() == []


async def test_an_unsigned_push_is_refused(door: Door) -> None:
    assert (await door.http.post(PUSH, content=json.dumps(paid()))).status_code == 403


@pytest.mark.parametrize("age", [301, -301])
async def test_an_old_push_is_refused_as_a_replay(door: Door, age: int) -> None:
    assert (await door.push(paid(), at=NOW - timedelta(seconds=age))).status_code == 403
    assert await door.rows() == []


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
