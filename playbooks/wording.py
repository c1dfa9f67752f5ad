"""What is wrong with the shape of a file, in the words of its authors and not of the library."""

import types
import typing
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from domain.places import Place
from playbooks.source import Source, suggest

_PATTERNS = {  # beginning of a field's pattern -> what it wants
    r"^[a-z0-9][a-z0-9-]{1,38}$": "2 to 39 lower-case letters, digits and hyphens",
    r"^[a-z0-9][a-z0-9-]{1,59}$": "2 to 60 lower-case letters, digits and hyphens",
    r"^[a-z0-9-]{1,40}$": "1 to 40 lower-case letters, digits and hyphens",
    r"^[a-z0-9-]{1,20}$": "1 to 20 lower-case letters, digits and hyphens",
    r"^[a-z0-9_-]{1,40}$": "1 to 40 lower-case letters, digits, hyphens and underscores",
    r"^[a-z0-9_]{1,20}$": "1 to 20 lower-case letters, digits and underscores",
    r"^[a-z0-9_-]{1,20}$": "1 to 20 lower-case letters, digits, hyphens and underscores",
    r"^https?://": "an address that begins with https://",
}
_MOMENT = 'a moment is a date, a time and a zone, in quotes: "2026-12-01T10:00:00+08:00"'
_DAY = 'a day is a date, in quotes: "2026-12-01"'
_TYPES = {
    "string_type": "a text is expected",
    "bool_type": "true or false is expected",
    "bool_parsing": "true or false is expected",
    "int_type": "a whole number is expected",
    "int_parsing": "a whole number is expected",
    "int_from_float": "a whole number is expected",
    "float_type": "a number is expected",
    "float_parsing": "a number is expected",
    "decimal_type": "an amount in yuan is expected, such as 38 or 38.50",
    "decimal_parsing": "an amount in yuan is expected, such as 38 or 38.50",
    "decimal_max_places": "an amount has at most two digits behind the point",
    "decimal_max_digits": "an amount has at most ten digits",
    "time_type": 'a time of day is "hh:mm", in quotes',
    "time_parsing": 'a time of day is "hh:mm", in quotes',
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "timezone_aware": _MOMENT,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "time_delta_type": "a duration is a number with a unit: 90s, 30m, 36h, 3d, 2w",
    "time_delta_parsing": "a duration is a number with a unit: 90s, 30m, 36h, 3d, 2w",
    "invalid_key": "the name of a field is a word",
    "recursion_loop": "it is inside itself",
}


def problems_of(
    source: Source, model: type[BaseModel], error: ValidationError
) -> Iterator[tuple[Place, str]]:
    """One problem per mistake, with its place."""
    empty = list(empty_places(source.tree))
    for at in empty:
        yield at, "has no value: give it one, or take the line out"
    for found in error.errors(include_url=False):
        place = _as_written(found["loc"])
        if not any(at[: len(place)] == place for at in empty):  # that is said already
            yield place, _words(source, model, found)


def _as_written(at: Place) -> Place:
    """Without what pydantic puts in brackets: which way of a choice it went, and that a key is meant."""
    return tuple(part for part in at if not str(part).startswith("["))


def empty_places(tree: Any, at: Place = ()) -> Iterator[Place]:
    """Fields and list items with nothing behind them."""
    inside = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in inside:
        if value is None:
            yield (*at, name)
        else:
            yield from empty_places(value, (*at, name))


def _words(source: Source, model: type[BaseModel], error: Any) -> str:
    kind, at, context = error["type"], tuple(error["loc"]), error.get("ctx", {})
    if kind == "extra_forbidden":
        return _no_such_field(model, at)
    if kind == "missing":
        return "missing: add it"
    if kind in ("literal_error", "enum"):
        return _no_such_value(_plain(_value_of(model, at)), error["input"])
    if kind in ("model_type", "model_attributes_type", "dict_type", "mapping_type"):
        return _not_fields(_annotation(model, at), error["input"])
    if kind == "list_type":
        return "a list is expected: one line that begins with `- ` for each"
    if kind == "string_type":
        return _TYPES[kind] + _why_no_text(error["input"])
    if kind == "string_pattern_mismatch":
        return f"only {_PATTERNS.get(context['pattern'], context['pattern'])}"
    return _TYPES.get(kind) or _bound(kind, context) or error["msg"].removeprefix("Value error, ")


