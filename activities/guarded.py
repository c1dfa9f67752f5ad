"""One thing that fails in upkeep stops no other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import activity

log = logging.getLogger(__name__)


@contextmanager
def guarded(subject: str) -> Iterator[list[Exception]]:
    """One that fails waits for the next sweep; yields a list that then holds its error.

    The log names it and the kind of error only: texts of errors may quote what a customer's row holds.
    """
    if activity.in_activity():
        activity.heartbeat()
    trouble: list[Exception] = []
    try:
        yield trouble
    except Exception as error:
        log.warning("%s waits for the next sweep: %s", subject, type(error).__name__)
        trouble.append(error)
