"""What every command shares: one way to run, to fail and to leave."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Any

from psycopg.errors import UndefinedColumn, UndefinedTable
from rich.console import Console
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as DatabaseTimeout

from domain.errors import Explained

EXIT_FAILED, EXIT_USAGE = 1, 2
GUESSED_COLUMNS, WIDE_COLUMNS = 80, 200  # what rich takes where there is no terminal; what we take

console = Console(highlight=False, emoji=False)  # `file:100:` is a line, not a picture
if not console.is_terminal and console.width == GUESSED_COLUMNS:
    console.width = WIDE_COLUMNS  # a file or a pipe has no edge to wrap at


class CommandFailed(Explained):
    """A command cannot do what was asked; the text says why and what to do."""


def run(work: Coroutine[Any, Any, int | None]) -> None:
    """Run a command and leave with its exit code: 0 done, 1 failed, 130 interrupted."""
    try:
        code = asyncio.run(work) or 0
    except Explained as error:
        code = _failed(str(error))
    except (OperationalError, DatabaseTimeout):
        code = _failed("PostgreSQL does not answer: check DATABASE_URL, or start the embedded stack: make up")
    except ProgrammingError as error:
        if not isinstance(error.orig, UndefinedTable | UndefinedColumn):
            raise
        code = _failed(
            "the database has not this version's tables: `journeys migrate` brings them up to date"
        )
    except KeyboardInterrupt:
        code = 130
    sys.stdout.flush()
    sys.stderr.flush()
    # Temporal's client can abort the interpreter's own exit (sdk-python issue 300): leave without it.
    if code or "temporalio" in sys.modules:
        _leave(code)


def _failed(text: str) -> int:
    Console(stderr=True, highlight=False, emoji=False).print(text, style="red", markup=False, soft_wrap=True)
    return EXIT_FAILED


def _leave(code: int) -> None:
    import atexit

    atexit._run_exitfuncs()
    os._exit(code)
