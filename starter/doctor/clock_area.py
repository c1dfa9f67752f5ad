"""Whether our clock agrees with the others'. An HTTP Date has whole seconds: half of one is allowed for."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from starter.doctor.database_area import ask
from starter.doctor.findings import Finding, Status, ok, skipped
from starter.doctor.reach import CONNECT_SECONDS, reason
from starter.doctor.setup import Setup

WARN_SECONDS, FAIL_SECONDS = 30, 300
_HALF_A_SECOND = timedelta(seconds=0.5)


async def wecom(setup: Setup) -> list[Finding]:
    address = f"{setup.settings.wecom_base_url.rstrip('/')}/cgi-bin/getcallbackip"
    return await _against(setup, "WeCom", lambda: _date_of(setup.http, address))


async def gateway(setup: Setup) -> list[Finding]:
    """The gateway judges the age of callbacks by its own machine's clock."""
    address = f"{setup.settings.gateway_url.rstrip('/')}/healthz"
    return await _against(setup, "the gateway", lambda: _date_of(setup.http, address))


async def postgres(setup: Setup) -> list[Finding]:
    async def now() -> datetime:
        found: datetime = await ask(setup.db.engine, "SELECT clock_timestamp()")
        return found.astimezone(UTC)

    return await _against(setup, "PostgreSQL", now)


class _NoDate(Exception):
    """The other side has not told its time; the text goes on after "skipped because"."""


async def _against(setup: Setup, whose: str, their_time: Callable[[], Awaitable[datetime]]) -> list[Finding]:
    before = setup.clock()
    try:
        theirs = await their_time()
    except _NoDate as none:
        return [skipped(f"{whose} {none}")]
    ahead = (before + (setup.clock() - before) / 2 - theirs).total_seconds()
    if abs(ahead) <= WARN_SECONDS:
        return [ok(f"within {WARN_SECONDS} s of {whose}'s")]
    max_age = setup.settings.wecom_callback_max_age_seconds
    return [
        Finding(
            Status.WARN if abs(ahead) <= FAIL_SECONDS else Status.FAIL,
            f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} {whose}'s",
            "let NTP set the clocks of all machines (timedatectl set-ntp true): callbacks that look older "
            f"than {max_age} s (WECOM_CALLBACK_MAX_AGE_SECONDS) are refused, and a greeting has 20 s in all",
        )
    ]


async def _date_of(http: httpx.AsyncClient, address: str) -> datetime:
    try:
        answer = await http.get(address, timeout=CONNECT_SECONDS)
        return parsedate_to_datetime(answer.headers["date"]) + _HALF_A_SECOND
    except httpx.RequestError as error:
        raise _NoDate(f"does not answer: {reason(error)}") from None
    except (KeyError, ValueError):
        raise _NoDate("answers without a usable Date") from None
