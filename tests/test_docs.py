"""The documents say what the code does: the map, the commands, the fields, the examples, the schema."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from pydantic import BaseModel
from ruamel.yaml import YAML
from typer.testing import CliRunner

from activities import attributes
from activities.greeting import _Known, _values
from activities.identify import Identity
from domain.analysis import Severity
from domain.links import FormLinks
from domain.playbook import Playbook, json_schema
from domain.policy import Policy
from playbooks import templates
from playbooks.loader import (
    POLICY_FILE,
    SEGMENTS_FILE,
    load_corp,
    load_playbook,
    load_playbooks,
    load_policy,
    playbook_files,
)
from playbooks.segments import load_segments
from settings import ROOT, Settings
from starter.__main__ import app
from starter.playbook.check import check_files, check_folder
from starter.preview.personas import load_persona
from storage.tables import Employee

README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
AUTHORS = (ROOT / "playbooks" / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SCHEMA = ROOT / "playbooks" / "schema.json"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60
MADE_BY_TOOLS = ("__pycache__", ".egg-info")
PLAYBOOK_FOLDERS = [ROOT / "playbooks", ROOT / "playbooks" / "demo"]


def published_schema() -> str:
    """The text of playbooks/schema.json: python -m tests.test_docs > playbooks/schema.json"""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def _section(text: str, title: str) -> str:
    """What stands under a heading of the second level."""
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def _fenced(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def _quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


# ---- the map


def _root() -> list[str]:
    """What a newcomer sees in the root: folders, modules, documents and the files that tools look for."""
    patterns = (
        "*.py",
        "*.md",
        "*.toml",
        "*.lock",
        "*.yml",
        "Makefile",
        "Dockerfile",
        "LICENSE",
        ".env.example",
    )
    names = sorted({path.name for pattern in patterns for path in ROOT.glob(pattern)})
    folders = [f"{p.name}/" for p in sorted(ROOT.iterdir()) if p.is_dir() and not p.name.startswith(".")]
    return [*names, *(f for f in folders if not f.rstrip("/").endswith(MADE_BY_TOOLS))]


@pytest.mark.parametrize("name", _root())
def test_the_map_names_everything_in_the_root(name: str) -> None:
    assert name in _quoted(_section(README, "The map")), f"{name}: say in README's map what it is for"


def test_the_map_names_nothing_that_is_gone() -> None:
    first_cells = re.findall(r"^\| (.+?) \|", _section(README, "The map"), re.MULTILINE)
    named = [name for cell in first_cells for name in _quoted(cell)]
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "README.zh-CN.md",
        "CONTRIBUTING.md",
        "playbooks/README.md",
        "playbooks/campaigns/README.md",
        *(str(p.relative_to(ROOT)) for p in sorted((ROOT / "docs").rglob("*.md"))),
    ],
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\((?!https?://)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


# ---- the README in two languages


def _headings(text: str) -> list[int]:
    """The level of each heading, in order; what is fenced is not looked at."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]


def _shell_commands(text: str) -> list[str]:
    return [line.split("#")[0].strip() for block in _fenced(text, "sh") for line in block.splitlines()]


def _first_cells(text: str) -> list[str]:
    """What the tables are about: places, commands, settings."""
    return re.findall(r"^\| (`.+?) \|", text, re.MULTILINE)


@pytest.mark.parametrize(
    "part",
    [_headings, _shell_commands, _first_cells, lambda text: _fenced(text, "text")],
    ids=["headings", "shell commands", "tables", "output"],
)
def test_both_readmes_say_the_same(part: Callable[[str], list[Any]]) -> None:
    assert part(README)
    assert part(CHINESE) == part(README), "change README.md and README.zh-CN.md together"


def test_each_readme_leads_to_the_other() -> None:
    assert "](README.zh-CN.md)" in "".join(README.splitlines()[:4])
    assert "](README.md)" in "".join(CHINESE.splitlines()[:4])


