"""`python -m simulators` as a process of its own, as another team runs it."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from settings import ROOT

SECONDS = 60


class Process:
    def __init__(self, *arguments: str, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        words = [sys.executable, "-m", "simulators", *arguments, "--port", str(port)]  # the last --port wins
        self.process = subprocess.Popen(words, cwd=folder, env={"PYTHONPATH": str(ROOT)})
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False)

    def wait(self) -> None:
        patience = time.monotonic() + SECONDS
        while self.process.poll() is None and time.monotonic() < patience:
            try:
                self.http.get("/_control/clock")
                return
            except httpx.ConnectError:
                time.sleep(0.05)
        raise AssertionError("the simulator has not started")

    def control(self, path: str, **body: Any) -> Any:
        return self.http.post(f"/_control/{path}", json=body).raise_for_status().json()

    def token(self) -> str:
        query = {"corpid": "ww0123456789abcdef", "corpsecret": "simulated-app-secret"}
        return str(self.http.get("/cgi-bin/gettoken", params=query).json()["access_token"])


@contextmanager
def process(*arguments: str, folder: Path) -> Iterator[Process]:
    running = Process(*arguments, folder=folder)
    try:
        running.wait()
        yield running
    finally:
        running.process.kill()
        running.process.wait()
        running.http.close()
