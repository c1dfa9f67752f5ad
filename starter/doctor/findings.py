"""What a check has found, in one line, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SHOWN = 5  # of a list of names: enough to start with, few enough for one line


class Status(StrEnum):
    OK = "ok"
    WARN = "warn"  # it works, or nobody can tell: worth a look
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """`found` is one line; `fix` says what to do and is empty only where nothing has to be done.

    A check leaves `area` and its own `name` to the runner; one that finds several things names them.
    """

    status: Status
    found: str
    fix: str = ""
    name: str = ""
    area: str = ""


def ok(found: str, *, name: str = "") -> Finding:
    return Finding(Status.OK, found, name=name)


def warn(found: str, fix: str, *, name: str = "") -> Finding:
    return Finding(Status.WARN, found, fix, name)


def fail(found: str, fix: str, *, name: str = "") -> Finding:
    return Finding(Status.FAIL, found, fix, name)


def skipped(reason: str, *, name: str = "") -> Finding:
    """`reason` goes on after "skipped because"."""
    return Finding(Status.SKIPPED, f"skipped because {reason}", name=name)


def some(names: Sequence[str]) -> str:
    """The first few of many, and how many more there are."""
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def count(number: int, one: str, many: str = "") -> str:
    """1 store, 2 stores."""
    return f"{number} {one if number == 1 else many or one + 's'}"
