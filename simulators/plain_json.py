"""JSON that every reader understands: what is none would break an answer, or the saved world, later on."""

import json

from fastapi import Request
from fastapi.exceptions import RequestValidationError

FORMS = ("multipart/", "application/x-www-form-urlencoded")


async def plain_json(request: Request) -> None:
    """A dependency of every route: half a surrogate pair, NaN and 1e400 are refused as broken JSON is."""
    if request.headers.get("Content-Type", "").lower().startswith(FORMS):
        return
    body = await request.body()
    if body and not _is_plain(body):
        wrong = {"type": "json_invalid", "loc": ("body", 0), "msg": "JSON decode error", "input": {}}
        raise RequestValidationError([wrong])


def _is_plain(body: bytes) -> bool:
    try:
        json.dumps(json.loads(body), ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return False
    return True
