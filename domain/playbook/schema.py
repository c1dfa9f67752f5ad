"""The JSON Schema of a file: editors complete and check with it, as strictly as the loader.

What authors may write shorter than the shapes say (`wait: 3d`, one instead of a list of one) is in it, too.
"""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from domain.playbook.book import Playbook
from domain.playbook.conditions import as_list
from domain.playbook.steps import KINDS

_DURATION = {"type": "string", "pattern": r"^\d{1,8}\s*[smhdw]$", "examples": ["30m", "36h", "3d", "2w"]}
_TIME = {"type": "string", "pattern": r"^\d\d:\d\d(:\d\d)?$", "examples": ["21:30"]}
_OFFSET = {"type": "string", "pattern": r"^[+-]?\d{1,4}(d|w|mo|y)$", "examples": ["-3d", "+2w", "6mo", "1y"]}
_WHOLE = {  # what must be given of a part as a whole
    "Attachment": {"minProperties": 1, "maxProperties": 1},
    "Condition": {"minProperties": 1},
    "Step": {"oneOf": [{"required": [kind]} for kind in KINDS]},
    "Wait": {"minProperties": 1},
}
_FORMATS = {"duration": _DURATION, "time": _TIME}


def json_schema(file: type[BaseModel] = Playbook) -> dict[str, Any]:
    """Of a file of this shape, as Draft 2020-12."""
    schema = file.model_json_schema()
    parts = schema["$defs"] | {file.__name__: schema}
    for model in _models(file):
        part = parts[model.__name__]
        part["additionalProperties"] = False
        part["properties"].pop("digest", None)  # written when it is published, not by authors
        for name, field in model.model_fields.items():
            if name not in part["properties"]:
                continue
            part["properties"][name] = _property(part["properties"][name], field)
    for name in _WHOLE.keys() & parts:
        parts[name] |= _WHOLE[name]
    if file is Playbook:
        _with_times(schema["$defs"])
    return schema


def _with_times(parts: dict[str, Any]) -> None:
    """What only steps have: days of her own, and waits that may be written as one duration."""
    offset = parts["Day"]["properties"]["offset"]
    parts["Day"]["properties"]["offset"] = offset | _OFFSET
    wait = parts["Wait"]
    parts["Wait"] = {"description": wait["description"], "anyOf": [_DURATION, wait]}


def _models(model: type[BaseModel], seen: set[type[BaseModel]] | None = None) -> Iterator[type[BaseModel]]:
    """A shape and every shape inside it, each once."""
    seen = set() if seen is None else seen
    if model in seen:
        return
    seen.add(model)
    yield model
    for field in model.model_fields.values():
        for inner in _inside(field.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _models(inner, seen)


def _inside(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _inside(part)


def _property(written: dict[str, Any], field: FieldInfo) -> dict[str, Any]:
    """One field: a value or nothing at all, never an empty one."""
    values = [_value(v) for v in written.pop("anyOf", ()) if v.get("type") != "null"]
    if written.get("default", ...) is None:
        del written["default"]
    if not values:
        values = [_value({k: written.pop(k) for k in list(written) if k not in ("description", "default")})]
    if _one_or_more(field):
        values = [short for v in values for short in ([v["items"]] if "items" in v else [])] + values
    about = {k: v for k, v in written.items() if k != "title"}
    return {**about, **(values[0] if len(values) == 1 else {"anyOf": values})}


def _value(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in schema.items() if k != "title"}
    return dict(_FORMATS.get(str(kept.get("format")), kept))


def _one_or_more(field: FieldInfo) -> bool:
    wrapped = [*field.metadata, *(m for a in _unwrapped(field.annotation) for m in a.__metadata__)]
    return any(isinstance(m, BeforeValidator) and m.func is as_list for m in wrapped)


def _unwrapped(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType):
        return [a for part in get_args(annotation) for a in _unwrapped(part)]
    return []
