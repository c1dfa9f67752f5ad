"""The real engines, for the fixtures and for `make histories`."""

import contextlib
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from activities import attributes
from starter.preview import engines
from starter.stack import find_binary, search_attribute, start_postgres
from workflows.plugin import plugin

_numbers = itertools.count()


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL 18 with a migrated template database.

    Not in pytest's own temporary folder: another pytest that starts meanwhile tidies that up.
    """
    folder = Path(tempfile.mkdtemp(prefix="journeys-pg-"))
    server = start_postgres(folder / "data")
    uri: str = server.get_uri()
    engines.make_template(uri)
    try:
        yield uri
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def fresh_database(postgres_uri: str) -> Iterator[str]:
    """The URL of a migrated database of one's own."""
    with engines.fresh_database(postgres_uri, f"test_{next(_numbers)}") as url:
        yield url


@contextlib.asynccontextmanager
async def real_server() -> AsyncIterator[WorkflowEnvironment]:
    """The real Temporal server, in memory. Its time is real."""
    tuning = ("--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000")
    named = [part for k in attributes.ALL for part in ("--search-attribute", search_attribute(k))]
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=find_binary("temporal"),
        dev_server_extra_args=[*tuning, *named],
        dev_server_log_level="error",
        plugins=[plugin()],
        runtime=engines.quiet_runtime(),
    ) as env:
        yield env
