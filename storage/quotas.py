"""Calls against a provider's quota, counted for all processes together."""

from sqlalchemy import text

from storage.database import Database

# One statement decides and counts: of any number of callers at once exactly `most` are let through.
_SPEND = text("""
INSERT INTO quota_uses (account, period, calls) SELECT :account, :period, 1 WHERE :most > 0
ON CONFLICT (account, period) DO UPDATE SET calls = quota_uses.calls + 1 WHERE quota_uses.calls < :most
RETURNING calls
""")


async def spend(database: Database, account: str, period: str, most: int) -> bool:
    """One call more; False, and nothing is counted, when there have been `most`."""
    values = {"account": account, "period": period, "most": most}
    async with database.statements() as connection:
        return (await connection.execute(_SPEND, values)).first() is not None
