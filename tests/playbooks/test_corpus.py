"""Playbooks with one mistake each, as authors make them: one clear error, with line and field.

The first line of a file says what is expected: `# expected: line: field: part of the message`.
"""

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from domain.playbook import json_schema
from playbooks.loader import POLICY_FILE, PlaybookError, load_policy, policy_problems, read_playbook

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path for path in CORPUS.glob("*.yaml") if path.name != POLICY_FILE)
# Words of the libraries below; an author knows neither of them.
FOREIGN = re.compile(r"Input should|valid |pydantic|literal|NoneType|ScalarString|Commented|<|undefined")


def problems_of(path: Path) -> list[str]:
    try:
        written = read_playbook(path)
    except PlaybookError as error:
        return str(error).splitlines()
    return policy_problems(written, load_policy(CORPUS))


def test_there_are_a_hundred() -> None:
    assert len(FILES) >= 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_one_mistake_is_one_located_error(path: Path) -> None:
    assert_expected(path, problems_of(path))


def assert_expected(path: Path, found: list[str]) -> None:
    """One problem, where and as the first line of the file says."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    line, field, part = first.removeprefix("# expected: ").split(": ", 2)
    assert len(found) == 1, found
    place, message = found[0].removeprefix(f"{path}:").split(f": {field}: ", 1)
    assert (place, part in message) == (line, True), found
    assert message.strip()
    assert not FOREIGN.search(message), message


SHAPES = [path for path in FILES if path.stem.startswith(("field-", "step-", "value-", "missing-", "empty-"))]


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: str(path.stem))
def test_an_editor_says_so_while_it_is_typed(path: Path) -> None:
    schema = Draft202012Validator(json_schema())
    assert not schema.is_valid(YAML(typ="safe").load(path))
