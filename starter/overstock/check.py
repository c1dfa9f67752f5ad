"""`journeys overstock check`: what is wrong with overstock rules before they start anything."""

from pathlib import Path
from typing import Annotated, Any

import typer

from domain.overstock import OverstockRule
from domain.playbook import Condition
from domain.shape import spell
from playbooks.loader import Written, collect, namesakes
from playbooks.overstock_files import FOLDER, read_rule
from starter import till_needs
from starter.campaign.references import folder_of
from starter.checking import tell
from starter.output import JsonOption


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="rules to check; all of the folder when none is named")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find what is wrong with overstock rules; nothing is sent, nothing is stored.

    Errors with file and line: two people who are one, hours that never come, words that cannot be sent, and
    any active rule where the till cannot tell its stock. Leaves with 1 if there are errors.
    """
    from starter.preview.corp import authors_settings  # the simulators: not for every command

    settings = authors_settings()
    paths = files or sorted((settings.playbooks_dir / FOLDER).glob("*.yaml"))
    found, refusals = collect(paths, lambda path: read_rule(path, folder_of(path)))
    problems = [line for refusal in refusals for line in refusal.splitlines()] + namesakes(found, "overstock")
    till = till_needs.Till.of(settings)
    problems += [line for written in found if written.model.active for line in _unheard_of(written, till)]
    tell("rules", [(_row(one), _words(one.model)) for one in found], problems, as_json)


def _unheard_of(written: Written[OverstockRule], till: till_needs.Till) -> list[str]:
    """Why no lot could ever be found, or nobody who likes it: the till says neither."""
    rule, problems = written.model, list[till_needs.Problem]()
    if not till.can.stock:
        problems.append(((), f"the till ({till.provider}) cannot tell what stores have"))
    if rule.likes.category is not None and till.can.line_category == "none":
        problems.append((("likes", "category"), till.cannot("has no categories")))
    if isinstance(rule.who, Condition):
        problems += till_needs.of_condition(("who",), rule.who, till)
    return [written.source.problem(*one) for one in problems]


def _row(written: Written[OverstockRule]) -> dict[str, Any]:
    return {"file": str(written.source.path), **written.model.model_dump(mode="json")}


def _words(rule: OverstockRule) -> str:
    where = "in every store" if rule.store is None else f"in {', '.join(rule.store)}"
    state = "" if rule.active else " (not active)"
    return (
        f"{rule.overstock}{state}: {rule.at_least} or more of {', '.join(rule.product)} {where}, for at most "
        f"{rule.days_left} days more; asked every {spell(rule.every)}; down to {rule.down_to}; "
        f"by {rule.author}, approved by {rule.approver}"
    )
