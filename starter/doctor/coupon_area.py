"""Coupons: what nobody has settled, and what playbooks name that the till does not have."""

from activities.till_clients import till_client
from domain.places import coupons_of
from integrations import pos
from playbooks.loader import PlaybookError, load_playbooks
from starter.doctor.findings import Finding, count, ok, skipped, some, warn
from starter.doctor.setup import Setup
from storage import coupons

MANY = 1_000  # more of them are told as so many: the fix is the same


async def unclear(setup: Setup) -> list[Finding]:
    """Of which nobody knows whether the till has issued them."""
    async with setup.db.transaction() as session:
        found = await coupons.list_all(session, status=coupons.UNCLEAR, limit=MANY)
    if not found:
        return [ok("it is known of every coupon whether the till has issued it")]
    how = (
        "look them up at the till, and `journeys coupons settle` each: `journeys coupons unclear` lists them"
    )
    return [warn(f"nobody knows of {count(len(found), 'coupon')} whether the till has issued it", how)]


async def templates(setup: Setup) -> list[Finding]:
    """A template that the till has not is refused for every customer."""
    settings = setup.settings
    if not settings.pos_base_url:
        return [skipped("no till is connected")]
    try:
        books = load_playbooks(settings.playbooks_dir)
        till = till_client(settings, setup.http, setup.clock)
        if not till.capabilities.templates:
            return [skipped(f"{till.provider} does not list its coupon templates")]
        theirs = await _theirs(till)
    except PlaybookError:
        return [skipped("the playbooks cannot be read")]
    except (pos.AccessError, pos.PosError) as error:
        return [skipped(f"the till does not tell them ({error})")]
    named = {coupon.template for book in books for _, coupon in coupons_of(book)}
    if unknown := sorted(named - theirs):
        told = f"playbooks name coupon templates that the till does not have: {some(unknown)}"
        return [warn(told, "correct `template` in the playbooks, or make these templates at the till")]
    return [ok(f"the till has {count(len(named), 'template')} that playbooks name")]


async def _theirs(till: pos.PosPort) -> set[str]:
    """By the names that playbooks may call them; none where there is no loyalty programme (Square)."""
    try:
        active = [one for one in await till.list_templates() if one.active]
    except pos.PosNotFound:
        return set()
    by_name = {one.name for one in active} if till.provider == "pospal" else set()
    return by_name | {one.template_id for one in active}
