"""Rate and concurrency of the API, per API of the one corp (contract §12), and the log of calls."""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.clock import CHINA, Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault

LOG_LENGTH = 20_000
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Its own limits are per member and per day, and it drops the excess in silence (§10.1).
UNCOUNTED = {"message/send"}


@dataclass
class Call:
    at: datetime
    method: str
    api: str
    status: int  # HTTP status
    errcode: int | None  # only WeCom has one


@dataclass
class _Window:
    ends: datetime
    calls: int = 0


class Traffic:
    TRANSIENT = frozenset({"_in_flight", "_pairs"})  # calls under way end with the process

    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._windows: dict[tuple[str, str, timedelta], _Window] = {}
        self._in_flight: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()
        self.counts: Counter[str] = Counter()
        self.log: deque[Call] = deque(maxlen=LOG_LENGTH)

    def record(self, method: str, api: str, status: int, errcode: int | None = None) -> None:
        self.log.append(Call(self._clock(), method, api, status, errcode))

    @contextmanager
    def admit(self, api: str, ip: str = "") -> Iterator[None]:
        if api not in UNCOUNTED:
            self._count_call(api, ip)
        limit = self._config.concurrent_calls.get(api)
        if limit is not None and self._in_flight[api] >= limit:
            raise WeComFault(45033)
        self._in_flight[api] += 1
        try:
            yield
        finally:
            self._in_flight[api] -= 1

    @contextmanager
    def alone(self, userid: str, external_userid: str) -> Iterator[None]:
        """Two writes in flight for one pair conflict (§13.17)."""
        pair = (userid.lower(), external_userid)
        if self._pairs[pair] >= self._config.calls_per_pair:
            raise WeComFault(45035)
        self._pairs[pair] += 1
        try:
            yield
        finally:
            self._pairs[pair] -= 1
            self._pairs += Counter()  # drops the zeros

    def debugging(self) -> None:
        """A call with debug=1: any API, few a minute."""
        self._count("debug=1", "", self._config.debug_per_minute, MINUTE)

    def _count_call(self, api: str, ip: str) -> None:
        config = self._config
        self._count(api, "", config.calls_per_minute, MINUTE)
        self._count(api, "", config.calls_per_hour, HOUR)
        self._count(api, ip, config.ip_calls_per_minute, MINUTE)
        self._count(api, ip, config.ip_calls_per_hour, HOUR)
        if api in config.calls_per_day:
            self._count(api, "", config.calls_per_day[api], DAY)

    def _count(self, api: str, ip: str, limit: int, span: timedelta) -> None:
        """`ip` is empty for the whole corp. Over the limit the block is as long as the window (§12)."""
        now = self._clock()
        window = self._windows.get((api, ip, span))
        if window is None or now >= window.ends:
            window = self._windows[api, ip, span] = _Window(_end(now, span))
        window.calls += 1
        if window.calls == limit + 1:
            window.ends = _end(now, span)
        if window.calls > limit:
            raise WeComFault(45009)


def _end(now: datetime, span: timedelta) -> datetime:
    """A day is a natural one, in China."""
    if span != DAY:
        return now + span
    return now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
