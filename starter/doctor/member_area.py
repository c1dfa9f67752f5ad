"""Members of the till: what only an operator can decide."""

from starter.doctor.findings import Finding, count, ok, warn
from starter.doctor.setup import Setup
from storage import member_conflicts


async def conflicts(setup: Setup) -> list[Finding]:
    """Customers whose account is not known because several match."""
    async with setup.db.transaction() as session:
        found = await member_conflicts.still_open(session, setup.settings.pos_provider)
    if not found:
        return [ok("no customer matches more than one")]
    how = "`journeys members conflicts` lists them; `journeys members link` or `merge` each"
    return [warn(f"{count(len(found), 'customer')} stay unlinked: more than one account matches", how)]
