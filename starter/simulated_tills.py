"""The five faces of the simulated till: where each is, and what must be agreed with it beforehand."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from activities.orders import apply_order
from integrations import pos
from storage import lives, member_links
from storage.database import Database

YEARS = timedelta(days=2 * 366)  # as far as a backfill goes
# Youzan numbers its templates, and shows a change half a minute late: longer than a demo waits.
YOUZAN = {"activities": {"FIRST5": 5001, "CASHIER5": 5002, "WINBACK10": 5003}, "read_delay_seconds": 0}


def till_path(provider: str) -> str:
    """Where the simulators play this provider's till."""
    return "/pos" if provider == "generic" else f"/{provider}"


def pos_options(provider: str) -> str:
    """POS_OPTIONS for the simulated till of this provider."""
    return json.dumps(YOUZAN) if provider == "youzan" else ""


def template_id(name: str, options: Mapping[str, Any]) -> str:
    """What the till calls a coupon's template that playbooks call by this name."""
    theirs = {**options.get("activities", {}), **options.get("tiers", {})}
    return str(theirs.get(name, name))


async def remember(
    database: Database, till: pos.PosPort, external_userid: str, member_id: str, now: datetime
) -> None:
    """What earlier days have left of a member where the till cannot be asked who she is (Keruyun).

    Somebody has linked her, and a walk has read her orders; neither is news.
    """
    if "unionid" in till.capabilities.lookup or till.capabilities.list_members:
        return
    async with database.transaction() as session:
        await lives.ensure_customer(session, external_userid, now)
    async with database.transaction() as session:
        await member_links.place(session, external_userid, till.provider, "phone", [member_id], now)
    cursor = None
    while True:
        page = await till.list_orders(since=now - YEARS, until=now, cursor=cursor)
        async with database.transaction() as session:
            for order in sorted(page.items, key=lambda order: order.order_id):
                await apply_order(session, till.provider, order, now, tell=False)
        if (cursor := page.next_cursor) is None:
            return
