"""Rate and concurrency of the API, per API of the one corp (contract §12), and the log of calls."""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault

LOG_LENGTH = 20_000
_MINUTE = timedelta(minutes=1)


@dataclass
class Call:
    at: datetime
    method: str
    api: str
    status: int  # HTTP status
    errcode: int | None  # only WeCom has one


@dataclass
class _Minute:
    ends: datetime
    calls: int = 0


class Traffic:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._minutes: dict[str, _Minute] = {}
        self._in_flight: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.log: deque[Call] = deque(maxlen=LOG_LENGTH)

    def record(self, method: str, api: str, status: int, errcode: int | None = None) -> None:
        self.log.append(Call(self._clock(), method, api, status, errcode))

    @contextmanager
    def admit(self, api: str) -> Iterator[None]:
        self._count_minute(api)
        limit = self._config.concurrent_calls.get(api)
        if limit is not None and self._in_flight[api] >= limit:
            raise WeComFault(45033)
        self._in_flight[api] += 1
        try:
            yield
        finally:
            self._in_flight[api] -= 1

    def _count_minute(self, api: str) -> None:
        now, limit = self._clock(), self._config.calls_per_minute
        minute = self._minutes.get(api)
        if minute is None or now >= minute.ends:
            minute = self._minutes[api] = _Minute(now + _MINUTE)
        minute.calls += 1
        if minute.calls == limit + 1:
            minute.ends = now + _MINUTE  # over the limit the block is as long as the window (§12)
        if minute.calls > limit:
            raise WeComFault(45009)
