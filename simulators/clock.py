"""The simulators' clock: the real one plus an offset that the control API can move forward."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from simulators.state.refused import Refused

Clock = Callable[[], datetime]

# WeCom's natural days and months (caps, daily quotas) are those of China.
CHINA = ZoneInfo("Asia/Shanghai")

# Well before the end of Python's calendar: what is due later must fit as well.
LATEST = datetime(3000, 1, 1, tzinfo=UTC)


def real_clock() -> datetime:
    """The default of an injectable clock, so the one place that asks the operating system."""
    return datetime.now(UTC)  # noqa: TID251


class SimulatorClock:
    def __init__(self, base: Clock = real_clock) -> None:
        self._base = base
        self._offset = timedelta()

    def __call__(self) -> datetime:
        return self._base() + self._offset

    def unix(self) -> int:
        return int(self().timestamp())

    def advance(self, seconds: float) -> None:
        try:
            offset = self._offset + timedelta(seconds=seconds)
            beyond = self._base() + offset > LATEST
        except OverflowError:
            beyond = True
        if beyond:
            raise Refused(f"the clock ends in {LATEST.year}")
        self._offset = offset

    def reset(self) -> None:
        self._offset = timedelta()
