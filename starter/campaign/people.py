"""`journeys campaign people`: what became of it for each person, and why."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.campaign import Campaign
from domain.touches import TouchStatus
from starter import context
from starter.campaign.references import Name, row_of
from starter.output import CsvOption, JsonOption, WriteRow, csv_file, json_array, show
from starter.runtime import console, run
from storage import campaigns, rehearsals
from storage.campaign_people import Outcome, outcomes

ON_A_SCREEN = 50  # rows of a table, unless --limit says otherwise


def people(
    name: Name,
    status: Annotated[TouchStatus | None, typer.Option(help="only with this outcome")] = None,
    rule: Annotated[
        str | None, typer.Option(help="only those whom this rule refused, such as frequency or holdout")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="how many at most; a table shows 50, a file everybody")
    ] = None,
    csv: CsvOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell for each person what she was sent, by whom, or why not. Needs no worker.

    A group's message is told for each member whom the campaign meant. Who missed a 1:1 message and saw the
    moment instead has two rows.
    """
    limit = limit if limit or csv or as_json else ON_A_SCREEN
    run(_people(name, status, rule, limit, csv, as_json))


async def _people(
    name: str,
    status: TouchStatus | None,
    rule: str | None,
    limit: int | None,
    csv: Path | None,
    as_json: bool,
) -> None:
    async with context.database() as database:
        campaign = campaigns.body_of(await row_of(database, name))
        async with rehearsals.reading(database) as session:
            found = outcomes(session, name, status=status, rule=rule, limit=limit)
            if csv:
                with csv_file(csv, {column: column for column in COLUMNS}) as write:
                    number = await _each(found, campaign, write)
                console.print(f"{number} rows written to {csv}", markup=False)
            elif as_json:
                with json_array() as write:
                    await _each(found, campaign, write)
            else:
                show([_row(one, campaign) async for one in found], as_json, empty="nobody")


async def _each(found: AsyncIterator[Outcome], campaign: Campaign, write: WriteRow) -> int:
    number = 0
    async for one in found:
        write(_row(one, campaign))
        number += 1
    return number


COLUMNS = (
    *("customer", "what", "wave", "by", "employee", "group", "status", "rule", "reason"),
    *("passed_over", "sent", "settled"),
)


def _row(one: Outcome, campaign: Campaign) -> dict[str, Any]:
    values = (
        one.external_userid,
        one.what,
        campaign.rollout[one.wave].name,
        one.channel,
        one.userid,
        one.chat_id,
        one.status,
        one.rule,
        one.reason,
        one.passed_over,
        one.sent_at,
        one.settled_at,
    )
    return dict(zip(COLUMNS, values, strict=True))
