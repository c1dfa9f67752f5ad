"""Places in the calls of an API and locks of pairs, for all processes: leases that expire by themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.database import Database
from storage.tables import ApiLimit


@dataclass(frozen=True)
class Lease:
    """One call's place. `closed_until` is of the past: the API was closed, and nobody has called it since."""

    api: str
    slot: int
    pair: str | None
    holder: str
    closed_until: datetime | None = None


@dataclass(frozen=True)
class Wanted:
    """One place of the API's `slots`, for so many seconds, and the lock of the pair with it."""

    api: str
    slots: int
    pair: str | None
    holder: str
    seconds: float


@dataclass(frozen=True)
class Answer:
    """`lease` is None when there was no place. `places` are those on record; they are made on the first use.

    `paired`: with the lock of the pair. `busy`: somebody else has it.
    """

    lease: Lease | None
    paired: bool
    busy: bool
    places: int
    closed_until: datetime | None


# A place is taken by whoever locks its row first: nobody waits for a row, and no two take the same one.
# PostgreSQL's clock decides on leases, for the processes' own may differ; `now` is theirs, and WeCom's.
_TAKE = text("""
WITH taken AS (
    UPDATE leases SET holder = CAST(:holder AS text), expires_at = now() + make_interval(secs => :seconds)
    WHERE name = CAST(:name AS text) AND slot = (
        SELECT slot FROM leases
        WHERE name = CAST(:name AS text) AND expires_at <= now()
            AND slot < LEAST(:slots, (SELECT slots FROM api_limits WHERE api = :api AND slots_until > :now))
            AND NOT EXISTS (SELECT FROM api_limits WHERE api = :api AND closed_until > :now)
            AND NOT EXISTS (SELECT FROM leases WHERE name = CAST(:pair AS text) AND expires_at > now())
        ORDER BY slot LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING slot
), paired AS (
    INSERT INTO leases (name, slot, holder, expires_at)
    SELECT CAST(:pair AS text), 0, CAST(:holder AS text), now() + make_interval(secs => :seconds)
    FROM taken WHERE CAST(:pair AS text) <> ''
    ON CONFLICT (name, slot) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
        WHERE leases.expires_at <= now()
    RETURNING slot
)
SELECT (SELECT slot FROM taken) AS slot,
    CAST(:pair AS text) = '' OR EXISTS (SELECT FROM paired) AS paired,
    EXISTS (SELECT FROM leases WHERE name = CAST(:pair AS text) AND expires_at > now()) AS busy,
    (SELECT count(*) FROM leases WHERE name = CAST(:name AS text)) AS places,
    (SELECT closed_until FROM api_limits WHERE api = :api) AS closed_until
""")
_MAKE = text("""
INSERT INTO leases (name, slot, holder, expires_at)
SELECT CAST(:name AS text), slot, '', now() FROM generate_series(0, :slots - 1) slot
ON CONFLICT DO NOTHING
""")
_GIVE_BACK = text("""
WITH unpaired AS (DELETE FROM leases WHERE name = :pair AND slot = 0 AND holder = :holder)
UPDATE leases SET expires_at = now() WHERE name = :name AND slot = :slot AND holder = :holder
""")
_OPEN = text("""
UPDATE api_limits SET closed_until = NULL, span = '' WHERE api = :api AND closed_until = :closed_until
""")
_TIDY = text("DELETE FROM leases WHERE name LIKE 'pair/%' AND expires_at < now() - interval '1 hour'")


class Leases:
    """Every method is one short statement; no connection is held in between."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, wanted: Wanted, now: datetime) -> Answer:
        """A place that is free, unless the API is closed or somebody works on the pair.

        Two who begin on one pair at the same moment get a place each, and one of them without the pair.
        """
        values = {
            "api": wanted.api,
            "name": _place(wanted.api),
            "slots": wanted.slots,
            "pair": _pair(wanted.pair),
            "holder": wanted.holder,
            "seconds": wanted.seconds,
            "now": now,
        }
        async with self._database.statements() as connection:
            row = (await connection.execute(_TAKE, values)).one()
        closed = row.closed_until.astimezone(UTC) if row.closed_until else None
        lease = Lease(wanted.api, row.slot, wanted.pair, wanted.holder, closed)
        found = lease if row.slot is not None else None
        return Answer(found, row.paired, row.busy, row.places, closed)

    async def make(self, api: str, slots: int) -> None:
        """Put an API's places on record."""
        async with self._database.statements() as connection:
            await connection.execute(_MAKE, {"name": _place(api), "slots": slots})

    async def give_back(self, lease: Lease) -> None:
        """What has expired and is somebody else's now stays as it is."""
        pair = {"pair": _pair(lease.pair), "holder": lease.holder}
        async with self._database.statements() as connection:
            await connection.execute(_GIVE_BACK, pair | {"name": _place(lease.api), "slot": lease.slot})

    async def open(self, lease: Lease) -> None:
        """A call of an API that had been closed succeeded: the limit that was reached is behind us."""
        async with self._database.statements() as connection:
            await connection.execute(_OPEN, {"api": lease.api, "closed_until": lease.closed_until})

    async def tidy(self) -> int:
        """Forget the pairs of crashed processes; how many there were."""
        async with self._database.statements() as connection:
            return (await connection.execute(_TIDY)).rowcount


async def limit_of(session: AsyncSession, api: str) -> ApiLimit:
    """The row of an API's limits, locked."""
    await session.exec(insert(ApiLimit).values(api=api, span="").on_conflict_do_nothing())
    return (await session.exec(select(ApiLimit).where(ApiLimit.api == api).with_for_update())).one()


def _place(api: str) -> str:
    return f"api/{api}"


def _pair(pair: str | None) -> str:
    return f"pair/{pair}" if pair else ""
