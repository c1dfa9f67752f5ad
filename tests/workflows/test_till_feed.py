"""The till's feed: sleeps until a hint is due, reads it, and ends when nothing is left."""

import pytest
from temporalio.client import WorkflowExecutionStatus

from domain import addresses
from gateway import translate
from integrations import pos
from storage import hints
from storage.tables import TillHint
from tests.corp import Corp

pytestmark = pytest.mark.anyio


async def kept(corp: Corp, key: str, order_id: str, delay: int) -> None:
    """A push that can be read after so many seconds."""
    event = pos.PosEvent(
        kind=pos.EventKind.ORDER_PAID,
        provider="generic",
        dedupe_key=key,
        order_id=order_id,
        refetch_after_s=delay,
    )
    async with corp.database.transaction() as session:
        await hints.keep(session, [translate.till_hint(event, None, corp.clock())])
    await corp.courier.start_feed("generic")


async def outcomes(corp: Corp) -> list[str]:
    async with corp.database.transaction() as session:
        rows = [await session.get_one(TillHint, ("generic", key)) for key in ("late", "early")]
    return [row.outcome for row in rows]


async def test_what_is_due_sooner_does_not_wait_for_what_is_due_later(corp: Corp) -> None:
    she = await corp.newcomer()
    member = await corp.member(she)
    await corp.scan(she)
    await corp.until_stage(she, "welcomed")
    bought = {"store_id": "S002", "member_id": member, "amount_minor": 2800, "push": False}
    orders = [(await corp.do("till/orders", **bought))["order_id"] for _ in range(2)]
    feed = corp.env.client.get_workflow_handle(addresses.till_feed_id("generic"))

    await kept(corp, "late", orders[0], 3600)
    await kept(corp, "early", orders[1], 0)
    await corp.until(lambda: outcomes(corp), ["", "applied"])
    assert (await feed.describe()).status is WorkflowExecutionStatus.RUNNING
    await corp.sleep(hours=2)
    await corp.until(lambda: outcomes(corp), ["applied", "applied"])
    await feed.result()  # nothing is left
    await corp.until_logged(she, "order paid")
