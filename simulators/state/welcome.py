"""Welcome codes: valid for 20 s, for one call of whichever app is first (contract §4.1)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.state.people import Relation


@dataclass
class WelcomeCode:
    code: str
    relation: Relation
    issued_at: datetime
    awaits_consent: bool  # for good: only the code of the consent event will do


class WelcomeDesk:
    TRANSIENT = frozenset({"_sending"})  # calls under way end with the process

    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._codes: dict[str, WelcomeCode] = {}
        self._sending: set[tuple[str, str]] = set()

    def issue(self, relation: Relation) -> str:
        self._forget_old()
        welcome = WelcomeCode(ids.welcome_code(), relation, self._clock(), relation.awaits_consent)
        self._codes[welcome.code] = welcome
        return welcome.code

    def open(self, code: str) -> WelcomeCode:
        """The [SIM] order of §4.1: unknown or late, then beaten, then consent."""
        welcome = self._codes.get(code)
        if welcome is None or self._expired(welcome):
            raise WeComFault(41050)
        if welcome.relation.greeting.used:
            raise WeComFault(41051)
        if welcome.awaits_consent:
            raise WeComFault(41053)
        return welcome

    @contextmanager
    def sending(self, relation: Relation) -> Iterator[None]:
        """Two apps at once: the second is told that the first is busy, and may try again."""
        pair = (relation.userid, relation.external_userid)
        if pair in self._sending:
            raise WeComFault(41096)
        self._sending.add(pair)
        try:
            yield
        finally:
            self._sending.discard(pair)

    def _expired(self, welcome: WelcomeCode) -> bool:
        return self._clock() - welcome.issued_at > timedelta(seconds=self._config.welcome_seconds)

    def _forget_old(self) -> None:
        """Codes are kept in the order of issue, so the expired ones are in front."""
        while self._codes and self._expired(oldest := next(iter(self._codes.values()))):
            del self._codes[oldest.code]
