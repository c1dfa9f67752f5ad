"""Application messages to employees; the excess is dropped without a word (contract §10.1, §13.15)."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulators import ids
from simulators.clock import CHINA, Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.state.card_shapes import Card

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass
class StaffMessage:
    """One message in one employee's client."""

    at: datetime
    msgid: str
    userid: str
    msgtype: str
    content: dict[str, Any]
    dropped: bool
    agent_id: int
    recalled: bool = False
    updated: dict[str, Any] | None = None  # what update_template_card has made of it
    pressed: list[str] = field(default_factory=list)


@dataclass
class Sent:
    """One accepted call of message/send, to however many."""

    msgid: str
    agent_id: int
    at: datetime
    card: Card | None
    messages: list[StaffMessage] = field(default_factory=list)


@dataclass
class ResponseCode:
    """Allows one update of a card: 72 h from the send, 24 h from a press [U]."""

    sent: Sent
    expires_at: datetime


class StaffMessages:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.all: list[StaffMessage] = []
        self.sent: dict[str, Sent] = {}
        self._recent: defaultdict[tuple[int, str], list[datetime]] = defaultdict(list)
        self._per_day: Counter[tuple[int, str]] = Counter()
        self._seen: dict[str, datetime] = {}
        self._task_ids: set[tuple[int, str]] = set()
        self._codes: dict[str, ResponseCode] = {}

    def begin(self, agent_id: int, card: Card | None) -> Sent:
        """A task_id must be new for the app (§10.1)."""
        if card is not None and card.task_id:
            if (agent_id, card.task_id) in self._task_ids:
                raise WeComFault(42014, "used before")
            self._task_ids.add((agent_id, card.task_id))
        sent = Sent(ids.msgid(), agent_id, self._clock(), card)
        self.sent[sent.msgid] = sent
        return sent

    def deliver(
        self, sent: Sent, userid: str, msgtype: str, content: dict[str, Any], *, quota: int
    ) -> StaffMessage:
        """`quota`: person-times that the app has in a day."""
        dropped = self._is_too_much(sent.agent_id, userid, quota)
        message = StaffMessage(sent.at, sent.msgid, userid, msgtype, content, dropped, sent.agent_id)
        sent.messages.append(message)
        self.all.append(message)
        return message

    def is_duplicate(self, request: dict[str, Any], interval_seconds: int) -> bool:
        """Only asked when the request has enable_duplicate_check."""
        now, key = self._clock(), json.dumps(request, sort_keys=True)
        seen = self._seen.get(key)
        if seen is not None and now - seen < timedelta(seconds=interval_seconds):
            return True
        self._seen[key] = now
        return False

    def require(self, msgid: str, agent_id: int) -> Sent:
        """For a recall: of the same app (40058 in the official table), and not older than a day."""
        sent = self.sent.get(msgid)
        if sent is None or sent.agent_id != agent_id:
            raise WeComFault(40058, "msgid")
        if self._clock() - sent.at > timedelta(hours=self._config.recall_hours):
            raise WeComFault(42052)
        return sent

    def response_code(self, sent: Sent, hours: float) -> str:
        code = ids.response_code()
        self._codes[code] = ResponseCode(sent, self._clock() + timedelta(hours=hours))
        return code

    def known(self, code: str, agent_id: int) -> Sent:
        """What this code may update. It is still unused afterwards: call `use` when all is well."""
        found = self._codes.get(code)
        if found is None or found.expires_at <= self._clock():
            raise WeComFault(60140)
        if found.sent.agent_id != agent_id:
            raise WeComFault(42015)
        return found.sent

    def use(self, code: str) -> None:
        del self._codes[code]

    def _is_too_much(self, agent_id: int, userid: str, quota: int) -> bool:
        """And counts it, if not: what is dropped uses nothing up."""
        now, config = self._clock(), self._config
        today = (agent_id, now.astimezone(CHINA).date().isoformat())
        recent = [at for at in self._recent[agent_id, userid] if now - at < HOUR]
        last_minute = sum(now - at < MINUTE for at in recent)
        if (
            last_minute >= config.staff_messages_per_minute
            or len(recent) >= config.staff_messages_per_hour
            or self._per_day[today] >= quota
        ):
            return True
        self._recent[agent_id, userid] = [*recent, now]
        self._per_day[today] += 1
        return False
