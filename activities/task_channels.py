"""What a task that an employee confirms needs of WeCom, by whichever channel it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from storage.tables import Batch
from storage.task_results import Result


@dataclass(frozen=True)
class Made:
    """What WeCom answered: the task, or of Moments the job that makes it, and whom it leaves out."""

    msgid: str | None = None
    unreachable: Sequence[str] = ()
    job: str | None = None


class TaskChannel(Protocol):
    """Recipients are customers, or groups. Errors of WeCom pass; what may come right is NotYet."""

    async def adopt(self, batch: Batch, recipients: Sequence[str]) -> bool:
        """An earlier create got no answer: True if WeCom holds the task after all."""

    async def create(self, batch: Batch, recipients: Sequence[str]) -> Made:
        """Not idempotent."""

    async def results(
        self, batch: Batch, recipients: Sequence[str], *, holders_known: bool
    ) -> Sequence[Result]:
        """What WeCom knows of them, and until that is known also who is to send it. Nothing for a task that
        was cancelled."""

    async def remind(self, batch: Batch) -> str:
        """Why nobody was reminded; empty when the employee was."""

    async def cancel(self, batch: Batch) -> None:
        """Stop what is not sent. Doing it twice is harmless."""
