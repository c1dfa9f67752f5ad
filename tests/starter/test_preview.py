"""`journeys playbook preview` as its users meet it: a process of its own, without any settings."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from settings import ROOT, environment

pytestmark = pytest.mark.timeout(300)

SMALL = """
playbook: small
title: 小
welcome: {text: "{{ customer.nickname }}，您好", invite_to_group: true}
nurture:
  - wait: 1d
  - id: hello
    send: {text: "今天有新品"}
  - wait_for:
      event: order_paid
      timeout: 5d
      then:
        - coupon: {template: THANKS, name: 感谢券}
      otherwise:
        - exit: 没有下单
"""
SHE = """
persona: she
title: 她
nickname: 小雨
member: true
does:
  - {after: invitation, delay: 20m, join: true}
  - {after: message, step: hello, delay: 2h, chance: %s, buy: {yuan: 18.5}}
  - {day: 9, at: "15:00", delete: true}
"""
UNSET = ("DATABASE_URL", "WECOM_SECRET", "WECOM_CORP_ID", "LINK_KEY", "TEMPORAL_ADDRESS")


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """DATA_DIR: its PostgreSQL is made once, as at home.

    Not in pytest's own temporary folder: another pytest that starts meanwhile tidies that up.
    """
    made = Path(tempfile.mkdtemp(prefix="journeys-previews-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def folder(data: Path) -> Path:
    """Where commands run."""
    (data / "small.yaml").write_text(SMALL, encoding="utf-8")
    (data / "she.yaml").write_text(SHE % 1, encoding="utf-8")
    return data


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    inherited = {name: value for name, value in environment().items() if name not in UNSET}
    return subprocess.Popen(
        [sys.executable, "-m", "starter", "playbook", "preview", *arguments],
        cwd=folder,
        env=inherited | {"PYTHONPATH": str(ROOT), "DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    process = start(folder, *arguments)
    out, err = process.communicate(timeout=240)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def left_behind(folder: Path) -> list[str]:
    """Processes that have to do with this folder's data: PostgreSQL and the guard."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        if str(folder) in words:
            found.append(words)
    return found


def until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def test_one_life_is_told_day_by_day_and_twice_at_once_it_is_the_same(folder: Path) -> None:
    order = ("./small.yaml", "--days", "12", "--customer", "she.yaml")
    both = [start(folder, *order) for _ in range(2)]
    told = [process.communicate(timeout=240) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert told[0][0] == told[1][0]
    page = told[0][0]
    for wanted in (
        "small: she (她), 12 days",
        "day 0    Mon 05 Mar  10:00  ● she scans S001-cashier: 陈静 is her friend",
        "greeting from 陈静: with the QR of 中关村店群",
        "│ 小雨，您好",
        "day 0    Mon 05 Mar  10:20  ● she joins 中关村店群",
        "… waits until day 1, Tue 06 Mar 10:00 at nurture.0",
        "○ 陈静 is asked to confirm a message",
        "✉ message from 陈静",
        "│ 今天有新品",
        "● she pays 18.5 yuan at 中关村店",
        "· order_paid came: then",
        "✉ coupon THANKS is in her account",
        "day 9    Wed 14 Mar  15:00  ● she deletes 陈静",
        "no longer a friend of 陈静",
    ):
        assert wanted in page
    assert left_behind(folder) == []


def test_events_for_programs_and_a_funnel_for_many(folder: Path) -> None:
    code, out, err = run(folder, "./small.yaml", "--days", "9", "--customer", "she.yaml", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["playbook"], told["persona"], told["days"]) == ("small", "she", 9)
    first = told["events"][0]
    assert (first["day"], first["at"], first["kind"]) == (0, "2035-03-05T10:00:00+08:00", "she")
    assert any(event.get("text") == "今天有新品" for event in told["events"])
    (folder / "she.yaml").write_text(SHE % 0.5, encoding="utf-8")
    many = ("--days", "10", "--customer", "she.yaml", "--personas", "6", "--seed", "1")
    code, page, err = run(folder, "./small.yaml", *many)
    assert code == 0, err
    assert "6 copies of she" in page
    for name in ("entered", "greeted", "joined a group"):
        assert f"{name:<34}{6:>8}{'100%':>8}" in page
    assert "nurture.1 (hello)" in page


def _line(process: psutil.Process) -> str:
    """Empty once it has ended: children come and go while they are looked at."""
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def test_a_killed_preview_leaves_nothing_running(folder: Path) -> None:
    process = start(folder, "./small.yaml", "--days", "700", "--customer", "she.yaml", "--personas", "300")
    children: list[psutil.Process] = []

    def is_under_way() -> bool:
        assert process.poll() is None, process.communicate()
        children[:] = psutil.Process(process.pid).children(recursive=True)
        return any("temporal-test-server" in _line(child) for child in children)

    until(is_under_way)
    time.sleep(3)  # the guard has heard of it
    process.send_signal(signal.SIGKILL)
    process.communicate()
    until(lambda: not left_behind(folder))
    until(lambda: not any(child.is_running() for child in children))
    assert run(folder, "./small.yaml", "--days", "1")[0] == 0  # and the next one is not disturbed


def test_what_cannot_be_is_said_in_one_line(folder: Path) -> None:
    (folder / "she.yaml").write_text("persona: she\ntitle: 她\ndoes:\n  - {day: 3}\n", encoding="utf-8")
    for order, problem in (
        (("./small.yaml", "--customer", "she.yaml"), "she.yaml:4: does.0: a deed is exactly one of"),
        (("coffee-welcom",), "did you mean 'coffee-welcome'?"),
    ):
        code, _, err = run(folder, *order)
        assert (code, problem in err) == (1, True), err
