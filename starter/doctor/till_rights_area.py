"""What the till lets our key read: one cheap question of each kind, since providers grant each by itself."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

from activities.till_clients import store_keys, till_client
from integrations import pos
from starter.doctor.findings import Finding, fail, ok, skipped
from starter.doctor.setup import Setup
from starter.doctor.till_area import refused
from starter.doctor.till_guides import GUIDES

NOBODY = "1"  # an id that no till gives: "not found" is the answer of one that lets us ask
RECENT = timedelta(minutes=1)

Question = tuple[str, Callable[[], Awaitable[object]]]


async def rights(setup: Setup) -> list[Finding]:
    """A finding for each kind that is refused; what the till cannot do at all is not asked."""
    if not setup.settings.pos_base_url:
        return [skipped("no till is connected")]
    client = till_client(setup.settings, setup.http, setup.clock)
    found = []
    for name, ask in _questions(setup, client):
        try:
            await ask()
        except pos.PosNotFound:
            continue  # it has let us ask
        except (pos.PosAuthError, pos.PosQuotaExhausted, pos.PosRateLimited, pos.PosUnavailable) as error:
            finding = refused(error, GUIDES[client.provider])
            found.append(fail(f"{name}: {finding.found}", finding.fix, name=name))
        except pos.PosError:
            continue  # nobody has such an id
    return found or [ok("it lets us read members, orders, products and coupons, as far as it has them")]


def _questions(setup: Setup, client: pos.PosPort) -> Iterator[Question]:
    now, able = setup.clock(), client.capabilities
    yield "members", lambda: client.find_members(pos.MemberKey(kind="member_id", value=NOBODY))
    if able.products:
        yield "products", client.list_products
    if able.templates:
        yield "coupons", client.list_templates
    else:
        yield "coupons", lambda: client.get_coupon(NOBODY, member_id=NOBODY)
    for store in _stores(setup):

        def orders(store: str | None = store) -> Awaitable[object]:
            return client.list_orders(since=now - RECENT, until=now, store_id=store)

        yield "orders" + (f" of {store}" if store else ""), orders


def _stores(setup: Setup) -> list[str | None]:
    """Where each store has keys of its own, each is tried."""
    if setup.settings.pos_provider != "pospal":
        return [None]
    return [*store_keys(setup.settings.pos_store_keys.get_secret_value())]
