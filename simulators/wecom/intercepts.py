"""Interception of words (敏感词, contract §10.2). An app sees and changes only its own rules."""

from typing import Annotated, Any, Literal

from fastapi import Body
from pydantic import BaseModel, Field

from simulators.errors import WeComFault
from simulators.state.intercepts import EMAIL, MOBILE, RED_PACKET, InterceptRule
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

WORDS, WORD_CHARS = 300, 32
RANGE = 1000
SEMANTICS = {MOBILE, EMAIL, RED_PACKET}

RuleName = Annotated[str, Field(min_length=1, max_length=20)]


class Range(BaseModel):
    user_list: list[str] = []
    department_list: list[int] = []


class ExtraRule(BaseModel):
    semantics_list: list[int] = []


class NewRule(BaseModel):
    rule_name: RuleName
    word_list: list[str]
    semantics_list: list[int] = []
    intercept_type: Literal[1, 2]
    applicable_range: Range


class UpdateRule(BaseModel):
    rule_id: str
    rule_name: RuleName | None = None
    word_list: list[str] | None = None
    extra_rule: ExtraRule | None = None
    intercept_type: Literal[1, 2] | None = None
    add_applicable_range: Range = Range()
    remove_applicable_range: Range = Range()


RuleId = Annotated[str, Body(embed=True)]


@router.post("/externalcontact/add_intercept_rule")
async def add_intercept_rule(world: WorldDep, body: NewRule) -> Answer:
    _check_words(body.word_list)
    _check_semantics(body.semantics_list)
    _check_range(world, body.applicable_range)
    users, departments = body.applicable_range.user_list, body.applicable_range.department_list
    rule = world.intercepts.add(
        body.rule_name,
        body.word_list,
        body.semantics_list,
        body.intercept_type,
        (users, departments),
        world.org.caller.agent_id,
    )
    return ok(rule_id=rule.rule_id)


@router.get("/externalcontact/get_intercept_rule_list")
async def get_intercept_rule_list(world: WorldDep) -> Answer:
    own = [rule for rule in world.intercepts.rules.values() if rule.app == world.org.caller.agent_id]
    rule_list = [
        {
            "rule_id": rule.rule_id,
            "rule_name": rule.name,
            "create_time": int(rule.created_at.timestamp()),
        }
        for rule in own
    ]
    return ok(rule_list=rule_list)


@router.post("/externalcontact/get_intercept_rule")
async def get_intercept_rule(world: WorldDep, rule_id: RuleId) -> Answer:
    return ok(rule=_rule_json(_own(world, rule_id)))


@router.post("/externalcontact/update_intercept_rule")
async def update_intercept_rule(world: WorldDep, body: UpdateRule) -> Answer:
    """A field that is left out stays; an empty semantics_list clears it; the range grows and shrinks."""
    rule = _own(world, body.rule_id)
    range_ = _changed_range(rule, body)
    _check_range(world, range_)
    if body.rule_name is not None:
        world.intercepts.check_name(body.rule_name, but=rule)
    if body.word_list is not None:
        _check_words(body.word_list)
    if body.extra_rule is not None:
        _check_semantics(body.extra_rule.semantics_list)
        rule.semantics = body.extra_rule.semantics_list
    rule.name = body.rule_name or rule.name
    rule.words = rule.words if body.word_list is None else body.word_list
    rule.type = body.intercept_type or rule.type
    rule.users, rule.departments = range_.user_list, range_.department_list
    return ok()


@router.post("/externalcontact/del_intercept_rule")
async def del_intercept_rule(world: WorldDep, rule_id: RuleId) -> Answer:
    world.intercepts.delete(_own(world, rule_id))
    return ok()


def _own(world: World, rule_id: str) -> InterceptRule:
    return world.intercepts.require(rule_id, world.org.caller.agent_id)


def _check_words(words: list[str]) -> None:
    if not words:
        raise WeComFault(40063, "word_list")
    if len(words) > WORDS:
        raise WeComFault(41068)
    if any(not 1 <= len(word) <= WORD_CHARS for word in words):
        raise WeComFault(41083)


def _check_semantics(semantics: list[int]) -> None:
    if not set(semantics) <= SEMANTICS:
        raise WeComFault(41084)


def _check_range(world: World, range_: Range) -> None:
    if not (range_.user_list or range_.department_list):
        raise WeComFault(40063, "applicable_range")
    if len(range_.user_list) > RANGE or len(range_.department_list) > RANGE:
        raise WeComFault(41076)
    for userid in range_.user_list:
        world.org.require_visible(userid)
    for department_id in range_.department_list:
        if department_id not in world.org.departments:
            raise WeComFault(40066)
        if not world.org.department_visible(department_id):
            raise WeComFault(60011)


def _changed_range(rule: InterceptRule, body: UpdateRule) -> Range:
    add, remove = body.add_applicable_range, body.remove_applicable_range
    users = dict.fromkeys([*rule.users, *add.user_list])
    departments = dict.fromkeys([*rule.departments, *add.department_list])
    return Range(
        user_list=[userid for userid in users if userid not in remove.user_list],
        department_list=[one for one in departments if one not in remove.department_list],
    )


def _rule_json(rule: InterceptRule) -> dict[str, Any]:
    return {
        "rule_id": rule.rule_id,
        "rule_name": rule.name,
        "word_list": rule.words,
        "extra_rule": {"semantics_list": rule.semantics},
        "intercept_type": rule.type,
        "applicable_range": {"user_list": rule.users, "department_list": rule.departments},
    }
