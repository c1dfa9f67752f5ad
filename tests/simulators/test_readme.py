"""simulators/README.md: its tables are those of the code, its commands and examples work."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from settings import ROOT
from simulators import __main__ as program
from simulators.faults import Kind
from simulators.from_settings import standalone_config
from simulators.running import running_simulator
from tests.simulators.readme import README, written

TEXT = README.read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8090"


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def commands(word: str) -> list[str]:
    return [line for block in fenced("sh") for line in block.splitlines() if line.startswith(word)]


def test_every_line_of_a_shell_block_is_run_by_a_test_below() -> None:
    lines = [line for block in fenced("sh") for line in block.splitlines()]
    assert lines == [*commands("python -m simulators"), *commands("curl ")]


def test_the_tables_are_those_of_the_code() -> None:
    assert written(TEXT) == TEXT, "write them anew: .venv/bin/python -m tests.simulators.readme"


@pytest.mark.parametrize("line", commands("python -m simulators"))
def test_the_program_starts_as_the_readme_says(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the listening, which test_persistence.py sees in processes of their own."""
    monkeypatch.chdir(tmp_path)
    served: list[tuple[FastAPI, dict[str, Any]]] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **how: served.append((app, how)))
    words = shlex.split(line)[3:]
    if "--help" in words:
        with pytest.raises(SystemExit, match="0"):
            program.main(words)
        return
    program.main(words)
    ((app, how),) = served
    given = dict(zip(words[1::2], words[2::2], strict=True))
    assert how["port"] == int(given.get("--port", 8090))
    assert app.state.world.config.callback_url == given.get("--callback-url")
    assert (tmp_path / "wecom.state.lock").exists() == ("--state" in given)


def test_the_curl_commands_do_what_they_say() -> None:
    with running_simulator() as url:
        token = ""
        for line in commands("curl "):
            answer = curl(line.replace(ADDRESS, url).replace("TOKEN", token))
            token = answer.get("access_token", token) if isinstance(answer, dict) else token
            assert not isinstance(answer, dict) or answer.get("errcode", 0) == 0, line


def curl(line: str) -> Any:
    """What curl does with these few options."""
    words = shlex.split(line)[1:]
    method, body = "GET", None
    while words[0].startswith("-"):
        option, value, *words = words
        if option == "--json":
            method, body = "POST", json.loads(value)
        else:
            assert option == "-X"
            method = value
    (address,) = words
    answer = httpx.request(method, address, json=body, trust_env=False)
    assert answer.is_success, f"{line}\n{answer.text}"
    return answer.json()


def test_the_python_examples_run(tmp_path: Path) -> None:
    plugin, example, script = fenced("python")
    (tmp_path / "conftest.py").write_text(plugin, encoding="utf-8")
    (tmp_path / "test_example.py").write_text(example, encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    exec(compile(script, "README.md", "exec"), {})


def test_the_packages_are_those_that_are_imported() -> None:
    paths = (ROOT / "simulators").rglob("*.py")
    words = re.compile(r"^(?:from|import) (\w+)", re.MULTILINE)
    imported = {name for path in paths for name in words.findall(path.read_text(encoding="utf-8"))}
    foreign = imported - sys.stdlib_module_names - {"simulators", "settings"}
    (listed,) = re.findall(r"The simulator alone needs only (.*?), so", TEXT, re.DOTALL)
    # starlette comes with fastapi, pytest with the caller; the last two are imported by libraries alone.
    named = {*re.findall(r"`([a-z-]+)`", listed), "starlette", "pytest"} - {"python-multipart", "tzdata"}
    assert foreign == {"liquid" if name == "python-liquid" else name for name in named}


def test_the_options_are_those_of_the_program() -> None:
    rows = dict(re.findall(r"^\| (`--.+?`) \| (.+?) \|", TEXT, re.MULTILINE))
    named = {name for cell in rows for name in re.findall(r"`--([a-z-]+)`", cell)}
    assert named == {"host", "port", "state", *(name.replace("_", "-") for name in program.FIELDS)}
    for name in program.FIELDS:
        default = getattr(standalone_config(), name)
        shown = rows[f"`--{name.replace('_', '-')}`"]
        assert shown == ("nowhere" if default is None else f"`{default}`")


def test_the_faults_are_those_of_the_buttons() -> None:
    section = TEXT.split("\n## Faults\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \| ", section, re.MULTILINE)) == {*get_args(Kind), "kind"}
