"""Saying what was wrong with an outside answer without repeating it: pydantic's own text shows the values."""

from __future__ import annotations

from pydantic import ValidationError

_MAX_CHARS = 200  # a list of 10,000 broken rows must not become an exception text


def places(error: ValidationError) -> str:
    """The paths of the values that did not fit, e.g. "orders.0.paid.amount_minor"."""
    found = {".".join(map(str, one["loc"])) for one in error.errors(include_input=False, include_url=False)}
    return ", ".join(sorted(found))[:_MAX_CHARS]
