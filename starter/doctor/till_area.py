"""The till: cheap reads with the key."""

from activities.till_clients import till_client
from integrations import pos
from playbooks.loader import PlaybookError
from playbooks.overstock_files import load_rules
from starter.doctor import guidance
from starter.doctor.findings import Finding, count, fail, ok, skipped, some, warn
from starter.doctor.setup import Setup
from starter.doctor.till_guides import GUIDES, Guide
from storage import checkup


async def till(setup: Setup) -> list[Finding]:
    if not setup.settings.pos_base_url and setup.settings.pos_provider == "generic":
        return [skipped("POS_BASE_URL is empty: this chain has no till connected")]
    try:
        client = till_client(setup.settings, setup.http, setup.clock)
    except pos.AccessError as error:
        guide = GUIDES.get(setup.settings.pos_provider)
        return [fail(str(error), guide.keys if guide else guidance.fix("pos_provider"))]
    try:
        stores = {store.store_id for store in await client.list_stores()}
    except pos.PosError as error:
        return [refused(error, GUIDES[setup.settings.pos_provider])]
    return [
        ok(f"it answers, with {count(len(stores), 'store')}"),
        await _same_stores(setup, stores),
        await _stock(setup, client, stores),
    ]


async def _same_stores(setup: Setup, theirs: set[str]) -> Finding:
    """A store's id is the till's (storage/tables/chain.py): an order of any other belongs to no store."""
    if setup.database is None or not setup.schema_is_current:
        return skipped("our stores cannot be read", name="stores of the till")
    async with setup.db.transaction() as session:
        missing = [store for store in await checkup.store_ids(session) if store not in theirs]
    if not missing:
        return ok("it knows every store of ours", name="stores of the till")
    return warn(
        f"it does not know {some(missing)}",
        "give a store the same id here as in the till, or its orders belong to no store",
        name="stores of the till",
    )


async def _stock(setup: Setup, client: pos.PosPort, theirs: set[str]) -> Finding:
    """What overstock rules live on (M51)."""
    name = "stock of the till"
    try:
        rules = [one.rule for one in load_rules(setup.settings.playbooks_dir) if one.rule.active]
    except PlaybookError:
        return skipped("the overstock rules cannot be read", name=name)
    if not rules or not theirs:
        return skipped("there is no active overstock rule, or no store, to ask for", name=name)
    if not client.capabilities.stock:
        return fail(
            f"{client.provider} cannot tell it, and {count(len(rules), 'overstock rule')} ask for it",
            "say `active: false` in playbooks/overstock, or connect a till that tells its stock",
            name=name,
        )
    if strange := sorted({store for rule in rules for store in rule.store or ()} - theirs):
        told = f"overstock rules name stores that the till does not know: {some(strange)}"
        return fail(told, "correct `store` in playbooks/overstock: their stock is never read", name=name)
    store, products = min(theirs), rules[0].product
    try:
        await client.list_stock(store, products)
    except pos.PosError as error:
        told = f"it does not say what store {store} has of {some(products)} ({error})"
        return fail(told, "ask who runs the till for the endpoint that integrations/pos says", name=name)
    return ok(f"it says what store {store} has of {some(products)}", name=name)


def refused(error: pos.PosError, guide: Guide) -> Finding:
    """What a till's error means for who has to mend it."""
    if isinstance(error, pos.PosPermissionError):
        return fail(f"our key lacks a right ({error})", guide.rights)
    if isinstance(error, pos.PosAuthError):
        return fail(f"it refuses our key ({error})", f"correct POS_API_KEY; {guide.keys}")
    if isinstance(error, pos.PosQuotaExhausted):
        return fail(f"its quota is used up ({error})", "wait until it begins anew, or buy a larger one")
    if isinstance(error, pos.PosUnavailable | pos.PosRateLimited):
        return fail(
            f"no usable answer ({error})", "correct POS_BASE_URL, or ask who runs the till whether it is up"
        )
    return fail(
        f"it answers otherwise than the contract says ({error})", "correct POS_BASE_URL, and POS_PROVIDER"
    )
