"""`journeys segments …`: who is meant, how many they are, and by what they can be reached."""

from pathlib import Path
from typing import Annotated, Any

import typer

from domain.playbook import Condition
from domain.segments import Segment
from domain.wording import words
from playbooks.loader import load_policy
from playbooks.segments import UnknownSegment, load_condition, load_segments, resolve
from settings import utc_now
from starter import context
from starter.output import JsonOption, print_json, show
from starter.runtime import CommandFailed, console, run
from storage import audience
from storage.audience import WHY_NOT, Reach, WhyNot

app = typer.Typer(
    no_args_is_help=True, help="Segments (人群): who is meant, how many they are, what reaches them."
)

Name = Annotated[str, typer.Argument(help="a segment of segments.yaml")]
NameOrFile = Annotated[str | None, typer.Argument(help="a segment of segments.yaml; or give --file")]
File = Annotated[
    Path | None, typer.Option("--file", help="a YAML file that is one condition, instead of NAME")
]


@app.command(name="list")
def list_segments(as_json: JsonOption = False) -> None:
    """List the saved segments of segments.yaml."""
    run(_list(as_json))


@app.command(name="show")
def show_segment(name: Name, as_json: JsonOption = False) -> None:
    """Show what a saved segment asks for."""
    run(_show(name, as_json))


@app.command()
def count(name: NameOrFile = None, file: File = None, as_json: JsonOption = False) -> None:
    """Count whom a segment means, by what they can be reached, and why not. Needs no worker."""
    run(_count(name, file, as_json))


@app.command()
def sample(
    name: NameOrFile = None,
    file: File = None,
    size: Annotated[int, typer.Option(min=1, max=1_000, help="how many at most")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Show some of those whom a segment means, the same ones each time. Needs no worker."""
    run(_sample(name, file, size, as_json))


async def _list(as_json: bool) -> None:
    show([_row(segment) for segment in _saved().values()], as_json, empty="there is no segments.yaml")


async def _show(name: str, as_json: bool) -> None:
    segment = _named(name)
    if as_json:
        print_json(segment.model_dump(mode="json"))
    else:
        show([{"field": field, "value": value} for field, value in _row(segment).items()], as_json)


async def _count(name: str | None, file: Path | None, as_json: bool) -> None:
    who, tiers = _meant(name, file)
    async with context.database() as database, database.transaction() as session:
        found = await audience.reach(session, who, tiers, utc_now())
    if as_json:
        print_json(_as_json(found))
        return
    show(_ways(found), as_json)
    if found.why_not:
        console.print("not one by one (1:1):")
        show(
            [{"customers": number, "because": WHY_NOT[why]} for why, number in found.why_not.items()], as_json
        )
    if found.why_not.get(WhyNot.GROUP_ONLY):
        console.print("a campaign with `group` in its `channel` reaches who is known from a group only")


async def _sample(name: str | None, file: Path | None, size: int, as_json: bool) -> None:
    who, tiers = _meant(name, file)
    async with context.database() as database, database.transaction() as session:
        ids = await audience.sample(session, who, tiers, utc_now(), size=size)
    show([{"customer": one} for one in ids], as_json, empty="nobody matches")


def _saved() -> dict[str, Segment]:
    return load_segments(context.quiet_settings().playbooks_dir)


def _named(name: str) -> Segment:
    """Raises CommandFailed for a name that is not in the file."""
    saved = _saved()
    try:
        resolve(name, saved)
    except UnknownSegment as error:
        raise CommandFailed(f"{error}; see `journeys segments list`") from None
    return saved[name]


def _meant(name: str | None, file: Path | None) -> tuple[Condition, dict[str, Condition]]:
    """The condition, and the policy's tiers. Raises CommandFailed, or PlaybookError with file and line."""
    policy = load_policy(context.quiet_settings().playbooks_dir)
    if file and name is None:
        return load_condition(file, policy), policy.tiers
    if name and file is None:
        return _named(name).who, policy.tiers
    raise CommandFailed("give the name of a segment, or --file with a condition")


def _row(segment: Segment) -> dict[str, str]:
    return {"segment": segment.name, "title": segment.title, "who": words(segment.who)}


def _ways(found: Reach) -> list[dict[str, Any]]:
    """Each with its part of all who are targeted."""
    numbers = {
        "targeted": found.targeted,
        "reachable": found.targeted - found.none,
        "1:1": found.private,
        "group": found.group,
        "moments": found.moments,
    }
    return [{"": what, "customers": n, "of them": _percent(n, found.targeted)} for what, n in numbers.items()]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _as_json(found: Reach) -> dict[str, Any]:
    ways = {"private": found.private, "group": found.group, "moments": found.moments}
    why_not = [
        {"rule": why.value, "customers": number, "because": WHY_NOT[why]}
        for why, number in found.why_not.items()
    ]
    return {"targeted": found.targeted, "reachable": ways, "share": found.share, "why_not": why_not}
