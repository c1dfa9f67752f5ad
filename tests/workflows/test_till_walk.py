"""The nightly run and a backfill through the whole stack, as operators start and see them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from domain.messages import SweepStart
from domain.walk_messages import WalkKind, WalkStatus
from domain.walking import next_night
from integrations import pos
from starter.runtime import CommandFailed
from starter.till import status, walks
from storage.tables import Customer, InboundEvent, Order, TillWalk
from tests.corp import Corp

pytestmark = pytest.mark.anyio


@pytest.fixture
def command_line(corp: Corp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands find this corp, and its clock."""

    async def connect(_: Any) -> Any:
        return corp.env.client

    monkeypatch.setattr("starter.context.quiet_settings", lambda: corp.settings)
    for module in (walks, status):
        monkeypatch.setattr(module, "utc_now", corp.clock)
    monkeypatch.setattr(walks, "connect", connect)
    monkeypatch.setattr("starter.till.watching.EVERY", 0.05)


async def kinds_done(corp: Corp) -> list[str]:
    async with corp.database.transaction() as session:
        query = select(TillWalk.kind).where(TillWalk.status == WalkStatus.DONE)
        return list((await session.exec(query.order_by(col(TillWalk.started_at)))).all())


async def sell(corp: Corp, days_ago: float, member: str | None = None) -> str:
    paid_at = (corp.clock() - timedelta(days=days_ago)).isoformat()
    sale = {"store_id": "S002", "member_id": member, "amount_minor": 2800, "paid_at": paid_at}
    return str((await corp.do("till/orders", **sale, push=False))["order_id"])


async def test_a_night_heals_a_lost_push_and_says_how_many_there_were(
    corp: Corp, command_line: None, capsys: pytest.CaptureFixture[str]
) -> None:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_stage(she, "welcomed")
    member = await corp.member(she)
    async with corp.database.transaction() as session:
        (await session.get_one(Customer, she)).member_id = member
    order_id = await sell(corp, 0, member)
    await corp.sleep(
        seconds=(next_night(corp.clock(), corp.settings.wecom_corp_id) - corp.clock()).seconds + 1
    )
    for done in (["stores"], ["stores", "products"], ["stores", "products", "orders"]):
        await corp.activities.upkeep.sweep(SweepStart())
        await corp.until(lambda: kinds_done(corp), done)
    async with corp.database.transaction() as session:
        query = select(InboundEvent).where(InboundEvent.digest == f"order/generic/{order_id}/paid")
        told = (await session.exec(query)).one()
    assert told.subject == f"customer/{she}"
    assert told.delivered_at is not None
    await status._status(as_json=True)
    orders = next(row for row in json.loads(capsys.readouterr().out) if "/orders/" in row["id"])
    assert (orders["seen"], orders["new"], orders["gap"]) == (1, 1, "1 (100.0%)")


async def test_an_operators_walk_sleeps_over_a_used_up_quota_or_fails_with_its_reason(
    corp: Corp, command_line: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    part = corp.activities.till_walks._parts[WalkKind.BACKFILL]
    read, renewed_at = part.read, corp.clock() + timedelta(hours=20)

    async def metered(walk: TillWalk) -> Any:
        if (left := (renewed_at - corp.clock()).total_seconds()) > 0:
            raise pos.PosQuotaExhausted("10000 calls a day are used up", retry_after_s=left)
        return await read(walk)

    monkeypatch.setattr(part, "read", metered)
    order_id = await sell(corp, 30)
    since = (corp.clock() - timedelta(days=40)).date()
    await walks._backfill(since, None, wait=False)
    walk_id = f"till-backfill/generic/{since}"

    async def waits() -> bool:
        async with corp.database.transaction() as session:
            return (await session.get_one(TillWalk, walk_id)).next_at is not None

    await corp.until(waits)
    with pytest.raises(CommandFailed, match="runs already"):
        await walks._backfill(since - timedelta(days=9), None, wait=False)
    await corp.sleep(hours=21)
    await walks._backfill(since, None, wait=True)
    async with corp.database.transaction() as session:
        assert await session.get(Order, ("generic", order_id)) is not None
    with pytest.raises(CommandFailed, match="nothing to stop"):
        await walks._stop(walk_id, "ops", "")
    await corp.street.do("faults", api="pos/stores", kind="errcode", errcode=401)
    with pytest.raises(CommandFailed, match="HTTP 401"):
        await walks._sync([WalkKind.STORES], wait=True)
    with pytest.raises(CommandFailed, match="no list of its members"):
        await walks._sync([WalkKind.MEMBERS], wait=True)
    await walks._sync([WalkKind.STORES], wait=True)
    assert "stores done: 2 seen, 0 new, 0 changed" in capsys.readouterr().out
