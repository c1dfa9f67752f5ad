"""What earlier days have left of her with us, where the till cannot be asked who she is (Keruyun)."""

from datetime import datetime, timedelta

from activities.orders import apply_order
from activities.till_clients import till_client
from starter.preview.corp import Corp
from storage import lives, member_links

YEARS = timedelta(days=2 * 366)  # as far as a backfill goes


async def remember(corp: Corp, external_userid: str, member_id: str, now: datetime) -> None:
    """Somebody has linked her, and a walk has read her orders; neither is news."""
    till = till_client(corp.settings, corp.http, corp.clock)
    if "unionid" in till.capabilities.lookup or till.capabilities.list_members:
        return
    async with corp.database.transaction() as session:
        await lives.ensure_customer(session, external_userid, now)
    async with corp.database.transaction() as session:
        await member_links.place(session, external_userid, till.provider, "phone", [member_id], now)
    cursor = None
    while True:
        page = await till.list_orders(since=now - YEARS, until=now, cursor=cursor)
        async with corp.database.transaction() as session:
            for order in sorted(page.items, key=lambda order: order.order_id):
                await apply_order(session, till.provider, order, now, tell=False)
        if (cursor := page.next_cursor) is None:
            return
