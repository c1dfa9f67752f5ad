"""`journeys campaign dry-run`: what a campaign would do to whom, and what it asks of employees."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from playbooks import templates
from playbooks.loader import load_policy
from settings import utc_now
from starter import context
from starter.campaign.references import Planned, find
from starter.campaign.rehearsing import Tally, rehearse
from starter.output import JsonOption, print_json, show
from starter.runtime import console, run
from storage import campaign_outlook, rehearsals, tasks
from storage.database import Database
from storage.directory import DEFAULT_ZONE

NO_REGION, NO_STORE = "no region", "no store"


@dataclass(frozen=True)
class Page:
    """What one employee's customers of a region would read."""

    region: str
    by: str
    employee: str
    text: str


@dataclass(frozen=True)
class Forecast:
    """Everything that a dry run says. Refusals by policy are those of this moment."""

    campaign: str
    targeted: int
    reachable: int
    told: int
    by: dict[str, int]
    not_told: dict[str, int]
    policy_now: dict[str, int]
    waves: dict[str, dict[str, int]]
    regions: dict[str, int]
    stores: dict[str, int]
    employees: int
    create_calls: int
    most_confirmations: int
    group_messages: int
    heard_beyond: int
    tag_calls: int
    samples: dict[str, list[str]]
    texts: list[Page]


def dry_run(
    campaign: Annotated[str, typer.Argument(help="a file, or the name of a campaign that was created")],
    top: Annotated[int, typer.Option(min=1, help="how many stores and regions to name")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Show whom a campaign would reach by which way, whom it would not and why, and what it costs employees.

    Sends and writes nothing. What policy would refuse is as of now: other messages may come first.
    """
    run(_dry_run(campaign, top, as_json))


async def _dry_run(reference: str, top: int, as_json: bool) -> None:
    policy, now = load_policy(context.quiet_settings().playbooks_dir), utc_now()
    async with context.database() as database:
        planned = await find(database, reference)
        tally = await rehearse(database, planned, policy, now)
        async with rehearsals.reading(database) as session:
            stores = await campaign_outlook.stores_of(session, tally.employees)
            beyond = await campaign_outlook.beyond(
                session, planned.who, policy.tiers, now, list(tally.groups)
            )
        forecast = _forecast(planned, tally, stores, beyond, await _texts(database, tally, now))
    if as_json:
        print_json(asdict(forecast))
    else:
        _print(forecast, tally, top)


def _forecast(
    planned: Planned, tally: Tally, stores: dict[str, str], beyond: int, texts: list[Page]
) -> Forecast:
    calls, by_store, reasons = tally.calls, Counter[str](), Counter[str]()
    for userid, number in tally.employees.items():
        by_store[stores.get(userid, NO_STORE)] += number
    for (rule, _), number in tally.why_not.items():
        reasons[rule] += number
    return Forecast(
        campaign=planned.campaign.campaign,
        **asdict(tally.all),
        by=dict(tally.ways),
        not_told=dict(reasons),
        policy_now={f"{word}: {rule}": number for (word, rule), number in tally.verdicts.items()},
        waves={name: asdict(wave) for name, wave in tally.waves.items()},
        regions={region or NO_REGION: number for region, number in tally.regions.most_common()},
        stores=dict(by_store.most_common()),
        employees=len(calls),
        create_calls=calls.total(),
        most_confirmations=max(calls.values(), default=0),
        group_messages=len(tally.groups),
        heard_beyond=beyond,
        tag_calls=tally.tags(planned.campaign),
        samples=tally.samples,
        texts=texts,
    )


async def _texts(database: Database, tally: Tally, now: datetime) -> list[Page]:
    """For each region and way the words of one of its employees."""
    pages = []
    for (region, way), (userid, content) in sorted(tally.said.items(), key=lambda item: item[0]):
        async with rehearsals.reading(database) as session:
            employee, store = await tasks.sender_of(session, userid)
        today = now.astimezone(ZoneInfo(store.zone if store else DEFAULT_ZONE)).date()
        names = store.name if store else None, employee.name if employee else None
        text = templates.render(content.text, templates.batch_values(*names, today, content.benefit))
        pages.append(Page(region or NO_REGION, way, userid, text))
    return pages


def _print(forecast: Forecast, tally: Tally, top: int) -> None:
    share = forecast.reachable / (forecast.targeted or 1)
    _say(
        f"{forecast.campaign}: targeted {forecast.targeted}, reachable {forecast.reachable} ({share:.0%}), "
        f"to be told {forecast.told}"
    )
    for way, number in forecast.by.items():
        _say(f"  {number} by {way}, such as {', '.join(forecast.samples[way])}")
    for (rule, reason), number in tally.why_not.most_common():
        _say(f"  {number} not: {reason} ({rule})")
    waves = [{"wave": name, **counted} for name, counted in forecast.waves.items()]
    show(waves, as_json=False)
    show(_first("region", forecast.regions, top), as_json=False)
    show(_first("store of the employee", forecast.stores, top), as_json=False)
    _say(
        f"{forecast.employees} employees confirm {forecast.create_calls} tasks, so many calls to WeCom; "
        f"nobody more than {forecast.most_confirmations}"
    )
    if forecast.group_messages:
        others = f"{forecast.heard_beyond} people who are not meant hear it"
        _say(f"{forecast.group_messages} groups are told; {others}")
    if forecast.tag_calls:
        _say(
            f"the backfill costs at most {forecast.tag_calls} calls of mark_tag, if nobody confirms anything"
        )
    for what, number in forecast.policy_now.items():
        _say(f"policy, as of now: {number} {what}")
    for page in forecast.texts:
        _say(f"— {page.region}, by {page.by}, in the name of {page.employee}:\n{page.text}")


def _first(what: str, counted: dict[str, int], top: int) -> Sequence[dict[str, Any]]:
    return [{what: name, "people": number} for name, number in list(counted.items())[:top]]


def _say(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)
