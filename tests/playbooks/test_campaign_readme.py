"""The page for authors of campaigns says what the code does, and what ships with it can be used.

The schema is published anew by: .venv/bin/python -m tests.playbooks.test_campaign_readme > \
playbooks/campaigns/schema.json
"""

import json
import re
import sys
from pathlib import Path

import jsonschema
import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from domain.campaign import Adapt, Campaign, Failures, Pace, StockTarget, Wave, Words
from domain.playbook import Missed, json_schema
from playbooks.campaign_files import CAMPAIGNS, load_campaign
from playbooks.segments import load_segments
from settings import ROOT
from tests.starter.files import PNG

PLAYBOOKS = ROOT / "playbooks"
PAGE = (PLAYBOOKS / CAMPAIGNS / "README.md").read_text(encoding="utf-8")
SCHEMA = PLAYBOOKS / CAMPAIGNS / "schema.json"
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SECTIONS: list[tuple[str, type[BaseModel]]] = [
    ("### The file", Campaign),
    ("### `words`", Words),
    ("### `rollout`", Wave),
    ("### `pace`, `pause_at`, `stock`", Pace),
    ("### `pace`, `pause_at`, `stock`", Failures),
    ("### `pace`, `pause_at`, `stock`", StockTarget),
    ("### `backfill`", Missed),
    ("### `adapt`", Adapt),
]
FIELDS = [(title, model, field) for title, model in SECTIONS for field in model.model_fields]
IDS = [f"{model.__name__}.{field}" for _, model, field in FIELDS]


def published_schema() -> str:
    return json.dumps(json_schema(Campaign), ensure_ascii=False, indent=2) + "\n"


def rows(title: str) -> list[str]:
    """The fields that the table under a heading explains."""
    below = PAGE.split(f"\n{title}", 1)[1].split("\n### ", 1)[0]
    return re.findall(r"^\| `(\w+)` \| \S", below, re.MULTILINE)


@pytest.mark.parametrize(("title", "model", "field"), FIELDS, ids=IDS)
def test_every_field_is_explained_to_its_authors(title: str, model: type[BaseModel], field: str) -> None:
    assert field in rows(title), f"{model.__name__}.{field}: add a row under {title}"


@pytest.mark.parametrize(("title", "model", "field"), FIELDS, ids=IDS)
def test_every_field_is_shown_in_an_example(title: str, model: type[BaseModel], field: str) -> None:
    assert re.search(rf"(^|[\s{{]){field}:", "".join(EXAMPLES), re.MULTILINE), f"show {field} in an example"


def test_the_first_campaign_is_short() -> None:
    assert len(EXAMPLES[0].splitlines()) <= 15


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_examples_are_good_files(tmp_path: Path, number: int) -> None:
    (tmp_path / "tea.png").write_bytes(PNG)
    path = tmp_path / "example.yaml"
    path.write_text(EXAMPLES[number], encoding="utf-8")
    load_campaign(path, PLAYBOOKS)
    jsonschema.validate(YAML(typ="safe").load(path), json_schema(Campaign))


def test_what_ships_can_be_used() -> None:
    """Saved segments and campaigns as they are in the folder, with the policy beside them."""
    load_segments(PLAYBOOKS)
    shipped = [load_campaign(path, PLAYBOOKS) for path in sorted((PLAYBOOKS / CAMPAIGNS).glob("*.yaml"))]
    assert len(shipped) >= 2
    named = re.findall(r"^\| `([\w-]+\.yaml)` \|", PAGE, re.MULTILINE)
    assert named == sorted(written.source.path.name for written in shipped)
    for written in shipped:
        jsonschema.validate(YAML(typ="safe").load(written.source.path), json.loads(SCHEMA.read_text("utf-8")))


def test_the_published_schema_is_that_of_the_code() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == published_schema(), (
        "publish it anew: see the top of this file"
    )


if __name__ == "__main__":
    sys.stdout.write(published_schema())
