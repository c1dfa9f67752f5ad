"""`journeys playbook what-if`: what really happened to customers, played again under two versions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer

from domain.shape import parse_duration
from playbooks.loader import load_policy
from settings import utc_now
from starter import context
from starter.output import JsonOption, print_json
from starter.playbook import references
from starter.playbook.references import Named, Reference
from starter.playbook.replaying import Changed, Totals, replay
from starter.runtime import CommandFailed, console, run


def what_if(
    old: Reference,
    new: Reference,
    since: Annotated[str, typer.Option(help="how far back, e.g. 30d")] = "30d",
    listed: Annotated[int, typer.Option("--list", min=0, help="how many customers to list at most")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Play the recorded events of those who were inside again under both: totals, and who would have got
    more or fewer messages, with the first difference. Sends and writes nothing. Needs no worker.

    What is known of a customer (tags, dates, groups) is as it is now; her orders and events are as they came.
    """
    run(_what_if(old, new, since, listed, as_json))


async def _what_if(old: str, new: str, since: str, listed: int, as_json: bool) -> None:
    settings, now = context.quiet_settings(), utc_now()
    policy, span = load_policy(settings.playbooks_dir), _span(since)
    totals, changed = Totals(), list[Changed]()
    async with context.database() as database:
        before, after = await references.find(database, old), await references.find(database, new)
        if before.playbook.playbook != after.playbook.playbook:
            raise CommandFailed(
                f"{before.label} and {after.label} are different playbooks: give two versions of one"
            )
        async for one in replay(database, before, after, policy, now - span, now, totals):
            if len(changed) < listed:
                changed.append(one)
                if not as_json:
                    console.print(
                        f"{one.customer}: {one.old} → {one.new}; {one.first}", markup=False, soft_wrap=True
                    )
    if as_json:
        print_json(_as_data(totals, changed))
    else:
        _print(before, after, totals, len(changed))


def _span(since: str) -> timedelta:
    try:
        span = parse_duration(since)
    except ValueError as error:
        raise CommandFailed(f"--since {since!r}: {error}") from None
    if not isinstance(span, timedelta) or not span:
        raise CommandFailed(f"--since {since!r}: give a time that is over, e.g. 30d")
    return span


def _as_data(totals: Totals, changed: Sequence[Changed]) -> dict[str, Any]:
    counts = {name: getattr(totals, name) for name in ("enrolments", "more", "fewer", "other", "old", "new")}
    return counts | {"customers": [vars(one) for one in changed]}


def _print(old: Named, new: Named, totals: Totals, listed: int) -> None:
    differ = totals.more + totals.fewer + totals.other
    if listed < differ:
        console.print(f"… and {differ - listed} more; --list tells how many are listed")
    console.print(
        f"of {totals.enrolments} enrolments {totals.more} would have got more messages under {new.label}, "
        f"{totals.fewer} fewer, {totals.other} others or at other times",
        markup=False,
    )
    for named, counter in ((old, totals.old), (new, totals.new)):
        told = ", ".join(f"{number} {outcome}" for outcome, number in counter.most_common())
        console.print(f"{named.label}: {told or 'nothing'}", markup=False)
