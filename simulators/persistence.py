"""A world that survives its process: FILE is a snapshot, FILE.blobs/ holds uploaded files, FILE.lock a claim.

The answer to a change leaves only when a snapshot that contains the change is in place, so a SIGKILL loses
nothing that anybody was told. Calls that come together share one snapshot. It is written beside the old one
and then takes its name: there is no moment without a whole file.
"""

import asyncio
import hashlib
import logging
import os
import pickle
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulators import snapshot
from simulators.blobs import Blobs, LostBlob
from simulators.fitting import Misfit
from simulators.population.door import INSIDE
from simulators.world import World

if sys.platform != "win32":
    import fcntl

MAGIC = b"wecom-simulator-state 1"
# Deliveries end after the answer to the call that caused them, and reads change only logs: saved so late.
QUIET_SECONDS = 1

_log = logging.getLogger(__name__)


class StateError(Exception):
    """The file cannot be used; the text says what to do."""


class StateFile:
    def __init__(self, path: Path, world: Callable[[], World]) -> None:
        """Claims the file and reads it, if it exists. Raises StateError."""
        self.path = path
        self._world = world
        self._blobs = Blobs(Path(f"{path}.blobs"))
        self._turn = asyncio.Lock()
        self._wanted = self._saved = 0
        self._touched = False
        self._claim()
        try:
            if path.exists():
                self._load()
        except StateError:
            self.close()
            raise

    async def commit(self) -> None:
        """Returns when everything that is true now is in the file. Raises OSError."""
        self._wanted += 1
        # Whoever stops waiting must not free the turn while the file is being written.
        await asyncio.shield(asyncio.create_task(self._save(self._wanted)))
        self._touched = True

    def touch(self) -> None:
        """Something changed that may be saved a little later."""
        self._touched = True

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """While the simulator runs: goes on with what was under way, and saves what nobody waits for."""
        self._resume()
        keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
            await self.commit()
            self.close()

    def close(self) -> None:
        """Gives the file free."""
        self._lock.close()

    async def _save(self, wanted: int) -> None:
        async with self._turn:
            if self._saved >= wanted:
                return  # a call that came later has saved for this one
            covered = self._wanted
            content = snapshot.dump(self._world(), self._blobs.put)
            await asyncio.to_thread(self._write, content)
            self._saved = covered

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(QUIET_SECONDS)
            if not (self._touched or self._world().busy or self._world().population.task):
                continue
            try:
                await self.commit()
            except OSError:
                _log.exception("the world cannot be saved to %s", self.path)
            self._touched = False

    def _resume(self) -> None:
        """Sends again what was under way when the process ended; receivers know repeated deliveries."""
        world = self._world()
        for delivery in list(world.callbacks.outbox.log):
            if delivery.outcome == "pending":
                agent_id = world.config.agent_id if delivery.agent_id is None else delivery.agent_id
                world.callbacks.door.again(world.org.app(agent_id), delivery)
        for delivery in list(world.till_push.outbox.log):
            if delivery.outcome == "pending":
                world.till_push.again(delivery)

    def _claim(self) -> None:
        """Two simulators on one file would undo each other's changes."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = open(f"{self.path}.lock", "wb")  # noqa: SIM115 - held until close()
            if sys.platform != "win32":
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(
                f"{self.path} is in use by another simulator: end that one, or name another file"
            ) from None
        except OSError as error:
            raise StateError(f"{self.path} cannot be used: {error.strerror}; name another file") from None

    def _load(self) -> None:
        magic, _, rest = self.path.read_bytes().partition(b"\n")
        if not magic.startswith(MAGIC.split()[0]):
            raise StateError(f"{self.path} is not a simulator's state: name another file")
        if magic != MAGIC:
            raise self._other_version(magic.decode(errors="replace"))
        digest, _, content = rest.partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            raise self._damaged("its checksum is wrong")
        try:
            snapshot.restore(self._world(), content, self._blobs.get)
        except Misfit as error:
            raise self._other_version(str(error)) from error
        except LostBlob as error:
            raise self._damaged(f"{error} is missing or changed") from error
        except (
            pickle.UnpicklingError,
            AttributeError,
            EOFError,
            LookupError,
            TypeError,
            ValueError,
        ) as error:
            raise self._other_version(repr(error)) from error

    def _write(self, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest().encode()
        beside = Path(f"{self.path}.new")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(b"\n".join((MAGIC, digest, content)))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        self._blobs.sweep()

    def _damaged(self, how: str) -> StateError:
        return StateError(
            f"{self.path} is damaged: {how}. Put a copy of it (and of {self._blobs.folder.name}/) back, "
            "or remove both to start with an empty world"
        )

    def _other_version(self, what: str) -> StateError:
        return StateError(
            f"{self.path} was saved by another version of the simulators ({what}). "
            "Start the version that saved it, or remove the file to start with an empty world"
        )


class SaveBeforeAnswering:
    """ASGI middleware. What only reads is not waited for; of WeCom's GETs only gettoken changes the world."""

    def __init__(self, app: ASGIApp, file: StateFile) -> None:
        self._app, self._file = app, file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reads = scope["method"] in ("GET", "HEAD", "OPTIONS") and scope["path"] != "/cgi-bin/gettoken"
        changes = not reads and scope["client"] != INSIDE

        async def send_when_saved(message: Message) -> None:
            if changes and message["type"] == "http.response.start":
                await self._file.commit()
            await send(message)

        await self._app(scope, receive, send_when_saved)
        if not scope["path"].startswith("/_control"):
            self._file.touch()  # the log of calls, and faults that a GET used up
