"""`journeys groups …`: the stores' customer groups (客户群)."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlmodel import col, select

from settings import Settings, utc_now
from starter import context
from starter.chain import templates
from starter.chain.importing import Importer
from starter.chain.printing import DryRun, File, NewFile, Xlsx, report
from starter.chain.rows import GroupRow
from starter.chain.sync_groups import sync_groups
from starter.groups.audit import audit, checklist
from starter.groups.hand_over import hand_over
from starter.groups.leaves import allow, allowances, disallow
from starter.groups.profile import profile
from starter.output import JsonOption, print_json, show
from starter.runtime import console, run
from storage.directory import DEFAULT_ZONE
from storage.tables import Employee, Group, Store

app = typer.Typer(
    no_args_is_help=True, help="Customer groups (客户群): import, sync, list, audit, profile, hand over."
)
app.command()(audit)
app.command()(checklist)
app.command(name="hand-over")(hand_over)
app.command()(profile)
app.command()(allow)
app.command()(disallow)
app.command()(allowances)


@app.command(name="import")
def import_groups(file: File, dry_run: DryRun = False, as_json: JsonOption = False) -> None:
    """Bring the groups to what a file says, QR pictures exported by hand included. All of it, or nothing."""
    run(_import(file, dry_run, as_json))


@app.command()
def template(file: NewFile, xlsx: Xlsx = False) -> None:
    """Write an empty file with all columns and one example line."""
    run(_template(file, xlsx))


@app.command()
def sync(dry_run: DryRun = False, as_json: JsonOption = False) -> None:
    """Add the groups that our employees own in WeCom; a new one belongs to its owner's store."""
    run(_sync(dry_run, as_json))


@app.command(name="list")
def list_groups(
    store: Annotated[str | None, typer.Option(help="only this store's")] = None, as_json: JsonOption = False
) -> None:
    """Show all groups, how full they are, how each can be joined, and whether its owner is at work."""
    run(_list(store, as_json))


async def _import(file: Path, dry_run: bool, as_json: bool) -> int:
    days = context.quiet_settings().wecom_hand_qr_days
    async with context.database() as database:
        importer = Importer(database, utc_now, dry_run=dry_run)
        return await report(importer.groups(file, hand_qr_days=days), as_json)


async def _template(file: Path, xlsx: bool) -> None:
    templates.write(GroupRow, file, xlsx=xlsx)
    console.print(f"{file}: delete the example line when you fill it in", markup=False)


async def _sync(dry_run: bool, as_json: bool) -> None:
    async with context.wecom() as (database, client):
        rows = await sync_groups(database, client, utc_now, dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, "groups": rows})
        return
    show([row for row in rows if row["what"] != "unchanged"], False, empty="all is as it is in WeCom")
    waiting = [row["chat_id"] for row in rows if row["store"] is None and row["what"] != "dismissed"]
    if waiting:
        how = "to assign to a store (their owners have none; import a file with 群ID and 门店编号)"
        console.print(f"{how}: {', '.join(waiting)}", markup=False)
    if dry_run:
        console.print("nothing was changed (--dry-run)")


async def _list(store: str | None, as_json: bool) -> None:
    settings = context.quiet_settings()
    query = (
        select(Group, Store.zone, Employee.active)
        .outerjoin(Store, col(Store.id) == Group.store_id)
        .outerjoin(Employee, col(Employee.userid) == Group.owner)
        .order_by(col(Group.store_id), col(Group.chat_id))
    )
    if store:
        query = query.where(Group.store_id == store)
    async with context.database() as database, database.transaction() as session:
        await context.known(session, stores=[store])
        found = (await session.exec(query)).all()
    rows = [_row(group, zone or DEFAULT_ZONE, active, settings) for group, zone, active in found]
    show(rows, as_json, empty="no groups")


def _row(group: Group, zone: str, active: bool | None, settings: Settings) -> dict[str, object]:
    return {
        "chat_id": group.chat_id,
        "name": group.name,
        "store": group.store_id,
        "kind": group.kind,
        "owner": group.owner,
        "owner_at_work": active is not False and group.owner is not None,
        "customers": group.customers,
        "members": group.members,
        "joined_by": _door(group, zone, settings),
    }


def _door(group: Group, zone: str, settings: Settings) -> str:
    """Times are those of the group's store."""
    if group.dismissed_at:
        return "dismissed"
    if group.join_config_id:
        return "join way"
    if group.hand_qr_exported_at is None:
        return "nothing yet (journeys apply)"
    until = group.hand_qr_exported_at + timedelta(days=settings.wecom_hand_qr_days)
    told = f"{until.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    return f"picture until {told}" if until > utc_now() else f"picture, dead since {told}"
