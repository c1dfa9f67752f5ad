"""Reading playbook files and the policy. Every error names the file, the line and the field."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from domain.places import Place
from domain.playbook import Playbook
from domain.policy import Policy
from playbooks import rules
from playbooks.rules import corp
from playbooks.source import PlaybookError, Source, read_source
from playbooks.wording import empty_places, problems_of

__all__ = [
    "POLICY_FILE",
    "SEGMENTS_FILE",
    "PlaybookError",
    "Written",
    "load_corp",
    "load_playbook",
    "load_playbooks",
    "load_policy",
    "playbook_files",
]

POLICY_FILE = "policy.yaml"
SEGMENTS_FILE = "segments.yaml"
NO_PLAYBOOKS = (POLICY_FILE, SEGMENTS_FILE)
Model = TypeVar("Model", bound=BaseModel)
Read = TypeVar("Read")


@dataclass(frozen=True)
class Written(Generic[Model]):
    """What a file says, and where it says it."""

    source: Source
    model: Model


def load_playbooks(folder: Path) -> list[Playbook]:
    """All playbooks of a folder, by name. Raises PlaybookError with every problem of every file."""
    return [written.model for written in read_playbooks(folder)]


def load_corp(folder: Path) -> tuple[list[Playbook], Policy]:
    """All playbooks of a folder and its policy, checked against each other."""
    books, policy = read_corp(folder)
    return [written.model for written in books], policy.model


def load_playbook(path: Path) -> Playbook:
    """One playbook, checked by itself: shape, links, names, texts."""
    return read_playbook(path).model


def load_policy(folder: Path) -> Policy:
    """The corp's policy file of a folder."""
    return read_policy(folder / POLICY_FILE).model


def read_playbook(path: Path) -> Written[Playbook]:
    """One playbook with its lines. Raises PlaybookError."""
    written = read_as(path, Playbook)
    refuse(written.source, rules.problems(written.model, path.parent))
    return written


def read_policy(path: Path) -> Written[Policy]:
    """A policy with its lines. Raises PlaybookError."""
    return read_as(path, Policy)


def playbook_files(folder: Path) -> list[Path]:
    """The files of a folder that are playbooks."""
    return sorted(path for path in folder.glob("*.yaml") if path.name not in NO_PLAYBOOKS)


def read_playbooks(folder: Path) -> list[Written[Playbook]]:
    """All playbooks of a folder with their lines."""
    books, problems = collect(playbook_files(folder), read_playbook)
    problems += namesakes(books, "playbook")
    if not books and not problems:
        problems.append(f"{folder}: no playbook here (*.yaml)")
    if problems:
        raise PlaybookError("\n".join(problems))
    return books


def read_corp(folder: Path) -> tuple[list[Written[Playbook]], Written[Policy]]:
    """All playbooks of a folder and its policy with their lines, checked against each other."""
    books, policy = read_playbooks(folder), read_policy(folder / POLICY_FILE)
    problems = corp_problems(books, policy)
    if problems:
        raise PlaybookError("\n".join(problems))
    return books, policy


def corp_problems(books: Sequence[Written[Playbook]], policy: Written[Policy]) -> list[str]:
    """What playbooks and their policy get wrong together."""
    models = [written.model for written in books]
    found = [policy.source.problem(*p) for p in corp.policy_problems(policy.model, models)]
    for written in books:
        found += policy_problems(written, policy.model)
    together = [*corp.meeting_entries(models), *corp.shared_experiments(models)]
    return [*found, *(books[number].source.problem(*problem) for number, problem in together)]


def policy_problems(written: Written[Playbook], policy: Policy) -> list[str]:
    """What one playbook gets wrong about the policy."""
    return [written.source.problem(*problem) for problem in corp.problems(written.model, policy)]


def collect(paths: Iterable[Path], read: Callable[[Path], Read]) -> tuple[list[Read], list[str]]:
    """All files that can be read, and the problems of those that cannot."""
    done, problems = [], []
    for path in paths:
        try:
            done.append(read(path))
        except PlaybookError as error:
            problems.append(str(error))
    return done, problems


def namesakes(found: Iterable[Written[Any]], field: str) -> list[str]:
    """Files of one kind that call themselves alike by this field: the second is told."""
    seen: dict[str, Path] = {}
    problems = []
    for written in found:
        name = getattr(written.model, field)
        if name in seen:
            twice = f"two files call themselves {name!r}: change `{field}:` here or in {seen[name].name}"
            problems.append(written.source.problem((field,), twice))
        seen.setdefault(name, written.source.path)
    return problems


def read_as(path: Path, model: type[Model]) -> Written[Model]:
    """Any file of such a shape, with its lines. Raises PlaybookError."""
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    source = read_source(path, required or model.model_fields)
    try:
        made = model.model_validate(source.tree, extra="forbid")
    except ValidationError as error:
        refuse(source, problems_of(source, model, error))
        raise
    refuse(
        source, ((at, "has no value: give it one, or take the line out") for at in empty_places(source.tree))
    )
    return Written(source, made)


def refuse(source: Source, problems: Iterable[tuple[Place, str]]) -> None:
    """Raises PlaybookError with every problem, if there is any."""
    found = [source.problem(*problem) for problem in problems]
    if found:
        raise PlaybookError("\n".join(found))
