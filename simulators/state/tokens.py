"""The access token of the one app (contract §1.1, §13.4)."""

from collections import defaultdict
from datetime import datetime, timedelta

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault


class Tokens:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._expires: dict[str, datetime] = {}
        self._current: str | None = None
        self._wrong_secrets: defaultdict[str, list[datetime]] = defaultdict(list)

    def issue(self, corp_id: str, secret: str, ip: str) -> tuple[str, int]:
        """The same token while it is valid. The order of checks was seen by probe."""
        self._check_ban(ip)
        if not secret:
            raise WeComFault(41004)
        if corp_id != self._config.corp_id:
            raise WeComFault(40013)
        if secret != self._config.secret:
            self._wrong_secrets[ip].append(self._clock())
            raise WeComFault(40001)
        now = self._clock()
        if self._current is None or self._expires[self._current] <= now:
            self._current = ids.access_token()
            self._expires[self._current] = now + timedelta(seconds=self._config.token_seconds)
        left = self._expires[self._current] - now
        return self._current, int(left.total_seconds())

    def check(self, token: str | None) -> None:
        if not token:
            raise WeComFault(41001)
        if token not in self._expires:
            raise WeComFault(40014)
        if self._expires[token] <= self._clock():
            raise WeComFault(42001)

    def invalidate(self) -> None:
        """Early, "for operational reasons"."""
        if self._current is not None:
            del self._expires[self._current]
            self._current = None

    def _check_ban(self, ip: str) -> None:
        """[SIM] the errcode: WeCom staff speak of a ban of the IP for an hour without naming one."""
        hour_ago = self._clock() - timedelta(hours=1)
        recent = [at for at in self._wrong_secrets[ip] if at > hour_ago]
        self._wrong_secrets[ip] = recent
        if len(recent) >= self._config.wrong_secrets_per_hour:
            raise WeComFault(45009, "too many wrong secrets from this IP")