# ---- commands


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_the_first_commands_of_the_readme_are_make_targets() -> None:
    lines = [line.split("#")[0].split() for line in _fenced(README, "sh")[0].splitlines()]
    assert lines == [["make", "demo"], ["make", "test"]]
    assert {words[1] for words in lines} <= _targets()


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_make_target_that_a_page_names_exists(page: str) -> None:
    named = {
        q.removeprefix("make ") for q in _quoted((ROOT / page).read_text("utf-8")) if q.startswith("make ")
    }
    assert named <= _targets()


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command of the program, with the words that call it."""
    if hasattr(group, "list_commands"):
        for name in group.list_commands(None):
            yield from _commands(group.get_command(None, name), (*path, name))
    else:
        yield path, group


COMMANDS = dict(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_in_the_readme_and_explains_itself(words: tuple[str, ...]) -> None:
    command = COMMANDS[words]
    assert f"journeys {' '.join(words)}" in _quoted(README), "add it to README's command line"
    assert (command.help or "").strip(), "give the function a docstring"
    silent = [p.name for p in command.params if p.name != "help" and not getattr(p, "help", None)]
    assert silent == [], "every argument and option says what it is"


def test_every_command_that_a_page_names_exists() -> None:
    named = {
        q
        for page in (README, CHINESE, OPERATIONS, AUTHORS)
        for q in _quoted(page)
        if q.startswith("journeys ")
    }
    unknown = [q for q in named if not any(q.split()[1 : len(w) + 1] == list(w) for w in COMMANDS)]
    assert unknown == []


@pytest.mark.parametrize("words", [(), ("codes",), ("customers",), *COMMANDS], ids=" ".join)
def test_every_help_page_opens(words: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(app, [*words, "--help"])
    assert answer.exit_code == 0, answer.output


# ---- fields and settings


def _parts(model: type[BaseModel]) -> dict[str, set[str]]:
    """The fields of a model and of every model inside it."""
    schema = model.model_json_schema()
    parts = {model.__name__: schema, **schema.get("$defs", {})}
    return {name: set(part["properties"]) for name, part in parts.items() if "properties" in part}


FIELDS = [
    (part, field)
    for model in (Playbook, Policy)
    for part, names in _parts(model).items()
    for field in sorted(names)
    if field != "digest"  # nobody writes it: the digest of a picture comes with its publishing
]


@pytest.mark.parametrize(("part", "field"), FIELDS, ids=[f"{p}.{f}" for p, f in FIELDS])
def test_every_field_is_explained_to_its_authors(part: str, field: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| \S", AUTHORS, re.MULTILINE)
    assert field in rows, f"{part}.{field}: add a row to a table of playbooks/README.md"


def _names(sample: dict[str, Any]) -> set[str]:
    """The names of a sample, dotted."""
    return {f"{k}.{inner}" for k, v in sample.items() if isinstance(v, dict) for inner in v} | {
        k for k, v in sample.items() if not isinstance(v, dict)
    }


def test_authors_are_told_which_names_texts_may_use() -> None:
    row = r"^\| `([\w.]+)` \| (yes|no) \| (yes|no) \| (yes|no) \|"
    table = re.findall(row, AUTHORS, re.MULTILINE)
    samples = (templates.WELCOME_SAMPLE, templates.BATCH_SAMPLE, templates.STAFF_SAMPLE)
    for column, sample in enumerate(samples, 1):
        assert {found[0] for found in table if found[column] == "yes"} == _names(sample)


def test_a_greeting_gets_every_name_that_the_loader_lets_through() -> None:
    """What the loader accepts and the activity does not pass would cost every greeting."""
    given = _values(
        _Known(Identity(), Employee(userid="chen", name="陈静"), scanned=None, hers=None),
        store=None,
        benefit=None,
        group="",
        now=datetime(2026, 1, 1, tzinfo=UTC),
        forms=FormLinks(b"key", "https://j.example.com").all_for("wm1", datetime(2026, 1, 1, tzinfo=UTC)),
    )
    assert _names(given) == _names(templates.WELCOME_SAMPLE)


def test_every_setting_is_in_the_readme_and_nothing_else_is() -> None:
    rows = re.findall(r"^\| (`[A-Z].*?) \|", _section(README, "Settings"), re.MULTILINE)
    named = {name for row in rows for name in _quoted(row)}
    assert named == {name.upper() for name in Settings.model_fields}


def test_every_search_attribute_has_its_command() -> None:
    kinds = {"KEYWORD": "Keyword", "KEYWORD_LIST": "KeywordList"}
    wanted = {
        f"temporal operator search-attribute create --name {k.name} --type {kinds[k.indexed_value_type.name]}"
        for k in attributes.ALL
    }
    assert wanted == {
        line for block in _fenced(OPERATIONS, "sh") for line in block.splitlines() if "create" in line
    }


# ---- playbooks, examples and schema


def test_the_published_schema_is_that_of_the_code() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == published_schema(), (
        "publish it anew: .venv/bin/python -m tests.test_docs > playbooks/schema.json"
    )


def _shipped() -> list[Path]:
    return [path for folder in PLAYBOOK_FOLDERS for path in playbook_files(folder)]


@pytest.mark.parametrize("path", _shipped(), ids=lambda path: str(path.name))
def test_every_shipped_playbook_fits_the_schema_and_loads(path: Path) -> None:
    jsonschema.validate(YAML(typ="safe").load(path), json.loads(SCHEMA.read_text(encoding="utf-8")))
    load_playbook(path)


@pytest.mark.parametrize("folder", PLAYBOOK_FOLDERS, ids=lambda folder: str(folder.name))
def test_every_shipped_policy_names_a_playbook_that_is_there(folder: Path) -> None:
    assert load_policy(folder).default_playbook in {book.playbook for book in load_playbooks(folder)}


def test_the_examples_for_authors_load(tmp_path: Path) -> None:
    for number, example in enumerate(_fenced(AUTHORS, "yaml")):
        if example.startswith("persona:"):
            path = tmp_path / "personas" / "weekend_guest.yaml"
            path.parent.mkdir()
            path.write_text(example, encoding="utf-8")
            assert load_persona(path).playbooks == []
            continue
        named = {"default_playbook:": POLICY_FILE, "segments:": SEGMENTS_FILE}
        name = named.get(example.split(maxsplit=1)[0], f"example-{number}.yaml")
        (tmp_path / name).write_text(example, encoding="utf-8")
    for picture in re.findall(r"[\w-]+\.png", AUTHORS):
        (tmp_path / picture).write_bytes(PNG)
    books, policy = load_corp(tmp_path)
    assert policy.default_playbook in {book.playbook for book in books}
    assert load_segments(tmp_path)
    assert not [r for r in check_folder(tmp_path).remarks if r.severity is not Severity.NOTE]


def test_the_first_playbook_of_the_authors_is_short_and_checks(tmp_path: Path) -> None:
    """ "Birthday coupon, remind after 3 days if unused", for somebody who has read only that page."""
    first = _fenced(AUTHORS, "yaml")[0]
    assert len(first.splitlines()) <= 12
    (tmp_path / "birthday-coupon.yaml").write_text(first, encoding="utf-8")
    report = check_files([tmp_path / "birthday-coupon.yaml"], ROOT / "playbooks" / POLICY_FILE)
    assert report.remarks == []
    assert report.burdens["birthday-coupon"].touches == 2


def test_the_example_shows_every_field() -> None:
    """So that an author can copy it."""
    shown = "".join(_fenced(AUTHORS, "yaml"))
    assert [f for _, f in FIELDS if not re.search(rf"(^|[\s{{]){f}:", shown, re.MULTILINE)] == []


# ---- changes and decisions


def test_the_changelog_has_a_place_for_the_next_release() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda p: str(p.stem)
)
def test_a_decision_says_what_why_and_what_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(r"\d{4}-", path.name)
    assert text.startswith(f"# {path.name[:4]} ")
    for part in ("Context", "Decision", "Consequences", "Alternatives"):
        assert f"**{part}.**" in text, part


if __name__ == "__main__":
    sys.stdout.write(published_schema())
