"""Reading playbook files and the policy. Every error names the file, the line and the field."""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.error import YAMLError

from domain.playbook import Playbook, Step
from domain.policy import Policy
from playbooks import templates

POLICY_FILE = "policy.yaml"
Model = TypeVar("Model", bound=BaseModel)


class PlaybookError(Exception):
    """A file that cannot be used: one line per problem, each `file:line: field: what to do`."""


def load_playbooks(folder: Path) -> list[Playbook]:
    """All playbooks of a folder, by name. Raises PlaybookError with every problem of every file."""
    books, problems = [], []
    for path in sorted(p for p in folder.glob("*.yaml") if p.name != POLICY_FILE):
        try:
            books.append(load_playbook(path))
        except PlaybookError as error:
            problems.append(str(error))
    names = [b.playbook for b in books]
    problems += [
        f"{folder}: two files call themselves {n!r}: change `playbook:` in one of them"
        for n in sorted({n for n in names if names.count(n) > 1})
    ]
    if not books and not problems:
        problems.append(f"{folder}: no playbook here (*.yaml)")
    if problems:
        raise PlaybookError("\n".join(problems))
    return books


def load_corp(folder: Path) -> tuple[list[Playbook], Policy]:
    """All playbooks of a folder and its policy, checked against each other."""
    books, policy = load_playbooks(folder), load_policy(folder)
    names = sorted(book.playbook for book in books)
    if policy.default_playbook not in names:
        raise PlaybookError(
            f"{folder / POLICY_FILE}: default_playbook: there is no {policy.default_playbook!r} here; "
            f"there is: {', '.join(names)}"
        )
    return books, policy


def load_playbook(path: Path) -> Playbook:
    """One playbook, checked: shape, template variables, byte limits."""
    tree, playbook = _read(path, Playbook)
    problems = [
        f"{path}:{_line(tree, at)}: {_dotted(at)}: {problem}" for at, problem in _text_problems(playbook)
    ]
    if problems:
        raise PlaybookError("\n".join(problems))
    return playbook


def load_policy(folder: Path) -> Policy:
    """The corp's policy file of a folder."""
    return _read(folder / POLICY_FILE, Policy)[1]


def _read(path: Path, model: type[Model]) -> tuple[Any, Model]:
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PlaybookError(f"{path}: cannot be read: {error}") from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = " ".join(str(getattr(error, "problem", error)).split())
        raise PlaybookError(f"{path}:{line}: not YAML: {problem}") from None
    if not isinstance(tree, Mapping):
        raise PlaybookError(
            f"{path}:1: a mapping is expected, with fields such as {', '.join(model.model_fields)}"
        )
    try:
        return tree, model.model_validate(tree, extra="forbid")
    except ValidationError as error:
        lines = [_problem(path, tree, model, e) for e in error.errors(include_url=False, include_input=False)]
        raise PlaybookError("\n".join(lines)) from None


def _problem(path: Path, tree: Any, model: type[BaseModel], error: Any) -> str:
    at = error["loc"]
    text = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(at[-1]), _all_fields(model), n=1)
        text = "no such field" + (f"; did you mean {close[0]!r}?" if close else "")
    return f"{path}:{_line(tree, at)}: {_dotted(at)}: {text}"


def _all_fields(model: type[BaseModel]) -> list[str]:
    """Every field name that may stand anywhere in such a file."""
    definitions = model.model_json_schema().get("$defs", {}).values()
    return sorted({*model.model_fields, *(f for d in definitions for f in d.get("properties", {}))})


def _line(tree: Any, at: tuple[str | int, ...]) -> int:
    """The line of a field, or of the nearest thing around it that is in the file."""
    line = 1
    for part in at:
        if not isinstance(tree, CommentedBase):
            break
        try:
            line = (tree.lc.item(part) if isinstance(part, int) else tree.lc.key(part))[0] + 1
            tree = tree[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            break
    return line


def _dotted(at: tuple[str | int, ...]) -> str:
    return ".".join(map(str, at)) or "the file"


Place = tuple[str | int, ...]


def _text_problems(playbook: Playbook) -> Iterator[tuple[Place, str]]:
    given = playbook.welcome.benefit is not None  # without one, `{{ benefit }}` would leave a gap
    for at, text, sample in _texts(playbook):
        try:
            limit = templates.GROUP_WELCOME_BYTES if at == ("group_welcome",) else templates.TEXT_BYTES
            templates.check(text, {k: v for k, v in sample.items() if given or k != "benefit"}, limit=limit)
        except templates.TemplateError as error:
            yield at, str(error)


def _texts(playbook: Playbook) -> Iterator[tuple[Place, str, dict[str, Any]]]:
    """Every text of a playbook with its place and the variables it may use."""
    yield ("welcome", "text"), playbook.welcome.text, templates.WELCOME_SAMPLE
    if playbook.welcome.fallback_text:
        yield ("welcome", "fallback_text"), playbook.welcome.fallback_text, templates.BATCH_SAMPLE
    if playbook.group_welcome:
        yield ("group_welcome",), playbook.group_welcome, templates.GROUP_WELCOME_SAMPLE
    if playbook.join_reminder:
        yield ("join_reminder", "text"), playbook.join_reminder.text, templates.BATCH_SAMPLE
    yield from _step_texts(("nurture",), playbook.nurture)
    if playbook.reactivation:
        yield from _step_texts(("reactivation", "steps"), playbook.reactivation.steps)


def _step_texts(at: Place, steps: list[Step]) -> Iterator[tuple[Place, str, dict[str, Any]]]:
    for number, step in enumerate(steps):
        if step.send:
            yield (*at, number, "send", "text"), step.send.text, templates.BATCH_SAMPLE
        if step.wait_for:
            yield from _step_texts((*at, number, "wait_for", "then"), step.wait_for.then)
            yield from _step_texts((*at, number, "wait_for", "otherwise"), step.wait_for.otherwise)
