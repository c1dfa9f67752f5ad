"""Rules that stop or flag what employees write to customers (敏感词, contract §10.2)."""

import re
from dataclasses import dataclass
from datetime import datetime

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault

BLOCK, WARN = 1, 2  # intercept_type
MOBILE, EMAIL, RED_PACKET = 1, 2, 3  # semantics

_PATTERNS = {
    MOBILE: re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    EMAIL: re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"),
    RED_PACKET: re.compile("红包"),
}


@dataclass
class InterceptRule:
    rule_id: str
    name: str
    words: list[str]
    semantics: list[int]
    type: int
    users: list[str]
    departments: list[int]
    app: int
    created_at: datetime

    def hit(self, text: str) -> str | None:
        """The first word or kind of content that the rule is against."""
        word = next((word for word in self.words if word in text), None)
        if word is not None:
            return word
        return next((f"semantics {kind}" for kind in self.semantics if _PATTERNS[kind].search(text)), None)


@dataclass
class Interception:
    """Nobody but the world knows: hits are not reported to the app (§10.2 [U])."""

    at: datetime
    rule_id: str
    userid: str
    to: str  # external_userid or chat_id
    text: str
    word: str
    blocked: bool


class Intercepts:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.rules: dict[str, InterceptRule] = {}
        self._deleted: set[str] = set()
        self.hits: list[Interception] = []

    def add(
        self,
        name: str,
        words: list[str],
        semantics: list[int],
        type_: int,
        range_: tuple[list[str], list[int]],
        app: int,
    ) -> InterceptRule:
        if len(self.rules) >= self._config.intercept_rules:
            raise WeComFault(41069)
        self.check_name(name)
        rule = InterceptRule(
            ids.rule_id(), name, words, semantics, type_, range_[0], range_[1], app, self._clock()
        )
        self.rules[rule.rule_id] = rule
        return rule

    def check_name(self, name: str, but: InterceptRule | None = None) -> None:
        """Unique in the corp."""
        if any(rule.name == name for rule in self.rules.values() if rule is not but):
            raise WeComFault(41077)

    def require(self, rule_id: str, app: int) -> InterceptRule:
        """Only the app's own; [SIM] that of another app is as unknown as any."""
        if rule_id in self._deleted:
            raise WeComFault(41071)
        rule = self.rules.get(rule_id)
        if rule is None or rule.app != app:
            raise WeComFault(41070)
        return rule

    def delete(self, rule: InterceptRule) -> None:
        del self.rules[rule.rule_id]
        self._deleted.add(rule.rule_id)

    def judge(self, userid: str, departments: set[int], to: str, text: str) -> list[Interception]:
        """The hits of one message of an employee, who is in these departments and in those above them."""
        hits = []
        for rule in self.rules.values():
            ruled = userid.lower() in (one.lower() for one in rule.users) or departments & set(
                rule.departments
            )
            word = rule.hit(text) if ruled else None
            if word is not None:
                blocked = rule.type == BLOCK
                hits.append(Interception(self._clock(), rule.rule_id, userid, to, text, word, blocked))
        self.hits += hits
        return hits
