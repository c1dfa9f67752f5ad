"""How Pospal writes things: numbers of 19 digits, yuan, China's time without saying so, pages."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from simulators.clock import CHINA
from simulators.tills.pospal.refusals import Refusal

TIME = "%Y-%m-%d %H:%M:%S"
PAGE_SIZE = 100
PAGED_BY = "LAST_RESULT_MAX_ID"

Item = TypeVar("Item")


class PostBack(BaseModel):
    parameterType: str
    parameterValue: str


class Asked(BaseModel):
    """What every call may say. Ids are compared as they came: one in quotes is nobody's."""

    appId: str
    postBackParameter: PostBack | None = None


def uid(name: str) -> int:
    """What is no number already (ids that somebody chose, barcodes, names) gets one, always the same."""
    if name.isdecimal() and len(name) > 15:
        return int(name)
    return 10**18 + int.from_bytes(hashlib.sha256(name.encode()).digest()[:7])


def yuan(fen: int) -> float:
    return fen / 100


def local(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(CHINA).strftime(TIME)


def moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=CHINA)
    except ValueError:
        raise Refusal(1003) from None


def whole(at: datetime) -> datetime:
    """Tickets know no parts of a second."""
    return at.replace(microsecond=0)


def paged(asked: Asked, items: Sequence[Item], write: Callable[[Item], dict[str, Any]]) -> dict[str, Any]:
    """A page always says where the next begins, also the last: it is the last because it is not full."""
    query = asked.model_dump_json(exclude={"postBackParameter"})
    mark = hashlib.sha256(query.encode()).hexdigest()[:12]
    start = _start(asked.postBackParameter, mark) if asked.postBackParameter else 0
    shown = items[start : start + PAGE_SIZE]
    back = PostBack(parameterType=PAGED_BY, parameterValue=f"{mark}-{start + len(shown)}")
    return {
        "postBackParameter": back.model_dump(),
        "result": [write(item) for item in shown],
        "pageSize": PAGE_SIZE,
    }


def _start(back: PostBack, mark: str) -> int:
    said, _, start = back.parameterValue.partition("-")
    if (back.parameterType, said) != (PAGED_BY, mark) or not start.isdecimal():
        raise Refusal(1003)
    return int(start)
