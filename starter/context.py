"""What a command needs of the outside, opened for its short life."""

import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from settings import Settings, load, utc_now
from starter.runtime import CommandFailed
from storage import chain
from storage.database import Database
from storage.lives import find_customer
from storage.tables import Customer, Employee, Region, Store

if TYPE_CHECKING:
    from integrations.wecom import WeComClient
    from starter.codes import Codes


def quiet_settings() -> Settings:
    """The settings, with the libraries' logs out of the way of what a command prints."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return load()


@contextlib.asynccontextmanager
async def database(*, pool_size: int = 2) -> AsyncIterator[Database]:
    """The database of the settings; a stack that is up is found by its stack.env."""
    opened = Database(quiet_settings().sqlalchemy_url, pool_size=pool_size)
    try:
        yield opened
    finally:
        await opened.close()


@contextlib.asynccontextmanager
async def wecom() -> AsyncIterator[tuple[Database, "WeComClient"]]:
    """The database, and WeCom as the settings name it."""
    from activities.composition import connections, wecom_client  # half a second; most commands need none

    settings = quiet_settings()
    async with database(pool_size=settings.wecom_concurrent_writes + 2) as opened, connections() as http:
        yield opened, wecom_client(settings, http, opened, utc_now)


@contextlib.asynccontextmanager
async def codes() -> AsyncIterator["Codes"]:
    from starter.codes import Codes

    at_once = quiet_settings().wecom_concurrent_writes
    async with wecom() as (opened, client):
        yield Codes(opened, client, utc_now, at_once=at_once)


async def known(
    session: AsyncSession,
    *,
    stores: Sequence[str | None] = (),
    regions: Sequence[str | None] = (),
    employees: Sequence[str | None] = (),
) -> None:
    """Raises CommandFailed for an id that the chain has not: an empty table would look like an answer."""
    for table, ids in ((Store, stores), (Region, regions), (Employee, employees)):
        wanted = {one for one in ids if one is not None}
        if not (strangers := wanted - await chain.existing(session, table, wanted)):
            continue
        what = table.__name__.lower()
        see = f"see `journeys {what}s list`"
        if table is Region:
            rows = (await session.exec(select(Region).order_by(col(Region.id)))).all()
            see = "the regions are " + (", ".join(f"{row.id} ({row.name})" for row in rows) or "not imported")
        raise CommandFailed(f"there is no {what} {', '.join(sorted(strangers))}; {see}")


async def customer_or_fail(opened: Database, external_userid: str) -> Customer:
    """Raises CommandFailed for a customer whom we have never met."""
    async with opened.transaction() as session:
        found = await find_customer(session, external_userid)
    if found is None:
        raise CommandFailed(f"there is no customer {external_userid!r}; see `journeys customers list`")
    return found