def _bound(kind: str, context: Any) -> str | None:
    if kind in ("greater_than_equal", "less_than_equal"):
        least = kind == "greater_than_equal"
        return f"at {'least' if least else 'most'} {context['ge' if least else 'le']}"
    if kind in ("too_short", "string_too_short"):
        return "is empty: give at least one" if kind == "too_short" else "is empty"
    if kind in ("too_long", "string_too_long"):
        return f"at most {context['max_length']}{'' if kind == 'too_long' else ' characters'}"
    return None


def _no_such_field(model: type[BaseModel], at: Place) -> str:
    wrong, here = str(at[-1]), _model(_annotation(model, at[:-1]))
    known = list(here.model_fields) if here else []
    if wrong.startswith("-"):
        return "no such field; a blank belongs behind the `-` of a list"
    if close := suggest(wrong, known):
        return f"no such field{close}"
    for name, part in _parts(model).items():
        if wrong in part.model_fields:
            return f"no such field here (it belongs to {name}); there is: {', '.join(known)}"
    return f"no such field; there is: {', '.join(known)}"


def _no_such_value(known: list[str], value: Any) -> str:
    said = f"{str(value)!r} is not known{suggest(value, known)}"
    return f"{said}{' ' if said.endswith('?') else '; '}one of: {', '.join(known)}"


def _not_fields(annotation: Any, value: Any) -> str:
    model = _model(annotation)
    fields = ", ".join(list(model.model_fields)[:6]) if model else "names"
    found = "a list" if isinstance(value, list) else f"{str(value)!r}"
    hint = ""
    if isinstance(value, str) and ":" in value:
        hint = "; is there a blank behind the colon?"
    elif isinstance(value, str) and model and value in model.model_fields:
        hint = f"; write `{value}: …`"
    return f"fields are expected here ({fields} …), found {found}{hint}"


def _why_no_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ": put a text that begins with { in double quotes"
    if isinstance(value, list):
        return ", found a list"
    if isinstance(value, bool | int | float | date | datetime):
        return f": put {value} in double quotes"
    return ""


def _annotation(model: type[BaseModel], at: Place) -> Any:
    """The type of a place; None where the shapes know none."""
    here: Any = model
    for part in at:
        if (way := _way_of(here, part)) is not None:
            here = way
            continue
        here = _bare(here)
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            here = field.annotation if field else None
        elif get_origin(here) in (list, dict):
            here = get_args(here)[-1]
    return here


def _value_of(model: type[BaseModel], at: Place) -> Any:
    """The type of a value, or of a key."""
    if at[-1] != "[key]":
        return _annotation(model, at)
    return get_args(_bare(_annotation(model, at[:-2])))[0]


def _way_of(annotation: Any, part: str | int) -> Any:
    """The way of a choice that a part in brackets means; None for other parts."""
    for way in get_args(annotation):
        if any(isinstance(mark, Tag) and mark.tag == part for mark in getattr(way, "__metadata__", ())):
            return way
    return None


def _bare(annotation: Any) -> Any:
    """Without what is wrapped round it, and without None."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return _bare(next(a for a in get_args(annotation) if a is not type(None)))
    return annotation


def _model(annotation: Any) -> type[BaseModel] | None:
    bare = _bare(annotation)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _plain(annotation: Any) -> list[str]:
    """The words that may stand at a place."""
    bare = _bare(annotation)
    if get_origin(bare) is list:
        return _plain(get_args(bare)[0])
    if get_origin(bare) is Literal:
        return [str(value.value if isinstance(value, Enum) else value) for value in get_args(bare)]
    return [str(member.value) for member in bare] if isinstance(bare, type) and issubclass(bare, Enum) else []


def _parts(model: type[BaseModel], above: str = "") -> dict[str, type[BaseModel]]:
    """Every shape inside a file, by the field that holds it."""
    found: dict[str, type[BaseModel]] = {}
    waiting: list[tuple[str, type[BaseModel]]] = [(above or "the file", model)]
    while waiting:
        name, part = waiting.pop(0)
        if part in found.values():
            continue
        found.setdefault(name, part)
        for field, info in part.model_fields.items():
            bare = _bare(info.annotation)
            inner = _model(get_args(bare)[-1] if get_origin(bare) in (list, dict) else bare)
            if inner:
                waiting.append((f"`{field}`", inner))
    return found
