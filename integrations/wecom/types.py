"""Field types that all answers of WeCom share. Fields keep WeCom's names, so that its pages explain them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict


class Shape(BaseModel):
    """WeCom adds fields without notice (contract §0.2): what is unknown is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _from_epoch(value: object) -> object:
    """Unix seconds as an int or a numeric string; anything else is left for pydantic."""
    if isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit()):
        try:
            return datetime.fromtimestamp(int(value), UTC)
        except (OverflowError, OSError):
            raise ValueError("not a time") from None
    return value


def _from_epoch_or_none(value: object) -> object:
    return None if value in (0, "0", "") else _from_epoch(value)


Moment = Annotated[AwareDatetime, BeforeValidator(_from_epoch)]
# send_time is absent or 0 while nothing was sent (contract §8.2).
OptionalMoment = Annotated[AwareDatetime | None, BeforeValidator(_from_epoch_or_none)]
# userids are case-insensitive and come back in either case (contract §0.3): compared in lower case.
UserId = Annotated[str, AfterValidator(str.lower)]
