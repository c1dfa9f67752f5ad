"""A worker that is killed at a step of our choice."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from integrations import pos
from tests.activities.shop import Shop


class Killed(BaseException):
    """The process is gone: nothing of it catches this."""


class Bomb:
    """Kills the worker at its nth step: a statement, a commit, or either end of a call to the till."""

    def __init__(self, shop: Shop, steps: int) -> None:
        self.left, self._engine = steps, shop.database.engine.sync_engine

    def step(self, *_: Any) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed

    def around(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def ticking(**named: Any) -> Any:
            self.step()
            answer = await call(**named)
            self.step()
            return answer

        return ticking

    @contextmanager
    def ticking(self, till: pos.PosPort) -> Iterator[None]:
        for call in ("issue_coupon", "find_coupon"):
            setattr(till, call, self.around(getattr(till, call)))
        for moment in ("before_cursor_execute", "commit"):
            event.listen(self._engine, moment, self.step)
        try:
            yield
        finally:
            for moment in ("before_cursor_execute", "commit"):
                event.remove(self._engine, moment, self.step)
