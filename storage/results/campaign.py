"""The retrospective of a campaign (M71): planned and real, step by step, and what it was worth."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, func, literal, select, union_all
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import campaigning
from domain.campaign import Campaign
from domain.outcomes import Backfill, Part, Retrospective, Sales, Steps
from domain.touches import TouchStatus
from storage import campaigns
from storage.results import effects, fetch, messages, sales
from storage.results.codes import NONE
from storage.tables import CampaignRow, Customer, Store


class Parts(StrEnum):
    """What a retrospective has its rows by. Store and region are the customer's own."""

    CHANNEL = "channel"
    REGION = "region"
    STORE = "store"
    EMPLOYEE = "employee"
    WAVE = "wave"


Label = Callable[[Any, type[Store]], ColumnElement[Any]]
_LABELS: Mapping[Parts, Label] = {
    Parts.CHANNEL: lambda rows, store: rows.c.channel,
    Parts.REGION: lambda rows, store: func.coalesce(store.region_id, NONE),
    Parts.STORE: lambda rows, store: func.coalesce(store.id, NONE),
    Parts.EMPLOYEE: lambda rows, store: func.coalesce(rows.c.userid, NONE),
    Parts.WAVE: lambda rows, store: rows.c.wave,
}


async def retrospective(session: AsyncSession, row: CampaignRow, by: Parts, now: datetime) -> Retrospective:
    """All of it, as it stands now."""
    body = campaigns.body_of(row)
    message = messages.of(lambda table: col(table.campaign_id) == row.id)
    missed = messages.of(lambda table: col(table.campaign_id) == row.id, backfill=True)
    ends = await _ends(session, body, now)
    treated, held_out = await effects.until(session, campaigning.experiment(row.id), ends)
    orders = sales.of_campaign(row.id, _sent(message, missed), body.attribution).subquery()
    everybody = literal("")
    whole = await _parts(session, message, orders, lambda rows, store: everybody)
    return Retrospective(
        whole=whole.get("", Part()),
        parts=await _parts(session, message, orders, _LABELS[by]),
        refused=await messages.refused(session, message),
        backfill=await _backfill(session, missed),
        treated=treated,
        held_out=held_out,
        counted_until=ends,
    )


async def _ends(session: AsyncSession, body: Campaign, now: datetime) -> datetime:
    """Up to when orders count, on both sides alike: so long after the last of it was handed out."""
    handed = [wave.released_at for wave in (await campaigns.waves(session, body.campaign)).values()]
    last = max((at for at in handed if at), default=now) if all(handed) else now
    return last + body.attribution


def _sent(*delivered: CTE) -> CTE:
    parts = [select(c.c.who, c.c.at).where(c.c.status == TouchStatus.SENT) for c in delivered]
    return union_all(*parts).cte("sent")


async def _parts(session: AsyncSession, message: CTE, orders: Any, label: Label) -> dict[str, Part]:
    """Steps and sales by a label."""
    found: dict[str, Part] = {}
    steps = _by(message, label, messages.counts(message))
    for name, *numbers in await fetch(session, steps):
        found[str(name)] = Part(steps=Steps(*numbers))
    sums = _by(orders, label, sales.summed(orders))
    for name, *numbers in await fetch(session, sums):
        part = found.setdefault(str(name), Part())
        part.sales = Sales(*map(int, numbers))
    return dict(sorted(found.items()))


def _by(rows: Any, label: Label, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    name = label(rows, Store).label("name")
    return (
        select(name, *columns)
        .select_from(rows)
        .outerjoin(Customer, col(Customer.external_userid) == rows.c.who)
        .outerjoin(Store, col(Store.id) == Customer.store_id)
        .group_by(name)
    )


async def _backfill(session: AsyncSession, missed: CTE) -> Backfill:
    shown = func.count().filter(missed.c.status == TouchStatus.SENT)
    planned, reached = (await fetch(session, select(func.count(), shown).select_from(missed)))[0]
    return Backfill(planned=planned, shown=reached)
