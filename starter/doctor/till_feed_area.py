"""What has to be right for the till's news to arrive: our address, keys, the index, hints and walks."""

from datetime import timedelta
from urllib.parse import urlsplit

from integrations import pos
from starter.doctor import guidance
from starter.doctor.findings import Finding, count, fail, ok, skipped, some, warn
from starter.doctor.setup import Setup
from starter.doctor.till_guides import GUIDES
from storage import checkup
from storage.member_keys import MemberKeyError, MemberKeys

LATE = timedelta(minutes=15)  # a hint is read after half a minute at the latest (Youzan)
WALKED = timedelta(hours=36)  # a nightly walk that was missed once
SIGNS_PUSHES = ("generic", "square")  # by a secret of its own; the others sign with the app's


async def pushes(setup: Setup) -> list[Finding]:
    """Where the provider sends its pushes, and what they are verified with."""
    settings, guide = setup.settings, GUIDES.get(setup.settings.pos_provider)
    if not settings.pos_base_url or guide is None:
        return [skipped("no till is connected")]
    address = settings.till_push_url
    if settings.pos_provider in SIGNS_PUSHES and not settings.pos_webhook_secret.get_secret_value():
        return [fail("pushes cannot be verified: POS_WEBHOOK_SECRET is empty", guide.push)]
    if urlsplit(address).scheme != "https" and setup.on_real_wecom:
        return [fail(f"no provider pushes to {address}", "set POS_PUSH_URL to the gateway's https one")]
    return [ok(f"to be registered is exactly {address}: {guide.push}")]


async def member_key(setup: Setup) -> list[Finding]:
    """Phones are kept sealed, and looked up by a keyed hash."""
    if not setup.settings.pos_base_url:
        return [skipped("no till is connected")]
    key = setup.settings.member_key.get_secret_value()
    if not key:
        told = "members cannot be looked up by phone or card: MEMBER_KEY is empty"
        return [fail(told, guidance.fix("member_key"))]
    try:
        MemberKeys.of(key)
    except MemberKeyError as error:
        return [fail(str(error), guidance.fix("member_key"))]
    return [ok("members' phones are sealed with it")]


async def store_keys(setup: Setup) -> list[Finding]:
    """A till whose every store has keys of its own."""
    if setup.settings.pos_provider != "pospal":
        return [skipped("this provider has one key for all stores")]
    from activities.till_clients import store_keys as keys_of

    try:
        keys = keys_of(setup.settings.pos_store_keys.get_secret_value())
    except pos.AccessError as error:
        return [fail(str(error), GUIDES["pospal"].keys)]
    async with setup.db.transaction() as session:
        without = [store for store in await checkup.store_ids(session) if store not in keys]
    if without:
        return [fail(f"POS_STORE_KEYS has no keys of {some(without)}", GUIDES["pospal"].keys)]
    return [ok(f"of {count(len(keys), 'store')}")]


async def hints(setup: Setup) -> list[Finding]:
    """Pushes that nobody has worked off."""
    async with setup.db.transaction() as session:
        waiting, lost = await checkup.late_hints(session, setup.clock() - LATE)
    if waiting:
        how = "start a worker for the queue `pos` (`python worker.py`), and mend what is said of the till"
        return [fail(f"{count(waiting, 'push', 'pushes')} of the till wait since more than 15 minutes", how)]
    if lost:
        told = f"{count(lost, 'push', 'pushes')} of the last week named what the till does not have"
        return [warn(told, "compare POS_ACCOUNT and POS_BASE_URL with the till that pushes")]
    return [ok("all pushes are worked off")]


async def walks(setup: Setup) -> list[Finding]:
    """The nightly comparison, and the index that some providers can only be searched by."""
    if not setup.settings.pos_base_url:
        return [skipped("no till is connected")]
    async with setup.db.transaction() as session:
        last = await checkup.last_walk(session, "orders")
        indexed = await checkup.member_keys(session, setup.settings.pos_provider)
    found = [_index(setup.settings.pos_provider, indexed)]
    if last is None or last < setup.clock() - WALKED:
        since = f"since {last:%F %T}Z" if last else "ever"
        how = "start a worker: it walks every night; or `journeys till sync orders`"
        return [warn(f"the till's orders were not compared with ours {since}", how, name="last walk"), *found]
    return [ok(f"orders were compared at {last:%F %T}Z", name="last walk"), *found]


def _index(provider: str, indexed: int) -> Finding:
    name = "member index"
    try:
        able = pos.capabilities(provider)
    except pos.AccessError as error:
        return skipped(str(error), name=name)
    if "unionid" in able.lookup or indexed:
        return ok(f"{count(indexed, 'key')} of members", name=name)
    how = "fill it: `journeys till sync members`" if able.list_members else "it fills as members' pushes come"
    return warn(f"{provider} cannot be asked for a unionid, and the index is empty", how, name=name)
