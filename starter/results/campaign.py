"""`journeys results campaign`: the retrospective of a campaign (M71)."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from domain.campaign import Campaign, CampaignStatus
from domain.conditions import FEN
from domain.outcomes import Part, Retrospective, Steps
from domain.playbook import Way
from settings import utc_now
from starter import context
from starter.campaign.references import row_of
from starter.output import print_json, show
from starter.results import worth
from starter.runtime import console
from storage import campaigns
from storage.results.campaign import Parts, retrospective
from storage.tables import CampaignRow, CampaignWave

ALL = "all"


async def show_campaign(campaign_id: str, by: Parts, csv: Path | None, as_json: bool) -> None:
    now = utc_now()
    async with context.database() as database:
        row = await row_of(database, campaign_id)
        async with database.transaction() as session:
            waves = await campaigns.waves(session, campaign_id)
            found = await retrospective(session, row, by, now)
    body, measures = campaigns.body_of(row), worth.lines(found.treated, found.held_out)
    if csv:
        show(table(by, found), False, csv=csv)
    elif as_json:
        steps = {"planned": planned(row, body, waves), "real": table(by, found), "refused": found.refused}
        reach = {"backfill": asdict(found.backfill), "counted_until": found.counted_until}
        print_json({"campaign": row.id, "status": row.status} | steps | reach | {"lift": measures})
    else:
        _print(row, body, waves, by, found)
        if row.status in (CampaignStatus.DRAFT, CampaignStatus.APPROVED):
            console.print("it has not begun: nobody was drawn for the control group yet")
            return
        show(measures, False)
        if body.holdout and Way.GROUP in body.channel:
            console.print("whom it held out may have read it in a group: what it was worth is told too low")
        if found.counted_until > now:
            console.print(worth.still_open(found.counted_until))


def planned(row: CampaignRow, body: Campaign, waves: Mapping[int, CampaignWave]) -> dict[str, Any]:
    """What was to happen: whom its waves meant, and when."""
    return {
        "targeted": sum(wave.targeted for wave in waves.values()),
        "messages": sum(wave.planned for wave in waves.values()),
        "waves": f"{len(waves)} of {len(body.rollout)} began",
        "send_at": body.send_at or row.approved_at,
        "until": body.until,
        "began_at": row.began_at,
        "ended_at": row.ended_at,
        "holdout_percent": body.holdout,
        "attribution_days": round(body.attribution.total_seconds() / 86_400, 2),
    }


def table(by: Parts, found: Retrospective) -> list[dict[str, Any]]:
    """The whole first, then its parts: people of each step, and what they bought."""
    rows = {ALL: found.whole, **found.parts}
    return [{by.value: name, **_steps(part.steps), **_sales(part)} for name, part in rows.items()]


def _steps(steps: Steps) -> dict[str, Any]:
    """Each step, and the part of all that got so far."""
    share = round(steps.delivered / steps.targeted, 4) if steps.targeted else None
    return {**asdict(steps), "delivered_share": share}


def _sales(part: Part) -> dict[str, Any]:
    sales = part.sales
    return {"buyers": sales.buyers, "orders": sales.orders, "revenue_yuan": sales.revenue_minor / FEN}


def _print(
    row: CampaignRow,
    body: Campaign,
    waves: Mapping[int, CampaignWave],
    by: Parts,
    found: Retrospective,
) -> None:
    console.print(f"{row.id} {body.title}: {row.status} {row.reason}".rstrip(), markup=False)
    show([{"planned": k, "value": v} for k, v in planned(row, body, waves).items()], False)
    show(table(by, found), False)
    show(
        [{"not sent because of": rule, "people": people} for rule, people in found.refused.items()],
        False,
        empty="nobody was refused",
    )
    if found.backfill.planned:
        more = found.backfill
        console.print(f"Moments for {more.planned} whom it missed: shown to {more.shown} of them")
