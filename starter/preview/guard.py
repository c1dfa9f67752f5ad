"""Ends what a killed preview would leave behind. Run as a program of its own, with one pipe as its input.

It reads lines `pid created` until the pipe ends, which is when the preview has ended, whatever ended it. Then
it kills those processes if they still run, and stops the previews' PostgreSQL if nobody else uses it.
"""

import contextlib
import fcntl
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

USERS, TURN = "users.lock", "turn.lock"
STOP_SECONDS = 10.0
LET_GO_SECONDS = 5.0  # a killed process gives its files back one by one, the pipe perhaps first


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """One at a time starts or stops the server."""
    with (folder / TURN).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stop_if_unused(folder: Path) -> bool:
    """Stop the server of a folder unless a preview uses it. Give back your own use of it first."""
    with turn(folder), (folder / USERS).open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        _stop_postgres(folder)
        return True


def _stop_postgres(folder: Path) -> None:
    """The postmaster's fast shutdown."""
    try:
        pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        if process.name().startswith("postgres"):
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return  # it does not run
    except psutil.TimeoutExpired:
        process.kill()


def _kill(line: str) -> None:
    pid, created = line.split()
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(int(pid))
        if abs(process.create_time() - float(created)) < 1:  # the same process, not a reused number
            process.kill()


def main() -> None:
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)  # it is the last to leave
    for line in sys.stdin.readlines():
        _kill(line)
    until = time.monotonic() + LET_GO_SECONDS
    while not stop_if_unused(Path(sys.argv[1])) and time.monotonic() < until:
        time.sleep(0.1)


if __name__ == "__main__":
    main()
