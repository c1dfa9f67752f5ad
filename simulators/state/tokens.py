"""The access tokens, one per app and secret (contract §1.1, §13.4)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault


@dataclass
class Issued:
    agent_id: int
    expires_at: datetime


class Tokens:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._issued: dict[str, Issued] = {}
        self._current: dict[int, str] = {}  # by agent_id
        self._wrong_secrets: defaultdict[str, list[datetime]] = defaultdict(list)
        self._banned_until: dict[str, datetime] = {}

    def issue(self, corp_id: str, secret: str, ip: str) -> tuple[str, int]:
        """The same token while it is valid. The order of checks was seen by probe."""
        self._check_ban(ip)
        if not secret:
            raise WeComFault(41004)
        if corp_id != self._config.corp_id:
            raise WeComFault(40013)
        agent_id = self._app_of(secret)
        if agent_id is None:
            self._count_wrong(ip)
            raise WeComFault(40001)
        now, token = self._clock(), self._current.get(agent_id)
        if token is None or self._issued[token].expires_at <= now:
            token = self._current[agent_id] = ids.access_token()
            self._issued[token] = Issued(agent_id, now + timedelta(seconds=self._config.token_seconds))
        return token, int((self._issued[token].expires_at - now).total_seconds())

    def agent_of(self, token: str | None) -> int:
        """Whose call it is, if the token was ever valid; the main app's otherwise."""
        issued = self._issued.get(token or "")
        return self._config.agent_id if issued is None else issued.agent_id

    def check(self, token: str | None) -> None:
        if not token:
            raise WeComFault(41001)
        if token not in self._issued:
            raise WeComFault(40014)
        if self._issued[token].expires_at <= self._clock():
            raise WeComFault(42001)

    def invalidate(self) -> None:
        """Early, "for operational reasons": those of all apps."""
        for token in self._current.values():
            del self._issued[token]
        self._current.clear()

    def _app_of(self, secret: str) -> int | None:
        if secret == self._config.secret:
            return self._config.agent_id
        return next((app.agent_id for app in self._config.other_apps if app.secret == secret), None)

    def _check_ban(self, ip: str) -> None:
        """[SIM] the errcode: WeCom staff speak of a ban of the IP for an hour without naming one."""
        if ip in self._banned_until and self._clock() < self._banned_until[ip]:
            raise WeComFault(45009, "too many wrong secrets from this IP")

    def _count_wrong(self, ip: str) -> None:
        now = self._clock()
        recent = [at for at in self._wrong_secrets[ip] if now - at < timedelta(hours=1)]
        self._wrong_secrets[ip] = [*recent, now]
        if len(recent) + 1 >= self._config.wrong_secrets_per_hour:
            self._banned_until[ip] = now + timedelta(hours=1)
            self._wrong_secrets[ip] = []
