"""Reading the overstock rules of a folder, `overstock/*.yaml` beside the playbooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.overstock import OverstockRule
from domain.playbook import Condition
from playbooks import segments
from playbooks.loader import PlaybookError, Written, collect, load_policy, namesakes, read_as, refuse
from playbooks.pictures import PictureFile, with_pictures
from playbooks.rules import overstock as rules
from playbooks.rules.campaigns import Beside

FOLDER = "overstock"


@dataclass(frozen=True)
class Rule:
    """A rule with the digests of its pictures; its `who` as a condition; the pictures."""

    rule: OverstockRule
    who: Condition | None = None
    pictures: Sequence[PictureFile] = ()


def load_rules(folder: Path) -> list[Rule]:
    """All rules beside the playbooks of a folder, by name; none where there is no such folder.

    Raises PlaybookError with every problem of every file.
    """
    paths = sorted((folder / FOLDER).glob("*.yaml"))
    found, problems = collect(paths, lambda path: read_rule(path, folder))
    if problems := [*problems, *namesakes(found, "overstock")]:
        raise PlaybookError("\n".join(problems))
    return [_ready(one, folder) for one in sorted(found, key=lambda written: written.model.overstock)]


def read_rule(path: Path, folder: Path) -> Written[OverstockRule]:
    """One file with its lines. Raises PlaybookError with every problem."""
    written = read_as(path, OverstockRule)
    beside = Beside(load_policy(folder), segments.load_segments(folder), path.parent)
    refuse(written.source, rules.problems(written.model, beside))
    return written


def _ready(written: Written[OverstockRule], folder: Path) -> Rule:
    rule, pictures = with_pictures(written.model, written.source.path.parent)
    who = None if rule.who is None else segments.resolve(rule.who, segments.load_segments(folder))
    return Rule(rule, who, pictures)
