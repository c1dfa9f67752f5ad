"""What to do when WeCom says "later": a command waits a little, a journey would come back."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from integrations import wecom

T = TypeVar("T")
TRIES = 5
LONGEST_WAIT = 90.0  # seconds; a blocked minute (45009) passes, a used-up day does not


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """The answer of a call. Only what WeCom refused for the moment is repeated: it has not happened then."""
    for attempt in range(1, TRIES + 1):
        try:
            return await call()
        except (wecom.Transient, wecom.TooConcurrent, wecom.QuotaExceeded) as refusal:
            wait = refusal.retry_after
            if attempt == TRIES or wait is None or wait > LONGEST_WAIT:
                raise
            await asyncio.sleep(wait * random.uniform(1.0, 1.5))  # noqa: S311 - spreads the repeats
    raise AssertionError("unreachable: the last attempt returns or raises")
