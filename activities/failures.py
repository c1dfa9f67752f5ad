"""How failures of the outside look to Temporal: what is retried when, and what never.

Retry rules match the `type` of an ApplicationError, the name of the class that was raised. Texts carry ids
and errcodes only; secrets and customers' data are kept out by the clients themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from integrations import pos, wecom

_REPEATABLE = (wecom.Unreachable, wecom.Transient, wecom.TooConcurrent, wecom.QuotaExceeded)
LONGEST_DELAY_SECONDS = 300.0
_TEXT_LIMIT = 500  # a traceback of an outside system must not fill the history


@contextmanager
def translated() -> Iterator[None]:
    """Turn the clients' errors into ApplicationErrors. Everything else passes and is retried as it is."""
    try:
        yield
    except wecom.WeComError as error:
        raise _wecom(error) from None
    except wecom.InvalidMessage as error:
        raise ApplicationError(str(error)[:_TEXT_LIMIT], type="InvalidMessage", non_retryable=True) from None
    except pos.PosError as error:
        raise _pos(error) from None


def not_yet(what: str, *, again_in: timedelta | None = None) -> ApplicationError:
    """An expected "ask again": retried, and nobody's alarm."""
    return ApplicationError(
        what, type="NotYet", next_retry_delay=again_in, category=ApplicationErrorCategory.BENIGN
    )


def _wecom(error: wecom.WeComError) -> ApplicationError:
    hard_limit = isinstance(error, wecom.QuotaExceeded) and error.retry_after is None
    again = isinstance(error, _REPEATABLE) and not hard_limit
    return ApplicationError(
        str(error)[:_TEXT_LIMIT],
        type=type(error).__name__,
        non_retryable=not again,
        next_retry_delay=_growing(error.retry_after) if again and error.retry_after else None,
    )


def _pos(error: pos.PosError) -> ApplicationError:
    delay = getattr(error, "retry_after_s", None)
    again = error.retryable or isinstance(error, pos.PosOutcomeUnknown)
    return ApplicationError(
        str(error)[:_TEXT_LIMIT],
        type=type(error).__name__,
        non_retryable=not again,
        next_retry_delay=_growing(delay) if again and delay else None,
    )


def _growing(seconds: float) -> timedelta:
    """What the other side asked for, doubled with every attempt: an outage is not asked every second."""
    attempt = activity.info().attempt if activity.in_activity() else 1
    return timedelta(seconds=min(seconds * 2 ** min(attempt - 1, 16), LONGEST_DELAY_SECONDS))
