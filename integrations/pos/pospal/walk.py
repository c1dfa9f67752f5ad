"""Through a span of time in steps that Pospal allows, store by store: where a cursor stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime, JsonValue, ValidationError

from integrations.pos.errors import PosInvalidRequest
from integrations.pos.values import Shape


class Position(Shape):
    """`back` is Pospal's postBackParameter within this step, None at its first page."""

    store: str
    start: AwareDatetime
    back: JsonValue = None


@dataclass(frozen=True)
class Walk:
    stores: Sequence[str]
    since: datetime
    until: datetime
    step: timedelta

    def position(self, cursor: str | None) -> Position:
        if cursor is None:
            return Position(store=self.stores[0], start=self.since)
        try:
            position = Position.model_validate_json(cursor)
        except ValidationError:
            raise PosInvalidRequest("the cursor is not of this query") from None
        if position.store not in self.stores:
            raise PosInvalidRequest("the cursor is not of this query")
        return position

    def end(self, position: Position) -> datetime:
        return min(position.start + self.step, self.until)

    def after(self, position: Position, back: object) -> str | None:
        """The cursor of what comes next: a page, a step of time, a store, or nothing."""
        if back is not None:
            return Position(store=position.store, start=position.start, back=back).model_dump_json()
        if (end := self.end(position)) < self.until:
            return Position(store=position.store, start=end).model_dump_json()
        rest = self.stores[self.stores.index(position.store) + 1 :]
        return Position(store=rest[0], start=self.since).model_dump_json() if rest else None
