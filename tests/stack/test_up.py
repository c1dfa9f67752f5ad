"""The embedded stack's life: ports that are taken, a second stack, Ctrl-C, a stack that was killed."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from settings import ROOT, environment
from tests.stack.ports import free_ports

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


class Up:
    """`journeys up` as a process of its own."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.env = environment() | free_ports() | {"DATA_DIR": str(folder), "COLUMNS": "200"} | env
        self.said = ""

    async def __aenter__(self) -> "Up":
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "starter", "up"),
            cwd=ROOT,
            env=self.env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
            await self.process.wait()

    async def until_said(self, part: str) -> None:
        assert self.process.stdout is not None
        while part not in self.said:
            line = await self.process.stdout.readline()
            assert line, f"it ended before it said {part!r}:\n{self.said}"
            self.said += line.decode()

    async def ended(self) -> int:
        assert self.process.stdout is not None
        self.said += (await self.process.stdout.read()).decode()
        return await self.process.wait()


def _left_over(folder: Path) -> list[str]:
    """Processes of a stack that still run: each names its folder, or has it in its environment."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(folder) in command:
            found.append(command)
    return found


async def test_a_taken_port_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        async with Up(tmp_path, GATEWAY_PORT=port) as up:
            assert await up.ended() == 1
    assert f"port {port} is taken" in up.said
    assert "GATEWAY_PORT" in up.said


async def test_a_killed_stack_is_cleaned_up_by_the_next_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    async with Up(tmp_path) as first:
        await first.until_said("Ctrl-C ends it")
        async with Up(tmp_path) as rival:
            assert await rival.ended() == 1
        assert "already running" in rival.said
        first.process.kill()
        await first.process.wait()
    async with Up(tmp_path, **{k: first.env[k] for k in first.env if k.endswith("_PORT")}) as second:
        await second.until_said("Ctrl-C ends it")
        assert "ended a leftover temporal" in second.said
        second.process.send_signal(signal.SIGINT)
        assert await second.ended() == 0
    assert _left_over(tmp_path) == []
    assert not (tmp_path / "stack.env").exists()


async def test_an_interrupt_during_the_start_leaves_nothing(tmp_path: Path) -> None:
    async with Up(tmp_path) as up:
        await up.until_said("PostgreSQL is up")
        up.process.send_signal(signal.SIGINT)
        await up.ended()
    assert _left_over(tmp_path) == []
