"""Where Temporal is: what we are told wins over what the SDK finds; its TLS and key come from there."""

from pathlib import Path
from typing import Any

import pytest

from settings import ROOT, Settings
from starter import stack
from starter.preview.corp import made_up_settings

CLOUD = "corp.tmprl.cloud:7233"
OURS = "127.0.0.1:17233"


@pytest.fixture(autouse=True)
def _a_shell_of_our_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ADDRESS", "NAMESPACE", "PROFILE", "CONFIG_FILE", "API_KEY"):
        monkeypatch.delenv(f"TEMPORAL_{name}", raising=False)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "none.toml"))


def unset(settings: Settings) -> Settings:
    """The same settings as if nobody had said where Temporal is."""
    wanted = settings.model_fields_set - {"temporal_address", "temporal_namespace"}
    return Settings.model_construct(_fields_set=wanted, **settings.model_dump())


def settings(**more: Any) -> Settings:
    return Settings(**(made_up_settings("postgresql://nowhere/none", 0, 0).model_dump() | more))


def test_our_address_wins_over_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", CLOUD)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "corp")
    found = settings(temporal_address=OURS, temporal_namespace="default").temporal_connect()
    assert (found["target_host"], found["namespace"]) == (OURS, "default")


def test_the_key_comes_from_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_API_KEY", "secret-key")
    found = settings(temporal_address=CLOUD).temporal_connect()
    assert (found["target_host"], found["api_key"], found["tls"]) == (CLOUD, "secret-key", True)


def test_our_address_wins_over_a_profile_which_counts_where_we_say_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    profile = tmp_path / "temporal.toml"
    profile.write_text(f'[profile.default]\naddress = "{CLOUD}"\nnamespace = "corp"\n')
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(profile))
    ours = settings(temporal_address=OURS)
    assert ours.temporal_connect()["target_host"] == OURS
    found = unset(ours).temporal_connect()
    assert (found["target_host"], found["namespace"]) == (CLOUD, "corp")


def test_without_a_word_from_anybody_it_is_the_local_one() -> None:
    found = unset(settings(temporal_address="127.0.0.1:7233", temporal_namespace="default"))
    assert found.temporal_connect() == {"target_host": "127.0.0.1:7233", "namespace": "default"}


def test_the_embedded_stack_talks_to_its_own_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", CLOUD)
    env = stack._environment({"DATA_DIR": str(tmp_path), "TEMPORAL_PORT": "17233"})
    env["DATABASE_URL"] = "postgresql://nowhere/none"
    assert stack._settings(env).temporal_connect()["target_host"] == OURS
    assert env["TEMPORAL_ADDRESS"] == OURS, "and so do its children"
    assert (ROOT / ".env.example").exists()
