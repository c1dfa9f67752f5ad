"""Times of day as people write them: without a zone, because each customer has her own."""

from datetime import time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from domain.shape import Shape

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _in_words(value: Any) -> Any:
    """Pydantic would read the number 22 as 22 seconds past midnight."""
    if not isinstance(value, str | time):
        raise ValueError('a time of day is "hh:mm", in quotes')
    return value


def _local(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a local time has no zone: it is each customer's own")
    return value


LocalTime = Annotated[time, BeforeValidator(_in_words), AfterValidator(_local)]


class Hours(Shape):
    """From `start` up to `end` of every day; past midnight when the end is the smaller. Equal: never."""

    start: LocalTime = Field(description="local, e.g. 21:30")
    end: LocalTime = Field(description="local, e.g. 08:30; may be past midnight")

    def hold(self, local: time) -> bool:
        """Start belongs to them, end does not."""
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


class QuietHours(Hours):
    """勿扰时段: no message reaches anyone between `start` and `end`, by the customer's own clock."""
