"""One to-do (待办) of an employee: a card with buttons in her WeCom."""

import asyncio
import contextlib
from datetime import datetime

from temporalio import workflow

from domain import addresses
from domain.events import CardTap
from domain.messages import CloseTodo, TodoRef, TodoStart, TodoState
from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.todos import Todos


@workflow.defn(name=addresses.TODO)
class Todo:
    """Send the card → wait for a tap → close it; 明天提醒我 sends one more the day after.

    What happened is in the to-do's row: a run that a late tap starts anew finds it settled and ends.
    """

    @workflow.init
    def __init__(self, start: TodoStart) -> None:
        self.taps: dict[int, str] = {}

    @workflow.run
    async def run(self, start: TodoStart) -> TodoState:
        what = TodoRef(todo_id=start.todo_id)
        while True:
            state = await workflow.execute_activity_method(
                Todos.send_todo, what, **options.until_done("send the card")
            )
            if state.open_until:
                answer = await self.answer(state.attempt, state.open_until)
                state = await self.close(start.todo_id, answer)
            if state.again_at is None:
                return state
            await workflow.sleep(max(state.again_at - workflow.now(), options.SHORTEST_WAIT))

    @workflow.signal(name=addresses.TAPPED)
    def tapped(self, tap: CardTap) -> None:
        """She tapped a button."""
        self.taps.setdefault(tap.attempt, tap.key)

    async def answer(self, attempt: int, until: datetime) -> str | None:
        """The key of the button on this card, or None if none was tapped in time. Older cards say nothing."""
        workflow.set_current_details(f"waits for a tap until {until:%F %T}Z")
        left = max(until - workflow.now(), options.SHORTEST_WAIT)
        with contextlib.suppress(asyncio.TimeoutError):
            await workflow.wait_condition(lambda: attempt in self.taps, timeout=left)
        return self.taps.pop(attempt, None)

    async def close(self, todo_id: str, answer: str | None) -> TodoState:
        what = CloseTodo(todo_id=todo_id, answer=answer)
        return await workflow.execute_activity_method(
            Todos.close_todo, what, **options.until_done(f"close the card: {answer or 'no answer'}")
        )
