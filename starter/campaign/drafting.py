"""`journeys campaign create | revise | adapt | approve`: from a file to what two people stand for."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from activities.courier import Courier
from activities.publishing import keep_pictures
from domain.campaign import RegionWords, Words
from domain.playbook import Way
from domain.shape import parse_duration
from playbooks import campaign_files
from playbooks.pictures import PictureFile, with_pictures
from settings import utc_now
from starter import context
from starter.campaign.references import By, File, Name, meant_by, read, refuse, row_of
from starter.output import JsonOption, print_json
from starter.runtime import CommandFailed, console, run
from storage import campaign_drafts as drafts
from storage import campaigns
from storage.database import Database
from storage.tables import CampaignRow
from workflows.connection import TemporalUnreachable, connect

MINUTE = timedelta(minutes=1)


def create(file: File, by: By, as_json: JsonOption = False) -> None:
    """Make a draft of a campaign's file and its pictures. Nothing is sent before somebody else approves."""
    run(_write(file, by, as_json, new=True))


def revise(file: File, by: By, as_json: JsonOption = False) -> None:
    """Replace a draft by what its file says now. What is approved is never revised."""
    run(_write(file, by, as_json, new=False))


def adapt(
    name: Name,
    region: Annotated[str, typer.Option(help="id of the region that adapts it")],
    by: By,
    file: Annotated[
        Path | None, typer.Option(help="other words: a file with `words` as a campaign's")
    ] = None,
    skip: Annotated[
        bool | None, typer.Option("--skip/--no-skip", help="leave the campaign out in this region, or not")
    ] = None,
    shift: Annotated[
        str | None, typer.Option(help="so much later (2h) or earlier (-2h) than `send_at`; 0m as planned")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let a region change what the campaign's `adapt` allows, before it begins. It goes on record."""
    if file is None and skip is None and shift is None:
        raise typer.BadParameter("say what the region changes: --file, --skip or --shift")
    run(_adapt(name, region, by, file, skip, shift, as_json))


def approve(
    name: Name,
    by: By,
    note: Annotated[str, typer.Option(help="why; it is recorded")] = "",
    version: Annotated[
        str | None,
        typer.Option(help="what you have read, as `show` says it; refused if it was changed since"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Approve a draft that somebody else wrote, and set it going: it begins at its `send_at`, or at once.

    Given again it makes sure that an approved campaign's workflow runs.
    """
    run(_approve(name, by, note, version, as_json))


async def _write(file: Path, by: str, as_json: bool, *, new: bool) -> None:
    written, now = read(file), utc_now()
    refuse(campaign_files.too_late(written, now))
    campaign, pictures = with_pictures(written.model, file.parent)
    change = drafts.create if new else drafts.revise
    async with context.database() as database:
        async with database.transaction() as session:
            row = await change(session, campaign, meant_by(written), by=by, now=now)
            await keep_pictures(session, pictures)
        await _tell(database, row, "created as a draft" if new else "revised", as_json)


async def _adapt(
    name: str, region: str, by: str, file: Path | None, skip: bool | None, shift: str | None, as_json: bool
) -> None:
    async with context.database() as database:
        campaign = campaigns.body_of(await row_of(database, name))
        words, pictures = dict[Way, Words](), list[PictureFile]()
        if file:
            written = campaign_files.load_words(file, campaign)
            said, pictures = with_pictures(written.model, file.parent)
            words = said.words
        minutes = minutes_of(shift) if shift else None
        async with database.transaction() as session:
            row = await drafts.held(session, name)
            made = (await campaigns.regions(session, name)).get(region, RegionWords())
            wanted = RegionWords(
                words=made.words | words,
                shift_minutes=made.shift_minutes if minutes is None else minutes,
                skip=made.skip if skip is None else skip,
            )
            await drafts.adapt(session, name, region, wanted, by=by, now=utc_now())
            await keep_pictures(session, pictures)
        await _tell(database, row, f"adapted for {region}", as_json)


def minutes_of(shift: str) -> int:
    """`2h` is later, `-30m` earlier. Raises CommandFailed."""
    earlier = shift.startswith("-")
    try:
        minutes, rest = divmod(parse_duration(shift.lstrip("+-")), MINUTE)
    except (TypeError, ValueError):
        raise CommandFailed(
            f"--shift {shift}: a duration is a number with a unit, such as 30m or -2h"
        ) from None
    if rest:
        raise CommandFailed(f"--shift {shift}: give whole minutes")
    return -minutes if earlier else int(minutes)


async def _approve(name: str, by: str, note: str, version: str | None, as_json: bool) -> None:
    async with context.database() as database:
        async with database.transaction() as session:
            done = await drafts.approve(session, name, by=by, note=note, version=version, now=utc_now())
        try:
            client = await connect(context.quiet_settings())
            await Courier(client, database, utc_now).start_campaign(name)
        except TemporalUnreachable as error:
            raise CommandFailed(
                f"{name} is approved and that is on record, but it has not begun: {error}. A worker's next "
                "sweep sets it going, or this command given again"
            ) from None
        was = "approved" if done.new else f"approved already, by {done.row.approved_by}"
        await _tell(database, done.row, was, as_json)


async def _tell(database: Database, row: CampaignRow, what: str, as_json: bool) -> None:
    async with database.transaction() as session:
        version = await drafts.version_of(session, row)
    if as_json:
        print_json({"campaign": row.id, "status": str(row.status), "version": version, "what": what})
    else:
        console.print(f"{row.id} is {what}; version {version}", markup=False)
