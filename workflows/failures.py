"""How failures are written into histories: short. A history is paid for by the byte and read for years."""

from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

STACK_CHARS = 1_000  # the last lines say where it was; the whole is in the worker's log


class ShortFailures(DefaultFailureConverter):
    """No stack for an expected "ask again", which stands in the history of every join; else its end."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        super().to_failure(exception, payload_converter, failure)
        benign = (
            isinstance(exception, ApplicationError) and exception.category is ApplicationErrorCategory.BENIGN
        )
        failure.stack_trace = "" if benign else failure.stack_trace[-STACK_CHARS:]
