"""Child processes of the embedded stack: started with a log, ended in order, never left behind."""

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from domain.errors import Explained

STOP_SECONDS = 15.0  # the worker drains for 10
LOG_LINES_SHOWN = 12


class StackError(Explained):
    """The stack cannot start or has fallen over; the text says why and what to do."""


@dataclass
class Child:
    """One running part of the stack."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    def check(self) -> None:
        """Raises StackError with the end of its log if it has died."""
        if self.process.returncode is not None:
            lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
            raise StackError(
                f"{self.name} ended with code {self.process.returncode}. The end of {self.log}:\n  "
                + "\n  ".join(lines)
            )


class Children:
    """Starts and ends processes, and remembers them in a file, so that a killed stack can be cleaned up."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._file = folder, folder / "stack.pids"
        self.running: list[Child] = []

    async def start(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> Child:
        logs = self._folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / f"{name}.log"
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=dict(env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C reaches us alone; we end the children in order
            )
        child = Child(name, process, log)
        self.running.append(child)
        self._remember()
        return child

    async def stop(self) -> None:
        """End all, the last started first. Ends also what does not want to."""
        for child in reversed(self.running):
            await _stop(child.process)
        self.running.clear()
        self._file.unlink(missing_ok=True)

    async def stop_one(self, name: str, signum: int = signal.SIGTERM) -> None:
        """End one child by a signal; tests kill the worker so."""
        child = next(c for c in self.running if c.name == name)
        child.process.send_signal(signum)
        await child.process.wait()
        self.running.remove(child)
        self._remember()

    def clean_up_after_a_killed_stack(self) -> list[str]:
        """End processes that an earlier, killed stack of this folder left; returns their names."""
        if not self._file.exists():
            return []
        ended = []
        for name, pid, created in json.loads(self._file.read_text()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                if abs(process.create_time() - created) < 1:  # the same process, not a reused number
                    process.kill()
                    process.wait(STOP_SECONDS)
                    ended.append(name)
        self._file.unlink()
        return ended

    def _remember(self) -> None:
        entries = []
        for child in self.running:
            with contextlib.suppress(psutil.NoSuchProcess):
                created = psutil.Process(child.process.pid).create_time()
                entries.append((child.name, child.process.pid, created))
        self._file.write_text(json.dumps(entries))


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def require_free(port: int, setting: str) -> None:
    """Raises StackError that names the setting if a port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise StackError(
                f"port {port} is taken. Stop what uses it, or choose another: {setting}=… (see .env.example)"
            ) from None
