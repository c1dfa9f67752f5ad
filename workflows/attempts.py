"""Trying something outside without ever holding the loop: what fails is put off to an absolute time."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain.customer import CustomerState
from workflows import options

Answer = TypeVar("Answer")
REASON_CHARS = 200


class Attempts:
    """One per life. Keys name the thing that is tried; the times are in the state and survive every run."""

    def __init__(self, state: CustomerState) -> None:
        self.state = state

    def put_off(self, key: str) -> bool:
        """Whether a thing failed lately and is not due again."""
        return key in self.state.retry_at

    def forget_the_past(self) -> None:
        """What is due again is no longer put off."""
        now = workflow.now()
        self.state.retry_at = {key: at for key, at in self.state.retry_at.items() if at > now}

    async def attempt(
        self, key: str, activity: Awaitable[Answer], *, refused: Callable[[str], Answer] | None = None
    ) -> Answer | None:
        """The activity's answer, or None when it failed in spite of its retries and is put off.

        What can never succeed is not tried again: `refused` makes the answer of it, from the reason.
        """
        try:
            return await activity
        except ActivityError as error:
            cause = error.cause
            if refused and isinstance(cause, ApplicationError) and cause.non_retryable:
                workflow.logger.warning("%s is refused: %s", key, cause.message)
                return refused(cause.message[:REASON_CHARS])
            self.state.retry_at[key] = workflow.now() + options.RETRY_LATER
            workflow.logger.warning("%s is put off: %s", key, error.cause)
            return None
