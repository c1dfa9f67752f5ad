"""How commands name a campaign: its file, or its name once it was created."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from domain.campaign import Campaign, RegionWords
from domain.playbook import Condition
from playbooks import campaign_files
from playbooks.loader import POLICY_FILE, PlaybookError, Written
from playbooks.segments import load_segments, resolve
from starter import context
from starter.runtime import CommandFailed
from storage import campaigns
from storage.database import Database
from storage.tables import CampaignRow

By = Annotated[str, typer.Option(help="your name; it is recorded")]
Name = Annotated[str, typer.Argument(help="a campaign that was created, by its name")]
File = Annotated[Path, typer.Argument(help="the campaign's file")]


@dataclass(frozen=True)
class Planned:
    """A campaign as it would be carried out: whom it means, and what regions made of it."""

    campaign: Campaign
    who: Condition
    regions: dict[str, RegionWords]


def folder_of(path: Path) -> Path:
    """Where the policy and the segments of a campaign's file are: beside it, above it, or PLAYBOOKS_DIR."""
    for folder in (path.parent, path.resolve().parent.parent):
        if (folder / POLICY_FILE).exists():
            return folder
    return context.quiet_settings().playbooks_dir


def read(path: Path) -> Written[Campaign]:
    """One file with its lines. Raises PlaybookError."""
    return campaign_files.load_campaign(path, folder_of(path))


def meant_by(written: Written[Campaign]) -> Condition:
    """Its segment as a condition."""
    return resolve(written.model.segment, load_segments(folder_of(written.source.path)))


async def find(database: Database, reference: str) -> Planned:
    """One that is still to come, by file or name. Raises CommandFailed or PlaybookError."""
    if reference.endswith((".yaml", ".yml")) or "/" in reference:
        written = read(Path(reference))
        return Planned(written.model, meant_by(written), {})
    row = await row_of(database, reference)
    if row.began_at:
        raise CommandFailed(
            f"{row.id} has begun: `journeys campaign show {row.id}` tells how far it has come"
        )
    async with database.transaction() as session:
        regions = await campaigns.regions(session, row.id)
    return Planned(campaigns.body_of(row), Condition.model_validate(row.who), regions)


async def row_of(database: Database, name: str) -> CampaignRow:
    """Raises CommandFailed when there is none."""
    async with database.transaction() as session:
        row = await campaigns.find(session, name)
    if row is None:
        raise CommandFailed(f"there is no campaign {name!r}; see `journeys campaign list`")
    return row


def refuse(problems: list[str]) -> None:
    if problems:
        raise PlaybookError("\n".join(problems))
