"""What the hot paths cost in statements: counts, so they may be asserted."""

from typing import Any

import pytest
from sqlalchemy import event

from domain.playbook import Condition
from domain.questions import Question
from domain.stages import Stage
from domain.step_messages import LookUp, PlanTouch
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

LOOK_UP, PLAN = 10, 10  # her row among them: whom she talks to sends it


async def test_planning_and_looking_up_cost_few_statements(shop: Shop) -> None:
    she = await shop.friend()
    plan = PlanTouch(key=f"{she}/1/nurture.0/1", external_userid=she, userid="li", text="您好")
    asked = Question(cases=[Condition.model_validate({"orders": {"least": 1}})])
    look = LookUp(
        external_userid=she,
        playbook="coffee",
        enrolment=1,
        stage=Stage.NEW,
        since=shop.clock(),
        question=asked,
    )
    statements: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    engine = shop.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await shop.run(shop.activities.facts.look_up, look)
        looked = len(statements)
        await shop.run(shop.activities.touches.plan_touch, plan)
        planned = len(statements) - looked
    finally:
        event.remove(engine, "before_cursor_execute", note)
    print(f"\nlook_up: {looked} statements, plan_touch: {planned}")
    assert (looked <= LOOK_UP, planned <= PLAN) == (True, True), statements
