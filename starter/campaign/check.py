"""`journeys campaign check`: what is wrong with campaigns before anybody is asked to approve them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.campaign import Campaign
from playbooks import campaign_files
from playbooks.loader import Written, collect, namesakes
from settings import utc_now
from starter import till_needs
from starter.campaign.references import meant_by, read
from starter.checking import tell
from starter.output import JsonOption
from starter.playbook.check import default_folder


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="campaigns to check; all of the folder when none is named")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find what is wrong with campaigns; nothing is sent, nothing is stored.

    Errors with file and line: ways without words, discounts where they must not be told, names that nobody
    knows, texts that are too long, moments that are over. Leaves with 1 if there are errors.
    """
    found, problems = checked(files or all_of(default_folder()))
    tell("campaigns", [(_row(one.model), _words(one.model)) for one in found], problems, as_json)


def all_of(folder: Path) -> list[Path]:
    """Every campaign of a folder of playbooks."""
    return sorted((folder / campaign_files.CAMPAIGNS).glob("*.yaml"))


def checked(files: Sequence[Path]) -> tuple[list[Written[Campaign]], list[str]]:
    """What can be read, and everything that is wrong; saved segments are checked with it."""
    found, refusals = collect(files, read)
    problems = [line for refusal in refusals for line in refusal.splitlines()]
    now = utc_now()
    late = [line for written in found for line in campaign_files.too_late(written, now)]
    unheard = [line for written in found for line in _unheard_of(written)]
    return found, list(dict.fromkeys([*problems, *namesakes(found, "campaign"), *late, *unheard]))


def _unheard_of(written: Written[Campaign]) -> list[str]:
    """Why nobody can be meant: what the till does not say of anybody."""
    from starter.preview.corp import authors_settings  # the simulators: not for every command

    meant = till_needs.of_condition((), meant_by(written), till_needs.Till.of(authors_settings()))
    named = isinstance(written.model.segment, str)
    return [written.source.problem(("segment", *(() if named else at)), why) for at, why in meant]


def _row(campaign: Campaign) -> dict[str, Any]:
    return {
        "campaign": campaign.campaign,
        "title": campaign.title,
        "channel": [str(way) for way in campaign.channel],
        "waves": [wave.name for wave in campaign.rollout],
    }


def _words(campaign: Campaign) -> str:
    row = _row(campaign)
    return f"{row['campaign']}: by {', '.join(row['channel'])}; waves: {' → '.join(row['waves'])}"
