"""docker-compose.yml and Dockerfile, read only: they follow the schema and agree with the code."""

import importlib.util
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from dotenv import dotenv_values
from ruamel.yaml import YAML

from activities import attributes
from domain.shape import parse_duration
from settings import ROOT, Settings
from worker import DRAIN

OURS = ("migrate", "gateway", "worker", "simulators")
PINNED = re.compile(r"^[a-z0-9./-]+:\d+\.\d+(\.\d+)?[a-z0-9.-]*$")
KINDS = {"KEYWORD": "Keyword", "KEYWORD_LIST": "KeywordList"}


def _compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    return loaded


COMPOSE = _compose()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_it_follows_the_compose_specification() -> None:
    schema = json.loads((Path(__file__).parent / "data" / "compose-spec.json").read_text())
    jsonschema.validate(COMPOSE, schema)


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_pinned_version(name: str) -> None:
    assert PINNED.match(SERVICES[name]["image"]), f"{name}: name an exact version, never latest"


def test_the_base_image_has_a_pinned_version() -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert bases
    assert all(PINNED.match(base) for base in bases)


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_and_no_required_one_is_missing(name: str) -> None:
    passed = set(SERVICES[name]["environment"])
    known = {field.upper() for field in Settings.model_fields}
    required = {n.upper() for n, field in Settings.model_fields.items() if field.is_required()}
    assert passed <= known, f"not in settings.Settings: {sorted(passed - known)}"
    assert required <= passed, f"required and not passed: {sorted(required - passed)}"


def test_what_must_be_in_env_is_in_its_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    required = set(re.findall(r"\$\{(\w+):\?", text))
    assert required <= set(dotenv_values(ROOT / ".env.example"))


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_exists_and_can_be_waited_for(name: str) -> None:
    for target, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[target], f"{name} waits for {target}, which has no health check"
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[target]["restart"] == "no", f"{target} must end, not start again"


@pytest.mark.parametrize("name", OURS)
def test_every_command_exists(name: str) -> None:
    python, *words = SERVICES[name]["command"]
    assert python == "python"
    if words[0] == "-m":
        assert importlib.util.find_spec(f"{words[1]}.__main__"), f"{name}: no module {words[1]}"
    else:
        assert (ROOT / words[0]).is_file(), f"{name}: no file {words[0]}"


def test_the_image_holds_every_package_of_the_wheel() -> None:
    text = (ROOT / "Dockerfile").read_text()
    packages = [p.parent.name for p in ROOT.glob("*/__init__.py") if p.parent.name not in ("tests", "bench")]
    assert packages
    assert [p for p in packages if f"COPY {p}/ {p}/" not in text] == []
    assert "settings.py worker.py" in text
    assert "--require-hashes" in text
    assert re.search(r"^USER (?!root)\w+", text, re.MULTILINE), "the image must not run as root"


def test_the_ports_are_the_defaults_of_the_settings() -> None:
    defaults = {n: f.default for n, f in Settings.model_fields.items() if n.endswith("_port")}
    published = {
        "temporal_port": ("temporal", defaults["temporal_port"]),
        "temporal_ui_port": ("temporal", defaults["temporal_ui_port"]),
        "gateway_port": ("gateway", defaults["gateway_port"]),
        "simulators_port": ("simulators", defaults["simulators_port"]),
    }
    assert set(published) == set(defaults)
    for service, port in published.values():
        assert any(p.endswith(f"{port}:{port}") for p in SERVICES[service]["ports"]), (service, port)
    command = SERVICES["temporal"]["command"]
    assert f"--port={defaults['temporal_port']}" in command
    assert f"--ui-port={defaults['temporal_ui_port']}" in command
    environment = SERVICES["worker"]["environment"]
    assert environment["TEMPORAL_ADDRESS"] == f"temporal:{defaults['temporal_port']}"
    assert environment["GATEWAY_URL"] == f"http://gateway:{defaults['gateway_port']}"


def test_every_search_attribute_is_registered() -> None:
    prefix = "--search-attribute="
    registered = {c.removeprefix(prefix) for c in SERVICES["temporal"]["command"] if c.startswith(prefix)}
    assert registered == {f"{key.name}={KINDS[key.indexed_value_type.name]}" for key in attributes.ALL}


def test_the_worker_may_drain_before_it_is_killed() -> None:
    grace = parse_duration(SERVICES["worker"]["stop_grace_period"])
    assert isinstance(grace, timedelta)
    assert grace > DRAIN
