"""Application messages to employees; the excess is dropped without a word (contract §10.1, §13.15)."""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulators.clock import Clock
from simulators.config import SimulatorConfig


@dataclass
class StaffMessage:
    at: datetime
    msgid: str
    userid: str
    msgtype: str
    content: dict[str, Any]
    dropped: bool


class StaffMessages:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.all: list[StaffMessage] = []
        self._sent: defaultdict[str, list[datetime]] = defaultdict(list)
        self._seen: dict[str, datetime] = {}

    def deliver(self, msgid: str, userid: str, msgtype: str, content: dict[str, Any]) -> None:
        now = self._clock()
        recent = [at for at in self._sent[userid] if now - at < timedelta(hours=1)]
        last_minute = sum(now - at < timedelta(minutes=1) for at in recent)
        config = self._config
        dropped = (
            last_minute >= config.staff_messages_per_minute or len(recent) >= config.staff_messages_per_hour
        )
        self._sent[userid] = recent if dropped else [*recent, now]
        self.all.append(StaffMessage(now, msgid, userid, msgtype, content, dropped))

    def is_duplicate(self, request: dict[str, Any], interval_seconds: int) -> bool:
        """Only asked when the request has enable_duplicate_check."""
        now, key = self._clock(), json.dumps(request, sort_keys=True)
        seen = self._seen.get(key)
        if seen is not None and now - seen < timedelta(seconds=interval_seconds):
            return True
        self._seen[key] = now
        return False
