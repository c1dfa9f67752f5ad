"""One story through every real process: what a newcomer's `make demo` runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from settings import ROOT, environment
from tests.stack.ports import free_ports


@pytest.mark.timeout(300)
def test_the_demo_shows_every_stage_and_exits_0(tmp_path: Path) -> None:
    env = environment() | free_ports() | {"DATA_DIR": str(tmp_path), "COLUMNS": "160"}
    done = subprocess.run(
        [sys.executable, "-m", "starter", "demo"], env=env, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "back" in done.stdout
    assert "NO" not in done.stdout.split("Every stage of the story")[1].split("Funnel")[0]
    assert not (tmp_path / "demo" / "stack.env").exists(), "the stack has cleaned up after itself"
