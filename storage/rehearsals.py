"""What a rehearsal has to know of real customers, page by page. Reads only: every transaction says so."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.addresses import customer_id
from domain.caps import Reserved
from domain.events import Event
from storage import reserved
from storage.database import Database
from storage.facts import facts_of
from storage.segments import last_standings
from storage.tables import Customer, Follow, InboundEvent, Standing

LOOKS_BACK = timedelta(days=31)  # no cap looks further than a month
Friendship = tuple[str, datetime | None, datetime | None]  # with whom, since when, until when


@dataclass(frozen=True)
class Candidate:
    """One real customer. `last`: her last enrolment in the playbook."""

    customer: Customer
    facts: Any
    reserved: Sequence[Reserved]
    last: Standing | None


@asynccontextmanager
async def reading(database: Database) -> AsyncIterator[AsyncSession]:
    """A transaction in which PostgreSQL refuses every write."""
    async with database.transaction() as session:
        await (await session.connection()).execute(text("SET TRANSACTION READ ONLY"))
        yield session


async def candidates(
    session: AsyncSession, playbook: str, after: str, size: int, now: datetime
) -> list[Candidate]:
    """The next customers by id, with what is known of them now."""
    query = select(Customer).where(col(Customer.external_userid) > after)
    rows = (await session.exec(query.order_by(col(Customer.external_userid)).limit(size))).all()
    ids = [row.external_userid for row in rows]
    facts = await facts_of(session, ids, now)
    had = await reserved.of_customers(session, ids, now - LOOKS_BACK, now)
    last = await last_standings(session, playbook, ids)
    return [
        Candidate(row, facts[she], had[she], last.get(she))
        for row in rows
        if (she := row.external_userid) in facts
    ]


async def enrolments(
    session: AsyncSession, playbook: str, since: datetime, after: tuple[str, int], size: int
) -> Sequence[Standing]:
    """The next enrolments that were not over at `since`, by customer and number."""
    query = select(Standing).where(
        Standing.playbook == playbook,
        func.coalesce(col(Standing.ended_at), since) >= since,
        func.row(col(Standing.external_userid), col(Standing.number)) > func.row(*after),
    )
    order = col(Standing.external_userid), col(Standing.number)
    return (await session.exec(query.order_by(*order).limit(size))).all()


async def events_of(
    session: AsyncSession, external_userids: Sequence[str], since: datetime
) -> dict[str, list[Event]]:
    """What was recorded of customers, as their lives were told it."""
    subjects = {customer_id(one): one for one in external_userids}
    query = select(col(InboundEvent.subject), col(InboundEvent.body)).where(
        col(InboundEvent.subject).in_(subjects), col(InboundEvent.received_at) >= since
    )
    found: dict[str, list[Event]] = defaultdict(list)
    for subject, body in (await session.exec(query.order_by(col(InboundEvent.id)))).all():
        if event := body.get("event"):
            found[subjects[subject or ""]].append(Event.model_validate(event))
    return found


async def friendships(session: AsyncSession, external_userids: Sequence[str]) -> dict[str, list[Friendship]]:
    """Of each customer, all that ever were."""
    query = select(col(Follow.external_userid), col(Follow.userid), col(Follow.since), col(Follow.lost_at))
    found: dict[str, list[Friendship]] = defaultdict(list)
    for she, userid, since, lost in (
        await session.exec(query.where(col(Follow.external_userid).in_(external_userids)))
    ).all():
        found[she].append((userid, since, lost))
    return found


async def opted_out(session: AsyncSession, external_userids: Sequence[str]) -> dict[str, datetime]:
    query = select(col(Customer.external_userid), col(Customer.opted_out_at)).where(
        col(Customer.external_userid).in_(external_userids), col(Customer.opted_out_at).is_not(None)
    )
    return {she: at for she, at in (await session.exec(query)).all() if at}


async def others(
    session: AsyncSession, external_userids: Sequence[str], playbook: str, since: datetime, now: datetime
) -> dict[str, list[Reserved]]:
    """What they had beside this playbook, for the caps."""
    found = await reserved.of_customers(session, external_userids, since - LOOKS_BACK, now)
    return {she: [r for r in mine if r.playbook != playbook] for she, mine in found.items()}
