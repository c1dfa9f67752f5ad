"""The previews' own PostgreSQL in DATA_DIR/preview: never the operator's. Its data are kept between runs.

Several previews share one server and have a database each; who leaves last stops it.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg

from settings import ROOT
from starter.preview import guard
from starter.preview.engines import fresh_database, make_template
from starter.stack import start_postgres

PREFIX = "preview_"


@contextlib.contextmanager
def own_postgres(data_dir: Path) -> Iterator[str]:
    """The address of the server, with a template of the newest schema."""
    folder = data_dir.resolve() / "preview"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / guard.USERS).open("a") as users, _guarded(folder):
        with guard.turn(folder):
            fcntl.flock(users, fcntl.LOCK_SH)
            server = start_postgres(folder / "postgres")
            server.cleanup_mode = None  # its own way would wait for the handle of a killed preview
            make_template(server.get_uri())
            _drop_leftovers(server.get_uri())
        try:
            yield server.get_uri()
        finally:
            fcntl.flock(users, fcntl.LOCK_UN)
            guard.stop_if_unused(folder)


@contextlib.contextmanager
def own_database(postgres_uri: str, number: int = 0) -> Iterator[str]:
    """A database for one preview of this process."""
    with fresh_database(postgres_uri, f"{PREFIX}{os.getpid()}_{number}") as url:
        yield url


def _drop_leftovers(uri: str) -> None:
    """Databases of previews that were killed; their names say whose they were."""
    with psycopg.connect(uri, autocommit=True) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        for (name,) in rows.fetchall():
            pid = int(name.removeprefix(PREFIX).split("_")[0])
            if not psutil.pid_exists(pid):
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def _guarded(folder: Path) -> Iterator[None]:
    """A small process that outlives us by a moment; see `guard`."""
    command = [sys.executable, "-m", guard.__name__, str(folder)]
    watcher = subprocess.Popen(  # noqa: S603 - fixed arguments
        command, stdin=subprocess.PIPE, cwd=ROOT, start_new_session=True, text=True
    )
    _WATCHERS.append(watcher)
    try:
        yield
    finally:
        _WATCHERS.remove(watcher)
        assert watcher.stdin is not None
        watcher.stdin.close()
        watcher.wait()


def guard_children() -> None:
    """Tell the guard of the processes that we have started: it ends them if we cannot."""
    for watcher in _WATCHERS:
        assert watcher.stdin is not None
        for child in psutil.Process().children():
            if child.pid != watcher.pid:
                watcher.stdin.write(f"{child.pid} {child.create_time()}\n")
        watcher.stdin.flush()


_WATCHERS: list["subprocess.Popen[str]"] = []
