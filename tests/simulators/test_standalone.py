"""The simulators without the product: no settings, no other module of it; one configuration for both ways."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import uvicorn
from dotenv import dotenv_values
from pydantic import SecretStr

import settings
from settings import ROOT
from simulators import __main__ as program
from simulators.config import SimulatorConfig
from simulators.from_settings import simulator_config, standalone_config
from simulators.running import Simulator, running_simulator

pytest_plugins = ["simulators.testing"]

OURS = ("activities", "domain", "gateway", "integrations", "playbooks", "settings", "starter", "storage")
PROGRAM = f"""
import sys
import uvicorn
uvicorn.run = lambda app, **how: print(how["port"])
from simulators.__main__ import main
main(["--alone"])
from simulators import testing
print(sorted(set(sys.modules) & {{*{OURS!r}, "worker", "workflows", "temporalio"}}))
"""


def test_alone_it_needs_neither_settings_nor_the_product(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split("\n", 1) == ["8090", "[]\n"]


def test_alone_it_is_the_corp_of_the_example_settings() -> None:
    """So that the product and a simulator alone find each other without a word."""
    values = {name.lower(): value for name, value in dotenv_values(ROOT / ".env.example").items()}
    loaded = settings.load(**values, database_url=SecretStr("postgresql://nowhere"))
    silent = {"callback_url": None, "pos_push_url": None}
    assert simulator_config(loaded).model_copy(update=silent) == standalone_config()
    assert simulator_config(loaded).callback_url == "http://127.0.0.1:8080/wecom/callback"


def test_options_override_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[SimulatorConfig, str, int]] = []

    def run(app: object, host: str, port: int, access_log: bool) -> None:
        served.append((app.state.world.config, host, port))  # type: ignore[attr-defined]

    monkeypatch.setattr(uvicorn, "run", run)
    values = {name.lower(): value for name, value in dotenv_values(ROOT / ".env.example").items()}
    loaded = settings.load(**values, database_url=SecretStr("postgresql://nowhere"))
    monkeypatch.setattr(settings, "load", lambda: loaded)
    program.main(["--corp-id", "wwother", "--port", "9", "--seed", "7"])
    ((config, host, port),) = served
    assert (config.corp_id, config.seed, host, port) == ("wwother", 7, "127.0.0.1", 9)
    assert config.callback_url == "http://127.0.0.1:8080/wecom/callback"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--alone", "--callback-aes-key", "short"], "--callback-aes-key: String should have at least 43"),
        (["--alone", "--state", "/dev/null/world"], "/dev/null/world cannot be used"),
    ],
)
def test_a_wrong_option_is_named(words: list[str], said: str) -> None:
    with pytest.raises(SystemExit) as caught:
        program.main(words)
    assert said in str(caught.value)


def test_missing_settings_lead_to_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> None:
        raise settings.SettingsError({"database_url": "Field required"})

    monkeypatch.setattr(settings, "load", load)
    with pytest.raises(SystemExit, match=r"DATABASE_URL: Field required(?s:.*)--alone"):
        program.main([])


# ---- the plugin for other projects' tests


@pytest.fixture(scope="session")
def wecom_simulator_config() -> SimulatorConfig:
    return standalone_config().model_copy(update={"corp_id": "wwmine"})


@pytest.fixture
def furnished(wecom_simulator: Simulator) -> Simulator:
    wecom_simulator.control("people", nickname="小满")
    return wecom_simulator


def test_a_fixture_may_build_on_ours(furnished: Simulator) -> None:
    world = furnished.see("world")
    assert world["settings"]["corp_id"] == "wwmine"
    assert world["counts"]["customers"] == 1


def test_each_test_begins_with_an_empty_world(wecom_simulator: Simulator) -> None:
    assert wecom_simulator.see("world")["counts"]["customers"] == 0
    with pytest.raises(AssertionError, match="the simulator refused"):
        wecom_simulator.control("scan", external_userid="wm-nobody", state="nowhere")


def test_the_server_ends_with_the_block() -> None:
    with running_simulator() as url:
        assert httpx.get(f"{url}/_control/clock", trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/_control/clock", trust_env=False)
