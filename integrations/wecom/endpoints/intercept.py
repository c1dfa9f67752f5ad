"""敏感词拦截: what employees may not write to customers. Contract §10.2.

At most 100 rules in a corp; only the app's own can be changed. Hits are not reported to the app.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from pydantic import model_validator

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_chars, at_most_items, not_all_empty
from integrations.wecom.transport import Nothing
from integrations.wecom.types import Moment, Shape
from integrations.wecom.wire import Call

MAX_NAME_CHARS = 20
MAX_WORDS = 300
MAX_WORD_CHARS = 32
MAX_RANGE = 1000


class InterceptType(IntEnum):
    BLOCK = 1  # warns and blocks
    WARN = 2


class Semantics(IntEnum):
    """What is recognised without a word list."""

    MOBILE = 1
    EMAIL = 2
    RED_PACKET = 3


class InterceptRange(Shape):
    user_list: tuple[str, ...] = ()
    department_list: tuple[int, ...] = ()

    def check(self, field: str) -> None:
        not_all_empty(field, self.user_list, self.department_list)
        at_most_items(f"{field}.user_list", self.user_list, MAX_RANGE)
        at_most_items(f"{field}.department_list", self.department_list, MAX_RANGE)

    def wire(self) -> dict[str, object]:
        parts = {"user_list": list(self.user_list), "department_list": list(self.department_list)}
        return {name: ids for name, ids in parts.items() if ids}


class NewInterceptRule(Shape):
    rule_name: str
    word_list: tuple[str, ...]
    applicable_range: InterceptRange
    intercept_type: InterceptType = InterceptType.BLOCK
    semantics_list: tuple[Semantics, ...] = ()

    def check(self) -> None:
        _check_name(self.rule_name)
        _check_words(self.word_list)
        self.applicable_range.check("applicable_range")

    def wire(self) -> dict[str, object]:
        body: dict[str, object] = {
            "rule_name": self.rule_name,
            "word_list": list(self.word_list),
            "intercept_type": int(self.intercept_type),
            "applicable_range": self.applicable_range.wire(),
        }
        return body | ({"semantics_list": list(map(int, self.semantics_list))} if self.semantics_list else {})


class InterceptRule(Shape):
    """`semantics_list` stays open: plain numbers."""

    rule_id: str
    rule_name: str = ""
    word_list: tuple[str, ...] = ()
    semantics_list: tuple[int, ...] = ()
    intercept_type: InterceptType = InterceptType.BLOCK
    applicable_range: InterceptRange = InterceptRange()

    @model_validator(mode="before")
    @classmethod
    def _semantics(cls, data: Any) -> Any:
        """The answer has them inside `extra_rule`, unlike the request that makes a rule."""
        extra = data.get("extra_rule") if isinstance(data, dict) else None
        return {**data, "semantics_list": extra.get("semantics_list")} if isinstance(extra, dict) else data


class InterceptRuleRef(Shape):
    rule_id: str
    rule_name: str = ""
    create_time: Moment


class _RuleId(Shape):
    rule_id: str


class _Rule(Shape):
    rule: InterceptRule


class _Rules(Shape):
    rule_list: tuple[InterceptRuleRef, ...] = ()


def _check_name(name: str) -> None:
    not_all_empty("rule_name", name)
    at_most_chars("rule_name", name, MAX_NAME_CHARS)


def _check_words(words: Sequence[str]) -> None:
    not_all_empty("word_list", list(words))
    at_most_items("word_list", words, MAX_WORDS)
    for word in words:
        not_all_empty("word_list", word)
        at_most_chars("word_list", word, MAX_WORD_CHARS)


class InterceptRules(Endpoints):
    async def add_intercept_rule(self, rule: NewInterceptRule) -> str:
        """Its rule_id. Raises Refused 41069 (100 rules exist) or 41077 (the name exists)."""
        rule.check()
        call = Call("externalcontact/add_intercept_rule", body=rule.wire())
        return (await self._transport.call(call, _RuleId)).rule_id

    async def list_intercept_rules(self) -> list[InterceptRuleRef]:
        call = Call("externalcontact/get_intercept_rule_list")
        return list((await self._transport.call(call, _Rules)).rule_list)

    async def get_intercept_rule(self, rule_id: str) -> InterceptRule:
        """Raises Refused 41070 (unknown) or 41071 (deleted)."""
        call = Call("externalcontact/get_intercept_rule", body={"rule_id": rule_id})
        return (await self._transport.call(call, _Rule)).rule

    async def update_intercept_rule(
        self,
        rule_id: str,
        *,
        rule_name: str | None = None,
        word_list: Sequence[str] | None = None,
        semantics_list: Sequence[Semantics] | None = None,
        intercept_type: InterceptType | None = None,
        add_range: InterceptRange | None = None,
        remove_range: InterceptRange | None = None,
    ) -> None:
        """None leaves a field; lists replace the old ones (an empty `semantics_list` clears it)."""
        if rule_name is not None:
            _check_name(rule_name)
        if word_list is not None:
            _check_words(word_list)
        for field, part in (("add_range", add_range), ("remove_range", remove_range)):
            if part is not None:
                part.check(field)
        given: dict[str, object] = {
            "rule_name": rule_name,
            "word_list": None if word_list is None else list(word_list),
            "extra_rule": None
            if semantics_list is None
            else {"semantics_list": list(map(int, semantics_list))},
            "intercept_type": None if intercept_type is None else int(intercept_type),
            "add_applicable_range": add_range.wire() if add_range else None,
            "remove_applicable_range": remove_range.wire() if remove_range else None,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        if not changes:
            raise InvalidMessage("rule_name", "give at least one field to change")
        body = {"rule_id": rule_id} | changes
        await self._transport.call(Call("externalcontact/update_intercept_rule", body=body), Nothing)

    async def delete_intercept_rule(self, rule_id: str) -> None:
        call = Call("externalcontact/del_intercept_rule", body={"rule_id": rule_id})
        await self._transport.call(call, Nothing)
