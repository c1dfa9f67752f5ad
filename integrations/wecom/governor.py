"""Asked before every call: is there a place for it, and is this API open at all? (contract §12)

The limits are the corp's, so whoever keeps them, a Governor, is shared by all processes, as the token is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from integrations.wecom.errcodes import Kind, Rule, rule_for
from integrations.wecom.errors import QuotaExceeded, TooConcurrent
from integrations.wecom.limits import CHINA
from integrations.wecom.wire import Call

FREQUENCY, CONCURRENCY = 45009, 45033
# Two writes for one employee and customer conflict (45035); remark has shown the same (contract §1.2).
_ONE_AT_A_TIME = {"externalcontact/mark_tag", "externalcontact/remark"}
_TWENTY_SECONDS = {"externalcontact/send_welcome_msg"}
_READING = ("get", "list", "simplelist", "statistic")


@dataclass(frozen=True, slots=True)
class Admission:
    """What a call wants to be let in for. `deadline` is in the time of the event loop."""

    api: str
    deadline: float
    reads: bool = False
    pair: str | None = None  # employee/customer: one call of a pair at a time
    urgent: bool = False  # rather without a place than late


class Governor(Protocol):
    def admit(self, what: Admission) -> AbstractAsyncContextManager[None]:
        """Held during one call; it sees the error that ends it.

        Raises before anything is sent: TooConcurrent (no place in time), QuotaExceeded (the API is closed),
        Unreachable with maybe_done=False (it cannot be told).
        """


class NoGovernor:
    """For small tools that make one call at a time."""

    @asynccontextmanager
    async def admit(self, what: Admission) -> AsyncIterator[None]:
        yield


def admission(call: Call, deadline: float) -> Admission:
    """What its name and its body say of a call. A name that we cannot place counts as a write."""
    last = call.api.rsplit("/", 1)[-1]
    return Admission(
        call.api,
        deadline,
        reads=last.startswith(_READING) or last.endswith("_result"),
        pair=_pair(call.body or {}) if call.api in _ONE_AT_A_TIME else None,
        urgent=call.api in _TWENTY_SECONDS,
    )


def _pair(body: Mapping[str, object]) -> str:
    return f"{str(body.get('userid', '')).lower()}/{body.get('external_userid', '')}"


class Span(StrEnum):
    """The windows of contract §12: a block lasts as long as its window."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Closing:
    """An API is left alone until then."""

    until: datetime
    span: Span


def closing(now: datetime, before: Closing | None) -> Closing:
    """How long a 45009 closes an API. WeCom does not say which of its limits was reached.

    `before` is the last closing that no successful call has followed: the next longer window, then. What was
    in flight when the API was closed makes it no longer.
    """
    if before is None:
        return Closing(now + timedelta(minutes=1), Span.MINUTE)
    if before.until > now:
        return before
    if before.span is Span.MINUTE:
        return Closing(now + timedelta(hours=1), Span.HOUR)
    tomorrow = (now.astimezone(CHINA) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return Closing(tomorrow.astimezone(now.tzinfo), Span.DAY)


def closed(api: str, seconds: float) -> QuotaExceeded:
    """The error of a call that is not made; `seconds` are left of the window."""
    rule = Rule(Kind.QUOTA, "not called: WeCom closed this API to the corp", retry_after=max(seconds, 1.0))
    return QuotaExceeded(api, FREQUENCY, rule=rule)


def crowded(api: str) -> TooConcurrent:
    """The error of a call that found no place in time. Without an errcode: WeCom was not asked."""
    return TooConcurrent(api, None, "not called: no place in time", rule=rule_for(CONCURRENCY, api))
