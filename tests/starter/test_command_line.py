"""The command line as its users meet it: exit codes and errors that say what to do."""

import subprocess
import sys
from pathlib import Path

from settings import ROOT, environment

UNSET = {"DATABASE_URL", "WECOM_SECRET", "WECOM_CORP_ID"}


def _run(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in environment().items() if k not in UNSET}
    return subprocess.run(
        [sys.executable, "-m", "starter", *arguments],
        cwd=folder,
        env=inherited | {"PYTHONPATH": str(ROOT), "DATA_DIR": str(folder)} | env,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_missing_settings_are_all_named(tmp_path: Path) -> None:
    done = _run(tmp_path, "customers", "list")
    assert done.returncode == 1
    assert "DATABASE_URL: Field required" in done.stderr
    assert "make up" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_down_is_said_without_a_traceback(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(example, encoding="utf-8")
    done = _run(tmp_path, "customers", "list", DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/none")
    assert done.returncode == 1
    assert "PostgreSQL does not answer" in done.stderr
    assert "secret" not in done.stderr


def test_a_database_that_was_not_migrated_is_said_without_a_traceback(postgres: str, tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(example, encoding="utf-8")
    done = _run(tmp_path, "stores", "list", DATABASE_URL=postgres)
    assert (done.returncode, done.stdout) == (1, "")
    assert "`journeys migrate`" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_command_line_is_exit_code_2(tmp_path: Path) -> None:
    assert _run(tmp_path, "customers", "list", "--stage", "nonsense").returncode == 2
