"""`journeys campaign list | show`: what there is, and how far one has come."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from domain.campaign import Campaign, RegionWords, StockTarget
from domain.shape import spell
from starter import context
from starter.campaign.references import Name, row_of
from starter.campaign.watching import watch
from starter.output import JsonOption, print_json, show
from starter.runtime import console, run
from storage import campaign_drafts as drafts
from storage import campaigns
from storage.campaigns import Progress, WaveProgress
from storage.tables import CampaignOrder, CampaignRow


def list_campaigns(as_json: JsonOption = False) -> None:
    """List all campaigns, the newest first. Needs no worker."""
    run(_list(as_json))


def show_campaign(
    name: Name,
    watching: Annotated[
        bool, typer.Option("--watch", help="follow it until it is finished, paused, or waits for `go`")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how far a campaign has come, wave by wave, and who decided what. Needs no worker."""
    run(_show(name, watching, as_json))


async def _list(as_json: bool) -> None:
    async with context.database() as database, database.transaction() as session:
        rows = await drafts.every(session)
    empty = "no campaigns yet: `journeys campaign create FILE --by NAME` makes the first"
    show([_row(row) for row in rows], as_json, empty=empty)


async def _show(name: str, watching: bool, as_json: bool) -> None:
    async with context.database() as database:
        row = await row_of(database, name)
        if watching:
            await watch(database, name)
            row = await row_of(database, name)
        async with database.transaction() as session:
            progress = await campaigns.progress(session, name)
            regions = await campaigns.regions(session, name)
            record = await campaigns.record(session, name)
            version = await drafts.version_of(session, row)
    campaign = campaigns.body_of(row)
    details = _row(row) | {"version": version, **_what(campaign), "regions": _adapted(regions)}
    if as_json:
        waves = [wave.model_dump(mode="json") | {"failed": wave.failed} for wave in progress.waves]
        print_json(details | {"body": row.body, "waves": waves, "orders": [_order(o) for o in record]})
        return
    show([{"field": field, "value": value} for field, value in details.items()], as_json)
    show([_wave(wave, campaign) for wave in progress.waves], as_json, empty="no wave has begun")
    show([_order(order) for order in record], as_json)
    if hint := _next_step(progress, name, version):
        console.print(hint, markup=False)


def _row(row: CampaignRow) -> dict[str, Any]:
    return {
        "campaign": row.id,
        "title": row.body["title"],
        "status": str(row.status),
        "reason": row.reason,
        "author": row.author,
        "approved_by": row.approved_by,
        "created": row.created_at,
        "began": row.began_at,
        "ended": row.ended_at,
    }


def _what(campaign: Campaign) -> dict[str, Any]:
    named = campaign.segment if isinstance(campaign.segment, str) else "as its file says"
    return {
        "segment": named,
        "by": ", ".join(campaign.channel),
        "send_at": campaign.send_at,
        "until": campaign.until,
        "waves": " → ".join(wave.name for wave in campaign.rollout),
        "pace": f"{campaign.pace.customers} in {spell(campaign.pace.per)}" if campaign.pace else None,
        "held out": f"{campaign.holdout} %" if campaign.holdout else None,
        "pauses at": f"{campaign.pause_at.share} % failed, of {campaign.pause_at.at_least} or more settled",
        "stops at": _target(campaign.stock) if campaign.stock else None,
    }


def _target(stock: StockTarget) -> str:
    return f"{stock.down_to} of {', '.join(stock.product)} left in {stock.store}"


def _adapted(regions: Mapping[str, RegionWords]) -> str:
    """Such as: north: other words, 60 minutes later; south: leaves it out."""
    return "; ".join(f"{region}: {_made(regions[region])}" for region in sorted(regions))


def _made(region: RegionWords) -> str:
    if region.skip:
        return "leaves it out"
    shift = region.shift_minutes
    said = ["other words"] if region.words else []
    said += [f"{abs(shift)} minutes {'later' if shift > 0 else 'earlier'}"] if shift else []
    return ", ".join(said) or "as planned"


def _wave(wave: WaveProgress, campaign: Campaign) -> dict[str, Any]:
    return {
        "wave": f"{wave.number + 1} of {len(campaign.rollout)}: {wave.name}",
        "targeted": wave.targeted if wave.written else f"{wave.targeted} so far",
        "planned": wave.planned,
        "refused": _counts(wave.refused),
        "handed over": wave.released,
        "to confirm": wave.tasked,
        "sent": wave.sent,
        "failed": _counts(wave.failed),
    }


def _counts(counted: Mapping[str, int]) -> str:
    most_first = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {name}" for name, number in most_first)


def _order(order: CampaignOrder) -> dict[str, Any]:
    return {"at": order.at, "what": order.what, "by": order.by, "reason": order.reason}


def _next_step(progress: Progress, name: str, version: str) -> str | None:
    if any(wave.asks for wave in progress.waves):
        return f"the next wave waits for `journeys campaign go {name} --by NAME`"
    hints = {
        "draft": f"read it with `journeys campaign dry-run {name}`; then somebody who "
        f"did not write it says `journeys campaign approve {name} --by NAME --version {version}`",
        "paused": f"it goes on with `journeys campaign resume {name} --by NAME`",
    }
    return hints.get(progress.status)
