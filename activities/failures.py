"""How failures of the outside look to Temporal: what is retried when, and what never.

Retry rules match the `type` of an ApplicationError, the name of the class that was raised. Texts carry ids
and errcodes only; secrets and customers' data are kept out by the clients themselves.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from integrations import pos, wecom

_REPEATABLE = (wecom.Unreachable, wecom.Transient, wecom.TooConcurrent, wecom.QuotaExceeded)
LONGEST_DELAY_SECONDS = 300.0
AFTER_A_WINDOW_SECONDS = 30.0  # over so long those come back who waited for the same window of WeCom's
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
    expected = isinstance(error, wecom.TooConcurrent)  # waiting for one's turn is nobody's alarm
    return ApplicationError(
        str(error)[:_TEXT_LIMIT],
        type=type(error).__name__,
        non_retryable=not again,
        next_retry_delay=_delay(error) if again else None,
        category=ApplicationErrorCategory.BENIGN if expected else ApplicationErrorCategory.UNSPECIFIED,
    )


def _delay(error: wecom.WeComError) -> timedelta | None:
    """A window ends when it ends, however often one asks; everything else is asked ever more rarely."""
    if not error.retry_after:
        return None
    if isinstance(error, wecom.QuotaExceeded):
        spread = _spread(min(error.retry_after / 4, AFTER_A_WINDOW_SECONDS))
        return timedelta(seconds=error.retry_after + spread)
    return _growing(error.retry_after)


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
    """What the other side asked for, doubled with every attempt: an outage is not asked every second.

    A part is left to chance, or all who were refused at once would come back at once.
    """
    attempt = activity.info().attempt if activity.in_activity() else 1
    longest = min(seconds * 2 ** min(attempt - 1, 16), LONGEST_DELAY_SECONDS)
    return timedelta(seconds=longest + _spread(longest / 2))


def _spread(seconds: float) -> float:
    return random.uniform(0, seconds)  # noqa: S311 - not a secret
