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

# A delivery may be so late that a code whose time begins with it is looked for after this.
KEPT = timedelta(hours=1)


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

    def open(self, code: str, begins: datetime | None = None) -> WelcomeCode:
        """The [SIM] order of §4.1: unknown or late, then beaten, then consent. `begins`: of the 20 s."""
        welcome = self._codes.get(code)
        if welcome is None or self._over(begins or welcome.issued_at):
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

    def _over(self, begins: datetime) -> bool:
        return self._clock() - begins > timedelta(seconds=self._config.welcome_seconds)

    def _forget_old(self) -> None:
        """Codes are kept in the order of issue, so the old ones are in front."""
        while self._codes and self._over((oldest := next(iter(self._codes.values()))).issued_at + KEPT):
            del self._codes[oldest.code]
